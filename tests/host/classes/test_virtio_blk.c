// SPDX-License-Identifier: MIT
/*
 * virtio-blk and the block class over the real transport: what the configuration says, what goes
 * out on the wire (the device of blk_fixture.c holds it against virtio 1.2, 5.2), what comes back.
 */
#include "test.h"

#include <linux/errno.h>

#include "blk_fixture.h"
#include "kernel/time.h"
#include "world.h"

#define F(name) (1ULL << VIRTIO_BLK_F_##name)
#define COMMON (F(SEG_MAX) | F(BLK_SIZE) | F(FLUSH))
#define EVERYTHING \
	(COMMON | F(SIZE_MAX) | F(TOPOLOGY) | F(CONFIG_WCE) | F(DISCARD) | F(WRITE_ZEROES))
#define WAIT NSEC_PER_SEC

static u8 buffer[BLK_SECTORS * SECTOR_SIZE];

static void fill(u8 *bytes, size_t size, u32 seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (u8)(seed + i * 7 + (i >> 8));
}

static struct block_properties properties_of(struct block_device *disk)
{
	return disk->properties;
}

/* ---- what the configuration says ------------------------------------------------------------- */

TEST(virtio_blk_plain)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	CHECK(disk && block_device_find("vda") == disk && !block_device_get(1));
	CHECK_STR(disk->name, "vda");
	CHECK_STR(dev_name(disk->dev), "virtio0");
	CHECK_STR(disk->bus_name, "0000:00:04.0");
	CHECK_STR(disk->id, "a disk");
	CHECK_EQ(block_sectors(disk), BLK_SECTORS);
	CHECK_EQ(disk->queue_count, 1);
	CHECK(properties_of(disk).write_cache && !properties_of(disk).read_only);
	CHECK_EQ(properties_of(disk).max_discard_sectors, 0);
	CHECK_LOG("virtio_blk virtio0: [vda] 512 512-byte logical blocks (262 kB/256 KiB)");
}

/* 2.5.1: what is in the configuration counts only with its feature. */
TEST(virtio_blk_C11_fields_without_their_features)
{
	struct block_device *disk;

	blk_make(0, 1);
	memset(modern.config + 8, 0xff, sizeof(modern.config) - 8);
	modern_boot();
	disk = block_device_get(0);
	CHECK(disk && disk->queue_count == 1);
	CHECK_EQ(properties_of(disk).logical_block_size, 512);
	CHECK(!properties_of(disk).write_cache); /* 5.2.5.1 */
	CHECK_EQ(block_flush(disk, WAIT), 0);
	CHECK_EQ(blk.flushes, 0);
	CHECK_EQ(block_read(disk, 0, BLK_SECTORS, buffer, WAIT, NULL), 0);
	CHECK_EQ(blk.most_segments, 1);
}

TEST(virtio_blk_everything)
{
	struct block_properties properties;
	struct block_device *disk;

	blk_make(EVERYTHING, 1);
	modern.config[24] = 3;	/* physical_block_exp */
	modern.config[28] = 16; /* opt_io_size */
	modern_boot();
	disk = block_device_get(0);
	properties = properties_of(disk);
	CHECK_EQ(properties.physical_block_size, 4096);
	CHECK_EQ(properties.optimal_sectors, 16);
	CHECK_EQ(properties.max_sectors, 4 * 4096 / 512);
	CHECK_EQ(properties.max_discard_sectors, 64);
	CHECK_EQ(properties.discard_alignment, 8);
	CHECK_EQ(properties.max_zeroes_sectors, 48);
	CHECK(properties.zeroes_unmap && properties.write_cache);
}

TEST(virtio_blk_write_through)
{
	struct block_device *disk;

	blk_make(EVERYTHING, 1);
	modern.config[32] = 0; /* writeback */
	modern_boot();
	disk = block_device_get(0);
	CHECK(!properties_of(disk).write_cache);
}

/* 5.2.5.2: a cache that can be switched and not flushed is not taken. */
TEST(virtio_blk_cache_without_flush)
{
	CHECK(!properties_of(blk_boot(F(CONFIG_WCE), 1)).write_cache);
	CHECK_EQ(modern.accepted & F(CONFIG_WCE), 0);
}

TEST(virtio_blk_no_more_features_than_it_knows)
{
	blk_boot(~0ULL >> 40, 1); /* bits 0 to 23 */
	CHECK_EQ(modern.accepted & 0xffffff, EVERYTHING | F(RO) | F(MQ));
}

static void check_refused(const char *why)
{
	modern_boot();
	CHECK(!block_device_get(0));
	CHECK_LOG(why);
	CHECK_EQ(modern.status, 0x80);
}

TEST(virtio_blk_block_size_0)
{
	blk_make(COMMON, 1);
	memset(modern.config + 20, 0, 4);
	check_refused("E41");
}

TEST(virtio_blk_block_size_of_3_sectors)
{
	blk_make(COMMON, 1);
	modern.config[21] = 6;
	check_refused("E41");
}

TEST(virtio_blk_block_size_of_2_gib)
{
	blk_make(COMMON, 1);
	modern.config[23] = 0x80;
	check_refused("E41");
}

