// SPDX-License-Identifier: MIT
/* What is taken for RAM, of a map that may say anything (faults B04, B07). */
#include "test.h"

#define memory_is_ram real_is_ram
#define memmap_overlaps_ram real_overlaps_ram
#define memmap_find_gap real_find_gap
#define memmap_physical_limit real_physical_limit
#include "kernel/memmap.c"
#include "world.h"

#define MIB (1ULL << 20)

static struct boot_info boot;

static void add(u64 base, u64 size, bool usable)
{
	boot.memory[boot.memory_count++] = (struct boot_memory){ base, size, usable };
}

static void check_range(unsigned int i, u64 start, u64 end)
{
	CHECK(i < memmap_ram()->count);
	CHECK_EQ(memmap_ram()->ranges[i].start, start);
	CHECK_EQ(memmap_ram()->ranges[i].end, end);
}

/* B04: the order and the overlaps of the map do not matter. */
TEST(memmap_unsorted_overlapping_and_touching)
{
	add(64 * MIB, 64 * MIB, true);
	add(1 * MIB, 31 * MIB, true);
	add(16 * MIB, 32 * MIB, true); /* overlaps the one before */
	add(48 * MIB, 16 * MIB, true); /* joins all */
	add(1024 * MIB, MIB, true);
	memmap_init(&boot);
	CHECK_EQ(memmap_ram()->count, 2);
	check_range(0, MIB, 128 * MIB);
	check_range(1, 1024 * MIB, 1025 * MIB);
}

/* B07: reserved means reserved, whatever else the map says of the page. */
TEST(memmap_holes_win_wherever_they_stand)
{
	add(4 * MIB, MIB, false);
	add(MIB, 127 * MIB, true);
	add(8 * MIB, 1, false);		  /* one byte costs its page */
	add(16 * MIB + 100, 4096, false); /* and two pages */
	add(127 * MIB, 100 * MIB, false); /* over the end */
	add(MIB, 0x2000, false);	  /* over the start */
	memmap_init(&boot);
	CHECK_EQ(memmap_ram()->count, 4);
	check_range(0, MIB + 0x2000, 4 * MIB);
	check_range(1, 5 * MIB, 8 * MIB);
	check_range(2, 8 * MIB + 4096, 16 * MIB);
	check_range(3, 16 * MIB + 8192, 127 * MIB);
	CHECK(!real_is_ram(8 * MIB, 1));
	CHECK(real_overlaps_ram(8 * MIB, 4097));
	CHECK(!real_overlaps_ram(4 * MIB, MIB));
	CHECK(!real_is_ram(7 * MIB, 2 * MIB));
	CHECK(!real_is_ram(MIB, ~0ULL));
}

TEST(memmap_pages_in_part_are_no_ram)
{
	add(MIB + 1, 0x1fff, true);
	add(2 * MIB + 1, 0xffe, true);
	add(3 * MIB, 0xfff, true);
	memmap_init(&boot);
	CHECK_EQ(memmap_ram()->count, 1);
	check_range(0, MIB + 0x1000, MIB + 0x2000);
}

TEST(memmap_beyond_what_the_cpu_addresses)
{
	u64 limit = real_physical_limit();

	add(limit - MIB, 2 * MIB, true);
	add(limit, MIB, true);
	add(~0ULL - MIB, MIB, true);
	add(limit + MIB, ~0ULL - limit - MIB, false);
	memmap_init(&boot);
	CHECK_EQ(memmap_ram()->count, 1);
	check_range(0, limit - MIB, limit);
}

TEST(memmap_more_holes_than_ranges_lose_ram_not_holes)
{
	static struct range_set set;

	range_set_add(&set, 0, 1000 * MIB);
	for (u64 i = 0; i < 400; i++)
		range_set_remove(&set, i * 2 * MIB, i * 2 * MIB + MIB);
	CHECK(set.count <= RANGES_MAX);
	for (unsigned int i = 0; i < set.count; i++)
		for (u64 page = set.ranges[i].start; page < set.ranges[i].end; page += MIB)
			CHECK(page >= 800 * MIB || page / MIB % 2);
}

/* Some entry says so of the byte at `address`. */
static bool said_of(u64 address, bool usable)
{
	for (unsigned int i = 0; i < boot.memory_count; i++)
		if (boot.memory[i].usable == usable &&
		    address - boot.memory[i].base < boot.memory[i].size)
			return true;
	return false;
}

/* Any map: a page is RAM exactly when some entry says so of all of it, and none speaks against. */
TEST(memmap_any_map_page_by_page)
{
	for (unsigned int round = 0; round < 3000; round++) {
		memset(&boot, 0, sizeof(boot));
		ram.count = 0;
		for (u32 left = 1 + world_random(12); left; left--)
			add(world_random(64) * 4096, world_random(16) * 4096, world_random(3));
		memmap_init(&boot);
		for (u64 page = 0; page < 80; page++) {
			bool wanted = said_of(page * 4096, true) && !said_of(page * 4096, false);

			CHECK_EQ(real_is_ram(page * 4096, 4096), wanted);
		}
	}
}
