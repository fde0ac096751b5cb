/* SPDX-License-Identifier: MIT */
/*
 * Disks, as an app sees them, with any driver. A disk is a row of sectors of 512 bytes, which is
 * read and written in whole logical blocks. There are two forms:
 *
 * - synchronous: block_read and similar functions return when the request is done. They split
 * requests that are too large for the device, and find the sector that fails.
 *
 * - queued: the caller owns a struct block_request, submits it to a queue and takes it back with
 * block_reap. Requests that are too large are rejected.
 *
 * Any CPU may call any of this, outside interrupts and with interrupts on, unless a comment says
 * otherwise. Each queue has a lock, so CPUs may share one; with one queue per CPU they never meet.
 */
#ifndef DRIVERS_BLOCK_BLOCK_H
#define DRIVERS_BLOCK_BLOCK_H

#include "kernel/device.h"
#include "kernel/list.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"
#include "kernel/types.h"

#define SECTOR_SHIFT 9
#define SECTOR_SIZE 512u /* bytes; every sector number and count here is in these */
#define BLOCK_ID_SIZE 21 /* an id is up to 20 characters, and the NUL */

/* A timeout for callers that have no better one. */
#define BLOCK_TIMEOUT_NS (30ULL * 1000 * 1000 * 1000)

struct block_device; /* one disk that is up */

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,	    /* finished writes are then kept for good */
	BLOCK_DISCARD,	    /* the content of the sectors becomes undefined */
	BLOCK_WRITE_ZEROES, /* the sectors then read as zeroes */
	BLOCK_GET_ID,	    /* writes the disk's id, BLOCK_ID_SIZE bytes with its NUL, to data */
};

/* Properties of a disk; only a restart of the device changes them. */
struct block_properties {
	u32 logical_block_size;	 /* bytes, a power of two from 512: the unit of all requests */
	u32 physical_block_size; /* bytes, at least as large: the best unit for */
	u32 optimal_sectors;	 /* of a request; 0: not known */
	u32 max_sectors;	 /* of one queued read or write */
	u32 max_discard_sectors; /* of one queued discard; 0: not supported */
	u32 discard_alignment;	 /* sectors; a discard is best cut at multiples of this */
	u32 max_zeroes_sectors;	 /* of one queued write of zeroes; 0: not supported */
	bool read_only;
	bool write_cache;  /* a write is safe only after a flush */
	bool zeroes_unmap; /* BLOCK_UNMAP has an effect */
};

/* In request.flags: writing zeroes may give the storage back. */
#define BLOCK_UNMAP 1u

/*
 * One queued request. The caller fills the first part and owns all the memory. It belongs to the
 * disk from submit until reap returns the request. Set it to zeroes before its first use.
 */
struct block_request {
	enum block_op op;
	u32 flags;
	u64 sector;  /* the first one, from the start of the disk */
	u32 sectors; /* how many; whole logical blocks; 0 for a flush and for an id */
	void *data;  /* of a read, a write, an id: RAM, of any alignment */

	/* Set when it is done. */
	int error;	  /* 0; or -EIO, -EOPNOTSUPP, -EPROTO as below */
	u64 error_sector; /* its first sector: the device does not report which */

	/* For the driver and the queue. */
	u32 state;
	int status; /* the device's status, -1: none */
	struct block_request *next;
	_Alignas(16) u8 driver_data[64];
};

/* Returns the index-th disk, counted from 0, or NULL. Disks are named vda, vdb... in the order they
 * came; a disk that is removed leaves its name free. */
struct block_device *block_device_get(unsigned int index);
struct block_device *block_device_find(const char *name);

/* Returns the present size in sectors, which may change at any time. Any interrupt state. */
u64 block_sectors(const struct block_device *disk);
/* Asks a device that cannot interrupt for its size: 0, or -EIO. */
int block_refresh(struct block_device *disk);

/* ---- synchronous ----------------------------------------------------------------------------- */

/*
 * Each returns 0, or -errno and stores the sector at which it failed in `*failed` (which may be
 * NULL); sectors before it are done. -EINVAL: no sectors, or not whole logical blocks. -ERANGE:
 * beyond the end of the disk. -EFAULT: `data` is not RAM. -EROFS: the disk is read-only.
 * -EOPNOTSUPP: not supported. -EIO: the device reported an error, or had to be reset. -EPROTO: its
 * answer is invalid. -ETIMEDOUT: one of the requests was not answered within `timeout_ns`; the
 * device has been reset, and the memory is the caller's.
 */
