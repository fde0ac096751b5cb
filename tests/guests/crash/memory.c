// SPDX-License-Identifier: MIT
/* Crashes by an address: nobody's, or somebody's with other rights. */
#include "tests/guests/crash/crash.h"
#include "kernel/cpu.h"
#include "kernel/memmap.h"
#include "kernel/memory.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/stack.h"
#include "kernel/string.h"

#define RET 0xc3

static const char constant[] = "constant";
static u8 data[16] = { RET };

static void read_null(void)
{
	read_word(0);
}
CRASH_KIND(read_null, "null-read");

static void write_null(void)
{
	write_byte(NULL);
}
CRASH_KIND(write_null, "null-write");

static void call_null(void)
{
	call(NULL);
}
CRASH_KIND(call_null, "null-call");

static void write_text(void)
{
	write_byte((const void *)(uintptr_t)write_text);
}
CRASH_KIND(write_text, "write-text");

static void write_rodata(void)
{
	write_byte(constant);
}
CRASH_KIND(write_rodata, "write-rodata");

static void execute_data(void)
{
	call(data);
}
CRASH_KIND(execute_data, "exec-data");

static void execute_stack(void)
{
	u8 code[16] = { RET };

	call(code);
}
CRASH_KIND(execute_stack, "exec-stack");

static void execute_heap(void)
{
	u8 *code = kzalloc(16);

	if (code)
		code[0] = RET;
	call(code);
}
CRASH_KIND(execute_heap, "exec-heap");

/* Where a gigabyte begins in which there is no RAM any more. */
static void read_beyond_ram(void)
{
	read_word(ALIGN_UP(memmap_ram_end(), 1ULL << 30) + 0x10);
}
CRASH_KIND(read_beyond_ram, "beyond-ram");

static void read_beyond_cpu(void)
{
	read_word(memmap_physical_limit());
}
CRASH_KIND(read_beyond_cpu, "beyond-cpu");

static void read_reserved(void)
{
	u64 address;

	for (address = LOW_MEMORY_END; address < 1ULL << 32; address += PAGE_SIZE) {
		if (memmap_is_reserved(address) && paging_lookup(address) == MAPPED_NOT)
			read_word(address);
	}
}
CRASH_KIND(read_reserved, "reserved");

/* The first BAR below 4 GiB that nobody has mapped, as the bus describes it. */
static void read_bar(void)
{
	char text[128];
	u64 address;

	for (address = 0x10; address < 1ULL << 32; address += 0x10000) {
		if (paging_lookup(address) != MAPPED_NOT)
			continue;
		describe_address(address, text, sizeof(text));
		if (!strncmp(text, "BAR ", 4))
			read_word(address);
	}
}
CRASH_KIND(read_bar, "bar");

static void read_argument(void)
{
	read_word(crash_argument);
}
CRASH_KIND(read_argument, "read");

static void read_non_canonical(void)
{
	read_word(0x8000000000000000);
}
CRASH_KIND(read_non_canonical, "non-canonical");

/* ---- the object allocator ------------------------------------------------------------------- */

static void free_twice(void)
{
	void *object = kzalloc(100);

	kfree(object);
	kfree(object);
}
CRASH_KIND(free_twice, "double-free");

struct node {
	struct node *next;
	u64 value;
};

/* The slab stays, for another object lives in it; what is read is what kfree left. */
static __no_ubsan void use_after_free(void)
{
	struct node *neighbour = kzalloc(sizeof(*neighbour)), *node = kzalloc(sizeof(*node));

	if (!neighbour || !node)
		return;
	kfree(node);
	node = hide(node);
	node->next->value = 1;
	kfree(neighbour);
}
CRASH_KIND(use_after_free, "use-after-free");

/* How many pages there are of each kind that there must not be, and of all, whatever their size. */
struct audit {
	u64 pages;
	u64 user;	   /* entries open to ring 3, of pages or of tables */
	u64 write_execute; /* writable and executable */
};

/* By the processor's own word (Intel SDM 3A, 4.5), not by what the kernel means to have mapped. */
static void audit_table(u64 address, unsigned int level, struct audit *audit)
{
	const u64 *table = (const u64 *)(uintptr_t)(address & 0x000ffffffffff000ULL);

	for (unsigned int i = 0; i < 512; i++) {
		if (!(table[i] & BIT_ULL(0))) /* not present */
			continue;
		audit->user += table[i] >> 2 & 1;
		if (level > 1 && !(table[i] & BIT_ULL(7))) { /* no large page: a table */
			audit_table(table[i], level - 1, audit);
			continue;
		}
		audit->pages++;
		audit->write_execute += table[i] & BIT_ULL(1) && !(table[i] >> 63);
	}
}

static void audit_pages(void)
{
	struct audit audit = {};

	audit_table(read_cr3(), 4, &audit);
	printk("crash: %llu pages: %llu writable and executable, %llu open to user mode\n",
	       audit.pages, audit.write_execute, audit.user);
}
CRASH_KIND(audit_pages, "audit");
