// SPDX-License-Identifier: MIT
/* IN_ORDER (virtio 1.2, 2.7.9 and 2.8.8): batches ended by their last entry, split and packed. */
#include "test.h"

#include <linux/errno.h>

#include "queue_fixture.h"
#include "world.h"

static const enum queue_features layouts[] = { IN_ORDER, IN_ORDER | PACKED };

#define for_each_layout(i) for (unsigned int i = 0; i < ARRAY_SIZE(layouts); i++)

/* Chain n (from 1) has n % 3 + 1 descriptors, the last of them writable, of 10 bytes. */
static u16 give(unsigned int n)
{
	struct ring_chain chain;

	CHECK_EQ(queue_add(n % 3, 1, 10, n), 0);
	CHECK(virtqueue_kick(queue.vq));
	CHECK(queue_pop(&chain));
	return chain.head;
}

static u16 give_many(unsigned int count)
{
	u16 id = 0;

	for (unsigned int n = 1; n <= count; n++)
		id = give(n);
	return id;
}

static void take_many(unsigned int count, u32 last_length)
{
	u32 length;

	for (unsigned int n = 1; n <= count; n++) {
		CHECK_EQ(queue_get(&length), n);
		CHECK_EQ(length, n == count ? last_length : 10);
	}
	CHECK_EQ(queue_get(&length), 0);
}

TEST(in_order_batches_of_all_lengths)
{
	for_each_layout(i)
	{
		for (unsigned int features = 0; features <= (INDIRECT | EVENT); features++) {
			queue_make(32, layouts[i] | features);
			for (unsigned int round = 0; round < 300; round++) {
				unsigned int count = 1 + round % 13;

				queue_use_batch((u16)count, give_many(count), 3);
				take_many(count, 3);
			}
			CHECK_EQ(virtqueue_num_free(queue.vq), 32);
		}
	}
}

/* The whole ring by one entry, at every place of the ring. */
TEST(in_order_whole_ring_in_one_batch)
{
	struct ring_chain chain;
	u32 length;

	for_each_layout(i)
	{
		queue_make(8, layouts[i]);
		for (unsigned int start = 0; start < 20; start++) {
			for (unsigned int n = 1; n <= 8; n++) {
				CHECK_EQ(queue_add(0, 1, 10, n), 0);
				CHECK(queue_pop(&chain));
			}
			CHECK_EQ(queue_add(0, 1, 10, 9), -ENOSPC);
			queue_use_batch(8, chain.head, 7);
			take_many(8, 7);
			queue_use(queue_add_taken(1), 0);
			CHECK_EQ(queue_get(&length), 1);
		}
	}
}

/* Between the tokens of one batch, more may be added and used. */
TEST(in_order_next_batch_while_one_is_being_taken)
{
	u32 length;

	for_each_layout(i)
	{
		queue_make(16, layouts[i]);
		for (unsigned int round = 0; round < 200; round++) {
			u16 last = give_many(4);

			queue_use_batch(4, last, 0);
			CHECK_EQ(queue_get(&length), 1);
			last = give(5);
			CHECK_EQ(queue_get(&length), 2);
			last = give(6);
			queue_use_batch(2, last, 2);
			for (unsigned int n = 3; n <= 6; n++)
				CHECK_EQ(queue_get(&length), n);
			CHECK_EQ(length, 2);
		}
	}
}

/* What the entry skips was written completely; up to 2^32 - 1 bytes can be said. */
TEST(in_order_skipped_read_only_chains_have_length_0)
{
	struct ring_chain chain;
	u32 length;

	for_each_layout(i)
	{
		queue_make(8, layouts[i]);
		CHECK_EQ(queue_add(2, 0, 10, 1), 0);
		CHECK_EQ(queue_add(1, 2, 10, 2), 0);
		CHECK_EQ(queue_add(1, 1, 10, 3), 0);
		while (queue_pop(&chain))
			;
		queue_use_batch(3, chain.head, 4);
		CHECK_EQ(queue_get(&length), 1);
		CHECK_EQ(length, 0);
		CHECK_EQ(queue_get(&length), 2);
		CHECK_EQ(length, 20);
		CHECK_EQ(queue_get(&length), 3);
		CHECK_EQ(length, 4);
		CHECK_EQ(queue.vq->counters.length_on_read_only, 0);
	}
}

/* C18: at x the next one is x + 1, at the last 0. */
static void check_next(u16 position)
{
	const u8 *desc = queue.ring.desc + 16 * position;

	CHECK_EQ(desc[14] | desc[15] << 8, (position + 1) % queue.ring.num);
}

