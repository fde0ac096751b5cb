/* SPDX-License-Identifier: MIT */
/*
 * Waiting for what a device sends when it likes: input, events, slow answers. Nothing in time is no
 * failure here, so nothing is printed; where an answer is due, virtqueue_wait is the call.
 */
#ifndef DRIVERS_VIRTIO_VIRTQUEUE_ANY_H
#define DRIVERS_VIRTIO_VIRTQUEUE_ANY_H

#include "drivers/virtio/virtqueue.h"

/* Most queues that one call waits for. */
#define VIRTQUEUE_ANY_MAX 4

/*
 * Waits until one of `count` queues of one device (NULL ones are passed over) has something used,
 * or is broken: 0, or -ETIMEDOUT. Halts between interrupts where all of them can interrupt; else
 * it polls, with pauses that grow to 16 ms. When something was used and no interrupt told so, the
 * device is polled from then on, and a line says so: a lost interrupt costs a tenth of a second,
 * once. Called with interrupts on.
 */
int virtqueue_wait_any(struct virtqueue *const vqs[], unsigned int count, u64 timeout_ns);

/* A callback for queues that are only waited for: having one asks for interrupts. */
void virtqueue_wake(struct virtqueue *vq);

/* After a reset: forgets what the queue had outstanding. NULL is ignored. */
void virtqueue_forget(struct virtqueue *vq);

#endif
