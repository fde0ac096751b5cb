/* SPDX-License-Identifier: MIT */
/*
 * Entropy: random bytes from a device, for apps, with any driver (docs/api.md). Call the functions
 * for one device from one context at a time, outside interrupts.
 */
#ifndef DRIVERS_CHAR_ENTROPY_H
#define DRIVERS_CHAR_ENTROPY_H

#include "kernel/list.h"
#include "kernel/types.h"

struct entropy; /* one source that is up */

/* Returns the `index`-th source, counted from 0, or NULL. */
struct entropy *entropy_get(unsigned int index);

/*
 * Fills all `length` bytes (0 is allowed) of `buffer`, which the device itself never accesses.
 * Returns 0; -ETIMEDOUT if not all bytes came in time, which keeps those that came for the next
 * call; -EIO if the device failed or has no entropy. After an error, do not use `buffer`.
 */
int entropy_read(struct entropy *entropy, void *buffer, size_t length, u64 timeout_ns);

/* ---- for drivers ----------------------------------------------------------------------------- */

/* One request. The memory is the device's from submit until reap. */
struct entropy_request {
	void *buffer;
	u32 size; /* bytes of room, at least 1 */

	/* Set when it is done. */
	int error;  /* 0, or -EIO: there is no answer */
	u32 length; /* bytes that are random, from the beginning: up to size, 0 with an error */
};

struct entropy_ops {
	/* Submits a request, which is zero except for the memory; `kick` notifies the device. 0,
	 * -ENOSPC if no more fit for now, -EBUSY if the device failed and some are not reaped yet,
	 * -EIO if it was given up. */
	int (*submit)(struct entropy *entropy, struct entropy_request *request);
	void (*kick)(struct entropy *entropy);
	/* Takes back a finished request, or NULL. After a failure, it returns all of them. */
	struct entropy_request *(*reap)(struct entropy *entropy);
	/* Waits until a request can be reaped: 0; -ETIMEDOUT, and the requests stay outstanding;
	 * -EIO if the device failed, and all requests can be reaped. */
	int (*wait)(struct entropy *entropy, u64 timeout_ns);
};

#define ENTROPY_PAGE_SIZE 4096

/* Embedded in the driver's own structure; the driver fills the first part, all of which stays
 * valid. Apps read the names. */
struct entropy {
	const char *name, *bus_name; /* "virtio3", and where it is: "0000:00:06.0" */
	const struct entropy_ops *ops;
	u8 *page; /* ENTROPY_PAGE_SIZE bytes, zeroed, that a device may write to */

	/* For the class only. */
	struct entropy_request own;
	bool under_way;
	u32 first, end; /* unread bytes in `page` */
	struct list_head node;
};

void entropy_register(struct entropy *entropy);
/* Removes the source; the device has been reset. */
void entropy_unregister(struct entropy *entropy);

#endif
