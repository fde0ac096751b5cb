/* SPDX-License-Identifier: MIT */
/*
 * Memory for the kernel and for devices. RAM is identity-mapped and there is no IOMMU, so the
 * address of an allocation is also what a device is told (virt_to_phys).
 */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include "kernel/types.h"

#define PAGE_SIZE 4096ULL

/*
 * All of these can be called with interrupts on or off.
 *
 * Zeroed, page-aligned, physically contiguous; `size` in bytes is rounded up to pages.
 * NULL when there is none or size is 0. free_pages_exact takes the same size and ignores NULL;
 * it panics on anything but what one call gave, and on a second free.
 */
void *alloc_pages_exact(size_t size);
void free_pages_exact(void *pages, size_t size);

/* Zeroed, aligned to 16; NULL when there is none or size is 0. kfree ignores NULL and panics on
 * what kzalloc did not give or on a second free. */
void *kzalloc(size_t size);
void kfree(void *object);

/* What fills a freed object, so that a late reader stands out: as a pointer it is no address. */
#define FREED_PATTERN 0x6b6b6b6b6b6b6b6bULL

/* What is in use now; a caller that frees all it took finds the same numbers again. */
struct memory_counters {
	u64 pages_total;
	u64 pages_free;
	u64 objects;	  /* kzalloc minus kfree */
	u64 bitmap_pages; /* what the page allocator itself takes, beside pages_total */
	u64 table_pages;  /* page tables, which only ever grow */
};
void memory_count(struct memory_counters *counters);

/* True when [address, address + size) lies wholly in RAM that the loader's map calls usable. */
bool memory_is_ram(u64 address, u64 size);

/* The address a device is given for `pointer`. */
static inline u64 virt_to_phys(const volatile void *pointer)
{
	return (u64)(uintptr_t)pointer;
}

/*
 * Maps device registers where they are, uncached; `address` is physical, `size` in bytes, above
 * 4 GiB too. NULL, with a line, on overflow, on RAM, on a page that is mapped in another way,
 * beyond the CPU's physical addresses or 128 TiB, or without memory for page tables. Never
 * unmapped: the mapping is the identity, and mapping a region twice is the same as once.
 */
volatile void *ioremap(u64 address, u64 size);

#endif
