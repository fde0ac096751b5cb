/* SPDX-License-Identifier: MIT */
/* Between the files of blkcheck: the pattern, requests on their way, and the random test. */
#ifndef TESTS_GUESTS_BLKCHECK_BLKCHECK_H
#define TESTS_GUESTS_BLKCHECK_BLKCHECK_H

#include "drivers/block/block.h"
#include "kernel/types.h"

#define WORDS_PER_SECTOR (SECTOR_SIZE / sizeof(u64))
#define SLOTS_MAX 128
#define REQUEST_SECTORS_MAX 2048 /* 1 MiB */
#define ERRORS_MAX 100		 /* after so many it gives up */

/* What a sector holds: the pattern of a generation, where 0 is the one that is asked for and the
 * others are those of the random test, or one of these. */
#define ALL_ZEROES 0xffffffffu
#define ANYTHING 0xfffffffeu

/* A request with its memory, and what it will have made of its sectors. */
struct slot {
	struct block_request request;
	u8 *buffer; /* request_sectors */
	unsigned int queue;
	bool busy;
	u32 generation;
};

struct check {
	struct block_device *disk;
	struct block_properties properties;
	u64 seed, sectors;
	u32 block;	     /* sectors of a logical block */
	u32 request_sectors; /* of a request at most */
	unsigned int first_queue, queues, depth;
	u64 requests; /* of the random test */
	struct slot slots[SLOTS_MAX];
	u32 *generations; /* of each sector, in the random test; else NULL: all are 0 */
	u64 errors;	  /* requests that failed */
	u64 wrong;	  /* sectors that did not hold what they must */
};

/* ---- pattern.c ------------------------------------------------------------------------------- */

/* The first output of a splitmix64 generator whose state this is. */
u64 splitmix64(u64 state);

/* Fills memory for `count` sectors from `sector` on, as `generation`. */
void pattern_fill(const struct check *check, u8 *memory, u64 sector, u32 count, u32 generation);
/* Compares what was read with what must be there; says each difference, up to ten, and counts. */
void pattern_compare(struct check *check, const u8 *memory, u64 sector, u32 count);

/* ---- requests.c ------------------------------------------------------------------------------ */

/* Memory for the slots; fewer than asked for when there is less. False when there is none. */
bool slots_make(struct check *check);

/* Hands a filled slot over, when its queue is full as soon as it is not; does not kick. What fails
 * is said and counted, and the slot is free again. */
void slot_submit(struct check *check, struct slot *slot);
/* Kicks, and waits until the slot came back. What it read is compared, what it wrote
 * is noted. */
void slot_wait(struct check *check, struct slot *slot);
void slots_wait_all(struct check *check);
/* The slot is done, with this error: compares what it read, notes what it wrote. */
void slot_judge(struct check *check, struct slot *slot, int error);

/* Writes the pattern over a range, or reads it and compares, with all slots busy. */
void range_write(struct check *check, u64 sector, u64 sectors);
void range_verify(struct check *check, u64 sector, u64 sectors);
/* False when it fails; counted. */
bool disk_flush(struct check *check);

/* ---- cpus.c ---------------------------------------------------------------------------------- */

/* Writes the pattern over the disk and flushes it, or verifies it, by all CPUs at once. */
void cpus_run(struct check *check, bool write);

/* ---- random.c -------------------------------------------------------------------------------- */

/* Fills the disk, then mixes requests, and leaves the pattern in every sector. */
void random_test(struct check *check);

#endif
