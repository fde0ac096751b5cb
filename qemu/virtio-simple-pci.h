/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-simple as a PCI function: what its files share. */
#ifndef VIRTIO_SIMPLE_PCI_H
#define VIRTIO_SIMPLE_PCI_H

#include "hw/virtio/virtio-pci.h"
#include "virtio-simple.h"

#define TYPE_VIRTIO_SIMPLE_PCI "virtio-simple-pci-base"
OBJECT_DECLARE_SIMPLE_TYPE(VirtIOSimplePCI, VIRTIO_SIMPLE_PCI)

/* A region of registers: the core's own operations, and the same with ours in front. */
typedef struct SimpleRegisters {
	const MemoryRegionOps *core;
	MemoryRegionOps ours;
} SimpleRegisters;

struct VirtIOSimplePCI {
	VirtIOPCIProxy parent_obj;
	VirtIOSimple vdev;
	uint64_t shm_size;
	MemoryRegion shm;
	SimpleRegisters common;
	SimpleRegisters notify;
	SimpleRegisters notify_pio;
};

/* virtio-simple-registers.c */
void virtio_simple_take_registers(VirtIOSimplePCI *dev);

/* virtio-simple-shm.c: before the device is realized, and after that. */
bool virtio_simple_make_shm(VirtIOSimplePCI *dev, Error **errp);
void virtio_simple_show_shm(VirtIOSimplePCI *dev, Error **errp);

#endif
