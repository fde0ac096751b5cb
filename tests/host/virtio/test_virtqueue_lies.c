// SPDX-License-Identifier: MIT
/* A device that lies in the used ring, or scribbles over what it may only read (R01 to R15). */
#include "test.h"

#include <linux/errno.h>

#include "queue_fixture.h"
#include "world.h"

/* Breaking is for good: one line, and every call gives an error without touching the ring. */
static void check_broken(const char *why)
{
	struct virtqueue_buffer buffer = { &queue, 8 };
	u16 idx = device_ring_avail_idx(&queue.ring);
	unsigned int notified = queue.notified;
	u32 length;

	CHECK(virtqueue_is_broken(queue.vq));
	CHECK_LOG(why);
	CHECK_EQ(world_log_count("E12"), 1);
	for (unsigned int i = 0; i < 3; i++) {
		CHECK_EQ(queue_get(&length), 0);
		CHECK_EQ(virtqueue_add(queue.vq, &buffer, 0, 1, &buffer), -EIO);
		CHECK(!virtqueue_kick(queue.vq));
		CHECK(virtqueue_has_used(queue.vq));
		CHECK_EQ(virtqueue_wait(queue.vq, VIRTQUEUE_INTERRUPT, 1, 1000), -EIO);
	}
	CHECK_EQ(world_log_count("E12"), 1);
	CHECK_EQ(device_ring_avail_idx(&queue.ring), idx);
	CHECK_EQ(queue.notified, notified);
}

/* All tokens come back, each once (G5), and nothing else does. */
static void check_tokens_left(unsigned int first, unsigned int last)
{
	u64 seen = 0;
	uintptr_t token;

	while ((token = (uintptr_t)virtqueue_detach_unused_buf(queue.vq))) {
		CHECK(token >= first && token <= last);
		CHECK(!(seen & 1ULL << token));
		seen |= 1ULL << token;
	}
	CHECK_EQ(seen, (2ULL << last) - (1ULL << first));
	CHECK(!virtqueue_detach_unused_buf(queue.vq));
}

static void lie_about_id(u32 id)
{
	u32 length;

	world_log_clear();
	queue_make(8, PLAIN);
	queue_add_taken(1);
	queue_add_taken(2);
	queue_use(id, 0);
	CHECK_EQ(queue_get(&length), 0);
	check_broken("used id");
	check_tokens_left(1, 2);
}

/* Also ids that a cut to 16 bits would make good. */
TEST(virtqueue_R01_used_id_out_of_range)
{
	static const u32 ids[] = { 8, 9, 0xffff, 0x10000, 0x10001, 0x80000000, 0xffffffff };

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		lie_about_id(ids[i]);
}

TEST(virtqueue_R03_used_id_not_outstanding)
{
	for (u32 id = 2; id < 8; id++)
		lie_about_id(id);
}

TEST(virtqueue_R04_used_id_of_the_middle_of_a_chain)
{
	struct ring_chain chain;
	u32 length;

	queue_make(8, PLAIN);
	CHECK_EQ(queue_add(2, 2, 8, 1), 0);
	CHECK(device_ring_pop(&queue.ring, &chain));
	queue_use((chain.head + 1u) % 8, 8);
	CHECK_EQ(queue_get(&length), 0);
	check_broken("used id");
	check_tokens_left(1, 1);
}

TEST(virtqueue_R05_same_id_twice_in_one_batch)
{
	u16 head;
	u32 length;

	queue_make(8, PLAIN);
	head = queue_add_taken(1);
	queue_add_taken(2);
	queue_use(head, 5);
	queue_use(head, 5);
	CHECK_EQ(queue_get(&length), 1);
	CHECK_EQ(length, 5);
	CHECK_EQ(queue_get(&length), 0);
	check_broken("used id");
	check_tokens_left(2, 2);
}

