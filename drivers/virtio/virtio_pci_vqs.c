/* SPDX-License-Identifier: MIT */
/*
 * Setting up the queues of a modern device (virtio 1.2, 4.1.5.1.3) and notifying them (4.1.5.2).
 * The vectors of all queues are settled before the first is enabled, because an enabled queue can
 * only be taken back by a reset.
 */
#include <linux/errno.h>

#include "drivers/virtio/virtio_pci.h"
#include "drivers/virtio/virtio_ring.h"
#include "kernel/io.h"
#include "kernel/memory.h"
#include "kernel/printk.h"

/* Deep enough for throughput, small enough for 8 MiB machines; the device may want less. */
#define QUEUE_SIZE_MAX 256

/* 4.1.4.4: 0, or a power of two that keeps 16-bit writes aligned. */
static bool multiplier_is_valid(u32 multiplier)
{
	return multiplier != 1 && !(multiplier & (multiplier - 1));
}

/* 4.1.4.4: cap.offset + queue_notify_off * notify_off_multiplier; NULL when outside the region. */
static volatile u8 *notify_address(const struct virtio_pci_device *vp)
{
	u64 offset = (u64)vp_read(vp, queue_notify_off) * vp->notify_off_multiplier;

	if (!multiplier_is_valid(vp->notify_off_multiplier) ||
	    offset + sizeof(u16) > vp->notify.length)
		return NULL;
	return vp->notify.base + offset;
}

