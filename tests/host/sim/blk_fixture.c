// SPDX-License-Identifier: MIT
/* See blk_fixture.h. */
#include "blk_fixture.h"

#include "test.h"

#include "world.h"

struct blk_disk blk;

static struct held {
	struct ring_chain chain;
	unsigned int queue;
} held[64];
static unsigned int held_count;

/* ---- what a driver must keep to (5.2.6.1) ---------------------------------------------------- */

static u64 data_bytes(const struct ring_segment *segments, unsigned int count)
{
	u64 bytes = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (modern.accepted & 1ULL << VIRTIO_BLK_F_SIZE_MAX)
			CHECK(segments[i].length <= blk.config.size_max);
		bytes += segments[i].length;
	}
	blk.most_segments = count > blk.most_segments ? count : blk.most_segments;
	blk.largest = bytes > blk.largest ? bytes : blk.largest;
	return bytes;
}

static void check_range(u64 sector, u64 bytes)
{
	CHECK(bytes && bytes % SECTOR_SIZE == 0);
	CHECK(sector <= blk.config.capacity);
	CHECK(bytes / SECTOR_SIZE <= blk.config.capacity - sector);
	if (modern.accepted & 1ULL << VIRTIO_BLK_F_BLK_SIZE)
		CHECK(sector * SECTOR_SIZE % blk.config.blk_size == 0 &&
		      bytes % blk.config.blk_size == 0);
}

static bool is_bad(u64 sector, u64 bytes)
{
	if (sector >= blk.bad_end || sector + bytes / SECTOR_SIZE <= blk.bad_first)
		return false;
	if (blk.bad_times && !--blk.bad_times)
		blk.bad_first = blk.bad_end = 0;
	return true;
}

/* ---- the requests ---------------------------------------------------------------------------- */

static u8 move(const struct ring_segment *segments, unsigned int count, u64 sector, bool to_disk)
{
	u64 bytes = data_bytes(segments, count);
	u8 *place = blk.bytes + sector * SECTOR_SIZE;

	check_range(sector, bytes);
	if (modern.accepted & 1ULL << VIRTIO_BLK_F_SEG_MAX)
		CHECK(count <= blk.config.seg_max);
	else
		CHECK_EQ(count, 1);
	if (is_bad(sector, bytes))
		return VIRTIO_BLK_S_IOERR;
	CHECK(sector + bytes / SECTOR_SIZE <= BLK_SECTORS);
	for (unsigned int i = 0; i < count; place += segments[i++].length) {
		if (to_disk)
			memcpy(place, segments[i].address, segments[i].length);
		else
			memcpy(segments[i].address, place, segments[i].length);
	}
	return VIRTIO_BLK_S_OK;
}

static u8 clear(const struct ring_chain *chain, bool zeroes)
{
	struct virtio_blk_discard_write_zeroes range;
	unsigned int feature = zeroes ? VIRTIO_BLK_F_WRITE_ZEROES : VIRTIO_BLK_F_DISCARD;

	CHECK(modern.accepted & 1ULL << feature);
	CHECK_EQ(chain->out, 2); /* one range, which is at most max_discard_seg */
	CHECK_EQ(chain->segments[1].length, sizeof(range));
	memcpy(&range, chain->segments[1].address, sizeof(range));
	check_range(range.sector, (u64)range.num_sectors * SECTOR_SIZE);
	CHECK(range.num_sectors <=
	      (zeroes ? blk.config.max_write_zeroes_sectors : blk.config.max_discard_sectors));
	CHECK(zeroes || !range.flags); /* the unmap bit of a discard is 0 */
	CHECK(!(range.flags & ~1u));
	blk.last_flags = range.flags;
	if (is_bad(range.sector, (u64)range.num_sectors * SECTOR_SIZE))
		return VIRTIO_BLK_S_IOERR;
	memset(blk.bytes + range.sector * SECTOR_SIZE, zeroes ? 0 : 0xdd,
	       (size_t)range.num_sectors * SECTOR_SIZE);
	return VIRTIO_BLK_S_OK;
}

static u8 tell_id(const struct ring_chain *chain)
{
	CHECK_EQ(chain->in, 2);
	CHECK_EQ(chain->segments[1].length, VIRTIO_BLK_ID_BYTES);
	if (!blk.id)
		return VIRTIO_BLK_S_UNSUPP;
	memset(chain->segments[1].address, 0, VIRTIO_BLK_ID_BYTES);
	memcpy(chain->segments[1].address, blk.id, strnlen(blk.id, VIRTIO_BLK_ID_BYTES));
	return VIRTIO_BLK_S_OK;
}

