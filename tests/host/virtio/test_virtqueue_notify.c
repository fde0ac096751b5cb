// SPDX-License-Identifier: MIT
/*
 * Who tells whom, and when: notifications (virtio 1.2, 2.7.10, 2.7.13.4), interrupts (2.7.7,
 * 2.7.14) and the barriers that keep either from being lost. What another processor can see is
 * modelled as x86 has it: a store is sure to be visible only once a full barrier came after it.
 */
#include "test.h"

#include <linux/errno.h>

#include "queue_fixture.h"
#include "world.h"

/* ---- notifications -------------------------------------------------------------------------- */

static void kick_and_compare(u16 count)
{
	u16 old = device_ring_avail_idx(&queue.ring);
	unsigned int before = queue.notified;
	bool expected;

	for (u16 i = 0; i < count; i++)
		CHECK_EQ(queue_add(1, 0, 1, 1), 0);
	expected = device_ring_expects_notify(&queue.ring, old, (u16)(old + count));
	CHECK(virtqueue_kick(queue.vq));
	CHECK_EQ(queue.notified - before, expected);
}

static void take_all(void)
{
	struct ring_chain chain;
	u32 length;

	while (device_ring_pop(&queue.ring, &chain))
		device_ring_push(&queue.ring, chain.head, 0);
	while (queue_get(&length))
		;
}

/* C29 and C30: notified exactly when the specification says so, through 70,000 of them. */
static void notify_at_random(enum queue_features features)
{
	queue_make(64, features);
	for (unsigned int i = 0; i < 70000; i++) {
		if (world_random(4) == 0)
			device_ring_want_notify(&queue.ring, world_random(2));
		kick_and_compare((u16)world_random(5));
		if (virtqueue_num_free(queue.vq) < 5 || world_random(8) == 0)
			take_all();
	}
	CHECK(device_ring_avail_idx(&queue.ring) != (u16)queue.vq->counters.added ||
	      queue.vq->counters.added > 65536);
}

TEST(virtqueue_C29_notified_as_the_flags_say)
{
	notify_at_random(PLAIN);
}

TEST(virtqueue_C30_notified_as_avail_event_says)
{
	notify_at_random(EVENT);
}

/* C30: with EVENT_IDX the flag says nothing; C29: without, avail_event does not. */
TEST(virtqueue_C29_C30_the_other_wish_is_ignored)
{
	queue_make(8, EVENT);
	queue.ring.used[0] = 1;
	kick_and_compare(1);
	CHECK_EQ(queue.notified, 1);
	queue_make(8, PLAIN);
	memset(device_ring_avail_event(&queue.ring), 0x55, 2);
	kick_and_compare(1);
	CHECK_EQ(queue.notified, 2);
}

TEST(virtqueue_kick_with_nothing_new_is_silent)
{
	queue_make(8, PLAIN);
	CHECK(virtqueue_kick(queue.vq));
	CHECK_EQ(queue.notified, 0);
	kick_and_compare(3);
	CHECK(virtqueue_kick(queue.vq));
	CHECK_EQ(queue.notified, 1);
}

/* What was added since the last kick is counted in 16 bits; 65,536 must not look like nothing. */
TEST(virtqueue_C29_kick_after_65536_without_one)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(16, features);
		queue.notified = 0;
		for (unsigned int i = 0; i < 65536; i++) {
			CHECK_EQ(queue_add(1, 0, 1, 1), 0);
			take_all();
		}
		CHECK(virtqueue_kick(queue.vq));
		CHECK_EQ(queue.notified, 1);
	}
}

/* ---- barriers ------------------------------------------------------------------------------- */

static unsigned int full_barriers, write_barriers;
static u16 visible_avail_idx, visible_flags, visible_used_event;

static void watch_barrier(enum world_barrier kind)
{
	u16 next = device_ring_avail_idx(&queue.ring);
	u8 *entry = queue.ring.avail + 4 + 2 * (next % queue.ring.num);

	if (kind == WORLD_WMB) {
		/* C31, 2.7.13.3.1: the entry is there, idx does not say so yet. */
		write_barriers++;
		CHECK_EQ(next, (u16)(write_barriers - 1));
		CHECK_EQ(entry[0] | entry[1] << 8, (write_barriers - 1) % queue.ring.num);
		CHECK_EQ(queue.ring.desc[16 * (entry[0] | entry[1] << 8) + 8], 33);
	}
	if (kind != WORLD_MB)
		return;
	full_barriers++;
	visible_avail_idx = next;
	visible_flags = queue.ring.avail[0];
	visible_used_event = device_ring_used_event(&queue.ring);
}

