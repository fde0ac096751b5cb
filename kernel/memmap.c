// SPDX-License-Identifier: MIT
/* Sets of address ranges, and the one that is RAM. */
#include "kernel/memmap.h"

#include "kernel/cpu.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"

static struct range_set ram;
static const struct boot_info *loader_map; /* it stays where it is */

static void delete_range(struct range_set *set, unsigned int i)
{
	set->count--;
	memmove(&set->ranges[i], &set->ranges[i + 1], (set->count - i) * sizeof(set->ranges[0]));
}

void range_set_add(struct range_set *set, u64 start, u64 end)
{
	struct range *ranges = set->ranges;
	unsigned int i = 0;

	if (start >= end)
		return;
	while (i < set->count && ranges[i].end < start)
		i++;
	while (i < set->count && ranges[i].start <= end) { /* touches or overlaps: absorb it */
		start = min(start, ranges[i].start);
		end = max(end, ranges[i].end);
		delete_range(set, i);
	}
	if (set->count == RANGES_MAX) {
		printk("memory: too many ranges: 0x%llx-0x%llx is left unused\n", start, end - 1);
		return;
	}
	memmove(&ranges[i + 1], &ranges[i], (set->count - i) * sizeof(ranges[0]));
	ranges[i] = (struct range){ start, end };
	set->count++;
}

void range_set_remove(struct range_set *set, u64 start, u64 end)
{
	unsigned int i = 0;
	struct range old;

	if (start >= end)
		return;
	while (i < set->count) {
		old = set->ranges[i];
		if (old.end <= start || old.start >= end) {
			i++;
			continue;
		}
		delete_range(set, i); /* the parts outside the hole are added again */
		range_set_add(set, old.start, max(old.start, start));
		range_set_add(set, min(old.end, end), old.end);
	}
}

u64 memmap_physical_limit(void)
{
	u32 bits = 36;

	/* Intel SDM 2A, CPUID: leaf 0x80000008, EAX[7:0]. */
	if (cpuid(0x80000000, 0).eax >= 0x80000008)
		bits = cpuid(0x80000008, 0).eax & 0xff;
	return bits < 47 ? BIT_ULL(bits) : IDENTITY_LIMIT;
}

/* RAM is rounded inwards to whole pages, everything else outwards; both stay below `limit`. */
static void apply_entry(const struct boot_memory *entry, bool usable, u64 limit)
{
	u64 end = entry->base + entry->size;

	if (entry->usable != usable || entry->base >= limit)
		return;
	end = min(end, limit);
	if (usable)
		range_set_add(&ram, ALIGN_UP(entry->base, PAGE_SIZE), end & ~(PAGE_SIZE - 1));
	else
		range_set_remove(&ram, entry->base & ~(PAGE_SIZE - 1), ALIGN_UP(end, PAGE_SIZE));
}

void memmap_init(const struct boot_info *boot)
{
	u64 limit = memmap_physical_limit();

	loader_map = boot;
	for (unsigned int i = 0; i < boot->memory_count; i++)
		apply_entry(&boot->memory[i], true, limit);
	/* Where two entries differ, it is not RAM. */
	for (unsigned int i = 0; i < boot->memory_count; i++)
		apply_entry(&boot->memory[i], false, limit);
}

const struct range_set *memmap_ram(void)
{
	return &ram;
}

bool memmap_overlaps_ram(u64 address, u64 size)
{
	for (unsigned int i = 0; i < ram.count; i++)
		if (address < ram.ranges[i].end && address + size > ram.ranges[i].start)
			return true;
	return false;
}

bool memmap_is_reserved(u64 address)
{
	if (!loader_map || memory_is_ram(address, 1))
		return false;
	for (unsigned int i = 0; i < loader_map->memory_count; i++)
		if (address - loader_map->memory[i].base < loader_map->memory[i].size)
			return true;
	return false;
}

u64 memmap_ram_end(void)
{
	return ram.count ? ram.ranges[ram.count - 1].end : 0;
}

bool memmap_find_gap(u64 limit, struct range *gap)
{
	struct range next = { LOW_MEMORY_END, LOW_MEMORY_END };
	static struct range_set listed; /* too large for a stack */

	*gap = next;
	listed.count = 0;
	for (unsigned int i = 0; loader_map && i < loader_map->memory_count; i++)
		range_set_add(&listed, loader_map->memory[i].base,
			      loader_map->memory[i].base + loader_map->memory[i].size);
	for (unsigned int i = 0; i <= listed.count; i++) {
		next.end = i < listed.count ? listed.ranges[i].start : limit;
		next.end = min(next.end, limit) & ~(LOW_MEMORY_END - 1);
		if (next.end > next.start && next.end - next.start > gap->end - gap->start)
			*gap = next;
		if (i < listed.count)
			next.start =
				max(next.start, ALIGN_UP(listed.ranges[i].end, LOW_MEMORY_END));
	}
	return gap->end > gap->start;
}

bool memory_is_ram(u64 address, u64 size)
{
	if (address + size < address)
		return false;
	for (unsigned int i = 0; i < ram.count; i++)
		if (address >= ram.ranges[i].start && address + size <= ram.ranges[i].end)
			return true;
	return false;
}
