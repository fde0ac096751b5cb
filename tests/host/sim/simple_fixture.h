/* SPDX-License-Identifier: MIT */
/* The device end of virtio-simple for tests (docs/virtio-simple.md), which lies when told to. */
#ifndef TESTS_HOST_SIMPLE_FIXTURE_H
#define TESTS_HOST_SIMPLE_FIXTURE_H

#include "drivers/virtio/simple/virtio_simple.h"
#include "modern.h"

/* How it answers; all 0 is the truth. */
struct simple_lie {
	u64 cookie_xor;
	int length_more;  /* in the answer's header */
	int written_more; /* in the used entry */
	bool id_wrong, silent, header_short;
	unsigned int honest; /* so many requests come before the first lie */
};
extern struct simple_lie lie;

/* Event buffers the device has, the oldest first. */
extern struct ring_chain simple_events[64];
extern unsigned int simple_event_count;
/* Fills the oldest with an event whose header says `length`; the used entry says `written`. */
void simple_send_event(u32 length, u32 written);

/* A modern device with these feature bits, num_request_queues, and as many queues. */
void simple_make(u64 features, u16 request_queues, u16 queues);
/* The same, and boots: the driver's view, NULL when it did not come up. */
struct virtio_simple *simple_boot(u64 features, u16 request_queues, u16 queues);

#endif
