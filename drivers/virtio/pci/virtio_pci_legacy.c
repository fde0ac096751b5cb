/* SPDX-License-Identifier: MIT */
/*
 * Legacy and transitional devices through I/O BAR 0 (virtio 1.2, 4.1.4.10): one block of registers,
 * 32 feature bits, a ring whose place and layout are the device's to say. Everything above is the
 * same as for a modern device. An image without this file is modern-only.
 *
 * The registers are little-endian and the rest is the guest's own order, which is the same here.
 */
#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/io.h"
#include "kernel/memory.h"

/* The registers that are there with MSI-X enabled, too (4.1.4.10). */
#define REGISTERS_SIZE VIRTIO_PCI_CONFIG_OFF(true)

static u16 vp_legacy_port(const struct virtio_pci_device *vp, u32 offset)
{
	return (u16)(vp->pci_dev->resource[0].start + offset);
}

/* ---- device configuration -------------------------------------------------------------------- */

/* It moves when MSI-X is switched on, and back when it is switched off. */
static u32 config_offset(const struct virtio_pci_device *vp)
{
	return VIRTIO_PCI_CONFIG_OFF(vp->pci_dev->msix);
}

static bool vp_legacy_range_is_valid(const struct virtio_pci_device *vp, u32 offset, u32 length)
{
	u64 size = vp->pci_dev->resource[0].size - config_offset(vp);

	return length && length <= size && offset <= size - length;
}

/* Any width may be used; a value that changes in between is the business of virtio_config_read. */
static int legacy_get(struct virtio_device *vdev, u32 offset, void *buffer, u32 length)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);
	u8 *to = buffer;

	if (!vp_legacy_range_is_valid(vp, offset, length))
		return -EINVAL;
	for (u32 i = 0; i < length; i++)
		to[i] = inb(vp_legacy_port(vp, config_offset(vp) + offset + i));
	return 0;
}

static int legacy_set(struct virtio_device *vdev, u32 offset, const void *buffer, u32 length)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);
	const u8 *from = buffer;

	if (!vp_legacy_range_is_valid(vp, offset, length))
		return -EINVAL;
	for (u32 i = 0; i < length; i++)
		outb(from[i], vp_legacy_port(vp, config_offset(vp) + offset + i));
	return 0;
}

/* ---- status and features --------------------------------------------------------------------- */

static u8 legacy_get_status(struct virtio_device *vdev)
{
	return inb(vp_legacy_port(to_vp_device(vdev), VIRTIO_PCI_STATUS));
}

static void legacy_set_status(struct virtio_device *vdev, u8 status)
{
	outb(status, vp_legacy_port(to_vp_device(vdev), VIRTIO_PCI_STATUS));
}

static u64 legacy_get_features(struct virtio_device *vdev)
{
	return inl(vp_legacy_port(to_vp_device(vdev), VIRTIO_PCI_HOST_FEATURES));
}

/* The bits above 31 are not offered here, so none of them was accepted. */
static int legacy_finalize_features(struct virtio_device *vdev)
{
	outl((u32)vdev->features, vp_legacy_port(to_vp_device(vdev), VIRTIO_PCI_GUEST_FEATURES));
	return 0;
}

/* ---- queues ---------------------------------------------------------------------------------- */

/* There is no such register; a queue that is missing has size 0. */
static u32 vp_legacy_num_queues(const struct virtio_pci_device *vp)
{
	(void)vp;
	return 0x10000;
}

/* 4.1.5.2: the queue's index. */
static void vp_legacy_notify(struct virtqueue *vq)
{
	outw((u16)vq->index, vp_legacy_port(to_vp_device(vq->vdev), VIRTIO_PCI_QUEUE_NOTIFY));
}

/* 4.1.5.1.3.1: the device alone chooses the size. */
static int vp_legacy_get_queue_size(const struct virtio_pci_device *vp, unsigned int index)
{
	u16 size = inw(vp_legacy_port(vp, VIRTIO_PCI_QUEUE_NUM));

	if (!vring_size_is_valid(&vp->vdev, size)) {
		dev_printk(&vp->vdev.dev, "E08 queue %u: size %u is %s\n", index, size,
			   size ? "not a power of two up to 32768" : "0: there is no such queue");
		return -ENOENT;
	}
	if (inl(vp_legacy_port(vp, VIRTIO_PCI_QUEUE_PFN))) {
		dev_printk(&vp->vdev.dev, "E10 queue %u is enabled already, after a reset\n",
			   index);
		return -EBUSY;
	}
	return size;
}

