/* SPDX-License-Identifier: MIT */
/*
 * The random test: requests of every kind, of random sizes at random places, a random number of
 * them at once, in both forms. What each sector must hold is known all the time, because no two
 * requests that are out touch the same sector unless both read it.
 */
#include "tests/guests/blkcheck/blkcheck.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"

struct mix {
	struct check *check;
	u64 state; /* of the random numbers */
	u32 last_generation;
	unsigned int depth, deepest; /* how many are out at most, for now; and ever were */
	u64 counts[BLOCK_WRITE_ZEROES + 1], sectors, synchronous;
};

static u64 random_number(struct mix *mix, u64 below)
{
	mix->state += 0x9e3779b97f4a7c15ULL;
	return splitmix64(mix->state) % below;
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* Of 32: what the disk cannot is written instead. */
static enum block_op choose_op(struct mix *mix)
{
	const struct block_properties *properties = &mix->check->properties;
	u64 dice = random_number(mix, 32);

	if (dice < 14)
		return BLOCK_READ;
	if (dice == 31)
		return BLOCK_FLUSH;
	if (dice < 17 && properties->max_discard_sectors)
		return BLOCK_DISCARD;
	if (dice > 28 && properties->max_zeroes_sectors)
		return BLOCK_WRITE_ZEROES;
	return BLOCK_WRITE;
}

static u32 op_limit(const struct check *check, enum block_op op)
{
	u32 limit = check->request_sectors;

	if (op == BLOCK_DISCARD)
		limit = min(limit, check->properties.max_discard_sectors);
	if (op == BLOCK_WRITE_ZEROES)
		limit = min(limit, check->properties.max_zeroes_sectors);
	return limit / check->block;
}

/* In blocks: each power of two is as likely as the next. */
static void choose_range(struct mix *mix, struct block_request *request)
{
	const struct check *check = mix->check;
	u32 limit = op_limit(check, request->op);
	u64 blocks = 1 + random_number(mix, 1ULL << random_number(mix, 12));

	blocks = min(blocks, (u64)limit);
	request->sectors = (u32)blocks * check->block;
	request->sector = random_number(mix, check->sectors / check->block - blocks + 1);
	request->sector *= check->block;
}

static bool is_in_the_way(const struct slot *slot, const struct block_request *request)
{
	const struct block_request *other = &slot->request;

	if (!slot->busy || (other->op == BLOCK_READ && request->op == BLOCK_READ))
		return false;
	return request->sector < other->sector + other->sectors &&
	       other->sector < request->sector + request->sectors;
}

static void wait_for_what_is_in_the_way(struct check *check, const struct block_request *request)
{
	for (unsigned int i = 0; i < check->depth; i++)
		if (is_in_the_way(&check->slots[i], request))
			slot_wait(check, &check->slots[i]);
}

/* Half of what is written is the pattern that must be there in the end. */
static u32 choose_generation(struct mix *mix, enum block_op op)
{
	if (op == BLOCK_DISCARD)
		return ANYTHING;
	if (op == BLOCK_WRITE_ZEROES)
		return ALL_ZEROES;
	return random_number(mix, 2) ? 0 : ++mix->last_generation;
}

/* ---- one request ----------------------------------------------------------------------------- */

static void prepare(struct mix *mix, struct slot *slot)
{
	struct block_request *request = &slot->request;

	*request = (struct block_request){ .op = choose_op(mix), .data = slot->buffer };
	mix->counts[request->op]++;
	if (request->op == BLOCK_FLUSH)
		return;
	choose_range(mix, request);
	mix->sectors += request->sectors;
	wait_for_what_is_in_the_way(mix->check, request);
	slot->generation = choose_generation(mix, request->op);
	if (request->op == BLOCK_WRITE_ZEROES)
		request->flags = random_number(mix, 2) ? BLOCK_UNMAP : 0;
	if (request->op == BLOCK_WRITE)
		pattern_fill(mix->check, slot->buffer, request->sector, request->sectors,
			     slot->generation);
	else
		memset(slot->buffer, 0xee, (size_t)request->sectors * SECTOR_SIZE);
}

static int call(struct block_device *disk, const struct block_request *request)
{
	u64 timeout = BLOCK_TIMEOUT_NS;

	switch (request->op) {
	case BLOCK_READ:
		return block_read(disk, request->sector, request->sectors, request->data, timeout,
				  NULL);
	case BLOCK_WRITE:
		return block_write(disk, request->sector, request->sectors, request->data, timeout,
				   NULL);
	case BLOCK_DISCARD:
		return block_discard(disk, request->sector, request->sectors, timeout, NULL);
	case BLOCK_WRITE_ZEROES:
		return block_write_zeroes(disk, request->sector, request->sectors,
					  request->flags & BLOCK_UNMAP, timeout, NULL);
	default:
		return block_flush(disk, timeout);
	}
}

static unsigned int busy_slots(const struct check *check)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < check->depth; i++)
		count += check->slots[i].busy;
	return count;
}