int block_read(struct block_device *disk, u64 sector, u64 sectors, void *data, u64 timeout_ns,
	       u64 *failed);
int block_write(struct block_device *disk, u64 sector, u64 sectors, const void *data,
		u64 timeout_ns, u64 *failed);
int block_discard(struct block_device *disk, u64 sector, u64 sectors, u64 timeout_ns, u64 *failed);
/* With `unmap`, the device may free the storage. */
int block_write_zeroes(struct block_device *disk, u64 sector, u64 sectors, bool unmap,
		       u64 timeout_ns, u64 *failed);
/* When it returns 0, all writes that had returned before are kept for good. */
int block_flush(struct block_device *disk, u64 timeout_ns);

/* ---- queued ---------------------------------------------------------------------------------- */

/*
 * Submits a request; block_kick notifies the device. Returns 0, and block_reap of this queue
 * returns the request in any case. Otherwise nothing has happened: -EINVAL, -ERANGE, -EFAULT,
 * -EROFS, -EOPNOTSUPP as above, and -EINVAL for a queue that does not exist; -E2BIG: more sectors
 * than one request may have (see block_properties); -EBUSY: this request is still outstanding;
 * -ENOSPC: the queue is full for now; -EIO: the device failed. The next submit restarts it, as
 * often as its driver allows.
 */
int block_submit(struct block_device *disk, unsigned int queue, struct block_request *request);
void block_kick(struct block_device *disk, unsigned int queue);

/* Takes back a finished request, in the device's order, or NULL. */
struct block_request *block_reap(struct block_device *disk, unsigned int queue);

enum block_wait {
	BLOCK_POLL,	 /* reads the ring in a loop */
	BLOCK_INTERRUPT, /* halts the CPU until an interrupt; polls without */
};

/* Waits until `count` requests (or all outstanding ones, if fewer) can be reaped. Returns 0;
 * -ETIMEDOUT, and then the device has been reset and all outstanding requests can be reaped;
 * -EINVAL for a queue that does not exist. */
int block_wait(struct block_device *disk, unsigned int queue, enum block_wait how,
	       unsigned int count, u64 timeout_ns);

/* Returns "MSI-X", "INTx" or "polled", for messages. */
const char *block_interrupt_name(const struct block_device *disk);

/* ---- for drivers ----------------------------------------------------------------------------- */

#define BLOCK_QUEUES_MAX 16

/*
 * The interface between a disk driver and drivers/block, which checks arguments, lets one CPU at a
 * time use a queue, waits, and restarts the device after a failure. Calls for the same queue run
 * one at a time, with interrupts off. Calls for different queues run in parallel.
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

/* Embedded in the driver's own device, which fills the first part before block_register. Apps read
 * what is not marked, and change nothing. */
struct block_device {
	const struct block_ops *ops;
	struct device *dev;   /* who drives it: "virtio2" */
	const char *bus_name; /* where that is: "0000:00:05.0" */
	struct block_properties properties;
	unsigned int queue_count; /* 1 to BLOCK_QUEUES_MAX; queues count from 0 */
	char id[BLOCK_ID_SIZE];	  /* what the disk calls itself; empty when it does not say */
	u64 sectors;		  /* changes: block_sectors */
	char name[8];		  /* "vda", given by block_register */

	/* For drivers/block only. */
	struct list_head node;
	unsigned int number;
	enum block_state state;
	spinlock_t resize_lock; /* of the size, and of the two below */
	u64 error_window;	/* start of the present count of error lines, ns */
	unsigned int error_lines;
	struct block_queue queues[BLOCK_QUEUES_MAX];
	struct wait_queue waiters[BLOCK_QUEUES_MAX]; /* by queue; its interrupt wakes them */
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

/* Sectors that one such request may have at most; 0: the disk cannot do it. */
u32 block_request_limit(const struct block_device *disk, enum block_op op);

/* Checks whether the request may go to the driver: 0 or -errno, as block_submit. */
int block_check_request(const struct block_device *disk, const struct block_request *request);

/* Submits, waits and takes back one checked request; -errno as block_read. */
int block_execute(struct block_device *disk, struct block_request *request, u64 timeout_ns);

/* Prints what failed and where, unless there were too many such lines just now. */
void block_say_error(struct block_device *disk, const struct block_request *request);

#endif
