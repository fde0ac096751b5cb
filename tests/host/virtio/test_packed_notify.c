// SPDX-License-Identifier: MIT
/* Who tells whom, and when, in a packed ring: event suppression of both sides (virtio 1.2,
 * 2.8.10). */
#include "test.h"

#include <linux/errno.h>

#include "kernel/irq.h"
#include "kernel/time.h"
#include "queue_fixture.h"
#include "world.h"

/* ---- notifications -------------------------------------------------------------------------- */

static void kick_and_compare(unsigned int chains)
{
	struct packed_place from = device_packed_driver_place(&queue.packed), to;
	unsigned int before = queue.notified;
	bool expected;

	for (unsigned int i = 0; i < chains; i++)
		if (queue_add(1 + world_random(3), world_random(3), 1, 1))
			break;
	to = device_packed_driver_place(&queue.packed);
	expected = device_packed_expects_notify(&queue.packed, from, to);
	CHECK(virtqueue_kick(queue.vq));
	CHECK_EQ(queue.notified - before, expected);
}

static void take_all(void)
{
	struct ring_chain chain;
	u32 length;

	while (queue_pop(&chain))
		device_packed_push(&queue.packed, chain.head, 0);
	while (queue_get(&length))
		;
}

/* Any wish that makes sense: a place up to a lap ahead of what the device has taken. */
static void wish_at_random(enum queue_features features)
{
	struct packed_place place = queue.packed.next_avail;

	place = device_packed_advance(&queue.packed, place, world_random(queue.packed.num));
	if (features & EVENT && world_random(2))
		device_packed_want(&queue.packed, EVENT_DESC,
				   (u16)(place.position | place.wrap << 15));
	else
		device_packed_want(&queue.packed, world_random(2), (u16)world_random(65536));
}

static void notify_at_random(u16 num, enum queue_features features)
{
	queue_make(num, PACKED | features);
	for (unsigned int i = 0; i < 70000; i++) {
		if (world_random(4) == 0)
			wish_at_random(features);
		kick_and_compare(world_random(5));
		if (virtqueue_num_free(queue.vq) < 5 || world_random(8) == 0)
			take_all();
	}
	CHECK(queue.notified > 1000);
	CHECK(queue.notified < 70000);
}

TEST(packed_notified_as_the_flags_say)
{
	notify_at_random(64, PLAIN);
	queue.notified = 0;
	notify_at_random(7, PLAIN);
}

TEST(packed_notified_as_the_place_says)
{
	notify_at_random(64, EVENT);
	queue.notified = 0;
	notify_at_random(7, EVENT | INDIRECT);
	queue.notified = 0;
	notify_at_random(100, EVENT);
}

/* A device that sleeps until it is told: nothing is ever left lying, in any phase of the ring. */
static void never_lost(u16 num)
{
	struct ring_chain chain;
	u32 length;

	queue_make(num, PACKED | EVENT);
	for (unsigned int i = 0; i < 5u * num; i++) {
		unsigned int before = queue.notified;

		device_packed_want_notify(&queue.packed, true);
		CHECK_EQ(queue_add(1, 0, 8, 1), 0);
		CHECK(virtqueue_kick(queue.vq));
		CHECK_EQ(queue.notified, before + 1);
		CHECK(queue_pop(&chain));
		queue_use(chain.head, 0);
		CHECK_EQ(queue_get(&length), 1);
	}
}

TEST(packed_no_notification_is_lost)
{
	never_lost(1);
	never_lost(3);
	never_lost(256);
	never_lost(32768);
}

TEST(packed_whole_laps_without_a_kick)
{
	for (u16 num = 1; num < 9; num++) {
		for (unsigned int added = num; added < 3u * num + 2; added++) {
			queue_make(num, PACKED | EVENT);
			device_packed_want_notify(&queue.packed, true);
			queue.notified = 0;
			for (unsigned int i = 0; i < added; i++) {
				CHECK_EQ(queue_add(1, 0, 1, 1), 0);
				take_all();
			}
			CHECK(virtqueue_kick(queue.vq));
			CHECK_EQ(queue.notified, 1);
		}
	}
}

