/* SPDX-License-Identifier: MIT */
/* Making and freeing virtqueues: their ring, and the private state beside it. */
#include <linux/virtio_config.h>

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/memory.h"
#include "kernel/string.h"

static size_t indirect_bytes(const struct virtqueue *vq)
{
	return (size_t)vq->num * VRING_INDIRECT_MAX * sizeof(struct vring_desc);
}

/* The ring is in pages of its own: nothing private shares a page with what the device writes. */
static bool vring_alloc_shared(struct virtqueue *vq)
{
	vq->ring_bytes = vq->ops->bytes(vq->num);
	vq->ring = alloc_pages_exact(vq->ring_bytes);
	if (!vq->ring)
		return false;
	vq->ops->place(vq, vq->ring);
	if (!vq->indirect)
		return true;
	vq->indirect_tables = alloc_pages_exact(indirect_bytes(vq));
	return vq->indirect_tables;
}

static bool vring_alloc_private(struct virtqueue *vq)
{
	bool in_order = virtio_has_feature(vq->vdev, VIRTIO_F_IN_ORDER);

	vq->chain = kzalloc(vq->num * sizeof(*vq->chain));
	vq->order = in_order ? vring_order_create(vq->num) : NULL;
	return vq->chain && (vq->order || !in_order);
}

static void vring_free_shared(struct virtqueue *vq)
{
	free_pages_exact(vq->indirect_tables, indirect_bytes(vq));
	free_pages_exact(vq->ring, vq->ring_bytes);
}

static void vring_free_private(struct virtqueue *vq)
{
	kfree(vq->order);
	kfree(vq->chain);
	kfree(vq);
}

static void fill_virtqueue(struct virtqueue *vq, const struct vring_request *request)
{
	bool packed = virtio_has_feature(request->vdev, VIRTIO_F_RING_PACKED);

	vq->vdev = request->vdev;
	vq->index = request->index;
	vq->num = request->num;
	vq->name = request->info->name;
	vq->callback = request->info->callback;
	vq->waiters = request->info->waiters ? request->info->waiters : &vq->own_waiters;
	vq->notify = request->notify;
	vq->transport_data = request->transport_data;
	vq->ops = packed ? &vring_packed_ops : &vring_split_ops;
	vq->indirect = virtio_has_feature(request->vdev, VIRTIO_RING_F_INDIRECT_DESC);
	vq->event = virtio_has_feature(request->vdev, VIRTIO_RING_F_EVENT_IDX);
}

void vring_reset_virtqueue(struct virtqueue *vq)
{
	memset(vq->ring, 0, vq->ring_bytes);
	vq->ops->place(vq, vq->ring);
	vq->broken = false;
	vq->in_flight = vq->num_added = vq->detach_next = vq->free_head = 0;
	vq->num_free = vq->num;
	for (u16 i = 0; i < vq->num; i++)
		vq->chain[i] = (struct vring_chain){ .next = (u16)((i + 1) % vq->num) };
	if (vq->order)
		vring_order_reset(vq->order);
	virtqueue_disable_cb(vq);
}

bool vring_size_is_valid(const struct virtio_device *vdev, u32 num)
{
	if (!num || num > 32768)
		return false;
	return virtio_has_feature(vdev, VIRTIO_F_RING_PACKED) || !(num & (num - 1));
}

struct virtqueue *vring_create_virtqueue(const struct vring_request *request)
{
	struct virtqueue *vq;

	if (!vring_size_is_valid(request->vdev, request->num))
		return NULL;
	vq = kzalloc(sizeof(*vq));
	if (!vq)
		return NULL;
	fill_virtqueue(vq, request);
	if (!vring_alloc_shared(vq) || !vring_alloc_private(vq)) {
		vring_free_shared(vq);
		vring_free_private(vq);
		return NULL;
	}
	vring_reset_virtqueue(vq);
	list_add_tail(&vq->vdev_node, &vq->vdev->vqs);
	return vq;
}

void vring_del_virtqueue(struct virtqueue *vq)
{
	list_del_init(&vq->vdev_node);
	vring_free_shared(vq);
	vring_free_private(vq);
}

void vring_quarantine_virtqueue(struct virtqueue *vq)
{
	dev_printk(
		&vq->vdev->dev,
		"queue %u (%s): the reset was not confirmed, so its memory is never used again\n",
		vq->index, vq->name);
	list_del_init(&vq->vdev_node);
	vring_free_private(vq);
}

u64 virtqueue_get_desc_addr(const struct virtqueue *vq)
{
	return virt_to_phys(vq->ring);
}

u64 virtqueue_get_avail_addr(const struct virtqueue *vq)
{
	bool packed = vq->ops == &vring_packed_ops;

	return virt_to_phys(packed ? (void *)vq->packed.driver : vq->split.vring.avail);
}

u64 virtqueue_get_used_addr(const struct virtqueue *vq)
{
	bool packed = vq->ops == &vring_packed_ops;

	return virt_to_phys(packed ? (void *)vq->packed.device : vq->split.vring.used);
}
