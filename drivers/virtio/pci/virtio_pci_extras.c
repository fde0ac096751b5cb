/* SPDX-License-Identifier: MIT */
/*
 * Operations of a modern device beside its queues: shared memory (virtio 1.2, 4.1.4.7), the
 * administration queue (virtio 1.3, 4.1.4.3), and which CPU takes an interrupt.
 */
#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/memory.h"
#include "kernel/percpu.h"

/* ---- shared memory --------------------------------------------------------------------------- */

static u64 read_pair(const struct pci_dev *dev, unsigned int low, unsigned int high)
{
	u32 low_half, high_half;

	pci_read_config_dword(dev, low, &low_half);
	pci_read_config_dword(dev, high, &high_half);
	return (u64)high_half << 32 | low_half;
}

/* Reads a shared memory capability once; false when it is another one, or does not fit. */
static bool read_shm(const struct pci_dev *dev, u8 position, u8 id,
		     struct virtio_shm_region *region)
{
	u8 length, cfg_type, bar, its_id;
	u64 offset;

	if (position + sizeof(struct virtio_pci_cap64) > 256)
		return false;
	pci_read_config_byte(dev, position + VIRTIO_PCI_CAP_LEN, &length);
	pci_read_config_byte(dev, position + VIRTIO_PCI_CAP_CFG_TYPE, &cfg_type);
	pci_read_config_byte(dev, position + VIRTIO_PCI_CAP_BAR, &bar);
	pci_read_config_byte(dev, position + offsetof(struct virtio_pci_cap, id), &its_id);
	if (cfg_type != VIRTIO_PCI_CAP_SHARED_MEMORY_CFG || its_id != id ||
	    length < sizeof(struct virtio_pci_cap64))
		return false;
	offset = read_pair(dev, position + VIRTIO_PCI_CAP_OFFSET,
			   position + offsetof(struct virtio_pci_cap64, offset_hi));
	region->length = read_pair(dev, position + VIRTIO_PCI_CAP_LENGTH,
				   position + offsetof(struct virtio_pci_cap64, length_hi));
	region->address = pci_iomap_range(dev, bar, offset, region->length);
	return region->address;
}

int virtio_pci_get_shm_region(struct virtio_device *vdev, struct virtio_shm_region *region, u8 id)
{
	const struct pci_dev *dev = to_vp_device(vdev)->pci_dev;
	u8 position = pci_find_capability(dev, PCI_CAP_ID_VNDR);

	for (; position; position = pci_find_next_capability(dev, position, PCI_CAP_ID_VNDR))
		if (read_shm(dev, position, id, region))
			return 0;
	return -ENODEV;
}

/* ---- the administration queue ---------------------------------------------------------------- */

/* Polled: commands are rare and short, and the vectors are the driver's. */
int virtio_pci_create_avq(struct virtio_device *vdev)
{
	static const struct virtqueue_info info = { "adminq", NULL };
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
			   "E18 %u administration queues from index %u on make no sense; going on "
			   "without\n",
			   count, index);
		return 0;
	}
	vp->admin = (struct virtio_pci_vq){ .owner = vp, .vector = -1 };
	error = vp->ops->setup_vq(vp, &vp->admin, index, &info);
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
