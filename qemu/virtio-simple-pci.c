/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-simple on PCI: ids, vectors, and which flavour is the default. */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "compat.h"
#include "virtio-simple-pci.h"

/* In the range that QEMU keeps for experiments, and what a modern-only device computes. */
#define PCI_DEVICE_ID_VIRTIO_SIMPLE (0x1040 + VIRTIO_ID_SIMPLE)

SIMPLE_PROPERTIES(virtio_simple_pci_properties) = {
	DEFINE_PROP_BIT("ioeventfd", VirtIOPCIProxy, flags, VIRTIO_PCI_FLAG_USE_IOEVENTFD_BIT,
			true),
	DEFINE_PROP_SIZE("shm-size", VirtIOSimplePCI, shm_size, 0),
	DEFINE_PROP_UINT32("vectors", VirtIOPCIProxy, nvectors, DEV_NVECTORS_UNSPECIFIED),
	SIMPLE_PROPERTIES_END
};

/* Unless told otherwise: one vector for each queue and one for configuration changes. */
static void virtio_simple_pci_realize(VirtIOPCIProxy *proxy, Error **errp)
{
	VirtIOSimplePCI *dev = VIRTIO_SIMPLE_PCI(proxy);
	VirtIOSimple *s = &dev->vdev;
	bool eventq = virtio_has_feature(s->offered, VIRTIO_SIMPLE_F_EVENTQ);
	bool adminq = virtio_host_has_feature(VIRTIO_DEVICE(s), VIRTIO_F_ADMIN_VQ);

	if (proxy->nvectors == DEV_NVECTORS_UNSPECIFIED) {
		proxy->nvectors = s->conf.num_request_queues + eventq + adminq + 1;
	}
	/* An eventfd tells that a bell was rung, not what was written to it. */
	if (virtio_host_has_feature(VIRTIO_DEVICE(s), VIRTIO_F_NOTIFICATION_DATA)) {
		proxy->flags &= ~VIRTIO_PCI_FLAG_USE_IOEVENTFD;
	}
	if (virtio_simple_make_shm(dev, errp) &&
	    qdev_realize(DEVICE(s), BUS(&proxy->bus), errp) && virtio_pci_modern(proxy)) {
		virtio_simple_take_registers(dev);
		virtio_simple_show_shm(dev, errp);
	}
}

static void virtio_simple_pci_class_init(ObjectClass *klass, SimpleClassData *data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);
	VirtioPCIClass *vpc = VIRTIO_PCI_CLASS(klass);
	PCIDeviceClass *pdc = PCI_DEVICE_CLASS(klass);

	dc->desc = "virtio device for learning and tests";
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	device_class_set_props(dc, virtio_simple_pci_properties);
	vpc->realize = virtio_simple_pci_realize;
	pdc->vendor_id = PCI_VENDOR_ID_REDHAT_QUMRANET;
	pdc->device_id = PCI_DEVICE_ID_VIRTIO_SIMPLE;
	pdc->revision = VIRTIO_PCI_ABI_VERSION;
	pdc->class_id = PCI_CLASS_OTHERS;
}

/* Newer versions of QEMU alias this kind of property of the device themselves. */
static void alias_properties(Object *proxy, Object *device)
{
	static const char *const names[] = { "counter", "in_order", "notifications-with-data",
					     "bad-notification-data" };

	for (int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!object_property_find(proxy, names[i])) {
			object_property_add_alias(proxy, names[i], device, names[i]);
		}
	}
}

static void virtio_simple_pci_init(Object *obj)
{
	VirtIOSimplePCI *dev = VIRTIO_SIMPLE_PCI(obj);

	virtio_instance_init_common(obj, &dev->vdev, sizeof(dev->vdev), TYPE_VIRTIO_SIMPLE);
	alias_properties(obj, OBJECT(&dev->vdev));
	/* Modern-only on every bus; the transitional type's own init comes later and undoes it. */
	VIRTIO_PCI(obj)->disable_legacy = ON_OFF_AUTO_ON;
}

static const VirtioPCIDeviceTypeInfo virtio_simple_pci_info = {
	.base_name = TYPE_VIRTIO_SIMPLE_PCI,
	.generic_name = "virtio-simple-pci",
	.transitional_name = "virtio-simple-pci-transitional",
	.non_transitional_name = "virtio-simple-pci-non-transitional",
	.instance_size = sizeof(VirtIOSimplePCI),
	.instance_init = virtio_simple_pci_init,
	.class_init = virtio_simple_pci_class_init,
};

static void virtio_simple_pci_register(void)
{
	virtio_pci_types_register(&virtio_simple_pci_info);
}

type_init(virtio_simple_pci_register)