/* R22: what is reserved, or cannot be, must not lose a request. */
TEST(packed_R22_wish_that_makes_no_sense)
{
	queue_make(8, PACKED | EVENT);
	device_packed_want(&queue.packed, EVENT_RESERVED, 0x8003);
	queue_add_taken(1);
	CHECK_EQ(queue.notified, 1);
	device_packed_want(&queue.packed, 0xfffe, 0x8003);
	queue_add_taken(2);
	CHECK_EQ(queue.notified, 2);
	device_packed_want(&queue.packed, EVENT_DESC, 0xffff);
	queue_add_taken(3);
	CHECK_EQ(queue.notified, 3);
	device_packed_want(&queue.packed, EVENT_DESC, 8);
	queue_add_taken(4);
	CHECK_EQ(queue.notified, 4);
}

/* 2.8.10: a place says something only when EVENT_IDX was negotiated. */
TEST(packed_R22_place_without_event_idx)
{
	queue_make(8, PACKED);
	device_packed_want(&queue.packed, EVENT_DESC, 0x8005);
	queue_add_taken(1);
	CHECK_EQ(queue.notified, 1);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

TEST(packed_quiet_from_the_start)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(5, PACKED | features);
		queue_use(queue_add_taken(1), 0);
		CHECK_EQ(queue.vq->counters.interrupts, 0);
	}
}

TEST(packed_completion_before_enable_is_noticed)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(5, PACKED | features);
		queue_use(queue_add_taken(1), 0);
		CHECK(!virtqueue_enable_cb(queue.vq));
	}
}

static u16 racing_id;

static void complete_in_between(enum world_barrier kind)
{
	if (kind != WORLD_MB)
		return;
	world_barrier_hook = NULL;
	queue_use(racing_id, 0);
}

TEST(packed_completion_during_enable_is_noticed_and_announced)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(5, PACKED | features);
		queue.called_back = 0;
		racing_id = queue_add_taken(1);
		world_barrier_hook = complete_in_between;
		CHECK(!virtqueue_enable_cb(queue.vq));
		CHECK_EQ(queue.called_back, 1);
	}
}

static u32 visible_event;

static u32 event_now(void)
{
	u32 event;

	memcpy(&event, queue.packed.driver, sizeof(event));
	return event;
}

static void note_event(enum world_barrier kind)
{
	if (kind == WORLD_MB)
		visible_event = event_now();
}

static void watch_look(const void *field)
{
	(void)field;
	CHECK_EQ(visible_event, event_now());
}

TEST(packed_full_barrier_between_enable_and_look)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(5, PACKED | features);
		queue_add_taken(1);
		visible_event = event_now();
		world_barrier_hook = note_event;
		world_shared_hook = watch_look;
		CHECK(virtqueue_enable_cb(queue.vq));
		world_shared_hook = NULL;
		world_barrier_hook = NULL;
	}
}

/* With callbacks on, taking one moves the place on; the next look comes after a full barrier. */
TEST(packed_full_barrier_between_get_and_next_look)
{
	u16 ids[2];
	u32 length;

	queue_make(5, PACKED | EVENT);
	ids[0] = queue_add_taken(1);
	ids[1] = queue_add_taken(2);
	CHECK(virtqueue_enable_cb(queue.vq));
	queue_use(ids[0], 0);
	world_barrier_hook = note_event;
	CHECK_EQ(queue_get(&length), 1);
	world_shared_hook = watch_look;
	CHECK_EQ(queue_get(&length), 0);
	world_shared_hook = NULL;
	queue_use(ids[1], 0);
	CHECK_EQ(queue.called_back, 2);
}

