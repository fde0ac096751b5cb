/* SPDX-License-Identifier: MIT */
/*
 * The class interface of virtio-balloon, for apps. The host asks for memory, gets free pages, and
 * returns them later. The balloon works by itself, in interrupts.
 */
#ifndef DRIVERS_VIRTIO_BALLOON_VIRTIO_BALLOON_H
#define DRIVERS_VIRTIO_BALLOON_VIRTIO_BALLOON_H

#include "kernel/types.h"

struct virtio_balloon; /* one device that is up */

/* Returns the `index`-th device, counted from 0, or NULL. */
struct virtio_balloon *virtio_balloon_get(unsigned int index);
const char *virtio_balloon_name(const struct virtio_balloon *balloon);

/* Return the number of pages of 4 KiB that the host has, and that it wants. */
u32 virtio_balloon_actual(const struct virtio_balloon *balloon);
u32 virtio_balloon_wanted(const struct virtio_balloon *balloon);

/*
 * Takes the next step. An app has to call it if devices are polled, and after a failure, where it
 * restarts the device; otherwise it is harmless. Returns 0, or -EIO if the device was given up.
 * Call outside interrupts.
 */
int virtio_balloon_service(struct virtio_balloon *balloon);

#endif
