// SPDX-License-Identifier: MIT
/*
 * virtio-blk in trouble: sectors that fail, devices that lie, fall silent or ask for a reset, and
 * sizes that change.
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

/* ---- sectors that fail ----------------------------------------------------------------------- */

static void check_failure(int (*call)(struct block_device *disk, u64 *failed))
{
	struct block_device *disk = blk_boot(COMMON, 1);
	u64 failed = 0;

	blk.bad_first = 137;
	blk.bad_end = 140;
	CHECK_EQ(call(disk, &failed), -EIO);
	CHECK_EQ(failed, 137);
	CHECK_EQ(world_log_count("E40"), 1);
	CHECK_EQ(block_read(disk, 0, 137, buffer, WAIT, NULL), 0);
}

static int read_all(struct block_device *disk, u64 *failed)
{
	return block_read(disk, 0, BLK_SECTORS, buffer, WAIT, failed);
}

static int write_some(struct block_device *disk, u64 *failed)
{
	return block_write(disk, 99, 400, buffer, WAIT, failed);
}

TEST(virtio_blk_read_error_is_located)
{
	check_failure(read_all);
	CHECK_LOG("virtio_blk virtio0: E40 [vda] read failed at sector 137: I/O error");
}

TEST(virtio_blk_write_error_is_located)
{
	memset(buffer, 0x5a, sizeof(buffer));
	check_failure(write_some);
	/* What lies before it is written. */
	CHECK_EQ(blk.bytes[136 * SECTOR_SIZE + 511], 0x5a);
	CHECK_EQ(blk.bytes[99 * SECTOR_SIZE - 1], 0);
}

/* It fails once, and never again: still an error, at the place where the request began. */
TEST(virtio_blk_error_that_passes)
{
	struct block_device *disk = blk_boot(COMMON, 1);
	u64 failed;

	blk.bad_first = 20;
	blk.bad_end = 21;
	blk.bad_times = 1;
	CHECK_EQ(block_read(disk, 16, 64, buffer, WAIT, &failed), -EIO);
	CHECK_EQ(failed, 16);
	CHECK_LOG("E40 [vda] read failed in sectors 16 to 79: I/O error (status 1)");
	CHECK_EQ(block_read(disk, 16, 64, buffer, WAIT, &failed), 0);
}

TEST(virtio_blk_error_in_a_discard)
{
	struct block_device *disk = blk_boot(COMMON | F(DISCARD), 1);
	u64 failed;

	blk.bad_first = 100;
	blk.bad_end = 101;
	CHECK_EQ(block_discard(disk, 0, 200, WAIT, &failed), -EIO);
	CHECK_EQ(failed, 64); /* where its request began */
}

/* X10: ten lines, then one that says that no more follow. */
TEST(virtio_blk_many_errors_are_few_lines)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	blk.bad_end = BLK_SECTORS;
	for (unsigned int i = 0; i < 50; i++)
		CHECK_EQ(block_read(disk, i, 1, buffer, WAIT, NULL), -EIO);
	CHECK_EQ(world_log_count("E40"), 10);
	CHECK_LOG("further errors are not printed");
}

/* ---- devices that lie ------------------------------------------------------------------------ */

static int read_from_a_liar(struct block_device *disk)
{
	blk.honest = 0;
	memset(buffer, 0, SECTOR_SIZE);
	return block_read(disk, 5, 2, buffer, WAIT, NULL);
}

TEST(virtio_blk_status_that_is_none)
{
	blk.honest = 1;
	blk.status_xor = 0x47;
	CHECK_EQ(read_from_a_liar(blk_boot(COMMON, 1)), -EPROTO);
	CHECK_LOG("read failed in sectors 5 to 6: the device's answer is invalid (status 71)");
}

TEST(virtio_blk_status_that_is_not_written)
{
	blk.honest = 1;
	blk.status_unwritten = true;
	CHECK_EQ(read_from_a_liar(blk_boot(COMMON, 1)), -EPROTO);
}

/* It says that all is well, and that it wrote less than was asked for. */
TEST(virtio_blk_R07_read_that_is_short)
{
	blk.honest = 1;
	blk.short_read = true;
	CHECK_EQ(read_from_a_liar(blk_boot(COMMON, 1)), -EPROTO);
}

static void check_reset_and_return(int error)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	blk.honest = 1;
	CHECK_EQ(read_from_a_liar(disk), error);
	CHECK_LOG("[vda] the device was reset");
	CHECK_EQ(modern.status, 0);
	blk.id_wrong = blk.silent = blk.written_more = false;
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), 0);
	CHECK_LOG("restart 1 of at most 3");
	CHECK_EQ(modern.status, 15);
}

TEST(virtio_blk_R01_used_id_wrong)
{
	blk.honest = 1;
	blk.id_wrong = true;
	check_reset_and_return(-EIO);
}

TEST(virtio_blk_R06_used_length_too_long)
{
	blk.honest = 1;
	blk.written_more = true;
	check_reset_and_return(-EIO);
}

TEST(virtio_blk_R26_no_answer)
{
	blk.honest = 1;
	blk.silent = true;
	check_reset_and_return(-ETIMEDOUT);
	CHECK_LOG("E07 queue 0 (requestq0)");
}

TEST(virtio_blk_R26_no_answer_to_the_first_request)
{
	blk.silent = true;
	CHECK(!blk_boot(COMMON, 1));
	CHECK_EQ(modern.status, 0x80);
}

