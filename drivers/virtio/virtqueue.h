/* SPDX-License-Identifier: MIT */
/*
 * Virtqueues, as a class driver sees them: buffers go in with a token, the same token comes out
 * when the device has used them. Which ring lies beneath, who carries the notification and how the
 * interrupt arrives stay below this line.
 *
 * A queue belongs to one context: either the code that submits, or its callback (which runs in the
 * interrupt, interrupts off). A driver that uses both on one queue turns interrupts off around its
 * own calls. Sections are those of virtio 1.2.
 */
#ifndef DRIVERS_VIRTIO_VIRTQUEUE_H
#define DRIVERS_VIRTIO_VIRTQUEUE_H

#include "kernel/types.h"

struct virtqueue; /* opaque: its layout is the ring's business */
struct virtio_device;

/* Runs in the queue's interrupt: interrupts off, on the CPU the vector is routed to. */
typedef void vq_callback_t(struct virtqueue *vq);

/* A stretch of memory handed to the device: RAM, at least one byte. */
struct virtqueue_buffer {
	void *address;
	u32 length; /* bytes */
};

/* Appends a buffer to an array of `count`, if it has a length; the new count. */
static inline unsigned int virtqueue_append(struct virtqueue_buffer *buffers, unsigned int count,
					    const void *address, u32 length)
{
	if (length)
		buffers[count++] = (struct virtqueue_buffer){ (void *)address, length };
	return count;
}

/*
 * Offers `out` buffers for the device to read, then `in` buffers for it to write, as one chain
 * (2.7.4.2). The memory and `token` stay the device's until virtqueue_get_buf gives the token back.
 * The array itself is not kept. The device is told by the next virtqueue_kick.
 * 0; -EINVAL for no buffer, an empty one, no token, or more buffers than any chain may have;
 * -ENOSPC when the queue is full for now; -EIO when it is broken.
 */
int virtqueue_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned int out,
		  unsigned int in, void *token);

/* Tells the device of what was added since the last kick, unless it asked not to be told
 * (2.7.10). False when the queue is broken or the device is not yet DRIVER_OK. */
bool virtqueue_kick(struct virtqueue *vq);

/* Tells the device in any case: for a driver that finds nothing used for so long that a
 * notification may have been missed. False as virtqueue_kick. */
bool virtqueue_notify(struct virtqueue *vq);

/*
 * Takes back one chain that the device has used: its token, and in `length` the bytes the device
 * says it wrote, never more than the chain has room for. NULL when there is none, or when the queue
 * is broken: a device whose used entry names nothing outstanding, or claims more than it was given,
 * breaks it.
 */
void *virtqueue_get_buf(struct virtqueue *vq, u32 *length);

/* True when virtqueue_get_buf would find something, or the queue is broken. */
bool virtqueue_has_used(struct virtqueue *vq);

/* Asks the device not to interrupt for this queue. A hint: one may still come (2.7.7). */
void virtqueue_disable_cb(struct virtqueue *vq);

/* Asks for interrupts again. False when something was used meanwhile: no interrupt announces that,
 * so the caller looks again. */
bool virtqueue_enable_cb(struct virtqueue *vq);

/* The same, but asks for one interrupt only when `count` more chains are used, where the device can
 * (EVENT_IDX). False when that many are used already. `count` is at least 1. */
bool virtqueue_enable_cb_after(struct virtqueue *vq, u16 count);

/* How virtqueue_wait waits. */
enum virtqueue_wait {
	VIRTQUEUE_POLL,	     /* looks at the ring again and again, interrupts asked not to come */
	VIRTQUEUE_INTERRUPT, /* halts the CPU until the device interrupts */
};

/*
 * Waits until `count` chains (1 to the queue's size) are used and not yet taken, or the queue
 * breaks. 0; -ETIMEDOUT after a line that says what the ring, the device and the interrupt look
 * like; -EIO when the queue is broken. Called with interrupts on.
 */
int virtqueue_wait(struct virtqueue *vq, enum virtqueue_wait how, u16 count, u64 timeout_ns);

/* ---- waiting for what a device sends when it likes: input, events, slow answers. Nothing in time
 * is no failure here, so nothing is printed; where an answer is due, virtqueue_wait is the call. */

