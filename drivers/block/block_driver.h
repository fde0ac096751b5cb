/* SPDX-License-Identifier: MIT */
/*
 * What a driver of disks gives to drivers/block, which checks arguments, keeps each queue to one
 * CPU at a time, waits, and brings the device back after a failure.
 */
#ifndef DRIVERS_BLOCK_BLOCK_DRIVER_H
#define DRIVERS_BLOCK_BLOCK_DRIVER_H

#include "drivers/block/block.h"
#include "kernel/device.h"
#include "kernel/list.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"

#define BLOCK_QUEUES_MAX 16

/*
 * Of the calls that name a queue only one runs at a time on it, with interrupts off. Those of
 * different queues run side by side.
 */
struct block_ops {
	/* The request is checked, and the device is up: 0, -ENOSPC, or another -errno when the
	 * device no longer works. */
	int (*submit)(struct block_device *disk, unsigned int queue, struct block_request *request);
	void (*kick)(struct block_device *disk, unsigned int queue);
	/* The next request that is done, error and status filled, or NULL; after `stop` all
	 * that were out, with -EIO and the status -1. */
	struct block_request *(*take)(struct block_device *disk, unsigned int queue);
	/* Asks for an interrupt once `count` are done. False when something is done already. */
	bool (*arm)(struct block_device *disk, unsigned int queue, u16 count);
	void (*disarm)(struct block_device *disk, unsigned int queue);
	/* The device lied, failed or is gone: nothing more will be done on this queue. */
	bool (*is_broken)(struct block_device *disk, unsigned int queue);
	bool (*can_interrupt)(struct block_device *disk, unsigned int queue);
	const char *(*interrupt_name)(const struct block_device *disk);
	unsigned int (*depth)(const struct block_device *disk, unsigned int queue);
	/* Says in a line that nothing was done within that time, and why. */
	void (*late)(struct block_device *disk, unsigned int queue, u64 timeout_ns);

	/* These run alone, with interrupts on. Stops the device: it touches no memory any more. */
	void (*stop)(struct block_device *disk);
	/* Brings it up again, with nothing outstanding: 0 or -errno. */
	int (*restart)(struct block_device *disk);
	/* Reads the size and calls block_set_sectors: 0 or -errno. */
	int (*refresh)(struct block_device *disk);
};

enum block_state {
	BLOCK_STATE_UP,
	BLOCK_STATE_STOPPING, /* one CPU resets the device and takes everything back */
	BLOCK_STATE_DOWN,     /* nothing is outstanding; the next submit restarts it */
	BLOCK_STATE_STARTING,
};

/* Requests that came back and were not reaped, and how many are still with the driver. */
struct block_queue {
	spinlock_t lock; /* of all below, and of the driver's calls for this queue */
	struct block_request *done, **done_end;
	unsigned int done_count;
	unsigned int with_driver; /* also those of the synchronous calls */
	unsigned int queued;	  /* of block_submit, with the driver */
	unsigned int waiters;
	struct wait_queue wait; /* their CPUs; the driver's interrupt wakes them */
} __attribute__((aligned(64))); /* CPUs with queues of their own share no cache line */

/* Embedded in the driver's own device. The driver fills the first part before block_register. */
struct block_device {
	const struct block_ops *ops;
	struct device *dev;
	const char *bus_name; /* where it is, for people */
	struct block_properties properties;
	unsigned int queue_count; /* 1 to BLOCK_QUEUES_MAX */
	char id[BLOCK_ID_SIZE];
	u64 sectors;

	/* The rest is drivers/block's. */
	struct list_head node;
	unsigned int number;
	char name[8];
	enum block_state state;
	spinlock_t resize_lock; /* of the four below */
	u64 size_changes;
	u64 error_window; /* when error lines were last counted anew, ns */
	unsigned int error_lines;
	void (*resized)(struct block_device *disk, void *context);
	void *resize_context;
	struct block_queue queues[BLOCK_QUEUES_MAX];
};

/* Gives the disk a name and puts it on the list; says its size in a line. The memory stays the
 * driver's. -EINVAL when what it filled makes no sense, with a line. */
int block_register(struct block_device *disk);
/* Takes it off again; the device has been reset. What is outstanding is forgotten. */
void block_unregister(struct block_device *disk);

/* Checks what the driver filled: 0, or -EINVAL with a line that says what is wrong. For a driver
 * whose device was restarted; block_register calls it. */
int block_check(const struct block_device *disk);

/* The size is, or has become, this many sectors; says so in a line. Any interrupt state. */
void block_set_sectors(struct block_device *disk, u64 sectors);

/* ---- between the files of drivers/block ------------------------------------------------------ */

/* Whether the request may be handed to the driver: 0 or -errno, as block_submit. */
int block_check_request(const struct block_device *disk, const struct block_request *request);

/* Submits, waits and takes back one checked request; -errno as block_read. */
int block_execute(struct block_device *disk, struct block_request *request, u64 timeout_ns);

/* Says in a line what failed where, unless there were too many such lines just now. */
void block_say_error(struct block_device *disk, const struct block_request *request);

/* "8.39 MB/8.00 MiB", as Linux prints sizes. */
void block_format_size(char *buffer, size_t size, u64 bytes);

#endif