TEST(virtio_blk_segments_of_no_bytes)
{
	blk_make(EVERYTHING, 1);
	memset(modern.config + 8, 0, 4);
	check_refused("E41");
}

TEST(virtio_blk_larger_than_any_disk)
{
	blk_make(COMMON, 1);
	memset(modern.config, 0xff, 8);
	check_refused("E41");
}

TEST(virtio_blk_queue_of_2_entries)
{
	blk_make(COMMON, 1);
	modern.queue_size = 2;
	check_refused("E08");
}

TEST(virtio_blk_configuration_that_never_holds_still)
{
	blk_make(COMMON, 1);
	modern.generation_unrest = ~0u;
	check_refused("E13");
}

/* 5.2.4: the smallest queue that holds a request at all. */
TEST(virtio_blk_queue_of_4_entries)
{
	struct block_device *disk;

	blk_make(EVERYTHING, 1);
	modern.queue_size = 4;
	modern_boot();
	disk = block_device_get(0);
	CHECK_EQ(properties_of(disk).max_sectors, 16);
	CHECK_EQ(block_read(disk, 0, BLK_SECTORS, buffer, WAIT, NULL), 0);
	CHECK_EQ(blk.most_segments, 2);
}

static int ask_id(struct block_device *disk, char id[BLOCK_ID_SIZE])
{
	struct block_request request = { .op = BLOCK_GET_ID, .data = id };

	CHECK_EQ(block_submit(disk, 0, &request), 0);
	block_kick(disk, 0);
	CHECK_EQ(block_wait(disk, 0, BLOCK_INTERRUPT, 1, WAIT), 0);
	CHECK(block_reap(disk, 0) == &request);
	return request.error;
}

TEST(virtio_blk_without_an_id)
{
	struct block_device *disk;
	char id[BLOCK_ID_SIZE];

	blk_make(COMMON, 1);
	blk.id = NULL;
	modern_boot();
	disk = block_device_get(0);
	CHECK_STR(disk->id, "");
	CHECK_EQ(ask_id(disk, id), -EOPNOTSUPP);
}

/* 20 characters without a NUL, and one that would disturb a line. */
TEST(virtio_blk_id_of_20_characters)
{
	char id[BLOCK_ID_SIZE];

	blk_make(COMMON, 1);
	blk.id = "0123456789\n123456789x";
	modern_boot();
	CHECK_STR(block_device_get(0)->id, "0123456789?123456789");
	CHECK_EQ(ask_id(block_device_get(0), id), 0);
	CHECK_STR(id, "0123456789?123456789");
}

/* ---- synchronous ----------------------------------------------------------------------------- */

TEST(virtio_blk_read_what_was_written)
{
	struct block_device *disk = blk_boot(EVERYTHING, 1);
	static u8 pattern[BLK_SECTORS * SECTOR_SIZE];

	fill(pattern, sizeof(pattern), 1);
	CHECK_EQ(block_write(disk, 0, BLK_SECTORS, pattern, WAIT, NULL), 0);
	CHECK(!memcmp(blk.bytes, pattern, sizeof(pattern)));
	CHECK_EQ(block_flush(disk, WAIT), 0);
	CHECK_EQ(blk.flushes, 1);
	CHECK_EQ(block_read(disk, 3, 100, buffer, WAIT, NULL), 0);
	CHECK(!memcmp(buffer, pattern + 3 * SECTOR_SIZE, 100 * SECTOR_SIZE));
	CHECK_EQ(blk.largest, 4 * 4096);
	CHECK_EQ(blk.most_segments, 4);
	CHECK_EQ(blk.writes, BLK_SECTORS / 32);
	CHECK_EQ(blk.reads, 4);
}

/* An odd size_max cuts a sector in two, which is allowed: the length of the data counts. */
TEST(virtio_blk_segments_of_odd_size)
{
	struct block_device *disk;

	blk_make(EVERYTHING, 1);
	blk.config.size_max = 1000;
	memcpy(modern.config + 8, &blk.config.size_max, 4);
	modern_boot();
	disk = block_device_get(0);
	CHECK_EQ(properties_of(disk).max_sectors, 7);
	fill(blk.bytes, sizeof(blk.bytes), 9);
	CHECK_EQ(block_read(disk, 1, 20, buffer, WAIT, NULL), 0);
	CHECK(!memcmp(buffer, blk.bytes + SECTOR_SIZE, 20 * SECTOR_SIZE));
}

TEST(virtio_blk_discard_is_split_at_its_units)
{
	struct block_device *disk = blk_boot(EVERYTHING, 1);

	CHECK_EQ(block_discard(disk, 3, 200, WAIT, NULL), 0);
	/* 3 to 64, to 128, to 192, to 203 */
	CHECK_EQ(blk.discards, 4);
	for (unsigned int i = 0; i < 210; i++)
		CHECK_EQ(blk.bytes[i * SECTOR_SIZE], i >= 3 && i < 203 ? 0xdd : 0);
}

