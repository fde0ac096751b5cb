/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a modern device by MSI-X (virtio 1.2, 4.1.5.1.2): one entry for configuration
 * changes, one for each queue that has a callback. The device confirms each by reading back.
 */
#include <linux/errno.h>

#include "drivers/virtio/virtio_pci.h"
#include "drivers/virtio/virtio_ring.h"

#define CONFIG_ENTRY 0

/* In the interrupt, interrupts off. 4.1.5.5: with MSI-X the vector alone says what happened. */
static void config_interrupt(void *context)
{
	struct virtio_pci_device *vp = context;

	virtio_config_changed(&vp->vdev);
}

/* In the interrupt, interrupts off; the queue may not be made yet when a stray one comes. */
static void queue_interrupt(void *context)
{
	struct virtio_pci_vq *queue = context;

	if (queue->vq)
		vring_interrupt(queue->vq);
}

static int refused(const struct virtio_pci_device *vp, const char *what, unsigned int entry)
{
	dev_printk(&vp->vdev.dev, "E11 the device refuses MSI-X entry %u for %s (reads 0xffff)\n",
		   entry, what);
	return -EBUSY;
}

static int request_config_vector(struct virtio_pci_device *vp)
{
	vp->config_vector = pci_msix_request(vp->pci_dev, CONFIG_ENTRY, config_interrupt, vp,
					     dev_name(&vp->vdev.dev));
	if (vp->config_vector < 0)
		return vp->config_vector;
	vp_write(vp, msix_config, CONFIG_ENTRY);
	/* 4.1.5.1.2.2: the vector must be read back, NO_VECTOR means refused. */
	if (vp_read(vp, msix_config) != CONFIG_ENTRY)
		return refused(vp, "configuration changes", CONFIG_ENTRY);
	return 0;
}

static int request_queue_vector(struct virtio_pci_device *vp, unsigned int index,
				unsigned int entry, const struct virtqueue_info *info)
{
	struct virtio_pci_vq *queue = &vp->vqs[index];

	queue->entry = entry;
	queue->vector = pci_msix_request(vp->pci_dev, entry, queue_interrupt, queue, info->name);
	if (queue->vector < 0)
		return queue->vector;
	vp_write(vp, queue_select, index);
	vp_write(vp, queue_msix_vector, entry);
	if (vp_read(vp, queue_msix_vector) != entry)
		return refused(vp, info->name, entry);
	return 0;
}

static bool wants_vector(const struct virtqueue_info *info)
{
	return info->name && info->callback;
}

static unsigned int entries_needed(const struct virtio_pci_device *vp,
				   const struct virtqueue_info infos[])
{
	unsigned int needed = CONFIG_ENTRY + 1;

	for (unsigned int i = 0; i < vp->vq_count; i++)
		needed += wants_vector(&infos[i]);
	return needed;
}

static int request_all(struct virtio_pci_device *vp, const struct virtqueue_info infos[])
{
	unsigned int entry = CONFIG_ENTRY + 1;
	int error = request_config_vector(vp);

	for (unsigned int i = 0; i < vp->vq_count && !error; i++)
		if (wants_vector(&infos[i]))
			error = request_queue_vector(vp, i, entry++, &infos[i]);
	return error;
}

/* Why there are no interrupts, where nobody said it yet. */
static void explain(const struct virtio_pci_device *vp, int error)
{
	if (error == -ENOSPC)
		dev_printk(&vp->vdev.dev, "all interrupt vectors of this CPU are taken\n");
	else if (error == -ENODEV)
		dev_printk(&vp->vdev.dev, "this CPU has no local APIC to take interrupts\n");
	else if (error == -ENOMEM)
		dev_printk(&vp->vdev.dev, "out of memory for the MSI-X table's state\n");
}

int virtio_pci_request_vectors(struct virtio_pci_device *vp, const struct virtqueue_info infos[])
{
	int count = pci_msix_vec_count(vp->pci_dev);
	int needed = (int)entries_needed(vp, infos);
	int error;

	if (count < needed) {
		dev_printk(&vp->vdev.dev,
			   "MSI-X has %d entries, %d are needed: one a queue and one "
			   "for configuration changes\n",
			   max(count, 0), needed);
		return -ENOSPC;
	}
	error = pci_enable_msix(vp->pci_dev);
	if (!error)
		error = request_all(vp, infos);
	explain(vp, error);
	if (error)
		virtio_pci_free_vectors(vp);
	else
		dev_printk(&vp->vdev.dev,
			   "configuration changes: MSI-X entry %u -> vector 0x%02x\n", CONFIG_ENTRY,
			   vp->config_vector);
	return error;
}

/* A device that was reset has no vectors any more; one that refused some must forget the others;
 * one that would not reset is not touched again. */
static void forget_vectors(struct virtio_pci_device *vp)
{
	if (vp->vdev.failed)
		return;
	vp_write(vp, msix_config, VIRTIO_MSI_NO_VECTOR);
	for (unsigned int i = 0; i < vp->vq_count; i++) {
		vp_write(vp, queue_select, i);
		vp_write(vp, queue_msix_vector, VIRTIO_MSI_NO_VECTOR);
	}
}

void virtio_pci_free_vectors(struct virtio_pci_device *vp)
{
	if (!vp->pci_dev->msix)
		return;
	forget_vectors(vp);
	vp->config_vector = -1;
	for (unsigned int i = 0; i < vp->vq_count; i++)
		vp->vqs[i].vector = -1;
	pci_disable_msix(vp->pci_dev);
}
