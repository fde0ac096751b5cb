/* SPDX-License-Identifier: MIT */
/*
 * The queues of a device, whichever its registers: the vectors of all of them are settled before
 * the first is enabled, because an enabled queue can only be taken back by a reset. Then the
 * administration queue (virtio 1.3, 4.1.4.3), and which CPU takes a queue's interrupt.
 */
#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/memory.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"

static void print_queue(const struct virtio_pci_device *vp, const struct virtio_pci_vq *queue)
{
	const struct virtqueue *vq = queue->vq;

	dev_printk(&vp->vdev.dev, "queue %u (%s): %u entries, notify at BAR %u + 0x%llx, ",
		   vq->index, vq->name, vq->num, queue->notify_bar, queue->notify_offset);
	virtio_pci_print_irq(queue);
}

static int set_up_queue(struct virtio_pci_device *vp, unsigned int index,
			const struct virtqueue_info *info)
{
	struct virtio_pci_vq *queue = &vp->vqs[index];
	int error = vp->interface->setup_vq(vp, queue, index, info);

	if (error)
		return error;
	queue->vq->interrupt_name = virtio_pci_irq_name(vp);
	queue->vq->can_interrupt = queue->vector >= 0;
	print_queue(vp, queue);
	return 0;
}

static int alloc_vqs(struct virtio_pci_device *vp, unsigned int count)
{
	u32 offered = vp->interface->num_queues(vp);

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
		vp->vqs[i].entry = VIRTIO_MSI_NO_VECTOR;
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

	/* Only now: until its reset it could have written to what the firmware gave it. */
	if (!error)
		error = pci_set_master(vp->pci_dev);
	if (error)
		return error;
	virtio_pci_request_irqs(vp, infos);
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

void virtio_pci_del_vq(struct virtio_pci_vq *queue)
{
	if (!queue->vq)
		return;
	if (queue->vq->vdev->failed)
		vring_quarantine_virtqueue(queue->vq);
	else
		vring_del_virtqueue(queue->vq);
	queue->vq = NULL;
}

void virtio_pci_del_vqs(struct virtio_device *vdev)
{
	struct virtio_pci_device *vp = to_vp_device(vdev);

	virtio_pci_free_irqs(vp);
	for (unsigned int i = 0; i < vp->vq_count; i++)
		virtio_pci_del_vq(&vp->vqs[i]);
	vp->vq_count = 0;
	kfree(vp->vqs);
	vp->vqs = NULL;
}

void virtio_pci_report(struct virtqueue *vq)
{
	struct virtio_pci_vq *queue = vq->transport_data;
	struct virtio_pci_device *vp = queue->owner;
	u8 status = vq->vdev->config->get_status(vq->vdev);
	bool master = pci_is_master(vp->pci_dev);

	printk("  device %s: status 0x%02x, bus master %s\n", dev_name(&vp->pci_dev->dev), status,
	       master ? "on" : "off");
	virtio_pci_report_irq(queue);
	if (!pci_decodes(vp->pci_dev, vp->interface->decode))
		printk("  E03 decoding is off, or the device was removed: see its command register\n");
	else if (!master)
		printk("  E01 bus mastering is off: the device cannot read its rings\n");
	else if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
		printk("  the device says NEEDS_RESET: QEMU's own log tells why\n");
}

/* ---- the administration queue ---------------------------------------------------------------- */

/* Polled: commands are rare and short, and the vectors are the driver's. */
int virtio_pci_create_avq(struct virtio_device *vdev)
{
	static const struct virtqueue_info info = { .name = "adminq" };
	struct virtio_pci_device *vp = to_vp_device(vdev);
	u32 index, count;
	int error;

	if (!virtio_has_feature(vdev, VIRTIO_F_ADMIN_VQ))
		return 0;
	index = vp_read(vp, admin_queue_index);
	count = vp_read(vp, admin_queue_num);
	/* 4.1.4.3.1: beyond the other queues, and within 16 bits. */
	if (!count || index < vp_read(vp, num_queues) || index + count > 0x10000) {
		dev_printk(&vdev->dev,
			   "E18 %u administration queues from index %u on: invalid, not used\n",
			   count, index);
		return 0;
	}
	vp->admin = (struct virtio_pci_vq){ .owner = vp, .vector = -1 };
	error = pci_set_master(vp->pci_dev);
	if (!error)
		error = vp->interface->setup_vq(vp, &vp->admin, index, &info);
	if (!error)
		vdev->admin_vq = vp->admin.vq;
	return error;
}

void virtio_pci_destroy_avq(struct virtio_device *vdev)
{
	struct virtio_pci_device *vp = to_vp_device(vdev);

	vdev->admin_vq = NULL;
	vdev->admin_opcodes = 0;
	virtio_pci_del_vq(&vp->admin);
}

/* ---- affinity -------------------------------------------------------------------------------- */

/* A wire (INTx) is shared, and goes where the I/O APIC says. */
static bool has_message(const struct virtio_pci_vq *queue)
{
	return queue->vector >= 0 && queue->entry != VIRTIO_MSI_NO_VECTOR;
}

int virtio_pci_set_vq_affinity(struct virtqueue *vq, u64 cpus)
{
	const struct virtio_pci_vq *queue = vq->transport_data;
	int error = -EINVAL;

	cpus &= cpu_online_mask();
	if (!cpus)
		return -EINVAL;
	if (!has_message(queue))
		return -EOPNOTSUPP;
	/* The first that can be reached by a message. */
	for (; cpus && error; cpus &= cpus - 1)
		error = pci_msix_retarget(queue->owner->pci_dev, queue->entry,
					  (unsigned int)__builtin_ctzll(cpus));
	return error;
}

u64 virtio_pci_get_vq_affinity(struct virtio_device *vdev, unsigned int index)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);

	if (index >= vp->vq_count || !has_message(&vp->vqs[index]))
		return 0;
	return BIT_ULL(irq_cpu(vp->vqs[index].vector));
}
