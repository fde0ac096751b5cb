// SPDX-License-Identifier: MIT
/*
 * The queued form of the block class over virtio-blk: several requests and queues at once, what is
 * refused, a queue that is full.
 */
#include "test.h"

#include <linux/errno.h>

#include "blk_fixture.h"
#include "kernel/time.h"
#include "world.h"

#define F(name) (1ULL << VIRTIO_BLK_F_##name)
#define COMMON (F(SEG_MAX) | F(BLK_SIZE) | F(FLUSH))
#define WAIT NSEC_PER_SEC

static u8 buffer[BLK_SECTORS * SECTOR_SIZE];

/* ---- queued ---------------------------------------------------------------------------------- */

#define MANY 24

static struct block_request requests[MANY];

static void submit_reads(struct block_device *disk, unsigned int queue, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		requests[i] = (struct block_request){ .op = BLOCK_READ,
						      .sector = i,
						      .sectors = 1,
						      .data = buffer + i * SECTOR_SIZE };
		CHECK_EQ(block_submit(disk, queue, &requests[i]), 0);
	}
}

TEST(virtio_blk_queued_out_of_order)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	for (unsigned int i = 0; i < sizeof(blk.bytes); i++)
		blk.bytes[i] = (u8)(i / SECTOR_SIZE);
	blk.held = true;
	submit_reads(disk, 0, MANY);
	CHECK_EQ(block_submit(disk, 0, &requests[3]), -EBUSY);
	block_kick(disk, 0);
	CHECK(!block_reap(disk, 0));
	world_idle_hook = blk_release;
	CHECK_EQ(block_wait(disk, 0, BLOCK_INTERRUPT, MANY, WAIT), 0);
	for (unsigned int i = 0; i < MANY; i++) {
		CHECK(block_reap(disk, 0) == &requests[MANY - 1 - i]);
		CHECK_EQ(requests[MANY - 1 - i].error, 0);
		CHECK_EQ(buffer[i * SECTOR_SIZE], i);
	}
	CHECK(!block_reap(disk, 0));
	CHECK_EQ(block_wait(disk, 0, BLOCK_POLL, 1, WAIT), 0); /* none is out */
	CHECK_EQ(block_submit(disk, 0, &requests[3]), 0);
}

TEST(virtio_blk_queued_errors)
{
	struct block_device *disk = blk_boot(COMMON, 1);
	struct block_request request = { .op = BLOCK_READ, .sectors = 1, .data = buffer };

	CHECK_EQ(block_submit(disk, 1, &request), -EINVAL);
	CHECK_EQ(block_wait(disk, 1, BLOCK_POLL, 1, WAIT), -EINVAL);
	CHECK(!block_reap(disk, 1));
	request.sectors = BLK_SECTORS + 1;
	CHECK_EQ(block_submit(disk, 0, &request), -ERANGE);
	request.sectors = 0;
	CHECK_EQ(block_submit(disk, 0, &request), -EINVAL);
	request.sectors = 1;
	request.op = (enum block_op)77;
	CHECK_EQ(block_submit(disk, 0, &request), -EINVAL);
	request.op = BLOCK_FLUSH;
	CHECK_EQ(block_submit(disk, 0, &request), -EINVAL); /* of sectors there is no flush */
	blk.bad_first = 8;
	blk.bad_end = 9;
	request = (struct block_request){
		.op = BLOCK_READ, .sector = 4, .sectors = 8, .data = buffer
	};
	CHECK_EQ(block_submit(disk, 0, &request), 0);
	block_kick(disk, 0);
	CHECK_EQ(block_wait(disk, 0, BLOCK_POLL, 1, WAIT), 0);
	CHECK(block_reap(disk, 0) == &request);
	CHECK_EQ(request.error, -EIO);
	CHECK_EQ(request.error_sector, 4);
	CHECK_LOG("E40 [vda] read failed in sectors 4 to 11: I/O error");
}

