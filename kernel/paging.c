// SPDX-License-Identifier: MIT
/*
 * Four-level page tables (Intel SDM 3A, 4.5). Entries only ever go from absent to present, so other
 * CPUs need no flush. Guard pages are the exception; they are made before the CPU starts whose
 * stacks they guard. Do not call from interrupt handlers.
 */
#include "kernel/paging.h"

#include "kernel/cpu.h"
#include "kernel/exit.h"
#include "kernel/image.h"
#include "kernel/memmap.h"
#include "kernel/memory.h"
#include "kernel/page_alloc.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/spinlock.h"

#define PTE_P BIT_ULL(0)
#define PTE_RW BIT_ULL(1)
#define PTE_PWT BIT_ULL(3)
#define PTE_PCD BIT_ULL(4)
#define PTE_PS BIT_ULL(7)
#define PTE_NX BIT_ULL(63)
#define PTE_ADDRESS 0x000ffffffffff000ULL
#define PTE_RIGHTS (PTE_P | PTE_RW | PTE_PWT | PTE_PCD | PTE_NX)

#define MAP_TEXT PTE_P
#define MAP_RODATA (PTE_P | PTE_NX)
#define MAP_DATA (PTE_P | PTE_RW | PTE_NX)
#define MAP_DEVICE (PTE_P | PTE_RW | PTE_PWT | PTE_PCD | PTE_NX)

#define TABLE_ENTRIES 512
#define TOP_LEVEL 4
#define CPUID_NX BIT_ULL(20)
#define CPUID_1GIB_PAGES BIT_ULL(26)

static DEFINE_SPINLOCK(lock); /* protects the tables; taken before the page allocator's */
static u64 *top_table;
static u64 table_count;
static u64 nx_mask = ~0ULL;	/* without PTE_NX if the CPU lacks it */
static unsigned int leaf_level; /* level of the largest page: 3 is 1 GiB, 2 is 2 MiB */

/* Returns the bytes that one entry of a table of `level` spans: 4 KiB, 2 MiB, 1 GiB, 512 GiB. */
static u64 level_size(unsigned int level)
{
	return PAGE_SIZE << (9 * (level - 1));
}

static u64 *table_entry(u64 *table, u64 address, unsigned int level)
{
	return &table[address / level_size(level) % TABLE_ENTRIES];
}

static bool is_leaf(u64 entry, unsigned int level)
{
	return level == 1 || (entry & PTE_PS);
}

static u64 *entry_table(u64 entry)
{
	return (u64 *)(uintptr_t)(entry & PTE_ADDRESS);
}

/* True if the entry can map [address, end) with one page. */
static bool fits_leaf(u64 address, u64 end, unsigned int level)
{
	return level == 1 || (level <= leaf_level && IS_ALIGNED(address, level_size(level)) &&
			      end - address >= level_size(level));
}

/*
 * Maps memory from `address` on with one entry. Returns the number of bytes mapped, or 0 if the
 * page has other rights already or there is no memory for a table.
 */
static u64 map_one(u64 address, u64 end, u64 rights)
{
	u64 *table = top_table, *entry, *new;
	unsigned int level;

	for (level = TOP_LEVEL;; level--) {
		entry = table_entry(table, address, level);
		if (*entry & PTE_P && is_leaf(*entry, level)) {
			if ((*entry & PTE_RIGHTS) != rights)
				return 0;
			break;
		}
		if (!(*entry & PTE_P) && fits_leaf(address, end, level)) {
			*entry = address | rights | (level > 1 ? PTE_PS : 0);
			break;
		}
		if (!(*entry & PTE_P)) {
			new = pages_alloc(1);
			if (!new)
				return 0;
			table_count++;
			*entry = (uintptr_t) new | PTE_P | PTE_RW;
		}
		table = entry_table(*entry);
	}
	return level_size(level) - (address & (level_size(level) - 1));
}

/* Maps whole pages; false where map_one returns 0. */
static bool map_range(u64 start, u64 end, u64 rights)
{
	u64 flags = spin_lock_irqsave(&lock), mapped = 1;

	for (rights &= nx_mask; start < end && mapped; start += mapped)
		mapped = map_one(start, end, rights);
	spin_unlock_irqrestore(&lock, flags);
	return mapped;
}

/* Returns the entry that maps `address`, or NULL; *level is its level. */
static u64 *find_leaf(u64 address, unsigned int *level)
{
	u64 *table = top_table, *entry;

	if (!table || address >= IDENTITY_LIMIT)
		return NULL;
	for (*level = TOP_LEVEL;; --*level) {
		entry = table_entry(table, address, *level);
		if (!(*entry & PTE_P))
			return NULL;
		if (is_leaf(*entry, *level))
			return entry;
		table = entry_table(*entry);
	}
}

static bool map_ram(void)
{
	static struct range_set plain;
	u64 image = (uintptr_t)image_start;

	plain = *memmap_ram();
	range_set_remove(&plain, 0, LOW_MEMORY_END);
	range_set_remove(&plain, image, ALIGN_UP((u64)(uintptr_t)image_end, PAGE_SIZE));
	for (unsigned int i = 0; i < plain.count; i++)
		if (!map_range(plain.ranges[i].start, plain.ranges[i].end, MAP_DATA))
			return false;
	return true;
}

