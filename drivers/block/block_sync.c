/* SPDX-License-Identifier: MIT */
/* The synchronous calls: split requests that are too large, and locate the sector that fails. */
#include <linux/errno.h>

#include "drivers/block/block.h"
#include "kernel/string.h"

/* One call. */
struct span {
	struct block_device *disk;
	enum block_op op;
	u32 flags;
	u64 sector, sectors;
	u8 *data;
	u64 timeout_ns;
};

/* Executes one request of the span, `count` sectors from its `offset`-th on. */
static int execute_part(const struct span *span, u64 offset, u32 count,
			struct block_request *request)
{
	int error;

	*request = (struct block_request){
		.op = span->op,
		.flags = span->flags,
		.sector = span->sector + offset,
		.sectors = count,
		.data = span->data ? span->data + (offset << SECTOR_SHIFT) : NULL,
		.status = -1,
	};
	error = block_check_request(span->disk, request);
	return error ? error : block_execute(span->disk, request, span->timeout_ns);
}

/* ---- splitting ------------------------------------------------------------------------------- */

/* Returns the size of the next piece. virtio 1.2, 5.2.6: it is best to split a discard where the
 * device's own units end. */
static u32 piece_size(const struct span *span, u64 offset)
{
	u32 align = span->disk->properties.discard_alignment, rest;
	u64 count = min(span->sectors - offset, (u64)block_request_limit(span->disk, span->op));

	if (span->op != BLOCK_DISCARD || !align || offset + count == span->sectors)
		return (u32)count;
	rest = (u32)((span->sector + offset + count) % align);
	return (u32)(rest < count ? count - rest : count);
}

/* ---- locating -------------------------------------------------------------------------------- */

/*
 * Finds the first block that fails by itself. The device reports that a request failed, but not
 * where, so the request is repeated in halves. If none fails, the trouble has passed, and only the
 * start of the request is known.
 */
static u64 locate_failure(const struct span *span, u64 offset, u32 count, bool *located)
{
	u32 block = span->disk->properties.logical_block_size >> SECTOR_SHIFT;
	struct block_request request;
	u64 first = offset;

	while (count > block) {
		u32 half = max(count / block / 2, 1u) * block;

		if (execute_part(span, offset, half, &request)) {
			count = half;
		} else {
			offset += half;
			count -= half;
		}
		if (READ_ONCE(span->disk->state) != BLOCK_STATE_UP)
			return first;
	}
	*located = execute_part(span, offset, count, &request);
	return *located ? offset : first;
}

static u64 find_failure(const struct span *span, u64 offset, struct block_request *request)
{
	bool moves_data = span->op == BLOCK_READ || span->op == BLOCK_WRITE;
	u32 block = span->disk->properties.logical_block_size >> SECTOR_SHIFT;
	bool located = false;

	/* Retry only if the device reported the failure; otherwise it would not end. */
	if (!moves_data || request->error != -EIO || request->status < 0)
		return offset;
	if (request->sectors > block)
		offset = locate_failure(span, offset, request->sectors, &located);
	request->error_sector = span->sector + offset;
	if (located) {
		request->sector = request->error_sector;
		request->sectors = block;
	}
	return offset;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static int check_span(const struct span *span)
{
	struct block_request request = { .op = span->op,
					 .flags = span->flags,
					 .sector = span->sector };
	u32 block = span->disk->properties.logical_block_size >> SECTOR_SHIFT;
	u64 end = block_sectors(span->disk);
	int error;

	/* The first block shows every error except the length. */
	request.sectors = block;
	request.data = span->data;
	if (!span->sectors || span->sectors % block || span->sector % block)
		return -EINVAL;
	error = block_check_request(span->disk, &request);
	if (!error && span->sectors > end - span->sector)
		error = -ERANGE;
	return error;
}

static int run_span(const struct span *span, u64 *failed)
{
	struct block_request request = { .status = -1 };
	int error = check_span(span);
	u64 offset = 0;

	while (!error && offset < span->sectors) {
		error = execute_part(span, offset, piece_size(span, offset), &request);
		if (!error)
			offset += request.sectors;
	}
	if (!error)
		return 0;
	if (request.error) {
		request.error_sector = request.sector;
		offset = find_failure(span, offset, &request);
		block_say_error(span->disk, &request);
	}
	if (failed)
		*failed = span->sector + offset;
	return error;
}

int block_read(struct block_device *disk, u64 sector, u64 sectors, void *data, u64 timeout_ns,
	       u64 *failed)
{
	struct span span = { disk, BLOCK_READ, 0, sector, sectors, data, timeout_ns };

	return run_span(&span, failed);
}

int block_write(struct block_device *disk, u64 sector, u64 sectors, const void *data,
		u64 timeout_ns, u64 *failed)
{
	/* The device only reads it. */
	struct span span = { disk, BLOCK_WRITE, 0, sector, sectors, (void *)data, timeout_ns };

	return run_span(&span, failed);
}

int block_discard(struct block_device *disk, u64 sector, u64 sectors, u64 timeout_ns, u64 *failed)
{
	struct span span = { disk, BLOCK_DISCARD, 0, sector, sectors, NULL, timeout_ns };

	return run_span(&span, failed);
}

int block_write_zeroes(struct block_device *disk, u64 sector, u64 sectors, bool unmap,
		       u64 timeout_ns, u64 *failed)
{
	struct span span = { disk, BLOCK_WRITE_ZEROES, unmap ? BLOCK_UNMAP : 0, sector, sectors,
			     NULL, timeout_ns };

	return run_span(&span, failed);
}

int block_flush(struct block_device *disk, u64 timeout_ns)
{
	struct block_request request = { .op = BLOCK_FLUSH, .status = -1 };
	int error;

	if (!disk->properties.write_cache)
		return 0;
	error = block_execute(disk, &request, timeout_ns);
	if (error)
		block_say_error(disk, &request);
	return error;
}
