/* SPDX-License-Identifier: MIT */
/*
 * The class interface of virtio-simple, for apps: requests answered by the device, and events that
 * come by themselves. What the operations mean is in docs/virtio-simple.md.
 */
#ifndef DRIVERS_VIRTIO_SIMPLE_VIRTIO_SIMPLE_H
#define DRIVERS_VIRTIO_SIMPLE_VIRTIO_SIMPLE_H

#include "drivers/virtio/uapi/virtio_simple.h"
#include "drivers/virtio/virtqueue.h"
#include "kernel/types.h"

struct virtio_device;
struct virtio_simple; /* one device that is up */

/* Longest event payload that is delivered whole; see docs/virtio-simple.md. */
#define VIRTIO_SIMPLE_EVENT_MAX 504

/*
 * One request. The caller fills the first part and owns all the memory, which stays the device's
 * from submit until reap gives the request back; payload and answer may be NULL when their length
 * is 0.
 */
struct virtio_simple_request {
	u32 op, arg; /* VIRTIO_SIMPLE_OP_* */
	void *payload;
	u32 payload_length; /* bytes */
	void *answer;
	u32 answer_size; /* bytes of room */

	/* Filled when it is done. */
	int error;	   /* 0, or -EIO: the answer makes no sense, or none will come */
	u32 status;	   /* VIRTIO_SIMPLE_S_* */
	u32 answer_length; /* bytes of the answer */

	/* On the wire; the driver's. */
	u64 cookie;
	struct virtio_simple_req_hdr header;
	struct virtio_simple_resp_hdr response;
};

struct virtio_simple_event {
	u32 type;   /* VIRTIO_SIMPLE_EVENT_* */
	u32 length; /* bytes of data */
	u32 cut;    /* bytes of the event that are not here, because it is longer */
	u8 data[VIRTIO_SIMPLE_EVENT_MAX];
};

/* The device that came up `index`-th, counted from 0; NULL when there are fewer. */
struct virtio_simple *virtio_simple_get(unsigned int index);

/* "virtio1", and where it is: "0000:00:04.0". */
const char *virtio_simple_name(const struct virtio_simple *simple);
const char *virtio_simple_bus_name(const struct virtio_simple *simple);

/* Queues that take requests, at least 1; queues of the calls below count from 0, and one beyond
 * them is -EINVAL, false, NULL or nothing done. */
unsigned int virtio_simple_request_queues(const struct virtio_simple *simple);
/* Bytes a request may carry each way. */
u32 virtio_simple_max_payload(const struct virtio_simple *simple);
bool virtio_simple_has_events(const struct virtio_simple *simple);
/* Whether requests can be waited for by interrupt. */
bool virtio_simple_can_interrupt(const struct virtio_simple *simple);
/* What the request queue's interrupts are called, for people; "polled" without. */
const char *virtio_simple_interrupt_name(const struct virtio_simple *simple);
/* Whether the device was told by EVENT_IDX when to interrupt and when it wants to be notified. */
bool virtio_simple_has_event_idx(const struct virtio_simple *simple);

/* Hands a request over; the device is told by kick. 0, -ENOSPC when the queue is full, -EINVAL for
 * a payload or an answer without memory, -EIO when the device failed: the first request after all
 * that were outstanding have been reaped restarts it, at most three times. Counters of the queues
 * begin at 0 then. */
int virtio_simple_submit(struct virtio_simple *simple, unsigned int queue,
			 struct virtio_simple_request *request);
bool virtio_simple_kick(struct virtio_simple *simple, unsigned int queue);

/* A request that is done, in the device's order, or NULL when none is. After a failure it gives
 * back all that were outstanding, with -EIO. */
struct virtio_simple_request *virtio_simple_reap(struct virtio_simple *simple, unsigned int queue);

/* Waits until `count` requests (at most those outstanding) can be reaped. 0, or -errno as
 * virtqueue_wait: then the device has been reset, and outstanding requests are reaped with -EIO. */
int virtio_simple_wait(struct virtio_simple *simple, unsigned int queue, enum virtqueue_wait how,
		       u16 count, u64 timeout_ns);

/* Submits, kicks, waits and reaps one request on an idle queue 0; the request's own error, or that
 * of the step that failed. */
int virtio_simple_call(struct virtio_simple *simple, enum virtqueue_wait how,
		       struct virtio_simple_request *request);

/* The next event: 0, -ETIMEDOUT when none came in time, -ENODEV without an event queue, -EIO. */
int virtio_simple_next_event(struct virtio_simple *simple, struct virtio_simple_event *event,
			     u64 timeout_ns);

/* The host's counter, in the configuration. 0 or -errno. */
int virtio_simple_read_counter(struct virtio_simple *simple, u64 *counter);
/* Configuration changes announced so far. */
u64 virtio_simple_config_changes(const struct virtio_simple *simple);

/* Returns when every interrupt that was sent before has been taken: one may come after its wait
 * has ended, because a wait ends on the ring. For whoever is about to count. */
void virtio_simple_settle(struct virtio_simple *simple);

/* Resets one request queue: what was outstanding there ends with -ECANCELED, and is not reaped; the
 * queue is empty and usable. -EOPNOTSUPP without RING_RESET, other -errno as a failure. */
int virtio_simple_reset_queue(struct virtio_simple *simple, unsigned int queue);

/* Requests served so far, as the device counts them in its shared memory; -ENODEV without, -EAGAIN
 * where the count never holds still. */
int virtio_simple_read_served(struct virtio_simple *simple, u64 *served);

/* What happened on a request queue so far. */
void virtio_simple_count(const struct virtio_simple *simple, unsigned int queue,
			 struct virtqueue_counters *counters);

/* For tests and tools, which know virtio.h: the device, and a request queue; NULL without. */
struct virtio_device *virtio_simple_vdev(struct virtio_simple *simple);
struct virtqueue *virtio_simple_queue(struct virtio_simple *simple, unsigned int queue);

#endif
