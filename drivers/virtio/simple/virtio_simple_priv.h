/* SPDX-License-Identifier: MIT */
/* Shared by the files of the virtio-simple driver: bring-up, requests, events. */
#ifndef DRIVERS_VIRTIO_SIMPLE_VIRTIO_SIMPLE_PRIV_H
#define DRIVERS_VIRTIO_SIMPLE_VIRTIO_SIMPLE_PRIV_H

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/time.h"

#define VIRTIO_SIMPLE_REQUEST_QUEUES_MAX 8

/* Header, payload, answer header, answer. */
#define VIRTIO_SIMPLE_REQUEST_BUFFERS 4

/* Buffers posted for events, and what each holds: its header and the longest payload. */
#define VIRTIO_SIMPLE_EVENT_BUFFERS 16
#define VIRTIO_SIMPLE_EVENT_BUFFER_SIZE \
	(sizeof(struct virtio_simple_event_hdr) + VIRTIO_SIMPLE_EVENT_MAX)
#define VIRTIO_SIMPLE_EVENT_BYTES (VIRTIO_SIMPLE_EVENT_BUFFERS * VIRTIO_SIMPLE_EVENT_BUFFER_SIZE)

struct virtio_simple {
	struct virtio_device *vdev;
	struct list_head node;
	struct virtqueue *requestq[VIRTIO_SIMPLE_REQUEST_QUEUES_MAX];
	struct virtqueue *eventq; /* NULL without EVENTQ */
	/* CPUs that wait, by request queue; the last one is for events. */
	struct wait_queue waiters[VIRTIO_SIMPLE_REQUEST_QUEUES_MAX + 1];
	u8 *event_buffers; /* pages of their own: the device writes there */
	unsigned int request_queues;
	u32 max_payload;
	u64 last_cookie;
	u64 config_changes; /* counted in the interrupt */
	bool failed;
	bool exact_lengths; /* without IN_ORDER each used entry has its chain's own length */
	char tag[VIRTIO_SIMPLE_TAG_LEN + 1];
};

/* Gives the device a buffer for each event it may have; after DRIVER_OK. 0 or -errno. */
int virtio_simple_post_events(struct virtio_simple *simple);

/* The device lied or went silent: resets it, once, and from then on everything ends with -EIO. */
void virtio_simple_fail(struct virtio_simple *simple);

/* The first request shows, before anyone relies on it, that requests are answered and interrupts
 * arrive. 0, also when only the interrupt is missing: then the device is polled; or -errno. */
int virtio_simple_say_hello(struct virtio_simple *simple);

#endif
