/* SPDX-License-Identifier: MIT */
/* Waiting for any of several queues, for what a device sends when it likes. */
#include <linux/errno.h>

#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/time.h"

/* So long a wait is believed to be woken by an interrupt; then the rings are looked at. */
#define SLICE_NS (100 * NSEC_PER_MSEC)
/* A device writes the ring first and interrupts then: so much later at the most. */
#define GRACE_NS (500 * NSEC_PER_MSEC)
/* Without interrupts the rings are looked at all the time at first, then after a pause, which grows
 * to so much. */
#define SPIN_NS (200 * NSEC_PER_USEC)
#define PAUSE_NS NSEC_PER_MSEC
#define PAUSE_MAX_NS (16 * NSEC_PER_MSEC)

struct waiting {
	struct virtqueue *const *vqs;
	unsigned int count;
	struct wait_queue *queue; /* that of all of them */
	u64 interrupts;		  /* of all of them, before */
};

void virtqueue_forget(struct virtqueue *vq)
{
	while (vq && virtqueue_detach_unused_buf(vq))
		;
}

static bool any_vq_has_used(void *context)
{
	const struct waiting *waiting = context;

	for (unsigned int i = 0; i < waiting->count; i++)
		if (waiting->vqs[i] && virtqueue_has_used(waiting->vqs[i]))
			return true;
	return false;
}

static u64 count_vq_interrupts(const struct waiting *waiting)
{
	struct virtqueue_counters counters;
	u64 sum = 0;

	for (unsigned int i = 0; i < waiting->count; i++) {
		if (!waiting->vqs[i])
			continue;
		virtqueue_count(waiting->vqs[i], &counters);
		sum += counters.interrupts;
	}
	return sum;
}

static bool vq_interrupt_came(void *context)
{
	const struct waiting *waiting = context;

	return count_vq_interrupts(waiting) != waiting->interrupts;
}

/* Asks for interrupts of all; false when something is used already, or one cannot interrupt. */
static bool enable_all_vqs(struct waiting *waiting, bool *can_interrupt)
{
	bool quiet = true;

	*can_interrupt = true;
	for (unsigned int i = 0; i < waiting->count; i++) {
		if (!waiting->vqs[i])
			continue;
		*can_interrupt = *can_interrupt && virtqueue_can_interrupt(waiting->vqs[i]);
		waiting->queue = waiting->vqs[i]->waiters;
	}
	for (unsigned int i = 0; i < waiting->count && *can_interrupt; i++)
		if (waiting->vqs[i] && !virtqueue_enable_cb(waiting->vqs[i]))
			quiet = false;
	return quiet && *can_interrupt;
}

static void disable_all_vqs(const struct waiting *waiting)
{
	for (unsigned int i = 0; i < waiting->count; i++)
		if (waiting->vqs[i])
			virtqueue_disable_cb(waiting->vqs[i]);
}

/* Something was used within the slice. If it lasted to the end, was there an interrupt? */
static void check_interrupt(struct waiting *waiting, u64 begun)
{
	if (ktime_get_ns() - begun < SLICE_NS || !poll_until(vq_interrupt_came, waiting, GRACE_NS))
		return;
	for (unsigned int i = 0; i < waiting->count; i++)
		if (waiting->vqs[i] && virtqueue_has_used(waiting->vqs[i]) &&
		    !virtqueue_is_broken(waiting->vqs[i])) {
			virtqueue_give_up_interrupts(waiting->vqs[i]);
			return;
		}
}

/* One slice with interrupts asked for. */
static int halt_for_vqs(struct waiting *waiting, u64 timeout_ns)
{
	u64 begun = ktime_get_ns();
	int error;

	waiting->interrupts = count_vq_interrupts(waiting);
	error = wait_event(waiting->queue, any_vq_has_used, waiting, min(timeout_ns, SLICE_NS));
	if (!error)
		check_interrupt(waiting, begun);
	return error;
}

static int wait_vqs_halting(struct waiting *waiting, u64 timeout_ns)
{
	u64 begun = ktime_get_ns(), passed = 0;
	int error;

	do {
		error = halt_for_vqs(waiting, timeout_ns - passed);
		passed = ktime_get_ns() - begun;
	} while (error && passed < timeout_ns);
	return error;
}

/* Who may wait for ever does not keep the host's processor busy with it. */
static int wait_vqs_looking(struct waiting *waiting, u64 timeout_ns)
{
	u64 begun = ktime_get_ns(), passed, pause = PAUSE_NS;
	int error = poll_until(any_vq_has_used, waiting, min(timeout_ns, SPIN_NS));

	while (error && (passed = ktime_get_ns() - begun) < timeout_ns) {
		error = wait_until(any_vq_has_used, waiting, min(timeout_ns - passed, pause));
		pause = min(2 * pause, PAUSE_MAX_NS);
	}
	return error;
}

int virtqueue_wait_any(struct virtqueue *const vqs[], unsigned int count, u64 timeout_ns)
{
	struct waiting waiting = { .vqs = vqs, .count = count };
	bool can_interrupt;
	int error;

	if (any_vq_has_used(&waiting))
		return 0;
	if (enable_all_vqs(&waiting, &can_interrupt))
		error = wait_vqs_halting(&waiting, timeout_ns);
	else
		error = wait_vqs_looking(&waiting, timeout_ns);
	if (can_interrupt)
		disable_all_vqs(&waiting);
	return error;
}

static bool vq_was_interrupted(void *context)
{
	const struct virtqueue *vq = context;

	return READ_ONCE(vq->counters.interrupts) || READ_ONCE(vq->broken);
}

void virtqueue_await_interrupt(struct virtqueue *vq)
{
	if (vq->can_interrupt && wait_event(vq->waiters, vq_was_interrupted, vq, GRACE_NS))
		virtqueue_give_up_interrupts(vq);
}
