/* SPDX-License-Identifier: MIT */
/*
 * The device end of virtio-blk for tests (virtio 1.2, 5.2), which holds each request against the
 * specification's demands on a driver, and lies when told to.
 */
#ifndef TESTS_HOST_BLK_FIXTURE_H
#define TESTS_HOST_BLK_FIXTURE_H

#include <linux/virtio_blk.h>

#include "drivers/block/block.h"
#include "modern.h"

#define BLK_SECTORS 512

struct blk_disk {
	struct virtio_blk_config config; /* the device's from blk_make and blk_change on */
	u8 bytes[BLK_SECTORS * SECTOR_SIZE];
	const char *id; /* NULL: not supported */

	/* Faults. A request that touches a bad sector fails. */
	u64 bad_first, bad_end;
	unsigned int bad_times; /* after so many failures it is good again; 0: never */
	u8 status_xor;		/* of each answer */
	bool status_unwritten, short_read, silent, id_wrong, written_more;
	unsigned int honest; /* requests before the first lie */
	bool held;	     /* requests stay with the device until blk_release */

	/* What happened. */
	u64 served, reads, writes, flushes, discards, zeroes;
	u64 largest; /* bytes of data of one request */
	unsigned int most_segments;
	u32 last_flags;
	unsigned int queue; /* of the last request */
};
extern struct blk_disk blk;

/* A modern device with these feature bits and as many queues; the test may change it, then boots
 * it by modern_boot. */
void blk_make(u64 features, u16 queues);
/* The same, and boots: the first disk, NULL when it did not come up. */
struct block_device *blk_boot(u64 features, u16 queues);
/* What a test wrote to blk.config is the device's configuration now, and that it tells. */
void blk_change(void);
/* Answers what is held, the last first. */
void blk_release(void);

#endif
