// SPDX-License-Identifier: MIT
/* Packed rings with a device that lies (faults R06, R08, R14, R18 to R21). */
#include "test.h"

#include <linux/errno.h>

#include "queue_fixture.h"
#include "world.h"

static struct packed_place next(void)
{
	return queue.packed.next_used;
}

/* It gives nothing any more, says so in one line, and every token is there to be taken back. */
static void check_broken(unsigned int outstanding)
{
	unsigned int found = 0;
	u32 length;

	CHECK_EQ(queue_get(&length), 0);
	CHECK(virtqueue_is_broken(queue.vq));
	CHECK_EQ(world_log_count("E12"), 1);
	CHECK_EQ(queue_get(&length), 0);
	CHECK_EQ(queue_add(1, 0, 8, 9), -EIO);
	CHECK(!virtqueue_kick(queue.vq));
	while (virtqueue_detach_unused_buf(queue.vq))
		found++;
	CHECK_EQ(found, outstanding);
	CHECK_EQ(world_log_count("E12"), 1);
	world_log_clear();
}

TEST(packed_R18_id_out_of_range)
{
	static const u16 ids[] = { 5, 6, 0x7fff, 0x8000, 0xffff };

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		queue_make(5, PACKED);
		queue_add_taken(1);
		device_packed_write_used(&queue.packed, next(), ids[i], 0);
		check_broken(1);
	}
}

TEST(packed_R18_id_not_outstanding)
{
	u16 id;

	queue_make(5, PACKED | IN_ORDER);
	id = queue_add_taken(1);
	device_packed_write_used(&queue.packed, next(), (u16)((id + 1) % 5), 0);
	check_broken(1);
}

TEST(packed_R18_same_id_twice)
{
	u32 length;
	u16 id;

	for (unsigned int features = PACKED; features <= (PACKED | IN_ORDER);
	     features += IN_ORDER) {
		queue_make(5, features);
		id = queue_add_taken(1);
		queue_add_taken(2);
		queue_use(id, 0);
		device_packed_write_used(&queue.packed, next(), id, 0);
		CHECK_EQ(queue_get(&length), 1);
		check_broken(1);
	}
}

/* Also when it is seen from further off, by a wait for two. */
TEST(packed_R18_same_id_twice_in_a_wait_for_both)
{
	u32 length;
	u16 id;

	for (unsigned int features = PACKED; features <= (PACKED | IN_ORDER);
	     features += IN_ORDER) {
		queue_make(5, features);
		id = queue_add_taken(1);
		queue_add_taken(2);
		queue_add_taken(3);
		queue_use(id, 0);
		device_packed_write_used(&queue.packed, next(), id, 0);
		virtqueue_wait(queue.vq, VIRTQUEUE_POLL, 3, 1000000);
		world_log_clear();
		CHECK_EQ(queue_get(&length), 1);
		check_broken(2);
	}
}

TEST(packed_R06_length_beyond_the_chain)
{
	static const u32 lengths[] = { 65, 0x80000000, 0xffffffff };

	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		queue_make(5, PACKED);
		queue_use(queue_add_taken(1), lengths[i]);
		check_broken(1);
	}
}

TEST(packed_R08_length_on_a_read_only_chain)
{
	struct ring_chain chain;
	u32 length;

	queue_make(5, PACKED);
	CHECK_EQ(queue_add(2, 0, 8, 1), 0);
	CHECK(queue_pop(&chain));
	queue_use(chain.head, 16);
	CHECK_EQ(queue_get(&length), 1);
	CHECK_EQ(length, 0);
	CHECK_EQ(queue.vq->counters.length_on_read_only, 1);
}

/* R19: AVAIL unlike USED, or the phase of another lap: nothing was used. */
TEST(packed_R19_wrong_phase_is_not_used)
{
	struct packed_place other;
	u16 id;
	u32 length;

	queue_make(3, PACKED);
	for (unsigned int lap = 0; lap < 9; lap++) {
		id = queue_add_taken(1);
		other = next();
		other.wrap = !other.wrap;
		device_packed_write_used(&queue.packed, other, id, 0);
		CHECK_EQ(queue_get(&length), 0);
		CHECK(!virtqueue_has_used(queue.vq));
		device_packed_write_flags(&queue.packed, next().position, PACKED_AVAIL);
		CHECK_EQ(queue_get(&length), 0);
		device_packed_write_flags(&queue.packed, next().position, PACKED_USED);
		CHECK_EQ(queue_get(&length), 0);
		device_packed_push(&queue.packed, id, 0);
		CHECK_EQ(queue_get(&length), 1);
	}
	CHECK(!virtqueue_is_broken(queue.vq));
}