/* C31: one write barrier an add, between the ring entry and idx. */
TEST(virtqueue_C31_entry_is_there_before_idx)
{
	queue_make(8, PLAIN);
	world_barrier_hook = watch_barrier;
	for (unsigned int i = 1; i <= 8; i++) {
		CHECK_EQ(queue_add(1, 0, 33, 1), 0);
		CHECK_EQ(write_barriers, i);
		CHECK_EQ(device_ring_avail_idx(&queue.ring), i);
	}
}

/* The device's wish to be notified may be read only when it can see our idx. */
static void watch_kick(const void *field)
{
	(void)field;
	CHECK_EQ(visible_avail_idx, device_ring_avail_idx(&queue.ring));
}

TEST(virtqueue_C32_full_barrier_before_the_wish_is_read)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(8, features);
		world_barrier_hook = NULL;
		CHECK_EQ(queue_add(1, 0, 33, 1), 0);
		visible_avail_idx = 0;
		write_barriers = full_barriers = 0;
		world_barrier_hook = watch_barrier;
		world_shared_hook = watch_kick;
		CHECK(virtqueue_kick(queue.vq));
		CHECK_EQ(full_barriers, 1);
		world_shared_hook = NULL;
	}
}

/* 2.7.14: used idx is looked at again only when the device can see that interrupts are wanted. */
static void watch_enable(const void *field)
{
	if (field != queue.ring.used + 2)
		return;
	CHECK_EQ(visible_flags, queue.ring.avail[0]);
	CHECK_EQ(visible_used_event, device_ring_used_event(&queue.ring));
}

TEST(virtqueue_full_barrier_between_enable_and_look)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(8, features);
		queue_add_taken(1);
		visible_flags = queue.ring.avail[0];
		visible_used_event = device_ring_used_event(&queue.ring);
		world_barrier_hook = watch_barrier;
		world_shared_hook = watch_enable;
		CHECK(virtqueue_enable_cb(queue.vq));
		world_shared_hook = NULL;
		world_barrier_hook = NULL;
	}
}

/* With callbacks on, taking one moves used_event on; the next look comes after a full barrier. */
TEST(virtqueue_full_barrier_between_get_and_next_look)
{
	u16 first, second;
	u32 length;

	queue_make(8, EVENT);
	first = queue_add_taken(1);
	second = queue_add_taken(2);
	CHECK(virtqueue_enable_cb(queue.vq));
	queue_use(first, 0);
	world_barrier_hook = watch_barrier;
	CHECK_EQ(queue_get(&length), 1);
	world_shared_hook = watch_enable;
	CHECK_EQ(queue_get(&length), 0);
	queue_use(second, 0);
	CHECK_EQ(queue.called_back, 2);
	CHECK_EQ(queue_get(&length), 2);
}

/* 2.7.8: idx is read, then a read barrier, then the element. */
static unsigned int step;

static void watch_get(const void *field)
{
	const u8 *used = queue.ring.used;

	if (field == used + 2)
		step = 1;
	else
		CHECK_EQ(step, 2);
}

static void watch_read_barrier(enum world_barrier kind)
{
	if (kind == WORLD_RMB && step == 1)
		step = 2;
}

TEST(virtqueue_read_barrier_between_idx_and_element)
{
	u32 length;

	queue_make(8, PLAIN);
	queue_use(queue_add_taken(1), 0);
	world_shared_hook = watch_get;
	world_barrier_hook = watch_read_barrier;
	CHECK_EQ(queue_get(&length), 1);
	CHECK_EQ(step, 2);
}

/* ---- interrupts ----------------------------------------------------------------------------- */

/* A made queue is quiet until somebody asks. */
TEST(virtqueue_quiet_from_the_start)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(8, features);
		queue_use(queue_add_taken(1), 0);
		CHECK_EQ(queue.vq->counters.interrupts, 0);
	}
}

static u16 racing_head;

/* The device finishes just when the driver has asked for interrupts, before it looks again. */
static void complete_in_between(enum world_barrier kind)
{
	if (kind != WORLD_MB)
		return;
	world_barrier_hook = NULL;
	queue_use(racing_head, 0);
}