static bool map_image(void)
{
	u64 text = (uintptr_t)image_start, text_limit = (uintptr_t)text_end;
	u64 rodata = (uintptr_t)rodata_start, rodata_limit = (uintptr_t)rodata_end;
	u64 data = (uintptr_t)data_start, data_limit = (uintptr_t)image_end;

	return map_range(text, ALIGN_UP(text_limit, PAGE_SIZE), MAP_TEXT) &&
	       map_range(rodata, ALIGN_UP(rodata_limit, PAGE_SIZE), MAP_RODATA) &&
	       map_range(data, ALIGN_UP(data_limit, PAGE_SIZE), MAP_DATA);
}

/* Replaces a large page by a table of smaller pages with the same rights. */
static bool split_leaf(u64 *entry, unsigned int level)
{
	u64 *table = pages_alloc(1);
	u64 page = *entry & ~(level == 2 ? PTE_PS : 0);

	if (!table)
		return false;
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++)
		table[i] = page + i * level_size(level - 1);
	table_count++;
	*entry = (uintptr_t)table | PTE_P | PTE_RW;
	return true;
}

bool paging_unmap_page(u64 address)
{
	u64 flags = spin_lock_irqsave(&lock);
	unsigned int level;
	u64 *entry;

	while ((entry = find_leaf(address, &level)) && level > 1)
		if (!split_leaf(entry, level))
			break;
	if (entry && level == 1)
		*entry = 0;
	spin_unlock_irqrestore(&lock, flags);
	invlpg(address);
	return !entry || level == 1;
}

static void unmap_guard_pages(const struct cpu *cpu)
{
	for (unsigned int i = 0; i < STACKS_PER_CPU; i++)
		paging_unmap_page(cpu->stacks[i].guard);
}

void paging_init(void)
{
	u32 features = cpuid(0x80000001, 0).edx;

	if (!(features & CPUID_NX))
		nx_mask = ~PTE_NX;
	leaf_level = features & CPUID_1GIB_PAGES ? 3 : 2;
	top_table = pages_alloc(1);
	leaf_level = top_table ? leaf_level : 0;
	if (!top_table || !map_ram())
		machine_stop("no memory for page tables");
	leaf_level = 1; /* the image page by page: the guard pages lie in it */
	if (!map_image())
		machine_stop("no memory for page tables");
	leaf_level = features & CPUID_1GIB_PAGES ? 3 : 2;
	unmap_guard_pages(this_cpu());
	write_cr3((uintptr_t)top_table);
	memory_all_mapped();
}

u64 paging_tables(void)
{
	return 1 + READ_ONCE(table_count);
}

/* Maps the pages around [address, address + size), which must not be RAM; prints why if it
 * fails. */
static bool map_outside_ram(u64 address, u64 size, u64 rights)
{
	u64 start = address & ~(PAGE_SIZE - 1);
	u64 end = ALIGN_UP(address + size, PAGE_SIZE);

	if (!size || address + size < address || address + size > memmap_physical_limit())
		printk("paging: cannot map 0x%llx bytes at 0x%llx: beyond the address width\n",
		       size, address);
	else if (memmap_overlaps_ram(start, end - start))
		printk("paging: cannot map 0x%llx bytes at 0x%llx: it is RAM\n", size, address);
	else if (!map_range(start, end, rights))
		printk("paging: cannot map 0x%llx bytes at 0x%llx: mapped otherwise or no memory\n",
		       size, address);
	else
		return true;
	return false;
}

bool paging_map_low_page(u64 address)
{
	return paging_lookup(address) == MAPPED_NOT &&
	       map_range(address, address + PAGE_SIZE, MAP_DATA);
}

u64 paging_root(void)
{
	return (uintptr_t)top_table;
}

volatile void *ioremap(u64 address, u64 size)
{
	return map_outside_ram(address, size, MAP_DEVICE) ? (volatile void *)(uintptr_t)address
							  : NULL;
}

const void *map_firmware(u64 address, u64 size)
{
	u64 end = ALIGN_UP(address + size, PAGE_SIZE);
	bool mapped;

	if (address < PAGE_SIZE || end < address)
		return NULL;
	if (address >= LOW_MEMORY_END && memory_is_ram(address, size))
		return (const void *)(uintptr_t)address;
	if (end <= LOW_MEMORY_END) /* even RAM, which is never allocated there */
		mapped = map_range(address & ~(PAGE_SIZE - 1), end, MAP_RODATA);
	else
		mapped = map_outside_ram(address, size, MAP_RODATA);
	return mapped ? (const void *)(uintptr_t)address : NULL;
}

enum mapping paging_lookup(u64 address)
{
	unsigned int level;
	u64 *entry = find_leaf(address, &level);

	if (!entry)
		return MAPPED_NOT;
	return *entry & PTE_PCD ? MAPPED_DEVICE : MAPPED_CACHED;
}
