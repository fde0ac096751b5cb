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

/* "vda", and who drives it: "virtio2", at "0000:00:05.0". */
const char *block_name(const struct block_device *disk);
const char *block_driver_device(const struct block_device *disk);
const char *block_bus_name(const struct block_device *disk);

/* Its size now, in sectors; it may change at any time. Any interrupt state. */
u64 block_sectors(const struct block_device *disk);
void block_get_properties(const struct block_device *disk, struct block_properties *properties);
/* What the disk calls itself, up to 20 characters; empty when it does not say. */
const char *block_id(const struct block_device *disk);

/* How often the size changed since the disk came up, and a function to be called each time, in the
 * interrupt; NULL for none. A disk that cannot interrupt is asked by block_refresh. */
u64 block_size_changes(const struct block_device *disk);
void block_on_resize(struct block_device *disk,
		     void (*resized)(struct block_device *disk, void *context), void *context);
/* Asks the device for its size: 0, or -EIO. */
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
/* Asks for the id. -EOPNOTSUPP when the disk has none. */
int block_get_id(struct block_device *disk, char id[BLOCK_ID_SIZE], u64 timeout_ns);

/* ---- queued ---------------------------------------------------------------------------------- */

/* Queues, at least 1; queues of the calls below count from 0. */
unsigned int block_queues(const struct block_device *disk);
/* Requests of one stretch of memory that a queue holds at once; a queue beyond the last has 0. */
unsigned int block_queue_depth(const struct block_device *disk, unsigned int queue);

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

#endif
