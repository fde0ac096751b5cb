/* SPDX-License-Identifier: MIT */
/* Packed, EVENT_IDX, and a wait for some of what is outstanding: it is always told in time. */
#include "test.h"

#include "queue_fixture.h"
#include "world.h"

#define CHAINS 8
#define WANTED 4

static u16 ids[CHAINS];
static unsigned int used;

/* Chains of `buffers` each, all of them the device's. */
static void make_chains(unsigned int features, unsigned int buffers)
{
	queue_make(64, PACKED | EVENT | features);
	for (unsigned int i = 0; i < CHAINS; i++) {
		struct ring_chain chain;

		CHECK_EQ(queue_add(1, buffers - 1, 8, i + 1), 0);
		CHECK(virtqueue_kick(queue.vq));
		CHECK(queue_pop(&chain));
		ids[i] = chain.head;
	}
	used = 0;
}

/* The device goes on by itself; who was woken too early asks again, as virtqueue_wait does. */
static void use_until_wanted(void)
{
	while (used < WANTED) {
		unsigned int before = queue.called_back;

		queue_use(ids[used++], 0);
		if (queue.called_back == before)
			CHECK(used < WANTED);
		else
			CHECK_EQ(virtqueue_enable_cb_after(queue.vq, WANTED), used < WANTED);
	}
}

/* The event lay behind the device once chains of several descriptors were used. */
TEST(packed_waiting_for_some_is_told_of_the_last)
{
	for (unsigned int buffers = 1; buffers <= 5; buffers++) {
		for (unsigned int features = 0; features <= IN_ORDER; features += IN_ORDER) {
			make_chains(features, buffers);
			CHECK(virtqueue_enable_cb_after(queue.vq, WANTED));
			use_until_wanted();
		}
	}
}

static void use_two_unseen(enum world_barrier kind)
{
	if (kind != WORLD_MB)
		return;
	world_barrier_hook = NULL;
	for (unsigned int i = 0; i < 2; i++)
		device_packed_push(&queue.packed, ids[used++], 0);
	/* As if these had been announced before the wish. */
	queue.packed.signalled = queue.packed.next_used;
}

/* The same, where the device passes the place just when it is written. */
TEST(packed_event_passed_while_it_is_written)
{
	make_chains(0, 4);
	world_barrier_hook = use_two_unseen;
	CHECK(virtqueue_enable_cb_after(queue.vq, WANTED));
	CHECK_EQ(used, 2);
	use_until_wanted();
}
