/* SPDX-License-Identifier: MIT */
/* Which virtio device a PCI function is (virtio 1.2, 4.1.2). */
#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"

#define TRANSITIONAL_FIRST 0x1000
#define TRANSITIONAL_LAST 0x103f
#define MODERN_BASE 0x1040
#define EXPERIMENTAL_FIRST 0x10f0
#define EXPERIMENTAL_LAST 0x10ff

bool virtio_pci_is_transitional(u16 device, u8 revision)
{
	return device <= TRANSITIONAL_LAST || (device >= EXPERIMENTAL_FIRST && !revision);
}

int virtio_pci_id(u16 device, u16 subsystem_device, u8 revision)
{
	int id;

	if (device < TRANSITIONAL_FIRST || device > EXPERIMENTAL_LAST)
		return -ENODEV;
	if (virtio_pci_is_transitional(device, revision))
		id = subsystem_device;
	else
		id = device - MODERN_BASE;
	return id ? id : -ENODEV; /* 0 is reserved (section 5) */
}

bool virtio_pci_has_legacy(const struct pci_dev *dev)
{
	return virtio_pci_is_transitional(dev->device, dev->revision) &&
	       dev->resource[0].flags & PCI_RESOURCE_IO;
}
