// SPDX-License-Identifier: MIT
/* See queue_fixture.h. */
#include "queue_fixture.h"

#include "test.h"

#include <linux/virtio_config.h>

#include "drivers/virtio/virtio_config.h"
#include "world.h"

struct queue_fixture queue;

static struct bus_type bus = { .name = "virtio" };
static u8 memory[65536];

static void notify(struct virtqueue *vq)
{
	CHECK(vq == queue.vq);
	queue.notified++;
}

static void report(struct virtqueue *vq)
{
	(void)vq;
}

static void callback(struct virtqueue *vq)
{
	CHECK(vq == queue.vq);
	queue.called_back++;
}

void queue_make(u16 num, enum queue_features features)
{
	static struct wait_queue waiters;
	const struct virtqueue_info info = { "testq", callback, &waiters };
	struct vring_request request = {
		.vdev = &queue.vdev, .index = 0, .num = num, .info = &info, .notify = notify
	};

	queue.vdev.dev.bus = &bus;
	strcpy(queue.vdev.dev.name, "virtio0");
	INIT_LIST_HEAD(&queue.vdev.vqs);
	queue.vdev.report = report;
	queue.vdev.driver_ok = true;
	queue.vdev.features = (features & INDIRECT ? BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) : 0) |
			      (features & EVENT ? BIT_ULL(VIRTIO_RING_F_EVENT_IDX) : 0) |
			      (features & PACKED ? BIT_ULL(VIRTIO_F_RING_PACKED) : 0) |
			      (features & IN_ORDER ? BIT_ULL(VIRTIO_F_IN_ORDER) : 0);
	queue.features = features;
	queue.vq = vring_create_virtqueue(&request);
	if (!queue.vq)
		return;
	queue.vq->can_interrupt = true;
	if (features & PACKED)
		device_packed_init(&queue.packed, num, virtqueue_get_desc_addr(queue.vq),
				   virtqueue_get_avail_addr(queue.vq),
				   virtqueue_get_used_addr(queue.vq), features & EVENT,
				   features & INDIRECT);
	else
		device_ring_init(&queue.ring, num, virtqueue_get_desc_addr(queue.vq),
				 virtqueue_get_avail_addr(queue.vq),
				 virtqueue_get_used_addr(queue.vq), features & EVENT,
				 features & INDIRECT);
}

bool queue_pop(struct ring_chain *chain)
{
	return queue.features & PACKED ? device_packed_pop(&queue.packed, chain)
				       : device_ring_pop(&queue.ring, chain);
}

int queue_add(unsigned int out, unsigned int in, u32 length, uintptr_t token)
{
	static struct virtqueue_buffer buffers[40000];

	for (unsigned int i = 0; i < out + in; i++)
		buffers[i] = (struct virtqueue_buffer){ memory, length };
	return virtqueue_add(queue.vq, buffers, out, in, (void *)token);
}

u16 queue_add_taken(uintptr_t token)
{
	struct ring_chain chain;

	CHECK_EQ(queue_add(0, 1, 64, token), 0);
	CHECK(virtqueue_kick(queue.vq));
	CHECK(queue_pop(&chain));
	return chain.head;
}

void queue_interrupt(void)
{
	if (queue.features & PACKED ? device_packed_must_interrupt(&queue.packed)
				    : device_ring_must_interrupt(&queue.ring))
		vring_interrupt(queue.vq);
}

void queue_use(u32 id, u32 length)
{
	if (queue.features & PACKED)
		device_packed_push(&queue.packed, (u16)id, length);
	else
		device_ring_push(&queue.ring, id, length);
	queue_interrupt();
}

/* 2.7.9: the entry stands where the first of the batch would, and idx moves by all of it. */
void queue_use_batch(u16 chains, u16 id, u32 length)
{
	if (queue.features & PACKED) {
		device_packed_push_batch(&queue.packed, chains, length);
	} else {
		device_ring_write_element(&queue.ring, queue.ring.used_idx, id, length);
		queue.ring.used_idx = (u16)(queue.ring.used_idx + chains);
		device_ring_write_idx(&queue.ring, queue.ring.used_idx);
	}
	queue_interrupt();
}

uintptr_t queue_get(u32 *length)
{
	return (uintptr_t)virtqueue_get_buf(queue.vq, length);
}
