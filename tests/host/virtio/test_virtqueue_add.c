// SPDX-License-Identifier: MIT
/* virtqueue_add, kick and get_buf with an honest device (virtio 1.2, 2.7.13 and 2.7.14). */
#include "test.h"

#include <linux/errno.h>

#include "kernel/memory.h"
#include "queue_fixture.h"
#include "world.h"

/* Adds a chain, lets the device see it, and checks that it sees just what was added. */
static void round_trip(unsigned int out, unsigned int in, bool indirect)
{
	struct ring_chain chain;
	u32 length;

	CHECK_EQ(queue_add(out, in, 100, 7), 0);
	CHECK(virtqueue_kick(queue.vq));
	CHECK(device_ring_pop(&queue.ring, &chain));
	CHECK_EQ(chain.out, out);
	CHECK_EQ(chain.in, in);
	CHECK_EQ(chain.indirect, indirect);
	CHECK_EQ(chain.descriptors, indirect ? 1 : out + in);
	CHECK_EQ(queue_get(&length), 0);
	queue_use(chain.head, in * 100);
	CHECK_EQ(queue_get(&length), 7);
	CHECK_EQ(length, in * 100);
	CHECK_EQ(virtqueue_num_free(queue.vq), queue.ring.num);
}

TEST(virtqueue_direct_chains_of_all_shapes)
{
	queue_make(16, PLAIN);
	for (unsigned int total = 1; total <= 16; total++)
		for (unsigned int out = 0; out <= total; out++)
			round_trip(out, total - out, false);
}

TEST(virtqueue_indirect_chains_of_all_shapes)
{
	queue_make(16, INDIRECT);
	for (unsigned int total = 1; total <= 16; total++)
		for (unsigned int out = 0; out <= total; out++)
			round_trip(out, total - out, total > 1 && total <= VRING_INDIRECT_MAX);
}

/* C21: a table of its own does not make a longer chain legal. */
TEST(virtqueue_chain_longer_than_the_queue_is_refused)
{
	for (u16 num = 1; num <= 16; num *= 2) {
		queue_make(num, INDIRECT);
		CHECK_EQ(queue_add(num + 1, 0, 1, 1), -EINVAL);
		CHECK_EQ(queue_add(0, num + 1, 1, 1), -EINVAL);
		CHECK_EQ(queue_add(num, 1, 1, 1), -EINVAL);
		CHECK_EQ(device_ring_available(&queue.ring), 0);
		round_trip(num, 0, num > 1 && num <= VRING_INDIRECT_MAX);
	}
}

TEST(virtqueue_refuses_nothing_empty_and_null)
{
	struct virtqueue_buffer none = { NULL, 5 }, empty = { &none, 0 }, good[3];

	queue_make(8, PLAIN);
	CHECK_EQ(queue_add(0, 0, 1, 1), -EINVAL);
	CHECK_EQ(queue_add(1, 1, 1, 0), -EINVAL);
	CHECK_EQ(virtqueue_add(queue.vq, &none, 1, 0, &none), -EINVAL);
	CHECK_EQ(virtqueue_add(queue.vq, &none, 0, 1, &none), -EINVAL);
	CHECK_EQ(virtqueue_add(queue.vq, &empty, 1, 0, &none), -EINVAL);
	CHECK_EQ(virtqueue_add(queue.vq, &empty, 0, 1, &none), -EINVAL);
	for (unsigned int i = 0; i < 3; i++)
		good[i] = (struct virtqueue_buffer){ &none, 1 };
	good[2] = empty;
	CHECK_EQ(virtqueue_add(queue.vq, good, 1, 2, &none), -EINVAL);
	CHECK_EQ(virtqueue_add(queue.vq, good, 3, 0, &none), -EINVAL);
	CHECK_EQ(virtqueue_num_free(queue.vq), 8);
	CHECK_EQ(device_ring_available(&queue.ring), 0);
}

/* C17, 2.7.5.2: 2^32 bytes and no more. */
TEST(virtqueue_chain_of_2_to_the_32_bytes)
{
	struct virtqueue_buffer buffers[3] = {
		{ buffers, UINT32_MAX },
		{ buffers, 1 },
		{ buffers, 1 },
	};
	struct ring_chain chain;
	u32 length;

	queue_make(8, PLAIN);
	CHECK_EQ(virtqueue_add(queue.vq, buffers, 0, 3, buffers), -EINVAL);
	CHECK_EQ(virtqueue_add(queue.vq, buffers, 1, 2, buffers), -EINVAL);
	CHECK_EQ(virtqueue_add(queue.vq, buffers, 0, 2, buffers), 0);
	CHECK(device_ring_pop(&queue.ring, &chain));
	CHECK_EQ(chain.writable, 1LL << 32);
	/* The length has no room for 2^32; the largest it can say is taken. */
	queue_use(chain.head, UINT32_MAX);
	CHECK(virtqueue_get_buf(queue.vq, &length) == buffers);
	CHECK_EQ(length, UINT32_MAX);
}