TEST(virtqueue_R05_same_id_again_later)
{
	u16 head;
	u32 length;

	queue_make(8, PLAIN);
	head = queue_add_taken(1);
	queue_use(head, 5);
	CHECK_EQ(queue_get(&length), 1);
	queue_use(head, 5);
	CHECK_EQ(queue_get(&length), 0);
	check_broken("used index");
}

static void lie_about_length(u32 claimed, unsigned int in, u32 each)
{
	struct ring_chain chain;
	u32 length;

	world_log_clear();
	queue_make(8, PLAIN);
	CHECK_EQ(queue_add(1, in, each, 1), 0);
	CHECK(device_ring_pop(&queue.ring, &chain));
	queue_use(chain.head, claimed);
	CHECK_EQ(queue_get(&length), 0);
	check_broken("used length");
	check_tokens_left(1, 1);
}

TEST(virtqueue_R06_used_length_beyond_the_chain)
{
	lie_about_length(65, 1, 64);
	lie_about_length(0xffffffff, 1, 64);
	lie_about_length(129, 2, 64);
	lie_about_length(0x80000000, 2, 64);
}

TEST(virtqueue_R06_used_length_at_the_bound)
{
	u32 length;

	queue_make(8, PLAIN);
	queue_use(queue_add_taken(1), 64);
	CHECK_EQ(queue_get(&length), 1);
	CHECK_EQ(length, 64);
	queue_use(queue_add_taken(2), 0); /* R07 */
	CHECK_EQ(queue_get(&length), 2);
	CHECK_EQ(length, 0);
}

/* R08: seen on real devices; counted, and nothing is believed to be written. */
TEST(virtqueue_R08_length_on_a_read_only_chain)
{
	struct virtqueue_counters counters;
	struct ring_chain chain;
	u32 length = 99;

	queue_make(8, PLAIN);
	for (unsigned int i = 1; i <= 3; i++) {
		CHECK_EQ(queue_add(2, 0, 64, i), 0);
		CHECK(device_ring_pop(&queue.ring, &chain));
		queue_use(chain.head, 512);
		CHECK_EQ(queue_get(&length), i);
		CHECK_EQ(length, 0);
	}
	virtqueue_count(queue.vq, &counters);
	CHECK_EQ(counters.length_on_read_only, 3);
	CHECK(!virtqueue_is_broken(queue.vq));
}

static void lie_about_idx(u16 taken, u16 outstanding, u16 idx)
{
	u32 length;

	world_log_clear();
	queue_make(8, PLAIN);
	for (u16 i = 0; i < taken; i++) {
		queue_use(queue_add_taken(9), 0);
		CHECK_EQ(queue_get(&length), 9);
	}
	for (u16 i = 0; i < outstanding; i++)
		queue_add_taken(i + 1u);
	device_ring_write_idx(&queue.ring, idx);
	CHECK_EQ(queue_get(&length), 0);
	check_broken("used index");
	if (outstanding)
		check_tokens_left(1, outstanding);
}

TEST(virtqueue_R09_used_idx_jumps_ahead)
{
	lie_about_idx(0, 0, 1);
	lie_about_idx(0, 3, 4);
	lie_about_idx(0, 8, 9);
	lie_about_idx(20, 8, 20 + 9);
	lie_about_idx(0, 8, 0x8000);
}

TEST(virtqueue_R10_used_idx_goes_back)
{
	lie_about_idx(5, 3, 4);
	lie_about_idx(5, 8, 0);
	lie_about_idx(0, 8, 0xffff);
}

/* R11: idx says one more, the element is what was there before: never a token that is not out. */
TEST(virtqueue_R11_stale_element)
{
	u32 length;

	queue_make(8, PLAIN);
	queue_add_taken(1);
	queue_add_taken(2);
	device_ring_write_element(&queue.ring, 0, 5, 0);
	device_ring_write_idx(&queue.ring, 1);
	CHECK_EQ(queue_get(&length), 0);
	check_broken("used id");
	check_tokens_left(1, 2);
}

