/* SPDX-License-Identifier: MIT */
/* The internal interface of the page allocator, for the other allocators and for paging. */
#ifndef KERNEL_PAGE_ALLOC_H
#define KERNEL_PAGE_ALLOC_H

#include "kernel/bootinfo.h"

/*
 * Builds the allocator over the loader's map. With too little RAM it stops the machine with a
 * message. One CPU, the low 4 GiB mapped.
 */
void memory_init(const struct boot_info *boot);

/* Makes all RAM available, not only what the boot page tables map. Called by paging_init. */
void memory_all_mapped(void);

/* Returns `count` zeroed contiguous pages from the highest stretch of RAM that has them, or
 * NULL. */
void *pages_alloc(u64 count);

/* Frees exactly what one pages_alloc returned; panics on anything else. */
void pages_free(void *pages, u64 count);

/*
 * Keeps the free RAM pages of [start, start + size) from being allocated; they count as used.
 */
void pages_reserve(u64 start, u64 size);

/* True if the page at `address` is allocated. */
bool pages_allocated(u64 address);

/* Returns the number of objects in use, for memory_count. */
u64 kalloc_objects(void);

#endif
