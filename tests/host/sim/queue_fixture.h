/* SPDX-License-Identifier: MIT */
/* A virtqueue of the kernel's, a device's side of it, and no transport in between. */
#ifndef TESTS_HOST_QUEUE_FIXTURE_H
#define TESTS_HOST_QUEUE_FIXTURE_H

#include "device_packed.h"
#include "device_ring.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue_priv.h"

enum queue_features { PLAIN = 0, INDIRECT = 1, EVENT = 2, PACKED = 4, IN_ORDER = 8 };

struct queue_fixture {
	struct virtio_device vdev;
	struct virtqueue *vq;
	enum queue_features features;
	struct device_ring ring;     /* the device's side where it is split */
	struct device_packed packed; /* and where it is packed */
	unsigned int notified;
	unsigned int called_back;
};

/* The one there is; set up for `num` entries, DRIVER_OK. */
extern struct queue_fixture queue;
void queue_make(u16 num, enum queue_features features);

/* Buffers of `length` bytes each that need not be remembered; token `n` + 1 as a pointer. */
int queue_add(unsigned int out, unsigned int in, u32 length, uintptr_t token);

/* Adds one chain of one writable buffer, kicks, and lets the device take it: its id. */
u16 queue_add_taken(uintptr_t token);

/* The device takes the next chain, if there is one. */
bool queue_pop(struct ring_chain *chain);

/* The device uses the chain, and interrupts when the driver wants it. */
void queue_use(u32 id, u32 length);
/* It uses the `chains` oldest ones by a single entry that names the last, `id` (IN_ORDER). */
void queue_use_batch(u16 chains, u16 id, u32 length);
/* What was used so far is announced, if the driver wants it. */
void queue_interrupt(void);

/* get_buf; the token as a number, 0 for none. */
uintptr_t queue_get(u32 *length);

#endif
