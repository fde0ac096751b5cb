// SPDX-License-Identifier: MIT
/* virtqueue_wait, by polling and by interrupt: one way to look, two ways to wait. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/time.h"
#include "queue_fixture.h"
#include "world.h"

static u16 head;
static u64 done_at;

static void complete_later(void)
{
	if (!done_at || world_now < done_at)
		return;
	done_at = 0;
	device_ring_push(&queue.ring, head, 0);
	if (device_ring_must_interrupt(&queue.ring))
		vring_interrupt(queue.vq);
}

TEST(virtqueue_wait_both_ways)
{
	u32 length;

	world_idle_hook = complete_later;
	for (int how = VIRTQUEUE_POLL; how <= VIRTQUEUE_INTERRUPT; how++) {
		queue_make(8, EVENT);
		head = queue_add_taken(1);
		done_at = world_now + 5 * NSEC_PER_MSEC;
		CHECK_EQ(virtqueue_wait(queue.vq, how, 1, 10 * NSEC_PER_MSEC), 0);
		CHECK_EQ(queue.vq->counters.interrupts, how == VIRTQUEUE_INTERRUPT);
		CHECK_EQ(queue_get(&length), 1);
	}
}

/* R26: a deadline, and a line that says why (E07); the queue lives on. */
TEST(virtqueue_R26_wait_ends_at_the_deadline)
{
	u64 start = world_now;

	queue_make(8, PLAIN);
	queue_add_taken(1);
	for (int how = VIRTQUEUE_POLL; how <= VIRTQUEUE_INTERRUPT; how++)
		CHECK_EQ(virtqueue_wait(queue.vq, how, 1, 20 * NSEC_PER_MSEC), -ETIMEDOUT);
	CHECK_EQ(world_log_count("E07"), 2);
	CHECK_LOG("1 outstanding");
	CHECK(world_now - start >= 40 * NSEC_PER_MSEC && world_now - start < 45 * NSEC_PER_MSEC);
	CHECK(!virtqueue_is_broken(queue.vq));
}

TEST(virtqueue_wait_on_a_broken_queue)
{
	queue_make(8, PLAIN);
	queue_add_taken(1);
	virtqueue_break(queue.vq, "by hand");
	CHECK_EQ(virtqueue_wait(queue.vq, VIRTQUEUE_POLL, 1, NSEC_PER_SEC), -EIO);
	CHECK_NO_LOG("E07");
}

/* Interrupts that never come (no local APIC timer, say) must not make the wait endless. */
TEST(virtqueue_wait_without_a_timer_polls)
{
	world_has_timer = false;
	queue_make(8, PLAIN);
	queue_add_taken(1);
	CHECK_EQ(virtqueue_wait(queue.vq, VIRTQUEUE_INTERRUPT, 1, NSEC_PER_MSEC), -ETIMEDOUT);
}
