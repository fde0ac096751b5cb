// SPDX-License-Identifier: MIT
/*
 * Long runs with an honest device: random shapes, random depths, completion in random order, all
 * indices past their 65,536 several times (R12, R29).
 */
#include "test.h"

#include <linux/errno.h>

#include "queue_fixture.h"
#include "world.h"

#define REQUESTS 200000

static struct {
	u16 head;
	uintptr_t token;
	u32 writable;
} taken[32768];
static unsigned int taken_count;
static uintptr_t next_token;
static u32 expected_length[REQUESTS + 1];
static bool expected[REQUESTS + 1];

/* Chain lengths the queue's size allows, short ones most of the time. */
static void add_one(void)
{
	u16 num = virtqueue_get_vring_size(queue.vq);
	unsigned int most = num < 12 ? num : 12;
	unsigned int total = 1 + world_random(world_random(4) ? (most + 2) / 3 : most);
	unsigned int in = world_random(total + 1);
	int error = queue_add(total - in, in, 1 + world_random(5000), next_token + 1);

	if (!error)
		next_token++;
	else
		CHECK_EQ(error, -ENOSPC);
}

static void device_takes(void)
{
	struct ring_chain chain;

	if (!queue_pop(&chain))
		return;
	taken[taken_count].head = chain.head;
	taken[taken_count].writable = (u32)chain.writable;
	/* Chains are taken in the order they were added, so the token is known. */
	taken[taken_count].token = (uintptr_t)queue.vq->chain[chain.head].token;
	taken_count++;
}

static void expect(unsigned int i, u32 length)
{
	expected_length[taken[i].token] = length;
	expected[taken[i].token] = true;
}

/* Any of them, as it comes. */
static void device_uses_one(void)
{
	unsigned int i = world_random(taken_count);
	u32 length = world_random(taken[i].writable + 1);

	expect(i, length);
	queue_use(taken[i].head, length);
	taken[i] = taken[--taken_count];
}

/* IN_ORDER: the oldest ones; what an entry skips is used completely (2.7.9). */
static void device_uses_batch(void)
{
	unsigned int most = taken_count < 40 ? taken_count : 40;
	unsigned int chains = 1 + world_random(world_random(2) ? 1 : most);
	u32 length = world_random(taken[chains - 1].writable + 1);

	for (unsigned int i = 0; i + 1 < chains; i++)
		expect(i, taken[i].writable);
	expect(chains - 1, length);
	queue_use_batch((u16)chains, taken[chains - 1].head, length);
	taken_count -= chains;
	memmove(taken, taken + chains, taken_count * sizeof(*taken));
}

static void device_uses(void)
{
	if (!taken_count)
		return;
	if (queue.features & IN_ORDER)
		device_uses_batch();
	else
		device_uses_one();
}

static void driver_takes(void)
{
	u32 length;
	uintptr_t token = queue_get(&length);

	if (!token)
		return;
	CHECK(token <= next_token);
	CHECK(expected[token]);
	CHECK_EQ(length, expected_length[token]);
	expected[token] = false;
}

static void one_step(void)
{
	switch (world_random(10)) {
	case 0:
	case 1:
	case 2:
		if (next_token < REQUESTS)
			add_one();
		break;
	case 3:
		virtqueue_kick(queue.vq);
		break;
	case 4:
	case 5:
		device_takes();
		break;
	case 6:
	case 7:
		device_uses();
		break;
	case 8:
		driver_takes();
		break;
	default:
		driver_takes();
		if (world_random(2))
			virtqueue_enable_cb(queue.vq);
		else
			virtqueue_disable_cb(queue.vq);
	}
}

/* Depths differ as the steps' odds do; every request ends once, with its own length. */
static void run(u16 num, enum queue_features features)
{
	queue_make(num, features);
	taken_count = 0;
	next_token = 0;
	memset(expected, 0, sizeof(expected));
	while (queue.vq->counters.used < REQUESTS)
		one_step();
	CHECK_EQ(queue.vq->counters.used, REQUESTS);
	CHECK_EQ(queue.vq->counters.added, REQUESTS);
	CHECK_EQ(virtqueue_num_free(queue.vq), num);
	CHECK(!virtqueue_is_broken(queue.vq));
	CHECK_STR(world_log(), "");
}

TEST(virtqueue_R12_R29_200000_requests_size_1)
{
	run(1, PLAIN);
	run(1, EVENT | INDIRECT);
}

TEST(virtqueue_R12_R29_200000_requests_size_2)
{
	run(2, EVENT);
	run(2, INDIRECT);
}

TEST(virtqueue_R12_R29_200000_requests_size_4)
{
	run(4, PLAIN);
	run(4, EVENT | INDIRECT);
}

TEST(virtqueue_R12_R29_200000_requests_size_256)
{
	run(256, PLAIN);
	run(256, EVENT | INDIRECT);
}

TEST(virtqueue_R12_R29_200000_requests_size_32768)
{
	run(32768, EVENT | INDIRECT);
}

/* ---- the same with packed rings, whose size may be any --------------------------------------- */

TEST(packed_R12_R29_200000_requests_sizes_1_2_3)
{
	run(1, PACKED);
	run(2, PACKED | EVENT);
	run(3, PACKED | EVENT | INDIRECT);
}

TEST(packed_R12_R29_200000_requests_sizes_5_and_7)
{
	run(5, PACKED | EVENT);
	run(7, PACKED | INDIRECT);
}

TEST(packed_R12_R29_200000_requests_size_100)
{
	run(100, PACKED);
	run(100, PACKED | EVENT | INDIRECT);
}

TEST(packed_R12_R29_200000_requests_size_256)
{
	run(256, PACKED | INDIRECT);
	run(256, PACKED | EVENT);
}

TEST(packed_R12_R29_200000_requests_size_32768)
{
	run(32768, PACKED | EVENT | INDIRECT);
}

TEST(virtqueue_in_order_200000_requests)
{
	run(1, IN_ORDER);
	run(4, IN_ORDER | EVENT);
	run(256, IN_ORDER | INDIRECT | EVENT);
}

TEST(virtqueue_in_order_200000_requests_size_32768)
{
	run(32768, IN_ORDER);
}

TEST(packed_in_order_200000_requests)
{
	run(1, PACKED | IN_ORDER);
	run(5, PACKED | IN_ORDER | EVENT);
	run(100, PACKED | IN_ORDER | INDIRECT | EVENT);
}

TEST(packed_in_order_200000_requests_size_32768)
{
	run(32768, PACKED | IN_ORDER | EVENT);
}
