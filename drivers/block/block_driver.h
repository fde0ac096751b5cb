/* SPDX-License-Identifier: MIT */
/*
 * The interface between a disk driver and drivers/block, which checks arguments, lets one CPU at a
 * time use a queue, waits, and restarts the device after a failure.
 */
#ifndef DRIVERS_BLOCK_BLOCK_DRIVER_H
#define DRIVERS_BLOCK_BLOCK_DRIVER_H

#include "drivers/block/block.h"
#include "kernel/device.h"
#include "kernel/list.h"
#include "kernel/spinlock.h"

#define BLOCK_QUEUES_MAX 16

/*
 * Calls for the same queue run one at a time, with interrupts off. Calls for different queues run
 * in parallel.
 */
struct block_ops {
	/* Submits a request, which has been checked; the device is up. 0, -ENOSPC, or another
	 * -errno if the device no longer works. */
	int (*submit)(struct block_device *disk, unsigned int queue, struct block_request *request);
	void (*kick)(struct block_device *disk, unsigned int queue);
	/* Returns the next finished request, with error and status set, or NULL; after `stop`, all
	 * outstanding ones, with -EIO and status -1. */
	struct block_request *(*take)(struct block_device *disk, unsigned int queue);
	/* Requests an interrupt once `count` are done. False if one is done already. */
	bool (*arm)(struct block_device *disk, unsigned int queue, u16 count);
	void (*disarm)(struct block_device *disk, unsigned int queue);
	/* True if the device broke the protocol, failed or was removed: this queue does no more
	 * work. */
	bool (*is_broken)(struct block_device *disk, unsigned int queue);
	bool (*can_interrupt)(struct block_device *disk, unsigned int queue);
	const char *(*interrupt_name)(const struct block_device *disk);
	unsigned int (*depth)(const struct block_device *disk, unsigned int queue);
	/* Prints that nothing was done within that time, and why. */
	void (*late)(struct block_device *disk, unsigned int queue, u64 timeout_ns);

	/* These run alone, with interrupts on. Stops the device: it touches no memory any more. */
	void (*stop)(struct block_device *disk);
	/* Starts the device again, with nothing outstanding: 0 or -errno. */
	int (*restart)(struct block_device *disk);
	/* Reads the size and calls block_set_sectors: 0 or -errno. */
	int (*refresh)(struct block_device *disk);
};

enum block_state {
	BLOCK_STATE_UP,
	BLOCK_STATE_STOPPING, /* one CPU resets the device and takes all requests */
	BLOCK_STATE_DOWN,     /* nothing is outstanding; the next submit restarts it */
	BLOCK_STATE_STARTING,
};

/* The requests that came back but were not reaped, and the number still with the driver. */
struct block_queue {
	spinlock_t lock; /* protects the fields below, and the driver's calls for */
	struct block_request *done, **done_end;
	unsigned int done_count;
	unsigned int with_driver; /* including those of synchronous calls */
	unsigned int queued;	  /* from block_submit, with the driver */
	unsigned int waiters;
};

/* Embedded in the driver's own device. The driver fills the first part before block_register. */
struct block_device {
	const struct block_ops *ops;
	struct device *dev;
	const char *bus_name; /* where it is, for messages */
	struct block_properties properties;
	unsigned int queue_count; /* 1 to BLOCK_QUEUES_MAX */
	char id[BLOCK_ID_SIZE];
	u64 sectors;

	/* For drivers/block only. */
	struct list_head node;
	unsigned int number;
	char name[8];
	enum block_state state;
	spinlock_t resize_lock; /* protects the four below */
	u64 size_changes;
	u64 error_window; /* start of the present count of error lines, ns */
	unsigned int error_lines;
	void (*resized)(struct block_device *disk, void *context);
	void *resize_context;
	struct block_queue queues[BLOCK_QUEUES_MAX];
};

/* Names the disk, adds it to the list, and prints its size. The memory stays the driver's. -EINVAL
 * with a message if the driver's description is invalid. */
int block_register(struct block_device *disk);
/* Removes the disk; the device has been reset. Outstanding requests are forgotten. */
void block_unregister(struct block_device *disk);

/* Checks the driver's description: 0, or -EINVAL with a message. For a driver whose device was
 * restarted; block_register calls it, too. */
int block_check(const struct block_device *disk);

/* Sets the size, at first or when it has changed, and prints it. Any interrupt state. */
void block_set_sectors(struct block_device *disk, u64 sectors);

/* ---- between the files of drivers/block ------------------------------------------------------ */

/* Checks whether the request may go to the driver: 0 or -errno, as block_submit. */
int block_check_request(const struct block_device *disk, const struct block_request *request);

/* Submits, waits and takes back one checked request; -errno as block_read. */
int block_execute(struct block_device *disk, struct block_request *request, u64 timeout_ns);

/* Prints what failed and where, unless there were too many such lines just now. */
void block_say_error(struct block_device *disk, const struct block_request *request);

/* Writes "8.39 MB/8.00 MiB", as Linux prints sizes. */
void block_format_size(char *buffer, size_t size, u64 bytes);

#endif
