// SPDX-License-Identifier: MIT
/* Packed rings (virtio 1.2, 2.8) with an honest device: shapes, sizes, and what comes before
 * what. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/memory.h"
#include "queue_fixture.h"
#include "world.h"

static const u16 sizes[] = { 1, 2, 3, 5, 7, 8, 100, 256, 32768 };

static void round_trip(unsigned int out, unsigned int in, bool indirect)
{
	struct ring_chain chain;
	u32 length;

	CHECK_EQ(queue_add(out, in, 100, 7), 0);
	CHECK(virtqueue_kick(queue.vq));
	CHECK(queue_pop(&chain));
	CHECK_EQ(chain.out, out);
	CHECK_EQ(chain.in, in);
	CHECK_EQ(chain.indirect, indirect);
	CHECK_EQ(chain.descriptors, indirect ? 1 : out + in);
	for (unsigned int i = 0; i < out + in; i++)
		CHECK_EQ(chain.segments[i].length, 100);
	CHECK_EQ(queue_get(&length), 0);
	queue_use(chain.head, in * 100);
	CHECK_EQ(queue_get(&length), 7);
	CHECK_EQ(length, in * 100);
	CHECK_EQ(virtqueue_num_free(queue.vq), queue.packed.num);
}

static void all_shapes(u16 num)
{
	for (unsigned int total = 1; total <= num; total++)
		for (unsigned int out = 0; out <= total; out++)
			round_trip(out, total - out, false);
}

/* Every shape at every place of the ring, the last one and the next lap's first too. */
TEST(packed_direct_chains_of_all_shapes)
{
	for (u16 num = 1; num <= 9; num++) {
		queue_make(num, PACKED);
		for (unsigned int start = 0; start < 3u * num; start++)
			all_shapes(num);
	}
}

TEST(packed_indirect_chains_of_all_shapes)
{
	queue_make(13, PACKED | INDIRECT);
	for (unsigned int total = 1; total <= 13; total++)
		for (unsigned int out = 0; out <= total; out++)
			round_trip(out, total - out, total > 1 && total <= VRING_INDIRECT_MAX);
}

/* R29: as many as the ring holds, and not one more; then all of them back. */
static void fill_and_empty(u16 num, enum queue_features features, unsigned int segments)
{
	unsigned int count = 0;
	struct ring_chain chain;
	u32 length;

	while (!queue_add(1, segments - 1, 8, count + 1))
		count++;
	CHECK_EQ(count, features & INDIRECT ? num : num / segments);
	CHECK_EQ(queue_add(1, segments - 1, 8, 1), -ENOSPC);
	CHECK(virtqueue_kick(queue.vq));
	for (unsigned int i = 0; i < count; i++) {
		CHECK(queue_pop(&chain));
		queue_use(chain.head, 0);
	}
	CHECK(!queue_pop(&chain));
	for (unsigned int i = 0; i < count; i++)
		CHECK_EQ(queue_get(&length), i + 1);
	CHECK_EQ(queue_get(&length), 0);
	CHECK_EQ(virtqueue_num_free(queue.vq), num);
}

TEST(packed_R29_full_ring_of_every_size)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (unsigned int features = 0; features <= (INDIRECT | EVENT); features++) {
			queue_make(sizes[i], PACKED | features);
			for (unsigned int lap = 0; lap < 5; lap++)
				fill_and_empty(sizes[i], features, sizes[i] > 1 ? 2 : 1);
		}
		vring_del_virtqueue(queue.vq);
	}
}

TEST(packed_sizes_0_and_32769_are_refused)
{
	queue_make(0, PACKED);
	CHECK(!queue.vq);
	queue_make(32769, PACKED);
	CHECK(!queue.vq);
	queue_make(3, PLAIN); /* 2.7: only a packed ring may be of any size */
	CHECK(!queue.vq);
}

TEST(packed_every_allocation_may_fail)
{
	u64 in_use = world_in_use();

	for (unsigned int n = 1; !queue.vq; n++) {
		memory_fail_nth(n);
		queue_make(7, PACKED | INDIRECT);
		if (!queue.vq)
			CHECK_EQ(world_in_use(), in_use);
		CHECK(n < 30);
	}
	memory_fail_nth(0);
	vring_del_virtqueue(queue.vq);
	CHECK_EQ(world_in_use(), in_use);
}

/* 2.8.10.1: one part after the other, none over another, all in the ring's own memory. */
TEST(packed_C33_parts_do_not_overlap)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 end;

		queue_make(sizes[i], PACKED);
		end = virtqueue_get_desc_addr(queue.vq) + 16u * sizes[i];
		CHECK(virtqueue_get_avail_addr(queue.vq) >= end);
		CHECK(virtqueue_get_used_addr(queue.vq) >= end);
		CHECK(virtqueue_get_avail_addr(queue.vq) != virtqueue_get_used_addr(queue.vq));
		CHECK_EQ(virtqueue_get_desc_addr(queue.vq) % PAGE_SIZE, 0);
	}
}

/* ---- what comes before what ------------------------------------------------------------------ */

static struct packed_place first;
static unsigned int write_barriers, full_barriers, read_barriers;
static u16 last_flags;

static bool available(struct packed_place place)
{
	u16 flags = device_packed_flags(&queue.packed, place.position);

	return !!(flags & PACKED_AVAIL) == place.wrap && !!(flags & PACKED_USED) != place.wrap;
}

static void watch(enum world_barrier kind)
{
	struct packed_place last = device_packed_advance(&queue.packed, first, 2);

	read_barriers += kind == WORLD_RMB;
	full_barriers += kind == WORLD_MB;
	if (kind != WORLD_WMB)
		return;
	/* C38, 2.8.17: the rest of the chain is available, its first is not. */
	write_barriers++;
	CHECK(!available(first));
	CHECK(available(last));
}