static u8 execute(const struct ring_chain *chain, const struct virtio_blk_outhdr *header)
{
	const struct ring_segment *in = chain->segments + chain->out;

	CHECK_EQ(header->ioprio, 0);
	if (header->type != VIRTIO_BLK_T_IN && header->type != VIRTIO_BLK_T_OUT)
		CHECK_EQ(header->sector, 0);
	switch (header->type) {
	case VIRTIO_BLK_T_IN:
		blk.reads++;
		CHECK_EQ(chain->out, 1);
		return move(in, chain->in - 1, header->sector, false);
	case VIRTIO_BLK_T_OUT:
		blk.writes++;
		CHECK_EQ(chain->in, 1);
		CHECK(!(modern.offered & 1ULL << VIRTIO_BLK_F_RO));
		return move(chain->segments + 1, chain->out - 1, header->sector, true);
	case VIRTIO_BLK_T_FLUSH:
		blk.flushes++;
		CHECK(modern.accepted & 1ULL << VIRTIO_BLK_F_FLUSH);
		CHECK_EQ(chain->out + chain->in, 2); /* no data */
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_DISCARD:
		blk.discards++;
		return clear(chain, false);
	case VIRTIO_BLK_T_WRITE_ZEROES:
		blk.zeroes++;
		return clear(chain, true);
	default:
		CHECK_EQ(header->type, VIRTIO_BLK_T_GET_ID);
		return tell_id(chain);
	}
}

static void answer(unsigned int queue, const struct ring_chain *chain)
{
	const struct ring_segment *last = &chain->segments[chain->out + chain->in - 1];
	struct virtio_blk_outhdr header;
	bool lies = blk.served++ >= blk.honest;
	u32 written = (u32)chain->writable;
	u8 status;

	/* 5.2.6.4: a header and a status in descriptors of their own. */
	CHECK(chain->out && chain->in);
	CHECK_EQ(chain->segments[0].length, sizeof(header));
	CHECK_EQ(last->length, 1);
	memcpy(&header, chain->segments[0].address, sizeof(header));
	blk.queue = queue;
	status = execute(chain, &header) ^ (lies ? blk.status_xor : 0);
	if (lies && blk.silent)
		return;
	if (!lies || !blk.status_unwritten)
		*last->address = status;
	if (lies && blk.short_read)
		written -= SECTOR_SIZE;
	modern_use(&modern, queue, chain->head + (lies && blk.id_wrong),
		   written + (lies && blk.written_more));
}

static void serve(struct modern *device, unsigned int queue, struct ring_chain *chain)
{
	(void)device;
	if (!blk.held) {
		answer(queue, chain);
		return;
	}
	CHECK(held_count < ARRAY_SIZE(held));
	held[held_count].chain = *chain;
	held[held_count++].queue = queue;
}

void blk_release(void)
{
	blk.held = false;
	while (held_count) {
		held_count--;
		answer(held[held_count].queue, &held[held_count].chain);
	}
}

/* ---- making it ------------------------------------------------------------------------------- */

static void write_config(void)
{
	memcpy(modern.config, &blk.config, sizeof(modern.config));
}

void blk_make(u64 features, u16 queues)
{
	blk.config.capacity = BLK_SECTORS;
	blk.config.seg_max = 4;
	blk.config.size_max = 4096;
	blk.config.blk_size = SECTOR_SIZE;
	blk.config.num_queues = queues;
	blk.config.wce = 1;
	blk.config.max_discard_sectors = 64;
	blk.config.max_discard_seg = 1;
	blk.config.discard_sector_alignment = 8;
	blk.config.max_write_zeroes_sectors = 48;
	blk.config.max_write_zeroes_seg = 1;
	blk.config.write_zeroes_may_unmap = 1;
	blk.id = "a disk";
	write_config();
	modern.offered |= features;
	modern.queue_count = queues;
	modern.config_length = offsetof(struct virtio_blk_config, max_secure_erase_sectors);
	modern.vectors = 8;
	modern.serve = serve;
	modern_make(0x1042, 1, 0x1100);
}

struct block_device *blk_boot(u64 features, u16 queues)
{
	blk_make(features, queues);
	modern_boot();
	return block_device_get(0);
}

void blk_change(void)
{
	write_config();
	modern_change(&modern);
}
