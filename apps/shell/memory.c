/* SPDX-License-Identifier: MIT */
/*
 * Memory: how much there is, what it holds. An address is looked up before it is used, so that one
 * where nothing is mapped is refused and does not fault.
 */
#include "apps/shell/shell.h"
#include "kernel/console.h"
#include "kernel/image.h"
#include "kernel/io.h"
#include "kernel/memory.h"
#include "kernel/paging.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define PEEK_MAX 4096 /* bytes in one go */

bool parse_number(const char *command, const char *text, u64 most, u64 *number)
{
	unsigned int base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;

	if (!kstrtou64(text, base, number) && *number <= most)
		return true;
	printk("%s: %s: want a number from 0 to 0x%llx, such as 42 or 0x2a\n", command, text, most);
	return false;
}

void print_bytes(const u8 *bytes, size_t length, u64 address)
{
	for (size_t row = 0; row < length; row += 16) {
		size_t end = min(row + 16, length);

		printk("%08llx:", address + row);
		for (size_t i = row; i < row + 16; i++) {
			if (i < end)
				printk(" %02x", bytes[i]);
			else
				printk("   ");
		}
		printk("  ");
		for (size_t i = row; i < end; i++)
			printk("%c", bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '.');
		printk("\n");
	}
}

static int run_mem(int argc, char **argv)
{
	struct memory_counters memory;

	(void)argc;
	(void)argv;
	memory_count(&memory);
	printk("%llu of %llu KiB free, %llu objects, %llu pages of page tables\n",
	       memory.pages_free * PAGE_SIZE / 1024, memory.pages_total * PAGE_SIZE / 1024,
	       memory.objects, paging_tables());
	return 0;
}

/* The image's first part, and the firmware's tables, mapped where no RAM of ours is. */
static bool is_read_only(u64 address, u64 length)
{
	if (address >= (uintptr_t)image_start && address < (uintptr_t)rodata_end)
		return true;
	return paging_lookup(address) == MAPPED_CACHED && !memory_is_ram(address, length);
}

/* Whether every byte may be used so; else a line says why not. */
static bool check(const char *command, u64 address, u64 length, u64 width, bool write)
{
	if (!IS_ALIGNED(address, width)) {
		printk("%s: 0x%llx is not aligned to %llu\n", command, address, width);
		return false;
	}
	for (u64 page = address & ~(PAGE_SIZE - 1); page < address + length; page += PAGE_SIZE) {
		if (paging_lookup(page) == MAPPED_NOT) {
			printk("%s: nothing is mapped at 0x%llx\n", command, max(page, address));
			return false;
		}
	}
	if (write && is_read_only(address, length)) {
		printk("%s: 0x%llx is read-only: kernel code or constants, or firmware\n", command,
		       address);
		return false;
	}
	return true;
}

static bool parse_width(const char *command, const char *text, u64 *width)
{
	if (!kstrtou64(text, 10, width) && *width && *width <= 8 && !(*width & (*width - 1)))
		return true;
	printk("%s: width %s: choices: 1, 2, 4, 8 bytes\n", command, text);
	return false;
}

/* One access of this width, as registers want it. */
static u64 read_cell(u64 address, u64 width)
{
	switch (width) {
	case 1:
		return *(const volatile u8 *)(uintptr_t)address;
	case 2:
		return *(const volatile u16 *)(uintptr_t)address;
	case 4:
		return *(const volatile u32 *)(uintptr_t)address;
	default:
		return *(const volatile u64 *)(uintptr_t)address;
	}
}

static void write_cell(u64 address, u64 width, u64 value)
{
	switch (width) {
	case 1:
		*(volatile u8 *)(uintptr_t)address = (u8)value;
		break;
	case 2:
		*(volatile u16 *)(uintptr_t)address = (u16)value;
		break;
	case 4:
		*(volatile u32 *)(uintptr_t)address = (u32)value;
		break;
	default:
		*(volatile u64 *)(uintptr_t)address = value;
		break;
	}
}

static void print_cells(u64 address, u64 width, u64 count)
{
	u64 row = 16 / width;

	for (u64 i = 0; i < count; i++) {
		if (i % row == 0)
			printk("%s%08llx:", i ? "\n" : "", address + i * width);
		printk(" %0*llx", (int)(2 * width), read_cell(address + i * width, width));
	}
	printk("\n");
}

static int run_peek(int argc, char **argv)
{
	u64 address, width = 4, count = 1;

	if (argc < 2 || argc > 4)
		return usage("peek");
	if (!parse_number("peek", argv[1], ~0ULL - PEEK_MAX, &address) ||
	    (argc > 2 && !parse_width("peek", argv[2], &width)) ||
	    (argc > 3 && !parse_number("peek", argv[3], PEEK_MAX / width, &count)))
		return 1;
	if (!count || !check("peek", address, count * width, width, false))
		return 1;
	print_cells(address, width, count);
	return 0;
}

static int run_poke(int argc, char **argv)
{
	u64 address, value, width = 4;

	if (argc < 3 || argc > 4)
		return usage("poke");
	if (!parse_number("poke", argv[1], ~0ULL - PEEK_MAX, &address) ||
	    (argc > 3 && !parse_width("poke", argv[3], &width)))
		return 1;
	if (!parse_number("poke", argv[2], ~0ULL >> (64 - 8 * width), &value) ||
	    !check("poke", address, width, width, true))
		return 1;
	write_cell(address, width, value);
	return 0;
}

static void put_log_byte(char c)
{
	console_write(&c, 1);
}

/* What is printed meanwhile is behind what was there when it began. */
static int run_dmesg(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	console_log(0, put_log_byte);
	return 0;
}

const struct command memory_commands[] = {
	{ "mem", run_mem, "", "shows how much memory is free", COMPLETE_NOTHING, NULL },
	{ "peek", run_peek, "ADDRESS [WIDTH [COUNT]]", "reads memory, or registers",
	  COMPLETE_NOTHING, NULL },
	{ "poke", run_poke, "ADDRESS VALUE [WIDTH]", "writes memory; nothing stops you",
	  COMPLETE_NOTHING, NULL },
	{ "dmesg", run_dmesg, "", "what has been printed so far", COMPLETE_NOTHING, NULL },
	{},
};
