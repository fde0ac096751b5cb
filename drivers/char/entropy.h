/* SPDX-License-Identifier: MIT */
/*
 * Entropy: random bytes from a device, for apps, whoever drives it (docs/api.md). Two ways:
 * entropy_read waits and gives all that was asked for; submit, kick, wait and reap keep several
 * requests under way. Calls for one device come from one context at a time, outside interrupts.
 */
#ifndef DRIVERS_CHAR_ENTROPY_H
#define DRIVERS_CHAR_ENTROPY_H

#include "kernel/list.h"
#include "kernel/types.h"

struct entropy; /* one source that is up */

/* One request. The caller owns the memory, which is the device's from submit until reap. */
struct entropy_request {
	void *buffer;
	u32 size; /* bytes of room, at least 1 */

	/* Filled when it is done. */
	int error;  /* 0, or -EIO: no answer will come */
	u32 length; /* bytes that are random, from the beginning: up to size, 0 with an error */

	struct list_head node; /* the class's */
};

/* The source that came up `index`-th, counted from 0; NULL when there are fewer. */
struct entropy *entropy_get(unsigned int index);

/* "virtio3", and where it is: "0000:00:06.0". */
const char *entropy_name(const struct entropy *entropy);
const char *entropy_bus_name(const struct entropy *entropy);

/*
 * Fills all `length` bytes (0 is allowed) of `buffer`, of which the device never hears. 0;
 * -ETIMEDOUT when they have not all come in time, and what has come is kept for the next call; -EIO
 * when the device failed or gives nothing. After an error `buffer` holds nothing to use.
 */
int entropy_read(struct entropy *entropy, void *buffer, size_t length, u64 timeout_ns);

/* Hands a request over; the device is told by kick. 0, -EINVAL without memory or size, -ENOSPC when
 * no more fit for now, -EBUSY when it failed and some are not yet reaped, -EIO when it is gone. */
int entropy_submit(struct entropy *entropy, struct entropy_request *request);
void entropy_kick(struct entropy *entropy);
/* A request that is done, or NULL when none is. After a failure it gives back all of them. */
struct entropy_request *entropy_reap(struct entropy *entropy);
/* Waits until a request can be reaped: 0; -ETIMEDOUT, and they stay under way; -EIO when the device
 * failed, and all that were outstanding can be reaped. */
int entropy_wait(struct entropy *entropy, u64 timeout_ns);

/* ---- for drivers ----------------------------------------------------------------------------- */

struct entropy_ops {
	int (*submit)(struct entropy *entropy, struct entropy_request *request);
	void (*kick)(struct entropy *entropy);
	struct entropy_request *(*reap)(struct entropy *entropy);
	int (*wait)(struct entropy *entropy, u64 timeout_ns);
};

#define ENTROPY_PAGE_SIZE 4096

/* Embedded in the driver's own; the driver fills the first part, all of which stays valid. */
struct entropy {
	const char *name, *bus_name;
	const struct entropy_ops *ops;
	u8 *page; /* ENTROPY_PAGE_SIZE bytes, zeroed, that a device may write to */

	/* The class's: one request of its own, for entropy_read. */
	struct entropy_request own;
	bool under_way;
	u32 first, end;	       /* bytes of `page` that came and were not given out */
	struct list_head done; /* requests of others, that came back while it waited */
	struct list_head node;
};

void entropy_register(struct entropy *entropy);
/* The device has been reset. */
void entropy_unregister(struct entropy *entropy);

#endif