TEST(virtio_blk_queued_too_large)
{
	struct block_device *disk = blk_boot(COMMON | F(SIZE_MAX), 1);
	struct block_request request = { .op = BLOCK_READ, .sectors = 33, .data = buffer };

	CHECK_EQ(block_submit(disk, 0, &request), -E2BIG);
	request.sectors = 32;
	CHECK_EQ(block_submit(disk, 0, &request), 0);
}

/* Nothing to flush: it is done at once, and still comes back in its queue. */
TEST(virtio_blk_queued_flush_without_a_cache)
{
	struct block_device *disk = blk_boot(0, 1);
	struct block_request request = { .op = BLOCK_FLUSH };

	CHECK_EQ(block_submit(disk, 0, &request), 0);
	CHECK_EQ(block_wait(disk, 0, BLOCK_INTERRUPT, 1, WAIT), 0);
	CHECK(block_reap(disk, 0) == &request);
	CHECK_EQ(request.error, 0);
}

TEST(virtio_blk_full_queue)
{
	struct block_device *disk;
	const unsigned int depth = 16 / 3; /* three descriptors a request */

	blk_make(COMMON, 1);
	modern.queue_size = 16;
	modern.offered &= ~BIT_ULL(28); /* INDIRECT_DESC */
	modern_boot();
	disk = block_device_get(0);
	blk.held = true;
	submit_reads(disk, 0, depth);
	requests[depth] = requests[0];
	requests[depth].state = 0;
	CHECK_EQ(block_submit(disk, 0, &requests[depth]), -ENOSPC);
	/* The synchronous form waits for room, and leaves the queued ones in their place. */
	world_idle_hook = blk_release;
	CHECK_EQ(block_read(disk, 30, 1, buffer, WAIT, NULL), 0);
	for (unsigned int i = 0; i < depth; i++)
		CHECK(block_reap(disk, 0));
	CHECK(!block_reap(disk, 0));
}

TEST(virtio_blk_several_queues)
{
	struct block_device *disk = blk_boot(COMMON | F(MQ), 4);

	CHECK_EQ(disk->queue_count, 4);
	for (unsigned int queue = 0; queue < 4; queue++) {
		submit_reads(disk, queue, 3);
		block_kick(disk, queue);
		CHECK_EQ(blk.queue, queue);
		CHECK_EQ(block_wait(disk, queue, BLOCK_INTERRUPT, 3, WAIT), 0);
		CHECK(block_reap(disk, queue) && block_reap(disk, queue));
		CHECK(block_reap(disk, queue) == &requests[2]);
	}
}

TEST(virtio_blk_more_queues_than_it_takes)
{
	blk_make(COMMON | F(MQ), 16);
	blk.config.num_queues = 60000;
	memcpy(modern.config + 34, &blk.config.num_queues, 2);
	modern_boot();
	CHECK_EQ(block_device_get(0)->queue_count, 16);
}

/* 5.2.6.1: the bit is for writing zeroes. */
TEST(virtio_blk_discard_never_says_unmap)
{
	struct block_device *disk = blk_boot(COMMON | F(DISCARD) | F(WRITE_ZEROES), 1);
	struct block_request request = { .op = BLOCK_DISCARD, .flags = BLOCK_UNMAP, .sectors = 8 };

	CHECK_EQ(block_submit(disk, 0, &request), 0);
	block_kick(disk, 0);
	CHECK_EQ(blk.discards, 1);
	CHECK_EQ(blk.last_flags, 0);
	CHECK(block_reap(disk, 0) == &request);
	request.op = BLOCK_WRITE_ZEROES;
	CHECK_EQ(block_submit(disk, 0, &request), 0);
	block_kick(disk, 0);
	CHECK_EQ(blk.last_flags, 1);
	request.flags = 2;
	CHECK_EQ(block_submit(disk, 0, &request), -EBUSY);
	CHECK(block_reap(disk, 0) == &request);
	CHECK_EQ(block_submit(disk, 0, &request), -EINVAL);
}