TEST(packed_C38_first_descriptor_is_made_available_last)
{
	struct ring_chain chain;
	u32 length;

	queue_make(5, PACKED);
	first.wrap = true;
	world_barrier_hook = watch;
	for (unsigned int i = 1; i < 40; i++) {
		CHECK_EQ(queue_add(2, 1, 33, 1), 0);
		CHECK_EQ(write_barriers, i);
		CHECK(available(first));
		first = device_packed_advance(&queue.packed, first, 3);
		CHECK(queue_pop(&chain));
		queue_use(chain.head, 0);
		CHECK_EQ(queue_get(&length), 1);
	}
}

static void count_barriers(enum world_barrier kind)
{
	read_barriers += kind == WORLD_RMB;
	full_barriers += kind == WORLD_MB;
}

static void watch_kick(const void *field)
{
	CHECK((const u8 *)field >= queue.packed.device);
	CHECK((const u8 *)field < queue.packed.device + 4);
	CHECK_EQ(full_barriers, 1);
}

/* 2.8.21.3.1: the device's wish is read only when it can see the descriptors. */
TEST(packed_C41_full_barrier_before_the_wish_is_read)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(5, PACKED | features);
		device_packed_want_notify(&queue.packed, true);
		CHECK_EQ(queue_add(1, 0, 33, 1), 0);
		full_barriers = 0;
		world_barrier_hook = count_barriers;
		world_shared_hook = watch_kick;
		CHECK(virtqueue_kick(queue.vq));
		CHECK_EQ(full_barriers, 1);
		world_shared_hook = NULL;
		world_barrier_hook = NULL;
	}
}

/* What is beside the flags is read after them, with a barrier in between. */
static void watch_get(const void *field)
{
	if (((const u8 *)field - queue.packed.desc) % 16 == 14)
		read_barriers = 0;
	else
		CHECK(read_barriers);
}

TEST(packed_read_barrier_between_flags_and_the_rest)
{
	u32 length;

	queue_make(5, PACKED);
	queue_use(queue_add_taken(1), 3);
	queue_use(queue_add_taken(2), 4);
	world_barrier_hook = count_barriers;
	world_shared_hook = watch_get;
	CHECK_EQ(queue_get(&length), 1);
	CHECK_EQ(queue_get(&length), 2);
	CHECK_EQ(length, 4);
}

/* C34: what the device has is not written to, whatever else is added and taken. */
TEST(packed_C34_descriptors_of_the_device_stay)
{
	u16 held = 0;
	u8 before[16];
	u32 length;

	queue_make(5, PACKED);
	for (unsigned int i = 0; i < 4; i++)
		queue_add_taken(i + 1);
	held = queue.packed.order[3];
	memcpy(before, queue.packed.desc + 3 * 16, 16);
	for (unsigned int i = 0; i < 3; i++)
		queue_use(queue.packed.order[i], 0);
	while (queue_get(&length))
		;
	last_flags = device_packed_flags(&queue.packed, 3);
	for (unsigned int i = 0; i < 4; i++)
		CHECK_EQ(queue_add(1, 0, 8, 9), 0);
	CHECK_EQ(queue_add(1, 0, 8, 9), -ENOSPC); /* C37 */
	CHECK(!memcmp(before, queue.packed.desc + 3 * 16, 16));
	CHECK_EQ(device_packed_flags(&queue.packed, 3), last_flags);
	queue_use(held, 0);
	CHECK_EQ(queue_get(&length), 4);
}

/* 2.6.1: after a reset of the queue, all starts anew, both wrap counters and every id. */
TEST(packed_reset_in_the_middle_of_a_lap)
{
	struct ring_chain chain;
	u32 length;

	queue_make(7, PACKED | EVENT);
	for (unsigned int i = 0; i < 10; i++) {
		queue_use(queue_add_taken(i + 1), 0);
		CHECK_EQ(queue_get(&length), i + 1);
	}
	queue_add_taken(50);
	CHECK_EQ(queue_add(2, 2, 8, 51), 0);
	CHECK(virtqueue_detach_unused_buf(queue.vq));
	CHECK(virtqueue_detach_unused_buf(queue.vq));
	CHECK(!virtqueue_detach_unused_buf(queue.vq));
	vring_reset_virtqueue(queue.vq);
	device_packed_init(&queue.packed, 7, virtqueue_get_desc_addr(queue.vq),
			   virtqueue_get_avail_addr(queue.vq), virtqueue_get_used_addr(queue.vq),
			   true, false);
	CHECK(!queue_pop(&chain));
	CHECK_EQ(queue_get(&length), 0);
	for (unsigned int lap = 0; lap < 3; lap++)
		fill_and_empty(7, EVENT, 2);
}

/* 2.8.16: what NOTIFICATION_DATA sends: the next place, and its wrap counter as bit 15. */
TEST(packed_C34_next_offset_and_wrap)
{
	struct packed_place place = { 0, true };
	u32 length;

	queue_make(5, PACKED);
	for (unsigned int i = 0; i < 40; i++) {
		u16 held = (u16)(1 + i % 3);

		CHECK_EQ(vring_next_offset(queue.vq), place.position | place.wrap << 15);
		CHECK_EQ(queue_add(held - 1u, 1, 8, 1), 0);
		place = device_packed_advance(&queue.packed, place, held);
		CHECK_EQ(vring_next_offset(queue.vq), place.position | place.wrap << 15);
		CHECK(queue_pop(&(struct ring_chain){}));
		queue_use(queue.packed.order[i], 0);
		CHECK_EQ(queue_get(&length), 1);
	}
}
