/* SPDX-License-Identifier: MIT */
/*
 * Disks, as an app sees them, whoever drives them. A disk is a row of sectors of 512 bytes that is
 * read and written in whole logical blocks. There are two forms:
 *
 * - synchronous: block_read and its like return when it is done. They split what is larger than the
 *   device takes at once, and find the sector that fails.
 * - queued: the caller owns a struct block_request, submits it to a queue and gets it back from
 *   block_reap. What is larger than one request may be is refused.
 *
 * Any CPU may call any of this, outside interrupts and with interrupts on, unless a comment says
 * otherwise. Each queue has a lock, so CPUs may share one; with a queue each they never meet.
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

/* For those who have no better idea of how long a disk may take. */
#define BLOCK_TIMEOUT_NS (30ULL * 1000 * 1000 * 1000)

struct block_device; /* one disk that is up */

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,   /* what was written before, and was done, is kept for good */
	BLOCK_DISCARD, /* the sectors are not needed: what they hold is undefined from now on */
	BLOCK_WRITE_ZEROES, /* they read as zeroes from now on */
	BLOCK_GET_ID,	    /* writes the disk's id, BLOCK_ID_SIZE bytes with its NUL, to data */
};

/* What a disk is like; does not change but for a restart of the device. */
struct block_properties {
	u32 logical_block_size;	 /* bytes, a power of two from 512: all requests are in these */
	u32 physical_block_size; /* bytes, at least as large: what is best to write at once */
	u32 optimal_sectors;	 /* of a request; 0: not known */
	u32 max_sectors;	 /* of one queued read or write */
	u32 max_discard_sectors; /* of one queued discard; 0: the disk cannot */
	u32 discard_alignment;	 /* sectors; a discard is best cut at multiples of this */
	u32 max_zeroes_sectors;	 /* of one queued write of zeroes; 0: the disk cannot */
	bool read_only;
	bool write_cache;  /* a write is safe only after a flush */
	bool zeroes_unmap; /* BLOCK_UNMAP has a use */
};

/* In request.flags: writing zeroes may give the storage back. */
#define BLOCK_UNMAP 1u

/*
 * One queued request. The caller fills the first part and owns all the memory, which stays the
 * disk's from submit until reap gives the request back. Set it to zeroes before its first use.
 */
struct block_request {
	enum block_op op;
	u32 flags;
	u64 sector;  /* the first one, from the start of the disk */
	u32 sectors; /* how many; whole logical blocks; 0 for a flush and for an id */
	void *data;  /* of a read, a write, an id: RAM, of any alignment */

	/* Filled when it is done. */
	int error;	  /* 0; or -EIO, -EOPNOTSUPP, -EPROTO as below */
	u64 error_sector; /* where: its first one, for the device does not say */

	/* The driver's and the queue's. */
	u32 state;
	int status; /* what the device said, -1: nothing */
	struct block_request *next;
	_Alignas(16) u8 driver_data[64];
};

/* The index-th disk, counted from 0; NULL when there is none. They are named vda, vdb... in the
 * order they came; a disk that went away leaves its name free. */
struct block_device *block_device_get(unsigned int index);
struct block_device *block_device_find(const char *name);

/* Its size now, in sectors; it may change at any time. Any interrupt state. */
u64 block_sectors(const struct block_device *disk);
/* Asks a device that cannot interrupt for its size: 0, or -EIO. */
int block_refresh(struct block_device *disk);

/* ---- synchronous ----------------------------------------------------------------------------- */

/*
 * Each returns 0, or -errno, and then stores the sector at which it failed in `*failed` (which may
 * be NULL); what comes before that sector is done.
 * -EINVAL: no sectors, or not whole logical blocks. -ERANGE: beyond the end of the disk.
 * -EFAULT: `data` is not RAM. -EROFS: the disk is read-only. -EOPNOTSUPP: it cannot do that.
 * -EIO: the device said so, or had to be reset. -EPROTO: its answer makes no sense. -ETIMEDOUT: one
 * of the requests that this takes was not answered within `timeout_ns`; the device has been reset,
 * and the memory is the caller's.
 */
int block_read(struct block_device *disk, u64 sector, u64 sectors, void *data, u64 timeout_ns,
	       u64 *failed);
int block_write(struct block_device *disk, u64 sector, u64 sectors, const void *data,
		u64 timeout_ns, u64 *failed);
int block_discard(struct block_device *disk, u64 sector, u64 sectors, u64 timeout_ns, u64 *failed);
/* With `unmap` the storage may be given back. */
int block_write_zeroes(struct block_device *disk, u64 sector, u64 sectors, bool unmap,
		       u64 timeout_ns, u64 *failed);
/* When it returns 0, all writes that had returned before are kept for good. */
int block_flush(struct block_device *disk, u64 timeout_ns);

/* ---- queued ---------------------------------------------------------------------------------- */

/*
 * Hands a request over; the device is told by block_kick. 0, and then the request comes back from
 * block_reap of this queue, whatever happens. Else nothing has happened:
 * -EINVAL, -ERANGE, -EFAULT, -EROFS, -EOPNOTSUPP as above, and -EINVAL for a queue that is not
 * there; -E2BIG: more sectors than one request may have (see block_properties); -EBUSY: this
 * request has not come back yet; -ENOSPC: the queue is full for now; -EIO: the device failed. The
 * next submit restarts it, as often as its driver allows.
 */
int block_submit(struct block_device *disk, unsigned int queue, struct block_request *request);
void block_kick(struct block_device *disk, unsigned int queue);

/* A request that is done, in the device's order, or NULL when none is. */
struct block_request *block_reap(struct block_device *disk, unsigned int queue);

enum block_wait {
	BLOCK_POLL,	 /* looks again and again */
	BLOCK_INTERRUPT, /* halts the CPU until the disk interrupts; polls where it cannot */
};

/* Waits until `count` requests (at most those that are out) can be reaped. 0; -ETIMEDOUT, and then
 * the device has been reset and all that was out can be reaped; -EINVAL for a wrong queue. */
int block_wait(struct block_device *disk, unsigned int queue, enum block_wait how,
	       unsigned int count, u64 timeout_ns);

/* "MSI-X", "INTx" or "polled", for people. */
const char *block_interrupt_name(const struct block_device *disk);

/* ---- for drivers ----------------------------------------------------------------------------- */

#define BLOCK_QUEUES_MAX 16

/*
 * What a driver gives to drivers/block, which checks arguments, keeps each queue to one CPU at a
 * time, waits, and brings the device back after a failure. Of the calls that name a queue only one
 * runs at a time on it, with interrupts off. Those of different queues run side by side.
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

	/* The rest is drivers/block's. */
	struct list_head node;
	unsigned int number;
	enum block_state state;
	spinlock_t resize_lock; /* of the size, and of the two below */
	u64 error_window;	/* when error lines were last counted anew, ns */
	unsigned int error_lines;
	struct block_queue queues[BLOCK_QUEUES_MAX];
	struct wait_queue waiters[BLOCK_QUEUES_MAX]; /* by queue; its interrupt wakes them */
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

/* Sectors that one such request may have at most; 0: the disk cannot do it. */
u32 block_request_limit(const struct block_device *disk, enum block_op op);

/* Whether the request may be handed to the driver: 0 or -errno, as block_submit. */
int block_check_request(const struct block_device *disk, const struct block_request *request);

/* Submits, waits and takes back one checked request; -errno as block_read. */
int block_execute(struct block_device *disk, struct block_request *request, u64 timeout_ns);

/* Says in a line what failed where, unless there were too many such lines just now. */
void block_say_error(struct block_device *disk, const struct block_request *request);

#endif
