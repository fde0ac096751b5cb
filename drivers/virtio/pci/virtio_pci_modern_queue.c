/* SPDX-License-Identifier: MIT */
/*
 * A queue of a modern device: its registers (virtio 1.2, 4.1.5.1.3), its notifications (4.1.5.2),
 * and its reset on its own (4.1.4.3.2). The caller has settled its vector.
 */
#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/io.h"
#include "kernel/time.h"

#define QUEUE_RESET_TIMEOUT_NS (1000 * NSEC_PER_MSEC)

/* Deep enough for throughput, small enough for 8 MiB machines; the device may want less. */
#define QUEUE_SIZE_MAX 256

/* 4.1.4.4: 0, or a power of two that keeps notifications of that width aligned. */
static bool multiplier_is_valid(u32 multiplier, u32 width)
{
	return !multiplier || (multiplier >= width && !(multiplier & (multiplier - 1)));
}

/* 4.1.4.4: cap.offset + queue_notify_off * notify_off_multiplier; NULL when outside the region. */
static volatile u8 *notify_address(const struct virtio_pci_device *vp)
{
	bool data = virtio_has_feature(&vp->vdev, VIRTIO_F_NOTIFICATION_DATA);
	u64 offset = (u64)vp_read(vp, queue_notify_off) * vp->notify_off_multiplier;
	u32 width = data ? sizeof(u32) : sizeof(u16);

	if (!multiplier_is_valid(vp->notify_off_multiplier, width) ||
	    offset + width > vp->notify.length)
		return NULL;
	return vp->notify.base + offset;
}

/* The size to use for the selected queue, or -errno: 0 means there is no such queue. */
static int choose_size(const struct virtio_pci_device *vp, unsigned int index)
{
	u32 largest = vp_read(vp, queue_size);
	u32 size = min(largest, (u32)QUEUE_SIZE_MAX);

	if (!vring_size_is_valid(&vp->vdev, largest)) {
		dev_printk(&vp->vdev.dev, "E08 queue %u: size %u is %s\n", index, largest,
			   largest ? "not a power of two up to 32768"
				   : "0: there is no such queue");
		return -ENOENT;
	}
	if (vp_read(vp, queue_enable)) {
		dev_printk(&vp->vdev.dev, "E10 queue %u is enabled already, after a reset\n",
			   index);
		return -EBUSY;
	}
	vp_write(vp, queue_size, size);
	if (vp_read(vp, queue_size) != size) {
		dev_printk(&vp->vdev.dev, "E08 queue %u: size %u written, %u read back\n", index,
			   size, vp_read(vp, queue_size));
		return -EIO;
	}
	return (int)size;
}

/* 4.1.3.1: a 64-bit register is written as two halves; reading them back shows that the queue we
 * selected really took them. `offset` is that of the low half. */
static bool write_address(const struct virtio_pci_device *vp, u32 offset, u64 address)
{
	u32 low = (u32)address, high = (u32)(address >> 32);

	virtio_pci_common_write(vp, offset, sizeof(u32), low);
	virtio_pci_common_write(vp, offset + sizeof(u32), sizeof(u32), high);
	return virtio_pci_common_read(vp, offset, sizeof(u32)) == low &&
	       virtio_pci_common_read(vp, offset + sizeof(u32), sizeof(u32)) == high;
}

static int write_addresses(const struct virtio_pci_device *vp, const struct virtqueue *vq)
{
	if (write_address(vp, VIRTIO_PCI_COMMON_Q_DESCLO, virtqueue_get_desc_addr(vq)) &&
	    write_address(vp, VIRTIO_PCI_COMMON_Q_AVAILLO, virtqueue_get_avail_addr(vq)) &&
	    write_address(vp, VIRTIO_PCI_COMMON_Q_USEDLO, virtqueue_get_used_addr(vq)))
		return 0;
	dev_printk(&vp->vdev.dev, "E09 queue %u: the ring addresses do not read back\n", vq->index);
	return -EIO;
}

/* 4.1.4.3.2: everything else is in place before 1 is written, and 0 is never written. */
static int enable_queue(const struct virtio_pci_device *vp, unsigned int index)
{
	vp_write(vp, queue_enable, 1);
	if (vp_read(vp, queue_enable) == 1)
		return 0;
	dev_printk(&vp->vdev.dev, "E10 queue %u: queue_enable does not stick\n", index);
	return -EIO;
}

/* 4.1.5.2.1: the queue's index, or with NOTIF_CONFIG_DATA what the device calls it. */
static u16 notify_value(const struct virtio_pci_device *vp, unsigned int index)
{
	if (virtio_has_feature(&vp->vdev, VIRTIO_F_NOTIF_CONFIG_DATA))
		return (u16)vp_read(vp, queue_notif_config_data);
	return (u16)index;
}

/* 4.1.5.2: without NOTIFICATION_DATA which queue it is, 16 bits wide. */
static void vp_modern_notify(struct virtqueue *vq)
{
	const struct virtio_pci_vq *queue = vq->transport_data;

	writew(queue->notify_value, queue->notify);
}

/* 4.1.5.2: with NOTIFICATION_DATA also where the next chain will start, in 32 bits. */
static void vp_modern_notify_with_data(struct virtqueue *vq)
{
	const struct virtio_pci_vq *queue = vq->transport_data;

	writel(queue->notify_value | (u32)vring_next_offset(vq) << 16, queue->notify);
}

