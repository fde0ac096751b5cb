/* SPDX-License-Identifier: MIT */
/*
 * The PCI driver that claims virtio functions: pci_enable_device, then the modern interface or the
 * legacy one, and then register_virtio_device hands over to the virtio bus.
 */
#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"
#include "kernel/irq.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/time.h"

/* Devices may take their time, but not for ever; what we wait for is QEMU's main loop at worst. */
#define RESET_TIMEOUT_NS (1000 * NSEC_PER_MSEC)

#define VENDOR_REDHAT_QUMRANET 0x1af4 /* 4.1.2 */

static const struct pci_device_id virtio_pci_id_table[] = {
	{ PCI_DEVICE(VENDOR_REDHAT_QUMRANET, PCI_ANY_ID) },
	{},
};
MODULE_DEVICE_TABLE(pci, virtio_pci_id_table);

static bool vp_is_not_there(int error)
{
	return error == -ENODEV || error == -EOPNOTSUPP;
}

static void vp_say_nothing_to_drive(const struct pci_dev *dev)
{
	if (virtio_pci_has_legacy(dev))
		dev_printk(&dev->dev,
			   "E15 legacy interface only, which this image does not drive\n");
	else if (virtio_pci_is_transitional(dev->device, dev->revision))
		dev_printk(&dev->dev,
			   "E14 no legacy interface either: I/O BAR 0 is missing or empty\n");
}

/* The modern interface where the device has it, else the legacy one where this image does. */
static int choose_interface(struct virtio_pci_device *vp)
{
	int error = virtio_pci_modern_probe(vp);

	if (vp_is_not_there(error) && virtio_pci_legacy_probe)
		error = virtio_pci_legacy_probe(vp);
	if (!vp_is_not_there(error))
		return error;
	vp_say_nothing_to_drive(vp->pci_dev);
	return -EOPNOTSUPP;
}

static int virtio_pci_probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	int device_id = virtio_pci_id(dev->device, dev->subsystem_device, dev->revision);
	struct virtio_pci_device *vp;
	int error;

	(void)id;
	if (device_id < 0)
		return device_id;
	vp = kzalloc(sizeof(*vp));
	if (!vp)
		return -ENOMEM;
	vp->pci_dev = dev;
	vp->config_vector = -1;
	vp->vdev.id.device = (u32)device_id;
	vp->vdev.dev.parent = &dev->dev;
	dev_printk(&dev->dev, "virtio id %d (%s), from the %s\n", device_id,
		   virtio_id_name((u32)device_id),
		   virtio_pci_is_transitional(dev->device, dev->revision)
			   ? "PCI subsystem id: transitional"
			   : "PCI device id: modern");
	vp->vdev.report = virtio_pci_report;
	error = pci_enable_device(dev);
	if (!error)
		error = choose_interface(vp);
	if (!error)
		error = register_virtio_device(&vp->vdev);
	if (error) {
		pci_disable_device(dev);
		kfree(vp);
		return error;
	}
	dev->dev.driver_data = vp;
	return 0;
}

static void virtio_pci_remove(struct pci_dev *dev)
{
	struct virtio_pci_device *vp = dev->dev.driver_data;

	unregister_virtio_device(&vp->vdev);
	pci_disable_device(dev);
	kfree(vp);
}

/* ---- what both interfaces do alike ----------------------------------------------------------- */

static bool vp_is_reset(void *context)
{
	struct virtio_device *vdev = context;

	return vdev->config->get_status(vdev) == 0;
}

/* 2.4.2 and 4.1.4.3.2: 0 is written, and the reset is done when 0 reads back; but registers that
 * are not decoded read 0 as well. A device that does not confirm may go on writing to memory it was
 * given, so its bus mastering goes off. */
int virtio_pci_reset(struct virtio_device *vdev)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);
	int error;

	vdev->config->set_status(vdev, 0);
	error = poll_until(vp_is_reset, vdev, RESET_TIMEOUT_NS);
	if (!error && !pci_decodes(vp->pci_dev, vp->interface->decode))
		error = -EIO;
	if (error)
		pci_clear_master(vp->pci_dev);
	return error;
}

/* The read makes sure that what the device sent before it has arrived at a CPU; then each handler
 * is waited for. */
void virtio_pci_synchronize_cbs(struct virtio_device *vdev)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);

	vdev->config->get_status(vdev);
	synchronize_irq(vp->config_vector);
	for (unsigned int i = 0; i < vp->vq_count; i++)
		synchronize_irq(vp->vqs[i].vector);
}

const char *virtio_pci_bus_name(struct virtio_device *vdev)
{
	return dev_name(&to_vp_device(vdev)->pci_dev->dev);
}

static struct pci_driver virtio_pci_driver = {
	.driver = { .name = "virtio-pci" },
	.id_table = virtio_pci_id_table,
	.probe = virtio_pci_probe,
	.remove = virtio_pci_remove,
};
module_pci_driver(virtio_pci_driver);
