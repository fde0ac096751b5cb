/* SPDX-License-Identifier: MIT */
/* The inside of the page allocator, for the other allocators and for paging. */
#ifndef KERNEL_PAGE_ALLOC_H
#define KERNEL_PAGE_ALLOC_H

#include "kernel/bootinfo.h"

/*
 * Builds the allocator over the loader's map. Stops the machine in one line when there is too
 * little RAM. One CPU, the low 4 GiB mapped.
 */
void memory_init(const struct boot_info *boot);

/* All RAM can be given out from now on, not only what the boot page tables map. By paging_init. */
void memory_all_mapped(void);

/* `count` zeroed contiguous pages from the highest stretch of RAM that has them, or NULL. */
void *pages_alloc(u64 count);

/* Gives back exactly what one pages_alloc gave; panics on anything else. */
void pages_free(void *pages, u64 count);

/*
 * Keeps those pages of [start, start + size) that are RAM, and that nobody has, from being given
 * out; they count as used for ever.
 */
void pages_reserve(u64 start, u64 size);

/* True when the page at `address` is one that pages_alloc has given out. */
bool pages_allocated(u64 address);

/* Objects in use, for memory_count. */
u64 kalloc_objects(void);

#endif
