/* SPDX-License-Identifier: MIT */
/*
 * What a sector holds: its 64-bit little-endian word i is splitmix64's output for the state
 * seed + 64 * sector + i. A generation of the random test adds 2^40 times its number to the state.
 */
#include "tests/guests/blkcheck/blkcheck.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define GENERATION_SHIFT 40
#define LINES_MAX 10

u64 splitmix64(u64 state)
{
	u64 z = state + 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static u64 state_of(const struct check *check, u64 sector, u32 generation)
{
	return check->seed + ((u64)generation << GENERATION_SHIFT) + WORDS_PER_SECTOR * sector;
}

/* The words of all these sectors are one row of states. */
void pattern_fill(const struct check *check, u8 *memory, u64 sector, u32 count, u32 generation)
{
	u64 state = state_of(check, sector, generation);
	__le64 *words = (__le64 *)memory;

	for (u64 i = 0; i < WORDS_PER_SECTOR * count; i++)
		words[i] = cpu_to_le64(splitmix64(state + i));
}

static void say_difference(struct check *check, u64 sector, unsigned int word, u64 got, u64 want)
{
	u64 wrong = __atomic_add_fetch(&check->wrong, 1, __ATOMIC_RELAXED);

	if (wrong <= LINES_MAX)
		printk("blkcheck: sector %llu: word %u got 0x%016llx want 0x%016llx%s\n", sector,
		       word, got, want,
		       wrong == LINES_MAX ? "; further errors are not printed" : "");
}

static void compare_sector(struct check *check, const __le64 *words, u64 sector, u32 generation)
{
	u64 state = state_of(check, sector, generation);

	for (unsigned int i = 0; i < WORDS_PER_SECTOR; i++) {
		u64 want = generation == ALL_ZEROES ? 0 : splitmix64(state + i);
		u64 got = le64_to_cpu(words[i]);

		if (got == want)
			continue;
		say_difference(check, sector, i, got, want);
		return;
	}
}

void pattern_compare(struct check *check, const u8 *memory, u64 sector, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		u32 generation = check->generations ? check->generations[sector + i] : 0;

		if (generation != ANYTHING)
			compare_sector(check, (const __le64 *)(memory + i * SECTOR_SIZE),
				       sector + i, generation);
	}
}