TEST(virtqueue_broken_for_good_whatever_the_device_says_next)
{
	u32 length;
	u16 head;

	queue_make(8, PLAIN);
	head = queue_add_taken(1);
	queue_use(7, 0);
	CHECK_EQ(queue_get(&length), 0);
	device_ring_write_element(&queue.ring, 0, head, 0);
	check_broken("used id 7");
	check_tokens_left(1, 1);
}

/* ---- scribbling ----------------------------------------------------------------------------- */

/* R14, R15: what the device reads is never read back, so its content does not matter here. */
static void scribble(u8 byte)
{
	memset(queue.ring.desc, byte, 16u * queue.ring.num);
	memset(queue.ring.avail, byte, 4 + 2u * queue.ring.num);
	if (queue.vq->indirect_tables)
		memset(queue.vq->indirect_tables, byte, 16u * VRING_INDIRECT_MAX * queue.ring.num);
}

static void scribble_and_go_on(enum queue_features features, u8 byte)
{
	struct ring_chain chain;
	u16 heads[4], i, round;
	u32 length;

	queue_make(16, features);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 4; i++) {
			CHECK_EQ(queue_add(1, 2, 8, i + 1u), 0);
			CHECK(virtqueue_kick(queue.vq));
			CHECK(device_ring_pop(&queue.ring, &chain));
			heads[i] = chain.head;
		}
		scribble(byte);
		for (i = 4; i-- > 0;) {
			device_ring_push(&queue.ring, heads[i], 16);
			CHECK_EQ(queue_get(&length), i + 1);
			CHECK_EQ(length, 16);
		}
		CHECK_EQ(virtqueue_num_free(queue.vq), 16);
		/* What the driver adds next puts idx right again; the device goes on from there. */
		*(u16 *)(queue.ring.avail + 2) = queue.ring.last_avail;
		*(u16 *)queue.ring.avail = 0;
	}
}

TEST(virtqueue_R14_R15_scribbled_rings_have_no_effect)
{
	for (unsigned int features = PLAIN; features <= (INDIRECT | EVENT); features++) {
		scribble_and_go_on(features, 0x00);
		scribble_and_go_on(features, 0x01);
		scribble_and_go_on(features, 0xff);
	}
}

/* R13: junk in flags and avail_event costs at most a notification too many or too few. */
TEST(virtqueue_R13_junk_in_the_wish_to_be_notified)
{
	u32 length;

	queue_make(8, EVENT);
	for (unsigned int i = 1; i < 2000; i++) {
		u16 head = queue_add_taken(7);

		*(u16 *)device_ring_avail_event(&queue.ring) = (u16)world_random(65536);
		*(u16 *)queue.ring.used = (u16)world_random(65536);
		queue_use(head, 1);
		CHECK_EQ(queue_get(&length), 7);
	}
}

TEST(virtqueue_detach_gives_each_outstanding_token_once)
{
	u32 length;

	queue_make(32, INDIRECT);
	CHECK(!virtqueue_detach_unused_buf(queue.vq));
	queue_make(32, INDIRECT);
	for (unsigned int i = 1; i <= 20; i++)
		CHECK_EQ(queue_add(1, i % 3, 8, i), 0);
	for (unsigned int i = 1; i <= 5; i++) {
		struct ring_chain chain;

		CHECK(device_ring_pop(&queue.ring, &chain));
		queue_use(chain.head, 0);
		CHECK_EQ(queue_get(&length), i);
	}
	virtqueue_break(queue.vq, "by hand");
	check_tokens_left(6, 20);
}

TEST(virtqueue_dump_names_what_is_outstanding)
{
	queue_make(8, EVENT);
	queue_add_taken(1);
	virtqueue_dump(queue.vq);
	CHECK_LOG("8 entries, 7 free, 1 outstanding");
	CHECK_LOG("chain at 0: 1 descriptors, 64 writable bytes");
	virtqueue_break(queue.vq, "by hand %d", 5);
	CHECK_LOG("by hand 5");
	virtqueue_dump(queue.vq);
	CHECK_LOG("1 outstanding, broken");
}