TEST(in_order_C18_next_is_the_following_descriptor)
{
	struct ring_chain chain;
	u32 length;
	u16 expected = 0;

	queue_make(8, IN_ORDER);
	for (unsigned int round = 0; round < 100; round++) {
		unsigned int total = 1 + world_random(8);

		CHECK_EQ(queue_add(total - 1, 1, 10, 1), 0);
		CHECK(queue_pop(&chain));
		CHECK_EQ(chain.head, expected);
		for (unsigned int i = 0; i + 1 < total; i++)
			check_next((u16)((chain.head + i) % 8));
		expected = (u16)((expected + total) % 8);
		queue_use(chain.head, 0);
		CHECK_EQ(queue_get(&length), 1);
	}
}

TEST(in_order_C23_entries_of_a_table_follow_one_another)
{
	queue_make(8, IN_ORDER | INDIRECT);
	CHECK_EQ(queue_add(3, 4, 10, 1), 0);
	for (unsigned int i = 0; i + 1 < 7; i++) {
		const u8 *entry = (const u8 *)queue.vq->indirect_tables + 16 * i;

		CHECK_EQ(entry[14] | entry[15] << 8, i + 1);
	}
}

/* A wait counts the chains that a batch stands for. */
TEST(in_order_wait_for_a_count)
{
	for_each_layout(i)
	{
		queue_make(32, layouts[i] | EVENT);
		queue_use_batch(5, give_many(5), 0);
		CHECK_EQ(virtqueue_wait(queue.vq, VIRTQUEUE_POLL, 5, 1000000), 0);
		CHECK_EQ(virtqueue_wait(queue.vq, VIRTQUEUE_INTERRUPT, 5, 1000000), 0);
		take_many(5, 0);
	}
}

/* ---- lies ------------------------------------------------------------------------------------ */

static void check_broken(void)
{
	u32 length;

	CHECK_EQ(queue_get(&length), 0);
	CHECK(virtqueue_is_broken(queue.vq));
	CHECK_EQ(world_log_count("E12"), 1);
	world_log_clear();
}

static void say_used(u16 id, u16 chains)
{
	if (queue.features & PACKED) {
		device_packed_write_used(&queue.packed, queue.packed.next_used, id, 0);
		return;
	}
	device_ring_write_element(&queue.ring, queue.ring.used_idx, id, 0);
	device_ring_write_idx(&queue.ring, (u16)(queue.ring.used_idx + chains));
}

TEST(in_order_R03_batch_that_ends_with_nothing_outstanding)
{
	u32 length;
	u16 id;

	for_each_layout(i)
	{
		queue_make(8, layouts[i]);
		id = queue_add_taken(1);
		say_used((u16)((id + 1) % 8), 1);
		check_broken();
		queue_make(8, layouts[i]);
		id = queue_add_taken(1);
		queue_add_taken(2);
		queue_use(id, 0);
		CHECK_EQ(queue_get(&length), 1);
		say_used(id, 1); /* taken already */
		check_broken();
		queue_make(8, layouts[i]);
		queue_add_taken(1);
		say_used(0xffff, 1);
		check_broken();
	}
}

/* R11: the entry names the third, the index says that two are used. */
TEST(in_order_R11_batch_longer_than_the_index_says)
{
	queue_make(16, IN_ORDER);
	say_used(give_many(3), 2);
	check_broken();
}

/* An entry that names what an earlier one stands for. */
TEST(in_order_R05_entry_inside_an_earlier_batch)
{
	u16 first;
	u32 length;

	for_each_layout(i)
	{
		queue_make(16, layouts[i]);
		first = queue_add_taken(1);
		queue_add_taken(2);
		queue_use_batch(3, queue_add_taken(3), 0);
		queue_add_taken(4);
		say_used(first, 1);
		virtqueue_wait(queue.vq, VIRTQUEUE_POLL, 4, 1000000);
		world_log_clear();
		for (unsigned int n = 1; n <= 3; n++)
			CHECK_EQ(queue_get(&length), n);
		check_broken();
	}
}

TEST(in_order_R06_length_of_the_last_one_is_checked)
{
	u32 length;

	for_each_layout(i)
	{
		queue_make(16, layouts[i]);
		queue_use_batch(2, give_many(2), 11);
		CHECK_EQ(queue_get(&length), 1);
		check_broken();
	}
}
