/* SPDX-License-Identifier: MIT */
/* Requests of blkcheck on their way: slots that are filled, handed over, waited for and judged. */
#include "tests/guests/blkcheck/blkcheck.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include <linux/errno.h>

#define ERROR_LINES_MAX 10

bool slots_make(struct check *check)
{
	size_t bytes = (size_t)check->request_sectors * SECTOR_SIZE;
	unsigned int count = 0;

	for (; count < check->depth; count++) {
		struct slot *slot = &check->slots[count];

		slot->buffer = alloc_pages_exact(bytes);
		if (!slot->buffer)
			break;
		slot->queue = check->first_queue + count % check->queues;
	}
	if (count < check->depth)
		printk("blkcheck: memory for %u requests at once, of %u\n", count, check->depth);
	check->depth = count;
	return count;
}

/* ---- what came back -------------------------------------------------------------------------- */

static void note(struct check *check, const struct slot *slot, u32 generation)
{
	const struct block_request *request = &slot->request;

	for (u32 i = 0; check->generations && i < request->sectors; i++)
		check->generations[request->sector + i] = generation;
}

static void count_error(struct check *check, const struct block_request *request, int error)
{
	static const char *const names[] = { "read", "write", "flush", "discard", "write zeroes" };

	if (check->errors++ < ERROR_LINES_MAX)
		printk("blkcheck: %s of %u sectors at sector %llu failed: error %d\n",
		       names[request->op], request->sectors, request->sector, error);
}

/* A read that failed is done again, around the blocks that cannot be read; how many those are. */
static u64 salvage(struct check *check, const struct slot *slot)
{
	const struct block_request *request = &slot->request;
	u64 sector = request->sector, end = sector + request->sectors, bad = 0;

	while (sector < end && check->errors < ERRORS_MAX) {
		u8 *place = slot->buffer + ((sector - request->sector) << SECTOR_SHIFT);
		u64 good = end;

		if (block_read(check->disk, sector, end - sector, place, BLOCK_TIMEOUT_NS, &good)) {
			printk("blkcheck: sector %llu cannot be read\n", good);
			check->errors++;
			bad++;
		}
		pattern_compare(check, place, sector, (u32)(good - sector));
		sector = good < end ? good + check->block : end;
	}
	return bad;
}

/* What failed may have happened in part. */
void slot_judge(struct check *check, struct slot *slot, int error)
{
	const struct block_request *request = &slot->request;
	bool again = error == -EIO && request->op == BLOCK_READ;

	slot->busy = false;
	if (error && !(again && salvage(check, slot)))
		count_error(check, request, error);
	if (request->op == BLOCK_READ && !error)
		pattern_compare(check, slot->buffer, request->sector, request->sectors);
	else if (request->op != BLOCK_READ && request->op != BLOCK_FLUSH)
		note(check, slot, error ? ANYTHING : slot->generation);
}

static void reap(struct check *check, unsigned int queue)
{
	struct block_request *request;

	while ((request = block_reap(check->disk, queue)))
		slot_judge(check, container_of(request, struct slot, request), request->error);
}

/* ---- on the way ------------------------------------------------------------------------------ */

static void wait_for_one(struct check *check, unsigned int queue)
{
	block_kick(check->disk, queue);
	if (block_wait(check->disk, queue, BLOCK_INTERRUPT, 1, BLOCK_TIMEOUT_NS))
		printk("blkcheck: no answer within %llu s\n", BLOCK_TIMEOUT_NS / 1000000000);
	reap(check, queue);
}

void slot_submit(struct check *check, struct slot *slot)
{
	int error = block_submit(check->disk, slot->queue, &slot->request);

	while (error == -ENOSPC) {
		wait_for_one(check, slot->queue);
		error = block_submit(check->disk, slot->queue, &slot->request);
	}
	slot->busy = true;
	if (error)
		slot_judge(check, slot, error);
}

void slot_wait(struct check *check, struct slot *slot)
{
	while (slot->busy)
		wait_for_one(check, slot->queue);
}

void slots_wait_all(struct check *check)
{
	for (unsigned int i = 0; i < check->depth; i++)
		slot_wait(check, &check->slots[i]);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static void run_range(struct check *check, enum block_op op, u64 sector, u64 sectors)
{
	for (unsigned int turn = 0; sectors && check->errors < ERRORS_MAX; turn++) {
		struct slot *slot = &check->slots[turn % check->depth];
		u32 count = (u32)min(sectors, (u64)check->request_sectors);

		slot_wait(check, slot);
		slot->generation = 0;
		slot->request = (struct block_request){
			.op = op, .sector = sector, .sectors = count, .data = slot->buffer
		};
		if (op == BLOCK_WRITE)
			pattern_fill(check, slot->buffer, sector, count, 0);
		else
			memset(slot->buffer, 0xee, (size_t)count * SECTOR_SIZE);
		slot_submit(check, slot);
		block_kick(check->disk, slot->queue);
		sector += count;
		sectors -= count;
	}
	slots_wait_all(check);
}

void range_write(struct check *check, u64 sector, u64 sectors)
{
	run_range(check, BLOCK_WRITE, sector, sectors);
}

void range_verify(struct check *check, u64 sector, u64 sectors)
{
	run_range(check, BLOCK_READ, sector, sectors);
}

bool disk_flush(struct check *check)
{
	struct block_request request = { .op = BLOCK_FLUSH };
	int error = block_flush(check->disk, BLOCK_TIMEOUT_NS);

	if (error)
		count_error(check, &request, error);
	return !error;
}
