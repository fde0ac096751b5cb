/* SPDX-License-Identifier: MIT */
/* What is RAM, from the loader's memory map, which is not trusted. */
#ifndef KERNEL_MEMMAP_H
#define KERNEL_MEMMAP_H

#include "kernel/bootinfo.h"

/* Nothing below this is ever given out or mapped: firmware data, and a null pointer's reach. */
#define LOW_MEMORY_END 0x100000ULL

/* Addresses from here on cannot be identity-mapped: the lower half ends (Intel SDM 1, 3.3.7.1). */
#define IDENTITY_LIMIT (1ULL << 47)

/* A set of addresses: ranges [start, end), sorted, with a gap between any two. */
#define RANGES_MAX 192
struct range {
	u64 start, end;
};
struct range_set {
	unsigned int count;
	struct range ranges[RANGES_MAX];
};

/* Joins [start, end) to the set; dropped when the set is full. Empty ranges change nothing. */
void range_set_add(struct range_set *set, u64 start, u64 end);

/* Takes [start, end) out of the set; what a full set cannot split off is lost from it. */
void range_set_remove(struct range_set *set, u64 start, u64 end);

/*
 * Makes the set of whole pages that the map calls usable and nothing else in it contradicts.
 * Called once, before the functions below and memory_is_ram. `boot` must stay where it is.
 */
void memmap_init(const struct boot_info *boot);

/* That set; includes low memory and the image. Valid for ever. */
const struct range_set *memmap_ram(void);

/* True when any byte of [address, address + size) is RAM; the range must not wrap. */
bool memmap_overlaps_ram(u64 address, u64 size);

/* True when the loader's map has the byte at `address`, but not as RAM for us: the firmware's. */
bool memmap_is_reserved(u64 address);

/* The end of the highest RAM. */
u64 memmap_ram_end(void);

/* The largest range below `limit` of which the loader's map says nothing at all, in whole MiB;
 * false when there is none. */
bool memmap_find_gap(u64 limit, struct range *gap);

/* The first address beyond this CPU's physical address width, at most IDENTITY_LIMIT. */
u64 memmap_physical_limit(void);

#endif
