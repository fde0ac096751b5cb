/* SPDX-License-Identifier: MIT */
/* Making and freeing virtqueues: their ring, and the private state beside it. */
#include <linux/virtio_config.h>

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_ring.h"
#include "kernel/memory.h"

static size_t indirect_bytes(const struct virtqueue *vq)
{
	return (size_t)vq->num * VRING_INDIRECT_MAX * sizeof(struct vring_desc);
}

/* The ring is in pages of its own: nothing private shares a page with what the device writes. */
static bool alloc_shared(struct virtqueue *vq)
{
	void *ring;

	vq->ring_bytes = vring_size(vq->num, PAGE_SIZE);
	ring = alloc_pages_exact(vq->ring_bytes);
	if (!ring)
		return false;
	vring_init(&vq->vring, vq->num, ring, PAGE_SIZE);
	if (!vq->indirect)
		return true;
	vq->indirect_tables = alloc_pages_exact(indirect_bytes(vq));
	return vq->indirect_tables;
}

static bool alloc_private(struct virtqueue *vq)
{
	vq->token = kzalloc(vq->num * sizeof(*vq->token));
	vq->writable = kzalloc(vq->num * sizeof(*vq->writable));
	vq->chain_count = kzalloc(vq->num * sizeof(*vq->chain_count));
	vq->chain_tail = kzalloc(vq->num * sizeof(*vq->chain_tail));
	vq->next = kzalloc(vq->num * sizeof(*vq->next));
	return vq->token && vq->writable && vq->chain_count && vq->chain_tail && vq->next;
}

static void free_shared(struct virtqueue *vq)
{
	free_pages_exact(vq->indirect_tables, indirect_bytes(vq));
	free_pages_exact(vq->vring.desc, vq->ring_bytes);
}

static void free_private(struct virtqueue *vq)
{
	kfree(vq->next);
	kfree(vq->chain_tail);
	kfree(vq->chain_count);
	kfree(vq->writable);
	kfree(vq->token);
	kfree(vq);
}

static void fill(struct virtqueue *vq, const struct vring_request *request)
{
	vq->vdev = request->vdev;
	vq->index = request->index;
	vq->num = request->num;
	vq->num_free = request->num;
	vq->name = request->name;
	vq->callback = request->callback;
	vq->transport = request->transport;
	vq->transport_data = request->transport_data;
	vq->ops = &vring_split_ops;
	vq->indirect = virtio_has_feature(request->vdev, VIRTIO_RING_F_INDIRECT_DESC);
	vq->event = virtio_has_feature(request->vdev, VIRTIO_RING_F_EVENT_IDX);
}

static bool size_is_valid(u16 num)
{
	return num && num <= 32768 && !(num & (num - 1));
}

struct virtqueue *vring_create_virtqueue(const struct vring_request *request)
{
	struct virtqueue *vq;

	if (!size_is_valid(request->num))
		return NULL;
	vq = kzalloc(sizeof(*vq));
	if (!vq)
		return NULL;
	fill(vq, request);
	if (!alloc_shared(vq) || !alloc_private(vq)) {
		free_shared(vq);
		free_private(vq);
		return NULL;
	}
	for (u16 i = 0; i + 1 < vq->num; i++)
		vq->next[i] = (u16)(i + 1);
	virtqueue_disable_cb(vq);
	list_add_tail(&vq->vdev_node, &vq->vdev->vqs);
	return vq;
}

void vring_del_virtqueue(struct virtqueue *vq)
{
	list_del_init(&vq->vdev_node);
	free_shared(vq);
	free_private(vq);
}

void vring_quarantine_virtqueue(struct virtqueue *vq)
{
	dev_printk(&vq->vdev->dev,
		   "queue %u (%s): the reset was not confirmed, so its memory is "
		   "never used again\n",
		   vq->index, vq->name);
	list_del_init(&vq->vdev_node);
	free_private(vq);
}