TEST(virtio_blk_write_zeroes)
{
	struct block_device *disk = blk_boot(EVERYTHING, 1);

	memset(blk.bytes, 1, sizeof(blk.bytes));
	CHECK_EQ(block_write_zeroes(disk, 1, 100, true, WAIT, NULL), 0);
	CHECK_EQ(blk.zeroes, 3);
	CHECK_EQ(blk.last_flags, VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP);
	CHECK_EQ(block_write_zeroes(disk, 1, 1, false, WAIT, NULL), 0);
	CHECK_EQ(blk.last_flags, 0);
	CHECK_EQ(blk.bytes[511], 1);
	CHECK_EQ(blk.bytes[512] | blk.bytes[101 * 512 - 1], 0);
	CHECK_EQ(blk.bytes[101 * 512], 1);
}

/* 5.2.6.1: what the device cannot, and more ranges than it takes (none), are never sent. */
TEST(virtio_blk_operations_that_are_not_there)
{
	struct block_device *disk = blk_boot(COMMON, 1);

	CHECK_EQ(block_discard(disk, 0, 1, WAIT, NULL), -EOPNOTSUPP);
	CHECK_EQ(block_write_zeroes(disk, 0, 1, false, WAIT, NULL), -EOPNOTSUPP);
}

TEST(virtio_blk_discard_of_no_segments)
{
	struct block_device *disk;

	blk_make(EVERYTHING, 1);
	memset(modern.config + 40, 0, 4); /* max_discard_seg */
	modern_boot();
	disk = block_device_get(0);
	CHECK_EQ(block_discard(disk, 0, 1, WAIT, NULL), -EOPNOTSUPP);
}

/* 5.2.6.2: the device never sees a write. */
TEST(virtio_blk_read_only)
{
	struct block_device *disk = blk_boot(EVERYTHING | F(RO), 1);
	struct block_request request = { .op = BLOCK_WRITE, .sectors = 1, .data = buffer };

	CHECK(properties_of(disk).read_only);
	CHECK_EQ(block_write(disk, 0, 1, buffer, WAIT, NULL), -EROFS);
	CHECK_EQ(block_discard(disk, 0, 1, WAIT, NULL), -EROFS);
	CHECK_EQ(block_write_zeroes(disk, 0, 1, false, WAIT, NULL), -EROFS);
	CHECK_EQ(block_submit(disk, 0, &request), -EROFS);
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), 0);
	CHECK_EQ(blk.writes + blk.discards + blk.zeroes, 0);
}

TEST(virtio_blk_ranges_that_make_no_sense)
{
	struct block_device *disk = blk_boot(EVERYTHING, 1);
	u64 before = blk.served;

	CHECK_EQ(block_read(disk, 0, 0, buffer, WAIT, NULL), -EINVAL);
	CHECK_EQ(block_read(disk, BLK_SECTORS, 1, buffer, WAIT, NULL), -ERANGE);
	CHECK_EQ(block_read(disk, BLK_SECTORS - 1, 2, buffer, WAIT, NULL), -ERANGE);
	CHECK_EQ(block_read(disk, 0, BLK_SECTORS + 1, buffer, WAIT, NULL), -ERANGE);
	CHECK_EQ(block_read(disk, ~0ULL, 1, buffer, WAIT, NULL), -ERANGE);
	CHECK_EQ(block_read(disk, 1, ~0ULL, buffer, WAIT, NULL), -ERANGE);
	CHECK_EQ(block_write(disk, ~0ULL - 1, 4, buffer, WAIT, NULL), -ERANGE);
	CHECK_EQ(block_read(disk, 0, 1, NULL, WAIT, NULL), -EFAULT);
	CHECK_EQ(block_read(disk, 0, 1, (void *)100, WAIT, NULL), -EFAULT);
	CHECK_EQ(blk.served, before);
}

TEST(virtio_blk_blocks_of_4096_bytes)
{
	struct block_device *disk;

	blk_make(EVERYTHING, 1);
	blk.config.blk_size = 4096;
	memcpy(modern.config + 20, &blk.config.blk_size, 4);
	modern_boot();
	disk = block_device_get(0);
	CHECK_LOG("[vda] 64 4096-byte logical blocks (262 kB/256 KiB)");
	CHECK_EQ(block_read(disk, 1, 8, buffer, WAIT, NULL), -EINVAL);
	CHECK_EQ(block_read(disk, 8, 7, buffer, WAIT, NULL), -EINVAL);
	CHECK_EQ(block_discard(disk, 8, 9, WAIT, NULL), -EINVAL);
	CHECK_EQ(block_read(disk, 8, 24, buffer, WAIT, NULL), 0);
	CHECK_EQ(properties_of(disk).max_zeroes_sectors, 48);
}

TEST(virtio_blk_disk_of_no_sectors)
{
	struct block_device *disk;

	blk_make(COMMON, 1);
	memset(modern.config, 0, 8);
	modern_boot();
	disk = block_device_get(0);
	CHECK_LOG("[vda] 0 512-byte logical blocks (0 B/0 B)");
	CHECK_EQ(block_read(disk, 0, 1, buffer, WAIT, NULL), -ERANGE);
}
