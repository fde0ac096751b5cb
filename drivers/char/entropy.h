/* SPDX-License-Identifier: MIT */
/*
 * Entropy: random bytes from a device, for apps, whoever drives it (docs/api.md). Calls for one
 * device come from one context at a time, outside interrupts.
 */
#ifndef DRIVERS_CHAR_ENTROPY_H
#define DRIVERS_CHAR_ENTROPY_H

#include "kernel/list.h"
#include "kernel/types.h"

struct entropy; /* one source that is up */

/* The source that came up `index`-th, counted from 0; NULL when there are fewer. */
struct entropy *entropy_get(unsigned int index);

/*
 * Fills all `length` bytes (0 is allowed) of `buffer`, of which the device never hears. 0;
 * -ETIMEDOUT when they have not all come in time, and what has come is kept for the next call; -EIO
 * when the device failed or gives nothing. After an error `buffer` holds nothing to use.
 */
int entropy_read(struct entropy *entropy, void *buffer, size_t length, u64 timeout_ns);

/* ---- for drivers ----------------------------------------------------------------------------- */

/* One request. The memory is the device's from submit until reap. */
struct entropy_request {
	void *buffer;
	u32 size; /* bytes of room, at least 1 */

	/* Filled when it is done. */
	int error;  /* 0, or -EIO: no answer will come */
	u32 length; /* bytes that are random, from the beginning: up to size, 0 with an error */
};

struct entropy_ops {
	/* Hands a request over, filled with zeroes but for the memory; the device is told by kick.
	 * 0, -ENOSPC when no more fit for now, -EBUSY when it failed and some are not yet reaped,
	 * -EIO when it is gone. */
	int (*submit)(struct entropy *entropy, struct entropy_request *request);
	void (*kick)(struct entropy *entropy);
	/* A request that is done, or NULL when none is. After a failure it gives back all. */
	struct entropy_request *(*reap)(struct entropy *entropy);
	/* Waits until a request can be reaped: 0; -ETIMEDOUT, and they stay under way; -EIO when
	 * the device failed, and all that were outstanding can be reaped. */
	int (*wait)(struct entropy *entropy, u64 timeout_ns);
};

#define ENTROPY_PAGE_SIZE 4096

/* Embedded in the driver's own; the driver fills the first part, all of which stays valid. Apps
 * read the names. */
struct entropy {
	const char *name, *bus_name; /* "virtio3", and where it is: "0000:00:06.0" */
	const struct entropy_ops *ops;
	u8 *page; /* ENTROPY_PAGE_SIZE bytes, zeroed, that a device may write to */

	/* The class's. */
	struct entropy_request own;
	bool under_way;
	u32 first, end; /* bytes of `page` that came and were not given out */
	struct list_head node;
};

void entropy_register(struct entropy *entropy);
/* The device has been reset. */
void entropy_unregister(struct entropy *entropy);

#endif