/* The page number of the ring is all that the device is told; it enables the queue, too. */
static int write_page_number(const struct virtio_pci_device *vp, const struct virtqueue *vq)
{
	u64 page = virtqueue_get_desc_addr(vq) >> VIRTIO_PCI_QUEUE_ADDR_SHIFT;

	if (page > UINT32_MAX) {
		dev_printk(&vp->vdev.dev, "E09 queue %u: its ring lies beyond 2^44\n", vq->index);
		return -ENOMEM;
	}
	outl((u32)page, vp_legacy_port(vp, VIRTIO_PCI_QUEUE_PFN));
	if (inl(vp_legacy_port(vp, VIRTIO_PCI_QUEUE_PFN)) == page)
		return 0;
	dev_printk(&vp->vdev.dev, "E09 queue %u: the ring address does not read back\n", vq->index);
	return -EIO;
}

static int vp_legacy_setup_vq(struct virtio_pci_device *vp, struct virtio_pci_vq *queue,
			      unsigned int index, const struct virtqueue_info *info)
{
	struct vring_request request = {
		.vdev = &vp->vdev,
		.index = index,
		.info = info,
		.notify = vp_legacy_notify,
		.transport_data = queue,
	};
	int size;

	outw((u16)index, vp_legacy_port(vp, VIRTIO_PCI_QUEUE_SEL));
	size = vp_legacy_get_queue_size(vp, index);
	if (size < 0)
		return size;
	request.num = (u16)size;
	queue->notify_bar = 0;
	queue->notify_offset = VIRTIO_PCI_QUEUE_NOTIFY;
	queue->vq = vring_create_virtqueue(&request);
	return queue->vq ? write_page_number(vp, queue->vq) : -ENOMEM;
}

/* ---- interrupts ------------------------------------------------------------------------------ */

static u16 vp_legacy_config_entry(const struct virtio_pci_device *vp, u16 entry)
{
	outw(entry, vp_legacy_port(vp, VIRTIO_MSI_CONFIG_VECTOR));
	return inw(vp_legacy_port(vp, VIRTIO_MSI_CONFIG_VECTOR));
}

static u16 vp_legacy_queue_entry(const struct virtio_pci_device *vp, unsigned int index, u16 entry)
{
	outw((u16)index, vp_legacy_port(vp, VIRTIO_PCI_QUEUE_SEL));
	outw(entry, vp_legacy_port(vp, VIRTIO_MSI_QUEUE_VECTOR));
	return inw(vp_legacy_port(vp, VIRTIO_MSI_QUEUE_VECTOR));
}

static u8 vp_legacy_read_isr(const struct virtio_pci_device *vp)
{
	return inb(vp_legacy_port(vp, VIRTIO_PCI_ISR));
}

static const struct virtio_pci_interface legacy_interface = {
	.decode = PCI_COMMAND_IO,
	.num_queues = vp_legacy_num_queues,
	.write_config_entry = vp_legacy_config_entry,
	.write_queue_entry = vp_legacy_queue_entry,
	.read_isr = vp_legacy_read_isr,
	.setup_vq = vp_legacy_setup_vq,
};

/* What a legacy device cannot do is missing here: a generation, a queue's own reset, shared memory,
 * an administration queue. */
static const struct virtio_config_ops legacy_config_ops = {
	.get = legacy_get,
	.set = legacy_set,
	.get_status = legacy_get_status,
	.set_status = legacy_set_status,
	.reset = virtio_pci_reset,
	.find_vqs = virtio_pci_find_vqs,
	.del_vqs = virtio_pci_del_vqs,
	.set_vq_affinity = virtio_pci_set_vq_affinity,
	.get_vq_affinity = virtio_pci_get_vq_affinity,
	.synchronize_cbs = virtio_pci_synchronize_cbs,
	.get_features = legacy_get_features,
	.finalize_features = legacy_finalize_features,
	.bus_name = virtio_pci_bus_name,
};

int virtio_pci_legacy_probe(struct virtio_pci_device *vp)
{
	const struct pci_resource *bar = &vp->pci_dev->resource[0];

	if (!virtio_pci_has_legacy(vp->pci_dev))
		return -ENODEV;
	if (!bar->start || bar->size < REGISTERS_SIZE || bar->start + bar->size > 0x10000) {
		dev_printk(
			&vp->pci_dev->dev,
			"E14 I/O BAR 0 is not assigned, or too short for the legacy registers\n");
		return -ENXIO;
	}
	dev_printk(&vp->pci_dev->dev, "legacy interface: I/O BAR 0\n");
	vp->vdev.config = &legacy_config_ops;
	vp->interface = &legacy_interface;
	return 0;
}
