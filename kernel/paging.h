/* SPDX-License-Identifier: MIT */
/* The page tables: an identity map in which each thing has only the rights it needs. */
#ifndef KERNEL_PAGING_H
#define KERNEL_PAGING_H

#include "kernel/types.h"

/*
 * Replaces the boot page tables: all RAM from 1 MiB on read-write, the image by its parts, nothing
 * executable but .text, guard pages and the first MiB not mapped. Stops the machine without memory
 * for the tables. Interrupts off; after memory_init.
 */
void paging_init(void);

/*
 * Makes firmware data at physical `address` readable, cached, where it is; RAM already is. NULL on
 * overflow, in the null page, beyond the CPU's addresses, on a page that is mapped in another way,
 * or without memory for page tables. Never unmapped.
 */
const void *map_firmware(u64 address, u64 size);

/* How many pages hold page tables. */
u64 paging_tables(void);

/* Makes the page of RAM at `address` one that faults, as a guard page: for ever, and for CPUs that
 * are started later. False without memory for page tables. */
bool paging_unmap_page(u64 address);

/* The page tables in use, for another CPU's CR3. */
u64 paging_root(void);

/* Makes a page below LOW_MEMORY_END, which is not mapped yet, readable and writable: false when it
 * is mapped, or without memory. paging_unmap_page takes it back. */
bool paging_map_low_page(u64 address);

/* What a page is mapped as. */
enum mapping { MAPPED_NOT, MAPPED_CACHED, MAPPED_DEVICE };
enum mapping paging_lookup(u64 address);

#endif
