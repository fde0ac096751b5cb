// SPDX-License-Identifier: MIT
/* What loaders say, believed only as far as it makes sense (faults B03, B04, B11). */
#include "test.h"

#include <setjmp.h>
#include <sys/mman.h>

#include "boot/boot.c"
#include "boot/multiboot2.c"
#undef PVH_MEMORY_RAM
#define parse_memory_map parse_pvh_memory_map
#include "boot/pvh.c"
#undef parse_memory_map
#include "world.h"

static jmp_buf stopped;
static struct boot_info boot;

void stack_protector_init(void)
{
}

void uart_init(void)
{
}

void kernel_main(const struct boot_info *info)
{
	(void)info;
	FAIL("kernel_main");
}

void machine_stop(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printk("stop: ");
	vprintk(format, arguments);
	va_end(arguments);
	longjmp(stopped, 1);
}

/* `size` bytes below 4 GiB whose end is the end of what is mapped. */
static u8 *low_memory(u32 size)
{
	u32 whole = ALIGN_UP(size, 4096u);
	u8 *at = mmap(NULL, whole + 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	CHECK(at != MAP_FAILED);
	CHECK(!munmap(at + whole, 4096));
	return at + whole - size;
}

/* ---- one range ------------------------------------------------------------------------------- */

/* B04: one range at a time: empty, past the end of memory, past 2 to the 64. */
TEST(boot_map_takes_what_makes_sense)
{
	boot_add_memory(&boot, 0, 0x9fc00, true);
	boot_add_memory(&boot, 5, 0, true);
	boot_add_memory(&boot, ~0ULL, 0, false);
	boot_add_memory(&boot, 0xfffffffffffff000, 0x1000, true); /* ends at 2^64: wraps to 0 */
	boot_add_memory(&boot, 0x100000, ~0ULL, true);
	CHECK_EQ(boot.memory_count, 1);
	CHECK_EQ(boot.memory_dropped, 2);
	CHECK_EQ(world_log_count("it wraps\n"), 2);
}

TEST(boot_map_hole_that_wraps_reaches_the_end)
{
	boot_add_memory(&boot, 0x8000000, ~0ULL, false);
	CHECK_EQ(boot.memory_count, 1);
	CHECK_EQ(boot.memory[0].base + boot.memory[0].size, ~0ULL);
	CHECK(!boot.memory[0].usable);
}

TEST(boot_map_hole_beyond_the_last_room_cuts_ram)
{
	for (u64 i = 0; i < BOOT_MEMORY_MAX; i++)
		boot_add_memory(&boot, (i + 1) << 20, 1 << 20, true);
	boot_add_memory(&boot, 0x280000, 0x100000, false); /* in the second and the third */
	boot_add_memory(&boot, 0x900000000, 1 << 20, true);
	CHECK_EQ(boot.memory_count, BOOT_MEMORY_MAX);
	CHECK_EQ(boot.memory_dropped, 2);
	CHECK_EQ(boot.memory[0].size, 1 << 20);
	CHECK_EQ(boot.memory[1].size, 0x80000);
	CHECK_EQ(boot.memory[2].size, 0);
	CHECK_EQ(boot.memory[3].size, 1 << 20);
}

/* B04, X10: no line per bad range. */
TEST(boot_map_a_flood_of_bad_ranges_is_a_few_lines)
{
	for (unsigned int i = 0; i < 100000; i++)
		boot_add_memory(&boot, ~0ULL, 2, true);
	CHECK_EQ(boot.memory_dropped, 100000);
	CHECK_EQ(world_log_count("\n"), DROPPED_LINES_MAX);
}

/* ---- multiboot2 ------------------------------------------------------------------------------ */

/* Information of `size` bytes, told to be `total`; the tags are `tags`. */
static bool parse(const void *tags, u32 size, u32 total)
{
	u32 whole = ALIGN_UP(8 + size, 8u);
	u8 *info = low_memory(whole);

	memset(&boot, 0, sizeof(boot));
	memcpy(info, &total, 4);
	memcpy(info + 8, tags, size);
	if (setjmp(stopped))
		return false;
	boot_parse_multiboot2((u32)(uintptr_t)info, &boot);
	return true;
}

struct map_tag {
	u32 type, size, entry_size, version;
	struct multiboot2_memory entry[3];
	u32 end[2];
};

static struct map_tag map_tag(u32 entry_size)
{
	struct map_tag tag = { 6,
			       16 + 3 * 24,
			       entry_size,
			       0,
			       { { 0x100000, 0x7f00000, 1, 0 }, { 0, 0x1000, 2, 0 } },
			       { 0, 8 } };

	return tag;
}

TEST(multiboot2_map)
{
	struct map_tag tag = map_tag(24);

	CHECK(parse(&tag, sizeof(tag), 8 + sizeof(tag)));
	CHECK_EQ(boot.memory_count, 2);
	CHECK(boot.memory[0].usable && !boot.memory[1].usable);
	CHECK_STR(boot.protocol, "multiboot2");
}

/* B04: an entry of size 0 must not make the walk endless. */
TEST(multiboot2_map_with_entries_of_impossible_sizes)
{
	for (u32 size = 0; size < 24; size++) {
		struct map_tag tag = map_tag(size);

		CHECK(!parse(&tag, sizeof(tag), 8 + sizeof(tag)));
		CHECK_LOG("stop: no memory map");
	}
	for (u32 size = 25; size < 200; size++) { /* longer ones may come one day */
		struct map_tag tag = map_tag(size);

		parse(&tag, sizeof(tag), 8 + sizeof(tag));
	}
}

/* B03: the loader's two sizes stand in for a map; with neither there is no RAM. */
TEST(multiboot2_without_map)
{
	static const u32 basic[] = { 4, 16, 639, 130048, 0, 8 }, none[] = { 0, 8 };

	CHECK(parse(basic, sizeof(basic), 8 + sizeof(basic)));
	CHECK_EQ(boot.memory_count, 1);
	CHECK_EQ(boot.memory[0].size, 130048ull << 10);
	CHECK(!parse(none, sizeof(none), 8 + sizeof(none)));
	CHECK_LOG("stop: no memory map from the loader");
}

TEST(multiboot2_sizes_that_lie)
{
	static const u32 totals[] = { 0, 7, 0x100001, 0x7fffffff, ~0u };
	struct map_tag tag = map_tag(24);

	for (unsigned int i = 0; i < ARRAY_SIZE(totals); i++)
		CHECK(!parse(&tag, sizeof(tag), totals[i]));
	CHECK_EQ(world_log_count("is damaged"), ARRAY_SIZE(totals));
	for (u32 total = 8; total < 8 + sizeof(tag); total++) /* cut short: no look beyond */
		parse(&tag, sizeof(tag), total);
	for (u32 size = 0; size < 8; size++) {
		tag.size = size;
		CHECK(!parse(&tag, sizeof(tag), 8 + sizeof(tag)));
	}
	tag.size = ~0u;
	CHECK(!parse(&tag, sizeof(tag), 8 + sizeof(tag)));
}

TEST(multiboot2_any_bytes)
{
	for (unsigned int round = 0; round < 3000; round++) {
		u32 words[40], count = 1 + world_random(ARRAY_SIZE(words));

		for (u32 i = 0; i < count; i++)
			words[i] = world_random(3) ? world_random(40) : world_random(~0u);
		parse(words, count * 4, 8 + count * 4);
	}
}

/* ---- the command line ------------------------------------------------------------------------ */

/* B11: what does not end is cut, control characters become spaces. */
TEST(boot_cmdline_without_an_end_or_in_no_letters)
{
	u8 *text = low_memory(5000);

	memset(text, 'x', 5000);
	boot_set_cmdline(&boot, (uintptr_t)text, 5000);
	CHECK_EQ(strlen(boot.cmdline), BOOT_CMDLINE_MAX - 1);
	CHECK(boot.cmdline_cut);
	memset(&boot, 0, sizeof(boot));
	memcpy(text, "a\n\x7f\xffz", 5);
	boot_set_cmdline(&boot, (uintptr_t)text, 5);
	CHECK_STR(boot.cmdline, "a  \xffz");
	CHECK(!boot.cmdline_cut);
	boot_set_cmdline(&boot, 0, 5);
	boot_set_cmdline(&boot, 1ULL << 40, 5);
	CHECK_STR(boot.cmdline, "a  \xffz");
}

/* ---- PVH ------------------------------------------------------------------------------------- */

static bool parse_pvh(struct pvh_start_info start)
{
	struct pvh_start_info *info = (void *)low_memory(sizeof(start));

	*info = start;
	memset(&boot, 0, sizeof(boot));
	if (setjmp(stopped))
		return false;
	boot_parse_pvh((u32)(uintptr_t)info, &boot);
	return true;
}

TEST(pvh_map)
{
	struct pvh_memory *map = (void *)low_memory(2 * sizeof(*map));
	struct pvh_start_info start = { .version = 1,
					.memmap_paddr = (uintptr_t)map,
					.memmap_entries = 2 };

	map[0] = (struct pvh_memory){ 0x100000, 0x700000, 1, 0 };
	map[1] = (struct pvh_memory){ 0x200000, 0x1000, 2, 0 };
	CHECK(parse_pvh(start));
	CHECK_EQ(boot.memory_count, 2);
	start.version = 0; /* had no map yet */
	CHECK(!parse_pvh(start));
	start.version = 1;
	start.memmap_entries = 0;
	CHECK(!parse_pvh(start));
	start.memmap_entries = ~0u;
	CHECK(!parse_pvh(start));
	start.memmap_entries = 2;
	start.memmap_paddr = 0xffffffff;
	CHECK(!parse_pvh(start));
	start.memmap_paddr = 1ULL << 63;
	CHECK(!parse_pvh(start));
	CHECK_EQ(world_log_count("stop: no memory map"), 5);
}