/* Most queues that one call waits for. */
#define VIRTQUEUE_ANY_MAX 4

/*
 * Waits until one of `count` queues of one device (NULL ones are passed over; all share one
 * virtqueue_info.waiters) has something used, or is broken: 0, or -ETIMEDOUT. Halts between
 * interrupts where all of them can interrupt; else it polls, with pauses that grow to 16 ms. When
 * something was used without an interrupt, the device is polled from then on, and a message says
 * so: a lost interrupt costs a tenth of a second, once. Called with interrupts on.
 */
int virtqueue_wait_any(struct virtqueue *const vqs[], unsigned int count, u64 timeout_ns);

/*
 * For the first request of a queue, made with interrupts enabled: waits half a second for the
 * interrupt itself, not for the answer, which the ring may show earlier. When it does not come, the
 * device is polled from now on, and a message says so. Does nothing for a polled queue. Called with
 * interrupts on.
 */
void virtqueue_await_interrupt(struct virtqueue *vq);

/* After a reset: forgets what the queue had outstanding. NULL is ignored. */
void virtqueue_forget(struct virtqueue *vq);

/* For who waits by other means than virtqueue_wait: says in a line that nothing was used within
 * that time, and what the ring, the device and the interrupt look like. */
void virtqueue_report_late(struct virtqueue *vq, u64 timeout_ns);

/* After a reset: gives back the tokens the device never returned, one a call, then NULL. */
void *virtqueue_detach_unused_buf(struct virtqueue *vq);

/*
 * Resets one queue (RING_RESET, 2.6.1): `recycle` gets each token that was outstanding, and then
 * the queue is empty and usable. -EOPNOTSUPP without the feature, and then nothing has changed;
 * after any other error the queue is broken and only a reset of the device helps.
 */
int virtqueue_reset(struct virtqueue *vq, void (*recycle)(struct virtqueue *vq, void *token));

/* Stops the queue for good and says why in a line, once; outstanding tokens stay to be detached. */
void virtqueue_break(struct virtqueue *vq, const char *format, ...) __printf(2, 3);
/* The same without the line. */
void __virtqueue_break(struct virtqueue *vq);
bool virtqueue_is_broken(const struct virtqueue *vq);

/* Prints the indices of both sides and what is outstanding. */
void virtqueue_dump(struct virtqueue *vq);

const char *virtqueue_name(const struct virtqueue *vq);
unsigned int virtqueue_index(const struct virtqueue *vq);
u16 virtqueue_get_vring_size(const struct virtqueue *vq);
/* Descriptors still free: so many buffers, or chains where INDIRECT_DESC is on, fit now. */
u16 virtqueue_num_free(const struct virtqueue *vq);
/* Whether the device gives chains back in the order in which they were added (IN_ORDER). Then the
 * length that virtqueue_get_buf reports may be all the room there is: a chain that was used in a
 * batch counts as written to its end. */
bool virtqueue_is_in_order(const struct virtqueue *vq);
/* Chains that were added and have not come back. */
u16 virtqueue_outstanding(const struct virtqueue *vq);
struct virtio_device *virtqueue_device(const struct virtqueue *vq);
/* Whether the queue can interrupt at all; without, waiting for an interrupt means polling. */
bool virtqueue_can_interrupt(const struct virtqueue *vq);
/* What its completions are told by, for people: "MSI-X", "INTx", "polled"... */
const char *virtqueue_interrupt_name(const struct virtqueue *vq);
/* For a driver whose interrupt did not come: all queues of its device are polled from now on, for
 * they may share it; says so in a line. */
void virtqueue_give_up_interrupts(struct virtqueue *vq);
/* Whether each side tells the other by index when it wants to hear (EVENT_IDX). */
bool virtqueue_has_event_idx(const struct virtqueue *vq);

/* What happened on a queue since it was made. */
struct virtqueue_counters {
	u64 added;
	u64 used;
	u64 notifications;	 /* written to the device */
	u64 interrupts;		 /* taken by this CPU */
	u64 length_on_read_only; /* a device claimed to write where it could not */
};
void virtqueue_count(const struct virtqueue *vq, struct virtqueue_counters *counters);

#endif