static int vp_modern_choose_notify(const struct virtio_pci_device *vp, struct virtio_pci_vq *queue,
				   unsigned int index)
{
	queue->notify = notify_address(vp);
	queue->notify_value = notify_value(vp, index);
	queue->notify_bar = vp->notify.bar;
	queue->notify_offset = vp->notify.offset + (u64)(queue->notify - vp->notify.base);
	if (queue->notify)
		return 0;
	dev_printk(
		&vp->vdev.dev,
		"E16 queue %u: notify offset %u times %u is outside the notify structure of %u bytes\n",
		index, vp_read(vp, queue_notify_off), vp->notify_off_multiplier, vp->notify.length);
	return -EINVAL;
}

/* Makes the ring of the selected queue; on failure it stays in `queue` for del_vqs. */
static int make_ring(struct virtio_pci_device *vp, struct virtio_pci_vq *queue, unsigned int index,
		     const struct virtqueue_info *info)
{
	bool data = virtio_has_feature(&vp->vdev, VIRTIO_F_NOTIFICATION_DATA);
	int size = choose_size(vp, index);
	struct vring_request request = {
		.vdev = &vp->vdev,
		.index = index,
		.num = (u16)size,
		.info = info,
		.notify = data ? vp_modern_notify_with_data : vp_modern_notify,
		.transport_data = queue,
	};

	if (size < 0)
		return size;
	queue->vq = vring_create_virtqueue(&request);
	return queue->vq ? 0 : -ENOMEM;
}

static int vp_modern_setup_vq(struct virtio_pci_device *vp, struct virtio_pci_vq *queue,
			      unsigned int index, const struct virtqueue_info *info)
{
	int error;

	vp_write(vp, queue_select, index);
	error = vp_modern_choose_notify(vp, queue, index);
	if (!error)
		error = make_ring(vp, queue, index, info);
	if (!error)
		error = write_addresses(vp, queue->vq);
	if (!error)
		error = enable_queue(vp, index);
	return error;
}

static u32 vp_modern_num_queues(const struct virtio_pci_device *vp)
{
	return vp_read(vp, num_queues);
}

/* 4.1.5.1.2.2: an entry counts when it reads back; NO_VECTOR means refused. */
static u16 vp_modern_config_entry(const struct virtio_pci_device *vp, u16 entry)
{
	vp_write(vp, config_msix_vector, entry);
	return (u16)vp_read(vp, config_msix_vector);
}

static u16 vp_modern_queue_entry(const struct virtio_pci_device *vp, unsigned int index, u16 entry)
{
	vp_write(vp, queue_select, index);
	vp_write(vp, queue_msix_vector, entry);
	return (u16)vp_read(vp, queue_msix_vector);
}

static u8 vp_modern_read_isr(const struct virtio_pci_device *vp)
{
	return readb(vp->isr.base);
}

const struct virtio_pci_interface virtio_pci_modern_interface = {
	.decode = PCI_COMMAND_MEMORY,
	.num_queues = vp_modern_num_queues,
	.write_config_entry = vp_modern_config_entry,
	.write_queue_entry = vp_modern_queue_entry,
	.read_isr = vp_modern_read_isr,
	.setup_vq = vp_modern_setup_vq,
};

/* ---- a queue's own reset (RING_RESET) -------------------------------------------------------- */

/* 4.1.4.3.2: complete when queue_reset reads 0, and the device says 0 in queue_enable then. */
static bool queue_is_reset(void *context)
{
	const struct virtio_pci_device *vp = context;

	return !vp_read(vp, queue_reset) && !vp_read(vp, queue_enable);
}

int virtio_pci_modern_disable_vq(struct virtqueue *vq)
{
	struct virtio_pci_device *vp = to_vp_device(vq->vdev);

	if (!virtio_has_feature(vq->vdev, VIRTIO_F_RING_RESET))
		return -EOPNOTSUPP;
	/* Whoever waits or submits from here on sees a broken queue (2.6.1). */
	vq->broken = true;
	vp_write(vp, queue_select, vq->index);
	vp_write(vp, queue_reset, 1);
	if (!poll_until(queue_is_reset, vp, QUEUE_RESET_TIMEOUT_NS))
		return 0;
	dev_printk(&vq->vdev->dev, "E04 queue %u (%s): its reset was not confirmed\n", vq->index,
		   vq->name);
	return -ETIMEDOUT;
}

/* 2.6.1.2.2: everything is configured anew, the vector too. */
int virtio_pci_modern_enable_vq(struct virtqueue *vq)
{
	struct virtio_pci_device *vp = to_vp_device(vq->vdev);
	const struct virtio_pci_vq *queue = vq->transport_data;
	u16 entry = queue->vector < 0 ? VIRTIO_MSI_NO_VECTOR : (u16)queue->entry;
	int error;

	if (!virtio_has_feature(vq->vdev, VIRTIO_F_RING_RESET))
		return -EOPNOTSUPP;
	if (queue->vector >= 0 && vp_modern_queue_entry(vp, vq->index, entry) != entry)
		return -EBUSY;
	vp_write(vp, queue_select, vq->index);
	vp_write(vp, queue_size, vq->num);
	if (vp_read(vp, queue_size) != vq->num)
		return -EIO;
	vring_reset_virtqueue(vq);
	error = write_addresses(vp, vq);
	if (!error)
		error = enable_queue(vp, vq->index);
	vq->broken = error; /* as before, where the device does not take it */
	return error;
}