/* All that is outstanding, of chains of any length: one interrupt, by the last of them. */
TEST(packed_enable_cb_after_all_waits_for_the_last)
{
	u16 ids[8], count;

	for (unsigned int round = 0; round < 2000; round++) {
		struct ring_chain chain;
		u32 length;

		if (!round)
			queue_make(23, PACKED | EVENT);
		for (count = 0; count < 8; count++) {
			if (queue_add(1, world_random(4), 8, count + 1u))
				break;
			CHECK(queue_pop(&chain));
			ids[count] = chain.head;
		}
		queue.called_back = 0;
		CHECK(virtqueue_enable_cb_after(queue.vq, count));
		for (u16 i = 0; i < count; i++) {
			CHECK_EQ(queue.called_back, 0);
			queue_use(ids[i], 0);
		}
		CHECK_EQ(queue.called_back, 1);
		CHECK(!virtqueue_enable_cb_after(queue.vq, count));
		virtqueue_disable_cb(queue.vq);
		while (queue_get(&length))
			;
	}
}

/* Some of what is outstanding: it may come early, and then one asks again; it never comes late. */
TEST(packed_enable_cb_after_some_is_never_late)
{
	u16 ids[6];
	u32 length;

	queue_make(31, PACKED | EVENT);
	for (unsigned int round = 0; round < 2000; round++) {
		struct ring_chain chain;
		u16 wanted = (u16)(1 + world_random(5));

		for (unsigned int i = 0; i < 6; i++) {
			CHECK_EQ(queue_add(1, world_random(4), 8, i + 1), 0);
			CHECK(queue_pop(&chain));
			ids[i] = chain.head;
		}
		queue.called_back = 0;
		CHECK(virtqueue_enable_cb_after(queue.vq, wanted));
		for (u16 used = 1; used <= 6; used++) {
			queue_use(ids[used - 1], 0);
			if (used < wanted && queue.called_back) {
				queue.called_back = 0;
				CHECK(virtqueue_enable_cb_after(queue.vq, wanted));
			}
			if (used == wanted)
				CHECK_EQ(queue.called_back, 1);
		}
		virtqueue_disable_cb(queue.vq);
		while (queue_get(&length))
			;
	}
}

/* C26: polled for ever, it is never interrupted, whatever lap it is in. */
TEST(packed_polled_no_interrupt)
{
	u32 length;

	for (u16 num = 1; num < 70; num += 17) {
		queue_make(num, PACKED | EVENT);
		for (unsigned int i = 0; i < 100000; i++) {
			if (i % 1000 == 0) {
				virtqueue_enable_cb(queue.vq);
				virtqueue_disable_cb(queue.vq);
			}
			queue_use(queue_add_taken(1), 0);
			CHECK_EQ(queue_get(&length), 1);
		}
		CHECK_EQ(queue.vq->counters.interrupts, 0);
	}
}

static u16 waited_ids[4];
static unsigned int waited_used;
static int waited_vector;

static void waited_interrupt(void *context)
{
	vring_interrupt(context);
}

static void complete_later(void)
{
	if (waited_used == 4 || world_now <= 5 * NSEC_PER_MSEC * (waited_used + 1))
		return;
	device_packed_push(&queue.packed, waited_ids[waited_used++], 0);
	if (device_packed_must_interrupt(&queue.packed))
		world_raise((unsigned int)waited_vector);
}

/* The two ways to wait, for a count, with chains of different lengths. */
TEST(packed_wait_for_a_count_both_ways)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		for (int how = VIRTQUEUE_POLL; how <= VIRTQUEUE_INTERRUPT; how++) {
			queue_make(23, PACKED | features);
			for (unsigned int i = 0; i < 4; i++) {
				struct ring_chain chain;

				CHECK_EQ(queue_add(1, i, 8, i + 1), 0);
				CHECK(queue_pop(&chain));
				waited_ids[i] = chain.head;
			}
			waited_vector = request_irq(waited_interrupt, queue.vq, "testq");
			CHECK(waited_vector > 0);
			waited_used = 0;
			world_now = 0;
			world_idle_hook = complete_later;
			CHECK_EQ(virtqueue_wait(queue.vq, how, 3, 100 * NSEC_PER_MSEC), 0);
			CHECK_EQ(waited_used, 3);
			CHECK_EQ(!queue.vq->counters.interrupts, how == VIRTQUEUE_POLL);
			world_idle_hook = NULL;
		}
	}
}
