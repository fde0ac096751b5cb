/* SPDX-License-Identifier: MIT */
/*
 * Memory for the kernel and for devices. RAM is identity-mapped and there is no IOMMU, so the
 * address of an allocation is also the address for a device (virt_to_phys).
 */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include "kernel/types.h"

#define PAGE_SIZE 4096ULL

/*
 * All of these can be called with interrupts on or off.
 *
 * Allocates zeroed, page-aligned, physically contiguous memory; `size` in bytes is rounded up to
 * pages. NULL if there is none or size is 0. free_pages_exact takes the same size and ignores NULL.
 * It panics on anything that is not one such allocation, and on a second free.
 */
void *alloc_pages_exact(size_t size);
void free_pages_exact(void *pages, size_t size);

/* Allocates zeroed memory, aligned to 16. NULL if there is none or size is 0. kfree ignores NULL,
 * and panics on a pointer that is not from kzalloc, and on a second free. */
void *kzalloc(size_t size);
void kfree(void *object);

/* Fills a freed object, so that a late reader is noticed: as a pointer it is not an address. */
#define FREED_PATTERN 0x6b6b6b6b6b6b6b6bULL

/* The amounts in use now. A caller that frees all it took finds the same numbers again. */
struct memory_counters {
	u64 pages_total;
	u64 pages_free;
	u64 objects;	  /* kzalloc minus kfree */
	u64 bitmap_pages; /* what the page allocator itself uses, besides */
	u64 table_pages;  /* page tables, which only ever grow */
};
void memory_count(struct memory_counters *counters);

/* True if [address, address + size) lies wholly in RAM that the loader's map calls usable. */
bool memory_is_ram(u64 address, u64 size);

/* Returns the address to give to a device for `pointer`. */
static inline u64 virt_to_phys(const volatile void *pointer)
{
	return (u64)(uintptr_t)pointer;
}

/*
 * Maps device registers at their own address, uncached; `address` is physical, `size` in bytes,
 * above 4 GiB too. Prints a message and returns NULL on overflow, on RAM, on a page with another
 * mapping, beyond the CPU's physical address width or 128 TiB, or without memory for page tables.
 * The mapping stays: it is the identity, and mapping a region again changes nothing.
 */
volatile void *ioremap(u64 address, u64 size);

#endif
