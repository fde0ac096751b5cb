/* SPDX-License-Identifier: MIT */
/* The page tables: an identity map in which each thing has only the rights it needs. */
#ifndef KERNEL_PAGING_H
#define KERNEL_PAGING_H

#include "kernel/types.h"

/*
 * Replaces the boot page tables: maps all RAM from 1 MiB on read-write, the image by its parts,
 * only .text executable, and neither the guard pages nor the first MiB. Without memory for the
 * tables it stops the machine. Interrupts off; after memory_init.
 */
void paging_init(void);

/*
 * Maps firmware data at physical `address` readable and cached, at its own address; RAM is mapped
 * already. NULL on overflow, in the null page, beyond the CPU's address width, on a page with
 * another mapping, or without memory for page tables. The mapping stays.
 */
const void *map_firmware(u64 address, u64 size);

/* Returns the number of pages that hold page tables. */
u64 paging_tables(void);

/* Unmaps the page of RAM at `address`, as a guard page, for good, and also for CPUs that are
 * started later. False without memory for page tables. */
bool paging_unmap_page(u64 address);

/* Returns the page tables in use, for another CPU's CR3. */
u64 paging_root(void);

/* Maps a page below LOW_MEMORY_END readable and writable; false if it is mapped already, or without
 * memory. paging_unmap_page takes it back. */
bool paging_map_low_page(u64 address);

/* How a page is mapped. */
enum mapping { MAPPED_NOT, MAPPED_CACHED, MAPPED_DEVICE };
enum mapping paging_lookup(u64 address);

#endif
