/* SPDX-License-Identifier: MIT */
/* Shared by the two files of the virtio-balloon driver: life cycle, and work. */
#ifndef DRIVERS_VIRTIO_BALLOON_VIRTIO_BALLOON_PRIV_H
#define DRIVERS_VIRTIO_BALLOON_VIRTIO_BALLOON_PRIV_H

#include <linux/virtio_balloon.h>

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/balloon/virtio_balloon.h"
#include "kernel/memory.h"
#include "kernel/spinlock.h"

/* Pages per request: a millisecond's work, because it is done with interrupts off. */
#define BATCH 256

enum { INFLATEQ, DEFLATEQ, STATSQ, QUEUES };

/* 5.5.6.3: a multiple of 6 bytes, as each entry is 10, so a multiple of 3 entries. */
#define STATISTICS 3

/* Numbers of lent pages: a stack of pages with this content. */
struct chunk {
	struct chunk *below;
	u32 count;
	u32 pages[(PAGE_SIZE - 16) / 4];
};

/* What the device reads, in a separate page. */
struct shared {
	__le32 pages[BATCH];
	struct virtio_balloon_stat statistics[STATISTICS];
};

struct virtio_balloon {
	struct virtio_device *vdev;
	struct list_head node;
	spinlock_t lock;
	struct virtqueue *vqs[QUEUES]; /* STATSQ is NULL without its feature */
	struct shared *shared;
	struct chunk *top;
	u32 actual, wanted; /* pages */
	u32 inflating;	    /* pages of the outstanding request, or 0 */
	u32 deflating;	    /* likewise: the last ones of `top` */
	u32 told, short_of; /* what was last printed */
	bool live, failed;
};

/* Call all of these with the lock held and interrupts off. A failure sets `failed`. */

/* Takes the next step, if the last one is acknowledged. */
void vballoon_step(struct virtio_balloon *balloon);
/* Reads how many pages the host wants now. */
void vballoon_read_wanted(struct virtio_balloon *balloon);
/* Gives the device its one buffer of statistics, at first and whenever the device has used it. */
void vballoon_give_statistics(struct virtio_balloon *balloon);
void vballoon_serve_statistics(struct virtio_balloon *balloon);
/* Takes all pages back: the device has been reset, and has forgotten what it was lent. */
void vballoon_take_back(struct virtio_balloon *balloon);

#endif