/* R29: full means -ENOSPC with nothing changed, and room comes back with each used chain. */
static void fill_and_drain(u16 num, enum queue_features features, unsigned int in)
{
	bool indirect = features & INDIRECT && in > 1;
	unsigned int capacity = indirect ? num : num / in;
	struct ring_chain chain;
	u32 length;

	queue_make(num, features);
	for (unsigned int i = 0; i < capacity; i++)
		CHECK_EQ(queue_add(0, in, 10, i + 1), 0);
	CHECK_EQ(queue_add(0, in, 10, 99), -ENOSPC);
	CHECK_EQ(virtqueue_num_free(queue.vq), indirect ? 0 : num % in);
	CHECK_EQ(device_ring_available(&queue.ring), capacity);
	for (unsigned int i = 0; i < capacity; i++) {
		CHECK(device_ring_pop(&queue.ring, &chain));
		queue_use(chain.head, 10 * in);
		CHECK_EQ(queue_get(&length), i + 1);
		CHECK_EQ(queue_add(0, in, 10, i + 1), 0);
		CHECK_EQ(queue_add(0, in, 10, 99), -ENOSPC);
	}
}

TEST(virtqueue_R29_full_queue_direct_and_indirect)
{
	for (u16 num = 1; num <= 256; num *= 2) {
		fill_and_drain(num, PLAIN, 1);
		fill_and_drain(num, INDIRECT | EVENT, 1);
	}
	fill_and_drain(8, PLAIN, 3);
	fill_and_drain(8, INDIRECT, 3);
	fill_and_drain(256, INDIRECT, 8);
	fill_and_drain(256, INDIRECT, 9 - 1);
}

TEST(virtqueue_largest_size)
{
	struct ring_chain *chain = malloc(sizeof(*chain));
	u32 length;

	queue_make(32768, INDIRECT | EVENT);
	for (unsigned int i = 0; i < 32768; i++)
		CHECK_EQ(queue_add(1, 1, 10, i + 1), 0);
	CHECK_EQ(queue_add(0, 1, 10, 1), -ENOSPC);
	CHECK(virtqueue_kick(queue.vq));
	while (device_ring_pop(&queue.ring, chain))
		queue_use(chain->head, 10);
	for (unsigned int i = 0; i < 32768; i++)
		CHECK_EQ(queue_get(&length), i + 1);
	CHECK_EQ(queue_get(&length), 0);
	free(chain);
}

TEST(virtqueue_sizes_that_are_none)
{
	static const u16 sizes[] = { 0, 3, 5, 255, 257, 32767, 32769, 65535 };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		queue_make(sizes[i], PLAIN);
		CHECK(!queue.vq);
	}
	CHECK_EQ(world_in_use(), 0);
}

/* X04: whichever allocation fails, what was taken before is given back. */
TEST(virtqueue_X04_each_allocation_fails_once)
{
	unsigned int failures = 0;

	for (u64 n = 1; !queue.vq; n++) {
		memory_fail_nth(n);
		queue_make(8, INDIRECT | EVENT | IN_ORDER);
		if (!queue.vq)
			CHECK_EQ(world_in_use(), 0);
		failures += !queue.vq;
	}
	CHECK_EQ(failures, 5); /* the queue, two shared parts, the chains, the order */
	memory_fail_nth(0);
	vring_del_virtqueue(queue.vq);
	CHECK_EQ(world_in_use(), 0);
	CHECK(list_empty(&queue.vdev.vqs));
}

/* What the device may write shares no page with what is ours. */
TEST(virtqueue_ring_has_pages_of_its_own)
{
	queue_make(4, INDIRECT);
	CHECK_EQ(virtqueue_get_desc_addr(queue.vq) % PAGE_SIZE, 0);
	CHECK(world_is_allocated((void *)(uintptr_t)virtqueue_get_desc_addr(queue.vq)));
	CHECK_EQ((uintptr_t)queue.vq->indirect_tables % PAGE_SIZE, 0);
}

/* C46, 3.1.1: E06 and no notification before DRIVER_OK; the buffers wait for a later kick. */
TEST(virtqueue_C46_no_notification_before_driver_ok)
{
	queue_make(8, PLAIN);
	queue.vdev.driver_ok = false;
	CHECK_EQ(queue_add(0, 1, 1, 1), 0);
	CHECK(!virtqueue_kick(queue.vq));
	CHECK_EQ(queue.notified, 0);
	CHECK_LOG("E06");
	queue.vdev.driver_ok = true;
	CHECK(virtqueue_kick(queue.vq));
	CHECK_EQ(queue.notified, 1);
}

TEST(virtqueue_counters_and_getters)
{
	struct virtqueue_counters counters;
	u32 length;

	queue_make(8, EVENT);
	CHECK(virtqueue_enable_cb(queue.vq));
	queue_use(queue_add_taken(5), 3);
	CHECK_EQ(queue.called_back, 1);
	CHECK(virtqueue_has_used(queue.vq));
	CHECK_EQ(queue_get(&length), 5);
	CHECK(!virtqueue_has_used(queue.vq));
	virtqueue_count(queue.vq, &counters);
	CHECK_EQ(counters.added, 1);
	CHECK_EQ(counters.used, 1);
	CHECK_EQ(counters.notifications, 1);
	CHECK_EQ(counters.interrupts, 1);
	CHECK_EQ(virtqueue_get_vring_size(queue.vq), 8);
	CHECK(virtqueue_has_event_idx(queue.vq));
	CHECK(virtqueue_device(queue.vq) == &queue.vdev);
	CHECK_STR(virtqueue_name(queue.vq), "testq");
}