/* ... and just before it asked: then no interrupt announces it, and enable_cb must say so. */
TEST(virtqueue_completion_before_enable_is_noticed)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(8, features);
		queue_use(queue_add_taken(1), 0);
		CHECK_EQ(queue.called_back, 0);
		CHECK(!virtqueue_enable_cb(queue.vq));
	}
}

TEST(virtqueue_completion_during_enable_is_noticed_and_announced)
{
	for (unsigned int features = PLAIN; features <= EVENT; features += EVENT) {
		queue_make(8, features);
		queue.called_back = 0;
		racing_head = queue_add_taken(1);
		world_barrier_hook = complete_in_between;
		CHECK(!virtqueue_enable_cb(queue.vq));
		CHECK_EQ(queue.called_back, 1);
	}
}

/* One interrupt for `count` chains where the device can, by the last of them. */
TEST(virtqueue_enable_cb_after_waits_for_the_last)
{
	u16 heads[5];

	queue_make(8, EVENT);
	for (unsigned int i = 0; i < 5; i++)
		heads[i] = queue_add_taken(i + 1);
	CHECK(virtqueue_enable_cb_after(queue.vq, 4));
	for (unsigned int i = 0; i < 3; i++)
		queue_use(heads[i], 0);
	CHECK_EQ(queue.called_back, 0);
	queue_use(heads[3], 0);
	CHECK_EQ(queue.called_back, 1);
	CHECK(virtqueue_enable_cb_after(queue.vq, 5));
	CHECK(!virtqueue_enable_cb_after(queue.vq, 4));
	virtqueue_disable_cb(queue.vq);
	queue_use(heads[4], 0);
	CHECK_EQ(queue.called_back, 1);
}

/* used_event is an index of 16 bits: a queue that is only polled must not let it come in sight. */
static void poll_without_interrupts(unsigned int depth, bool ask_now_and_then)
{
	static u16 heads[64];
	u32 length;

	queue_make(64, EVENT);
	for (unsigned int done = 0; done < 200000; done += depth) {
		for (unsigned int i = 0; i < depth; i++)
			heads[i] = queue_add_taken(i + 1);
		if (ask_now_and_then && world_random(1000) == 0) {
			virtqueue_enable_cb(queue.vq);
			virtqueue_disable_cb(queue.vq);
		}
		for (unsigned int i = 0; i < depth; i++)
			queue_use(heads[i], 0);
		while (queue_get(&length))
			;
	}
	CHECK_EQ(queue.vq->counters.interrupts, 0);
}

TEST(virtqueue_polled_across_the_wrap_no_interrupt)
{
	poll_without_interrupts(1, false);
	poll_without_interrupts(64, false);
	poll_without_interrupts(7, true);
}

/* A device may look for the wish only after its entries were taken already: what it looks for is
 * whether used_event lies among those that it has not announced yet. */
TEST(virtqueue_polled_no_interrupt_from_a_device_that_asks_late)
{
	u32 length;
	u16 heads[64];

	queue_make(64, EVENT);
	for (unsigned int done = 0; done < 200000; done += 64) {
		for (unsigned int i = 0; i < 64; i++)
			heads[i] = queue_add_taken(i + 1);
		for (unsigned int i = 0; i < 64; i++)
			device_ring_push(&queue.ring, heads[i], 0);
		for (unsigned int i = 0; i < 40; i++)
			CHECK_EQ(queue_get(&length), i + 1);
		if (done % 640 == 0) {
			virtqueue_enable_cb(queue.vq);
			virtqueue_disable_cb(queue.vq);
		}
		for (unsigned int i = 40; i < 64; i++)
			CHECK_EQ(queue_get(&length), i + 1);
		queue_interrupt();
	}
	CHECK_EQ(queue.vq->counters.interrupts, 0);
}

/* C26, R23: an interrupt with nothing used runs no callback and does no harm. */
TEST(virtqueue_R23_spurious_interrupt)
{
	u32 length;

	queue_make(8, PLAIN);
	queue_add_taken(1);
	vring_interrupt(queue.vq);
	CHECK_EQ(queue.called_back, 0);
	CHECK_EQ(queue.vq->counters.interrupts, 1);
	CHECK_EQ(queue_get(&length), 0);
	virtqueue_break(queue.vq, "by hand");
	vring_interrupt(queue.vq);
	CHECK_EQ(queue.called_back, 0);
}