/* Nobody answers any more: it is cut off, and everything after that fails at once. */
TEST(virtio_blk_that_is_gone)
{
	struct block_device *disk = blk_boot(COMMON, 1);
	u64 start;

	modern.gone_after = modern.accesses + 1;
	modern.gone_value = ~0u;
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), -ETIMEDOUT);
	CHECK_LOG("E04");
	start = world_now;
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), -EIO);
	CHECK_EQ(block_flush(disk, WAIT), -EIO);
	CHECK(world_now - start < NSEC_PER_SEC);
}

/* Three restarts, and then it is left alone. */
TEST(virtio_blk_device_that_keeps_failing)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	for (unsigned int i = 0; i < 4; i++) {
		blk.silent = false;
		CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), 0);
		blk.silent = true;
		CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), -ETIMEDOUT);
	}
	blk.silent = false;
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), -EIO);
	CHECK_EQ(block_flush(disk, WAIT), -EIO);
	CHECK_EQ(block_refresh(disk), -EIO);
	CHECK_EQ(world_log_count("restart"), 3);
}

/* ---- sizes that change ----------------------------------------------------------------------- */

TEST(virtio_blk_grows_and_shrinks)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	blk.config.capacity = 100;
	blk_change();
	CHECK_EQ(block_sectors(disk), 100);
	CHECK_LOG("virtio_blk virtio0: [vda] new size: 100 512-byte logical blocks");
	CHECK_EQ(block_read(disk, 100, 1, buffer, WAIT, NULL), -ERANGE);
	blk.config.capacity = 300;
	blk_change();
	CHECK_EQ(block_read(disk, 299, 1, buffer, WAIT, NULL), 0);
	CHECK_EQ(world_log_count("new size: "), 2);
	blk_change(); /* something else has changed */
	CHECK_EQ(world_log_count("new size: "), 2);
}

TEST(virtio_blk_size_that_makes_no_sense)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	blk.config.capacity = ~0ULL;
	blk_change();
	CHECK_LOG("E41 [vda] impossible new size of 18446744073709551615 sectors");
	CHECK_EQ(block_sectors(disk), BLK_SECTORS);
}

/* Without interrupts it is asked. */
TEST(virtio_blk_refresh)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	modern.config[0] = 7;
	modern.config[1] = 0;
	CHECK_EQ(block_refresh(disk), 0);
	CHECK_EQ(block_sectors(disk), 7);
}

/* ---- what was out ---------------------------------------------------------------------------- */

#define MANY 10

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

static void check_all_come_back(struct block_device *disk)
{
	for (unsigned int queue = 0; queue < 2; queue++)
		for (unsigned int i = 0; i < 5; i++) {
			struct block_request *request = block_reap(disk, queue);

			CHECK(request && request->error == -EIO);
			request->error = 1;
		}
	CHECK(!block_reap(disk, 0) && !block_reap(disk, 1));
	CHECK_EQ(world_log_count("E40"), 0);
}

/* One queue fails; what is out on the others comes back, too, and each once. */
TEST(virtio_blk_after_a_failure_everything_comes_back_once)
{
	struct block_device *disk = blk_boot(COMMON | F(MQ), 2);

	blk.held = true;
	for (unsigned int i = 0; i < 10; i++) {
		requests[i] =
			(struct block_request){ .op = BLOCK_READ, .sectors = 1, .data = buffer };
		CHECK_EQ(block_submit(disk, i % 2, &requests[i]), 0);
	}
	block_kick(disk, 0);
	block_kick(disk, 1);
	CHECK_EQ(block_wait(disk, 0, BLOCK_POLL, 1, NSEC_PER_MSEC), -ETIMEDOUT);
	CHECK_EQ(modern.status, 0);
	check_all_come_back(disk);
	blk.held = false;
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), 0);
	submit_reads(disk, 1, 1);
	block_kick(disk, 1);
	CHECK_EQ(block_wait(disk, 1, BLOCK_INTERRUPT, 1, WAIT), 0);
	CHECK_EQ(block_reap(disk, 1)->error, 0);
}

static void ask_for_a_reset(void)
{
	world_idle_hook = NULL;
	modern.status |= 0x40;
	modern_change(&modern);
}

TEST(virtio_blk_T21_needs_reset_ends_the_wait)
{
	struct block_device *disk = blk_boot(COMMON, 1);
	u64 start = world_now;

	blk.held = true;
	submit_reads(disk, 0, 5);
	block_kick(disk, 0);
	world_idle_hook = ask_for_a_reset;
	CHECK_EQ(block_wait(disk, 0, BLOCK_INTERRUPT, 5, 10 * NSEC_PER_SEC), 0);
	CHECK(world_now - start < 5 * NSEC_PER_SEC);
	for (unsigned int i = 0; i < 5; i++)
		CHECK_EQ(block_reap(disk, 0)->error, -EIO);
	blk.held = false;
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), 0);
}

/* The queue is broken before anything is submitted: that is refused, the next one restarts. */
TEST(virtio_blk_T21_needs_reset_while_idle)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	ask_for_a_reset();
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), -EIO);
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), 0);
}

/* After the restart it has fewer queues than are in use. */
TEST(virtio_blk_restart_with_fewer_queues)
{
	struct block_device *disk = blk_boot(COMMON | F(MQ), 4);

	ask_for_a_reset();
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), -EIO);
	modern.config[34] = 2;
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), -EIO);
	CHECK_LOG("E08 2 queues, 4 before the restart");
	CHECK_STR(block_interrupt_name(disk), "none");
	CHECK(!block_reap(disk, 3));
}
