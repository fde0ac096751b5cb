// SPDX-License-Identifier: MIT
/*
 * The first C code, called by entry.S. Converts what the loader left in memory into one boot_info.
 * One CPU, interrupts off, no exceptions handled yet, the low 4 GiB mapped.
 */
#include "boot/boot.h"

#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/protect.h"
#include "kernel/string.h"
#include "kernel/uart.h"

#define DROPPED_LINES_MAX 4

/* The BIOS's word with the segment of its extended data area. The null page is mapped only now. */
#define BIOS_EBDA_SEGMENT 0x40e

static struct boot_info boot_info;

bool boot_readable(u64 address, u64 size)
{
	return address && size <= BOOT_MAPPED && address <= BOOT_MAPPED - size;
}

/* Counts a dropped range, and prints the first few: a damaged map can contain any number. */
static void drop_memory(struct boot_info *boot, u64 base, u64 size, const char *why)
{
	if (boot->memory_dropped++ < DROPPED_LINES_MAX)
		printk("boot: memory map: dropped 0x%llx bytes at 0x%llx: %s\n", size, base, why);
}

/* Ends the usable memory before [start, start + size): there is no room to record that this range
 * is not RAM. */
static void cut_usable(struct boot_info *boot, u64 start, u64 size)
{
	struct boot_memory *entry = boot->memory;

	for (unsigned int i = 0; i < boot->memory_count; i++, entry++)
		if (entry->usable && entry->base < start + size &&
		    entry->base + entry->size > start)
			entry->size = start > entry->base ? start - entry->base : 0;
}

void boot_add_memory(struct boot_info *boot, u64 base, u64 size, bool usable)
{
	struct boot_memory *entry = &boot->memory[boot->memory_count];

	if (!size)
		return; /* an unused entry */
	if (base + size < base) {
		drop_memory(boot, base, size,
			    usable ? "it wraps" : "it wraps: nothing above it is RAM");
		if (usable)
			return;
		size = ~0ULL - base;
	}
	if (boot->memory_count == BOOT_MEMORY_MAX) {
		drop_memory(boot, base, size, "too many ranges");
		if (!usable)
			cut_usable(boot, base, size);
		return;
	}
	*entry = (struct boot_memory){ .base = base, .size = size, .usable = usable };
	boot->memory_count++;
}

void boot_set_cmdline(struct boot_info *boot, u64 address, u64 limit)
{
	const char *text = (const char *)(uintptr_t)address;
	size_t length, i;

	if (!boot_readable(address, 1))
		return;
	limit = min(limit, BOOT_MAPPED - address);
	length = strnlen(text, min(limit, (u64)BOOT_CMDLINE_MAX));
	if (length == BOOT_CMDLINE_MAX) {
		boot->cmdline_cut = true;
		length--;
	}
	for (i = 0; i < length; i++)
		boot->cmdline[i] = (u8)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
	boot->cmdline[length] = '\0';
}

/* Reads a word. The compiler must not know the address: it would take the null page for a
 * mistake. */
static u16 read_bios_word(volatile u32 address)
{
	return *(const volatile u16 *)(uintptr_t)address;
}

void boot_start(u32 loader, u32 info)
{
	stack_protector_init(); /* nothing returns from here */
	percpu_init();
	uart_init(); /* so that the code below can print */
	if (loader == BOOT_MULTIBOOT2)
		boot_parse_multiboot2(info, &boot_info);
	else
		boot_parse_pvh(info, &boot_info);
	boot_info.ebda = read_bios_word(BIOS_EBDA_SEGMENT) * 16ULL;
	if (boot_info.memory_dropped > DROPPED_LINES_MAX)
		printk("boot: memory map: dropped %u ranges in all\n", boot_info.memory_dropped);
	kernel_main(&boot_info);
}