/* Now and then the depth changes, now and then a request waits a while before it is told of. */
static void one_request(struct mix *mix, u64 number)
{
	struct check *check = mix->check;
	struct slot *slot;

	if (number % 64 == 0)
		mix->depth = 1 + (unsigned int)random_number(mix, check->depth);
	slot = &check->slots[number % mix->depth];
	slot_wait(check, slot);
	prepare(mix, slot);
	if (random_number(mix, 16) == 0) {
		mix->synchronous++;
		slot_judge(check, slot, call(check->disk, &slot->request));
		return;
	}
	slot_submit(check, slot);
	mix->deepest = max(mix->deepest, busy_slots(check));
	if (random_number(mix, 4))
		block_kick(check->disk, slot->queue);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Writes the pattern where something else is; what is not touched shows that nothing else was. */
static u64 restore(struct check *check)
{
	u64 sector = 0, restored = 0;

	while (sector < check->sectors) {
		u64 end = sector;

		while (end < check->sectors && check->generations[end])
			end++;
		if (end > sector)
			range_write(check, sector, end - sector);
		restored += end - sector;
		sector = end + 1;
	}
	return restored;
}

static void report(const struct mix *mix)
{
	const u64 *counts = mix->counts;

	printk("blkcheck: %llu requests: %llu reads, %llu writes, %llu flushes, %llu discards, %llu of zeroes; %llu MiB, up to %u at once, %llu of them synchronous\n",
	       mix->check->requests, counts[BLOCK_READ], counts[BLOCK_WRITE], counts[BLOCK_FLUSH],
	       counts[BLOCK_DISCARD], counts[BLOCK_WRITE_ZEROES], mix->sectors * SECTOR_SIZE >> 20,
	       mix->deepest, mix->synchronous);
}

void random_test(struct check *check)
{
	struct mix mix = { .check = check, .state = check->seed ^ 0x626c6b636865636bULL };
	u64 bytes = check->sectors * sizeof(*check->generations);
	u64 restored;

	check->generations = alloc_pages_exact(bytes);
	if (!check->generations) {
		printk("blkcheck: the map of what each sector holds needs %llu MiB (MEM=)\n",
		       (bytes >> 20) + 1);
		check->errors++;
		return;
	}
	range_write(check, 0, check->sectors);
	printk("blkcheck: filled %llu sectors; now %llu random requests\n", check->sectors,
	       check->requests);
	for (u64 number = 0; number < check->requests && check->errors < ERRORS_MAX; number++)
		one_request(&mix, number);
	slots_wait_all(check);
	report(&mix);
	range_verify(check, 0, check->sectors);
	restored = restore(check);
	disk_flush(check);
	range_verify(check, 0, check->sectors);
	printk("blkcheck: all sectors compared, then the pattern put back into %llu of %llu\n",
	       restored, check->sectors);
	free_pages_exact(check->generations, bytes);
	check->generations = NULL;
}