/* All ones is a used descriptor in every second lap: then it ends what is there, or the queue. */
TEST(packed_R19_flags_all_ones)
{
	u32 length;

	queue_make(2, PACKED);
	for (unsigned int i = 0; i < 8; i++) {
		u16 id = queue_add_taken(1);
		bool first_phase = next().wrap;

		device_packed_write_flags(&queue.packed, next().position, 0xffff);
		if (!first_phase)
			CHECK_EQ(queue_get(&length), 0);
		device_packed_push(&queue.packed, id, 8);
		device_packed_write_flags(&queue.packed, (u16)((next().position + 1) % 2),
					  first_phase ? 0xffff : PACKED_WRITE);
		CHECK_EQ(queue_get(&length), 1);
		CHECK_EQ(length, 8);
	}
	CHECK(!virtqueue_is_broken(queue.vq));
}

/* It was there when the driver looked, and is not when the driver takes it. */
TEST(packed_R19_entry_taken_back)
{
	u16 ids[3];
	u32 length;

	queue_make(5, PACKED);
	for (unsigned int i = 0; i < 3; i++)
		ids[i] = queue_add_taken(i + 1);
	for (unsigned int i = 0; i < 3; i++)
		queue_use(ids[i], 0);
	CHECK_EQ(virtqueue_wait(queue.vq, VIRTQUEUE_POLL, 3, 1000000), 0);
	device_packed_write_flags(&queue.packed, 1, PACKED_AVAIL);
	CHECK_EQ(queue_get(&length), 1);
	check_broken(2);
}

/* R21: slots skipped. Nothing stands where the next one has to; a wait ends at its deadline. */
TEST(packed_R21_used_at_the_wrong_slot)
{
	u32 length;
	u16 id;

	queue_make(5, PACKED);
	queue_add_taken(1);
	id = queue_add_taken(2);
	device_packed_write_used(&queue.packed, device_packed_advance(&queue.packed, next(), 1), id,
				 0);
	CHECK_EQ(queue_get(&length), 0);
	CHECK_EQ(virtqueue_wait(queue.vq, VIRTQUEUE_POLL, 1, 1000000), -ETIMEDOUT);
	CHECK(!virtqueue_is_broken(queue.vq));
}

/* Used descriptors all over the ring, and nothing outstanding: nothing is taken. */
TEST(packed_R21_used_with_nothing_outstanding)
{
	struct packed_place place = { 0, true };
	u32 length;

	queue_make(5, PACKED);
	for (unsigned int i = 0; i < 5; i++, place.position++)
		device_packed_write_used(&queue.packed, place, 0, 0);
	CHECK_EQ(queue_get(&length), 0);
	CHECK(!virtqueue_has_used(queue.vq));
}

/* R14, R15: what the driver wrote for the device is not read back: tables neither. */
TEST(packed_R14_R15_scribbled_descriptors_have_no_effect)
{
	struct ring_chain chain;
	u32 length;

	queue_make(7, PACKED | INDIRECT);
	for (unsigned int i = 0; i < 1000; i++) {
		unsigned int in = 1 + world_random(2);

		CHECK_EQ(queue_add(1, in, 8, 1), 0);
		CHECK(queue_pop(&chain));
		for (u16 at = 0; at < 7; at++)
			memset(queue.packed.desc + at * 16, 0xee, 14);
		memset(queue.vq->indirect_tables, 0xdd, 7 * VRING_INDIRECT_MAX * 16);
		memset(queue.packed.driver, 0, 4);
		device_packed_push(&queue.packed, chain.head, 8 * in);
		CHECK_EQ(queue_get(&length), 1);
		CHECK_EQ(length, 8 * in);
	}
	CHECK_EQ(virtqueue_num_free(queue.vq), 7);
}

/* Anything at all in the ring: no crash, no token twice, and what is free never exceeds the
 * ring. */
static void garbage(u16 num, enum queue_features features)
{
	u32 length;

	queue_make(num, features);
	for (uintptr_t i = 1; i < 200 && !virtqueue_is_broken(queue.vq); i++) {
		queue_add(world_random(2), 1 + world_random(2), 64, i);
		for (u32 at = 0; at < num * 16u; at += 2)
			if (!world_random(3)) {
				queue.packed.desc[at] = (u8)world_random(num + 1u);
				queue.packed.desc[at + 1] = world_random(2) ? 0x80 : 0;
			}
		virtqueue_wait(queue.vq, VIRTQUEUE_POLL, (u16)(1 + world_random(num)), 1000);
		while (queue_get(&length))
			CHECK(length <= 128);
		CHECK(virtqueue_num_free(queue.vq) <= num);
		world_log_clear();
	}
}

TEST(packed_garbage_in_the_ring)
{
	for (unsigned int i = 0; i < 1000; i++) {
		garbage((u16)(1 + world_random(9)), PACKED | (world_random(2) ? IN_ORDER : 0));
		vring_del_virtqueue(queue.vq);
	}
}
