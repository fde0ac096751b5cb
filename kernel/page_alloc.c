// SPDX-License-Identifier: MIT
/*
 * The page allocator: first fit over two bitmaps for each stretch of RAM. The bitmaps are separate
 * from the pages, so a device that writes to a page it no longer owns cannot damage them. Two bits
 * per page make 4 MiB for 64 GiB; booting touches nothing else of the RAM. Callable on any CPU with
 * interrupts on or off: one lock protects bitmaps and counters, and pages are zeroed outside it.
 */
#include "kernel/page_alloc.h"

#include "kernel/exit.h"
#include "kernel/image.h"
#include "kernel/memmap.h"
#include "kernel/memory.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/spinlock.h"
#include "kernel/string.h"

/* RAM needed in addition to the image: page tables, drivers, rings and the app. */
#define MEMORY_NEEDED (768 * 1024ULL)

#define WORD_BITS 64
#define WORD_FULL (~0ULL)

struct zone {
	u64 start; /* address of its first page */
	u64 pages;
	u64 *used; /* one bit per page; those past the end are set */
	u64 *last; /* set on the last page of each allocation */
	u64 hint;  /* words before this one are full */
};

/* The end of the boot page tables' mapping, and so of the pages for allocation before
 * paging_init. */
#define BOOT_MAPPED_END (1ULL << 32)

/* Sorted by address. None crosses BOOT_MAPPED_END, which may need one zone more. */
static struct zone zones[RANGES_MAX + 1];
static unsigned int zone_count;
static u64 pages_total, bitmap_bytes;
static u64 reach = BOOT_MAPPED_END; /* zones from here on are not used yet */

static DEFINE_SPINLOCK(lock); /* protects bitmaps, hints, and the variables below */
static u64 pages_free_count;

static bool bitmap_test_bit(const u64 *bitmap, u64 bit)
{
	return bitmap[bit / WORD_BITS] >> (bit % WORD_BITS) & 1;
}

static void change_bit(u64 *bitmap, u64 bit, bool set)
{
	if (set)
		bitmap[bit / WORD_BITS] |= BIT_ULL(bit % WORD_BITS);
	else
		bitmap[bit / WORD_BITS] &= ~BIT_ULL(bit % WORD_BITS);
}

static u64 range_words(const struct range *range)
{
	u64 pages = (range->end - range->start) / PAGE_SIZE;

	return ALIGN_UP(pages, WORD_BITS) / WORD_BITS;
}

static u64 set_bytes(const struct range_set *set)
{
	u64 bytes = 0;

	for (unsigned int i = 0; i < set->count; i++)
		bytes += set->ranges[i].end - set->ranges[i].start;
	return bytes;
}

/* Takes room for all bitmaps from a range that is already mapped. */
static u64 *take_bitmaps(struct range_set *available)
{
	u64 size = 0, start;

	for (unsigned int i = 0; i < available->count; i++) /* one word more if it is cut in two */
		size += 2 * sizeof(u64) * (range_words(&available->ranges[i]) + 1);
	size = ALIGN_UP(size, PAGE_SIZE);
	bitmap_bytes = size;
	for (unsigned int i = 0; i < available->count; i++) {
		start = available->ranges[i].start;
		if (start + size <= min(available->ranges[i].end, BOOT_MAPPED_END)) {
			range_set_remove(available, start, start + size);
			memset((void *)(uintptr_t)start, 0, size);
			return (u64 *)(uintptr_t)start;
		}
	}
	machine_stop("no room for the page allocator's %llu KiB of bitmaps", size / 1024);
}

static u64 *add_zone(const struct range *range, u64 *bitmaps)
{
	struct zone *zone = &zones[zone_count++];
	u64 words = range_words(range), page;

	zone->start = range->start;
	zone->pages = (range->end - range->start) / PAGE_SIZE;
	zone->used = bitmaps;
	zone->last = bitmaps + words;
	for (page = zone->pages; page < words * WORD_BITS; page++)
		change_bit(zone->used, page, true);
	pages_total += zone->pages;
	return bitmaps + 2 * words;
}

/* Adds the zones of a range: one below BOOT_MAPPED_END, one above. */
static u64 *add_zones(const struct range *range, u64 *bitmaps)
{
	const struct range below = { range->start, min(range->end, BOOT_MAPPED_END) };
	const struct range above = { max(range->start, BOOT_MAPPED_END), range->end };

	if (below.start < below.end)
		bitmaps = add_zone(&below, bitmaps);
	if (above.start < above.end)
		bitmaps = add_zone(&above, bitmaps);
	return bitmaps;
}

void memory_init(const struct boot_info *boot)
{
	static struct range_set available;
	u64 image = (uintptr_t)image_start, image_size = (uintptr_t)image_end - image;
	u64 left, *bitmaps;

	memmap_init(boot);
	available = *memmap_ram();
	range_set_remove(&available, 0, LOW_MEMORY_END);
	range_set_remove(&available, image, ALIGN_UP(image + image_size, PAGE_SIZE));
	left = set_bytes(&available);
	if (left < MEMORY_NEEDED)
		machine_stop("need %llu KiB of RAM, have %llu KiB",
			     (image + image_size + MEMORY_NEEDED) / 1024,
			     (image + image_size + left) / 1024);
	bitmaps = take_bitmaps(&available);
	for (unsigned int i = 0; i < available.count; i++)
		bitmaps = add_zones(&available.ranges[i], bitmaps);
	pages_free_count = pages_total;
}

