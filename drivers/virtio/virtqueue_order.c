/* SPDX-License-Identifier: MIT */
/*
 * IN_ORDER (virtio 1.2, 2.7.9 and 2.8.8): chains come back in the order in which they were added,
 * and one used entry may stand for a whole batch. No search: the order is a list of ids, and each
 * id knows its place in it.
 */
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/memory.h"

struct vring_order *vring_order_create(u16 num)
{
	struct vring_order *order;
	u16 mask = 0;

	while (mask < num - 1)
		mask = (u16)(mask << 1 | 1);
	order = kzalloc(sizeof(*order) + (mask + 1u + num) * sizeof(order->ids[0]));
	if (!order)
		return NULL;
	order->mask = mask;
	order->sequence = order->ids + mask + 1;
	return order;
}

void vring_order_reset(struct vring_order *order)
{
	order->added = order->taken = order->batch_left = 0;
}

void vring_order_add(struct vring_order *order, u16 id)
{
	order->ids[order->added & order->mask] = id;
	order->sequence[id] = order->added++;
}

/* The entry is the first of a batch: up to the chain it names. */
static bool start_batch(struct virtqueue *vq, u16 pending, const struct vring_used_entry *used)
{
	struct vring_order *order = vq->order;

	if (!vring_used_id_is_valid(vq, used->id))
		return false;
	order->batch_left = vring_order_distance(order, (u16)used->id);
	order->batch_length = used->length;
	if (order->batch_left <= pending)
		return true;
	virtqueue_break(vq, "used id %u stands for %u chains, of %u used", used->id,
			order->batch_left, pending);
	return false;
}

bool vring_order_next(struct virtqueue *vq, u16 pending, struct vring_used_entry *used)
{
	struct vring_order *order = vq->order;

	if (!order->batch_left && !start_batch(vq, pending, used))
		return false;
	used->id = order->ids[order->taken++ & order->mask];
	/* 2.7.9: the chains that an entry skips are used completely. */
	used->length = --order->batch_left ? vq->chain[used->id].writable : order->batch_length;
	return true;
}