/* The size to use for the selected queue, or -errno: 0 means there is no such queue. */
static int choose_size(const struct virtio_pci_device *vp, unsigned int index)
{
	u32 largest = vp_read(vp, queue_size);
	u32 size = min(largest, (u32)QUEUE_SIZE_MAX);

	if (!largest || largest > 32768 || largest & (largest - 1)) {
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

static void print_queue(const struct virtio_pci_device *vp, const struct virtio_pci_vq *queue)
{
	const struct virtqueue *vq = queue->vq;

	dev_printk(&vp->vdev.dev, "queue %u (%s): %u entries, notify at BAR %u + 0x%llx, ",
		   vq->index, vq->name, vq->num, vp->notify.bar,
		   vp->notify.offset + (u64)(queue->notify - vp->notify.base));
	if (queue->vector < 0)
		printk("polled\n");
	else
		printk("MSI-X entry %u -> vector 0x%02x\n", queue->entry, queue->vector);
}

/* Makes the ring of the selected queue and tells the device; on failure the queue stays in `queue`
 * for del_vqs. */
static int set_up_ring(struct virtio_pci_device *vp, struct virtio_pci_vq *queue,
		       unsigned int index, const struct virtqueue_info *info)
{
	int size = choose_size(vp, index);
	struct vring_request request = {
		.vdev = &vp->vdev,
		.index = index,
		.num = (u16)size,
		.name = info->name,
		.callback = info->callback,
		.transport = &virtio_pci_transport,
		.transport_data = queue,
	};

	if (size < 0)
		return size;
	queue->notify = notify_address(vp);
	if (!queue->notify) {
		dev_printk(&vp->vdev.dev,
			   "E16 queue %u: notify offset %u times %u is outside the "
			   "notify structure of %u bytes\n",
			   index, vp_read(vp, queue_notify_off), vp->notify_off_multiplier,
			   vp->notify.length);
		return -EINVAL;
	}
	queue->vq = vring_create_virtqueue(&request);
	if (!queue->vq)
		return -ENOMEM;
	queue->vq->can_interrupt = queue->vector >= 0;
	return 0;
}

static int set_up_queue(struct virtio_pci_device *vp, unsigned int index,
			const struct virtqueue_info *info)
{
	struct virtio_pci_vq *queue = &vp->vqs[index];
	int error;

	vp_write(vp, queue_select, index);
	error = set_up_ring(vp, queue, index, info);
	if (!error)
		error = write_addresses(vp, queue->vq);
	if (!error)
		error = enable_queue(vp, index);
	if (!error)
		print_queue(vp, queue);
	return error;
}

static int alloc_vqs(struct virtio_pci_device *vp, unsigned int count)
{
	u32 offered = vp_read(vp, num_queues);

	if (!count || count > offered) {
		dev_printk(&vp->vdev.dev, "E08 %u queues are needed, the device has %u\n", count,
			   offered);
		return -ENOENT;
	}
	vp->vqs = kzalloc(count * sizeof(*vp->vqs));
	if (!vp->vqs)
		return -ENOMEM;
	vp->vq_count = count;
	for (unsigned int i = 0; i < count; i++) {
		vp->vqs[i].owner = vp;
		vp->vqs[i].vector = -1;
	}
	return 0;
}

/* The bus resets the device and calls del_vqs when this fails after a queue was enabled. */
int virtio_pci_find_vqs(struct virtio_device *vdev, unsigned int count, struct virtqueue *vqs[],
			const struct virtqueue_info infos[])
{
	struct virtio_pci_device *vp = to_vp_device(vdev);
	int error = vp->vqs ? -EBUSY : alloc_vqs(vp, count);

	if (error)
		return error;
	if (virtio_pci_request_vectors(vp, infos))
		dev_printk(&vdev->dev, "no interrupts: the queues are polled\n");
	for (unsigned int i = 0; i < count; i++) {
		vqs[i] = NULL;
		if (!infos[i].name)
			continue;
		error = set_up_queue(vp, i, &infos[i]);
		if (error)
			return error;
		vqs[i] = vp->vqs[i].vq;
	}
	return 0;
}

void virtio_pci_del_vqs(struct virtio_device *vdev)
{
	struct virtio_pci_device *vp = to_vp_device(vdev);

	virtio_pci_free_vectors(vp);
	for (unsigned int i = 0; i < vp->vq_count; i++) {
		if (!vp->vqs[i].vq)
			continue;
		if (vdev->failed)
			vring_quarantine_virtqueue(vp->vqs[i].vq);
		else
			vring_del_virtqueue(vp->vqs[i].vq);
	}
	vp->vq_count = 0;
	kfree(vp->vqs);
	vp->vqs = NULL;
}

/* 4.1.5.2: without NOTIFICATION_DATA the queue's index, 16 bits wide. */
static void notify(struct virtqueue *vq)
{
	const struct virtio_pci_vq *queue = vq->transport_data;

	writew((u16)vq->index, queue->notify);
}

static void report_vector(struct virtio_pci_device *vp, const struct virtio_pci_vq *queue)
{
	struct pci_msix_state state;

	if (queue->vector < 0 || pci_msix_state(vp->pci_dev, queue->entry, &state)) {
		printk("  interrupt: none, the queue is polled; ISR status 0x%02x\n",
		       readb(vp->isr.base));
		return;
	}
	printk("  interrupt: MSI-X %s%s, entry %u %s%s, vector 0x%02x taken %llu times\n",
	       state.function_enabled ? "enabled" : "disabled",
	       state.function_masked ? " but masked" : "", queue->entry,
	       state.masked ? "masked" : "unmasked", state.pending ? ", pending" : "", state.vector,
	       irq_count(state.vector));
}

static void report(struct virtqueue *vq)
{
	struct virtio_pci_vq *queue = vq->transport_data;
	struct virtio_pci_device *vp = queue->owner;
	u8 status = (u8)vp_read(vp, device_status);
	bool master = pci_is_master(vp->pci_dev);

	printk("  device %s: status 0x%02x, bus master %s\n", dev_name(&vp->pci_dev->dev), status,
	       master ? "on" : "off");
	report_vector(vp, queue);
	if (!pci_decodes_memory(vp->pci_dev))
		printk("  E03 memory decoding is off, or the device is gone: its registers read as "
		       "0; "
		       "look at bit 1 of the PCI command register\n");
	else if (!master)
		printk("  E01 bus mastering is off: the device may not read its rings; "
		       "set bit 2 of the PCI command register\n");
	else if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
		printk("  the device says NEEDS_RESET: QEMU's own log tells why\n");
}

const struct virtqueue_transport virtio_pci_transport = { notify, report };
