/* SPDX-License-Identifier: MIT */
/* Finds the RAM in the loader's memory map, which is not trusted. */
#ifndef KERNEL_MEMMAP_H
#define KERNEL_MEMMAP_H

#include "kernel/bootinfo.h"

/* Addresses below this are never allocated or mapped: firmware data, and the reach of a null
 * pointer. */
#define LOW_MEMORY_END 0x100000ULL

/* Addresses from here on cannot be identity-mapped: the lower half ends here (Intel SDM 1,
 * 3.3.7.1). */
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

/* Adds [start, end) to the set, or drops it if the set is full. Empty ranges change nothing. */
void range_set_add(struct range_set *set, u64 start, u64 end);

/* Removes [start, end) from the set. If a full set cannot hold the split, the upper part is
 * lost. */
void range_set_remove(struct range_set *set, u64 start, u64 end);

/*
 * Builds the set of whole pages that one entry of the map calls usable and no other contradicts.
 * Call it once, before the functions below and memory_is_ram. `boot` must stay where it is.
 */
void memmap_init(const struct boot_info *boot);

/* Returns that set, with low memory and the image. It stays valid. */
const struct range_set *memmap_ram(void);

/* True if any byte of [address, address + size) is RAM; the range must not wrap. */
bool memmap_overlaps_ram(u64 address, u64 size);

/* True if the loader's map lists the byte at `address`, but not as usable RAM: the firmware's. */
bool memmap_is_reserved(u64 address);

/* Returns the end of the highest RAM. */
u64 memmap_ram_end(void);

/* Finds the largest range below `limit` that the loader's map does not mention, in whole MiB; false
 * if there is none. */
bool memmap_find_gap(u64 limit, struct range *gap);

/* Returns the first address beyond this CPU's physical address width, at most IDENTITY_LIMIT. */
u64 memmap_physical_limit(void);

#endif
