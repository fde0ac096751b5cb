/* SPDX-License-Identifier: MIT */
/*
 * The class interface of virtio-balloon, for apps that want to look: the host asks for memory and
 * gets pages that nobody uses, and gives them back. It works by itself, in interrupts.
 */
#ifndef DRIVERS_VIRTIO_BALLOON_VIRTIO_BALLOON_H
#define DRIVERS_VIRTIO_BALLOON_VIRTIO_BALLOON_H

#include "kernel/types.h"

struct virtio_balloon; /* one device that is up */

/* The device that came up `index`-th, counted from 0; NULL when there are fewer. */
struct virtio_balloon *virtio_balloon_get(unsigned int index);
const char *virtio_balloon_name(const struct virtio_balloon *balloon);

/* Pages of 4 KiB that the host has, and that it wants. */
u32 virtio_balloon_actual(const struct virtio_balloon *balloon);
u32 virtio_balloon_wanted(const struct virtio_balloon *balloon);

/*
 * Does what is to be done now: needed where devices are polled, and after a failure, when it
 * restarts the device; harmless elsewhere. 0, or -EIO when the device is gone. Outside interrupts.
 */
int virtio_balloon_service(struct virtio_balloon *balloon);

#endif