void memory_all_mapped(void)
{
	reach = ~0ULL;
}

/* Returns the first of `count` free pages in a row, or zone->pages. */
static u64 zone_find_run(const struct zone *zone, u64 count)
{
	u64 page = zone->hint * WORD_BITS, run = 0, word;

	while (page < zone->pages && run < count) {
		word = zone->used[page / WORD_BITS];
		if (page % WORD_BITS == 0 && (word == 0 || word == WORD_FULL)) {
			run = word ? 0 : run + WORD_BITS;
			page += WORD_BITS;
		} else {
			run = bitmap_test_bit(zone->used, page) ? 0 : run + 1;
			page++;
		}
	}
	return run >= count ? page - run : zone->pages;
}

/* With the lock. */
static void mark_allocation(struct zone *zone, u64 first, u64 count, bool used)
{
	for (u64 page = first; page < first + count; page++)
		change_bit(zone->used, page, used);
	change_bit(zone->last, first + count - 1, used);
	pages_free_count += used ? -count : count;
}

static void *zone_alloc(struct zone *zone, u64 count)
{
	u64 words = ALIGN_UP(zone->pages, WORD_BITS) / WORD_BITS;
	u64 first;

	while (zone->hint < words && zone->used[zone->hint] == WORD_FULL)
		zone->hint++;
	first = zone_find_run(zone, count);
	if (first >= zone->pages)
		return NULL;
	mark_allocation(zone, first, count, true);
	return (void *)(uintptr_t)(zone->start + first * PAGE_SIZE);
}

void *pages_alloc(u64 count)
{
	u64 flags = spin_lock_irqsave(&lock);
	unsigned int i = zone_count;
	void *pages = NULL;

	while (count && i-- > 0 && !pages)
		if (zones[i].start < reach)
			pages = zone_alloc(&zones[i], count);
	spin_unlock_irqrestore(&lock, flags);
	if (pages)
		memset(pages, 0, count * PAGE_SIZE);
	return pages;
}

static struct zone *find_zone(u64 address)
{
	for (unsigned int i = 0; i < zone_count; i++)
		if (address - zones[i].start < zones[i].pages * PAGE_SIZE)
			return &zones[i];
	return NULL;
}

void pages_reserve(u64 start, u64 size)
{
	u64 flags = spin_lock_irqsave(&lock), address, page;
	struct zone *zone;

	for (address = start & ~(PAGE_SIZE - 1); address < start + size; address += PAGE_SIZE) {
		zone = find_zone(address);
		page = zone ? (address - zone->start) / PAGE_SIZE : 0;
		if (zone && !bitmap_test_bit(zone->used, page))
			mark_allocation(zone, page, 1, true);
	}
	spin_unlock_irqrestore(&lock, flags);
}

bool pages_allocated(u64 address)
{
	struct zone *zone = find_zone(address);

	/* No lock: it is one read, and the caller's page does not change state. */
	return zone && bitmap_test_bit(zone->used, (address - zone->start) / PAGE_SIZE);
}

/* Panics unless one allocation is exactly the `count` pages from `first` on. */
static void check_allocation(const struct zone *zone, u64 first, u64 count)
{
	u64 address = zone->start + first * PAGE_SIZE, page;

	if (count > zone->pages - first)
		panic("free of %llu pages at 0x%llx: past the end of RAM", count, address);
	if (first && bitmap_test_bit(zone->used, first - 1) &&
	    !bitmap_test_bit(zone->last, first - 1))
		panic("free of %llu pages at 0x%llx: not the start of an allocation", count,
		      address);
	for (page = first; page < first + count; page++) {
		if (!bitmap_test_bit(zone->used, page))
			panic("free of %llu pages at 0x%llx: already free", count, address);
		if (bitmap_test_bit(zone->last, page) != (page == first + count - 1))
			panic("free of %llu pages at 0x%llx: not the size that was allocated",
			      count, address);
	}
}

void pages_free(void *pages, u64 count)
{
	u64 address = (uintptr_t)pages, flags = spin_lock_irqsave(&lock), first;
	struct zone *zone = find_zone(address);

	if (!zone || !IS_ALIGNED(address, PAGE_SIZE) || !count)
		panic("free of %llu pages at 0x%llx: not from this allocator", count, address);
	first = (address - zone->start) / PAGE_SIZE;
	check_allocation(zone, first, count);
	mark_allocation(zone, first, count, false);
	zone->hint = min(zone->hint, first / WORD_BITS);
	spin_unlock_irqrestore(&lock, flags);
}

void *alloc_pages_exact(size_t size)
{
	if (!size || size > SIZE_MAX - PAGE_SIZE)
		return NULL;
	return pages_alloc(ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE);
}

void free_pages_exact(void *pages, size_t size)
{
	if (pages)
		pages_free(pages, ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE);
}

void memory_count(struct memory_counters *counters)
{
	counters->pages_total = pages_total;
	counters->pages_free = READ_ONCE(pages_free_count);
	counters->bitmap_pages = bitmap_bytes / PAGE_SIZE;
	counters->table_pages = paging_tables();
	counters->objects = kalloc_objects();
}
