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

/* Return "vda"; the device, "virtio2"; and where it is, "0000:00:05.0". */
const char *block_name(const struct block_device *disk);
const char *block_driver_device(const struct block_device *disk);
const char *block_bus_name(const struct block_device *disk);

/* Returns the present size in sectors, which may change at any time. Any interrupt state. */
u64 block_sectors(const struct block_device *disk);
void block_get_properties(const struct block_device *disk, struct block_properties *properties);
/* Returns the disk's own id, up to 20 characters, or "". */
const char *block_id(const struct block_device *disk);

/* Return how often the size changed since the disk came up; set a function to be called each time,
 * in the interrupt (NULL: none). If the disk cannot interrupt, call block_refresh. */
u64 block_size_changes(const struct block_device *disk);
void block_on_resize(struct block_device *disk,
		     void (*resized)(struct block_device *disk, void *context), void *context);
/* Reads the size from the device: 0, or -EIO. */
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
/* Reads the id. -EOPNOTSUPP if the disk has none. */
int block_get_id(struct block_device *disk, char id[BLOCK_ID_SIZE], u64 timeout_ns);

/* ---- queued ---------------------------------------------------------------------------------- */

/* Returns the number of queues, at least 1; the calls below count them from 0. */
unsigned int block_queues(const struct block_device *disk);
/* Returns how many requests with one piece of memory a queue holds at once; 0 for a queue that does
 * not exist. */
unsigned int block_queue_depth(const struct block_device *disk, unsigned int queue);

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

#endif
