/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-simple's shared memory (2.10): plain memory in a BAR of its own, and how to find it. */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/host-utils.h"
#include "qemu/units.h"
#include "standard-headers/linux/virtio_pci.h"
#include "virtio-simple-pci.h"

#define SHM_ID 0
#define SHM_MIN (4 * KiB)
#define SHM_MAX (1 * GiB)

/* Behind a port of PCI Express the other capabilities leave 4 bytes, and QEMU's core asserts
 * that there is room. */
static bool has_room(VirtIOSimplePCI *dev)
{
	return !pci_is_express(PCI_DEVICE(dev)) ||
	       !(VIRTIO_PCI(dev)->flags & VIRTIO_PCI_FLAG_MODERN_PIO_NOTIFY);
}

/* True also when none is wanted. */
static bool size_ok(VirtIOSimplePCI *dev, Error **errp)
{
	uint64_t size = dev->shm_size;

	if (size && (size < SHM_MIN || size > SHM_MAX || !is_power_of_2(size))) {
		error_setg(errp, "shm-size must be 0 or a power of two, 4 KiB to 1 GiB");
	} else if (size && !virtio_pci_modern(VIRTIO_PCI(dev))) {
		error_setg(errp, "shm-size needs the modern interface");
	} else if (size && !has_room(dev)) {
		error_setg(errp, "shm-size and modern-pio-notify=on do not fit together into the "
				 "configuration space of a PCI Express endpoint");
	} else {
		return true;
	}
	return false;
}

bool virtio_simple_make_shm(VirtIOSimplePCI *dev, Error **errp)
{
	ERRP_GUARD();

	if (!size_ok(dev, errp)) {
		return false;
	}
	if (dev->shm_size) {
		memory_region_init_ram_nomigrate(&dev->shm, OBJECT(dev), "virtio-simple-shm",
						 dev->shm_size, errp);
		dev->vdev.shm = &dev->shm;
	}
	return !*errp;
}

/* 64 bits wide, in BARs 2 and 3; a doorbell in I/O space leaves only the latter. */
static uint8_t map_shm(VirtIOSimplePCI *dev)
{
	VirtIOPCIProxy *proxy = VIRTIO_PCI(dev);
	bool wide = !(proxy->flags & VIRTIO_PCI_FLAG_MODERN_PIO_NOTIFY);
	uint8_t bar = wide ? 2 : 3;

	pci_register_bar(&proxy->pci_dev, bar,
			 PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_PREFETCH |
			 (wide ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0), &dev->shm);
	return bar;
}

/* 4.1.4.7; the core of some versions has no function for it. */
void virtio_simple_show_shm(VirtIOSimplePCI *dev, Error **errp)
{
	PCIDevice *pci_dev = PCI_DEVICE(dev);
	struct virtio_pci_cap64 cap = {
		.cap.cap_len = sizeof(cap),
		.cap.cfg_type = VIRTIO_PCI_CAP_SHARED_MEMORY_CFG,
		.cap.id = SHM_ID,
		.cap.length = cpu_to_le32((uint32_t)dev->shm_size),
		.length_hi = cpu_to_le32(dev->shm_size >> 32),
	};
	int at;

	if (!dev->shm_size) {
		return;
	}
	cap.cap.bar = map_shm(dev);
	at = pci_add_capability(pci_dev, PCI_CAP_ID_VNDR, 0, sizeof(cap), errp);
	if (at > 0) {
		memcpy(pci_dev->config + at + PCI_CAP_FLAGS, &cap.cap.cap_len,
		       sizeof(cap) - PCI_CAP_FLAGS);
	}
}
