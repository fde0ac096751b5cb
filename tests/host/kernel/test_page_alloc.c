// SPDX-License-Identifier: MIT
/* The page and object allocators over a stretch of the host's memory. */
#include "test.h"

#include <setjmp.h>
#include <sys/mman.h>

#define image_start fake_image
#define image_end fake_image_end
#define alloc_pages_exact real_pages_exact
#define free_pages_exact real_free_exact
#define kzalloc real_kzalloc
#define kfree real_kfree
#define memory_count real_count
#define machine_stop fake_stop
#define panic fake_panic
#define memmap_init fake_memmap_init
#define memmap_ram fake_memmap_ram
#define lock page_lock
#include "kernel/page_alloc.c"
#undef lock
#define lock object_lock
#include "kernel/kalloc.c"
#undef panic
#include "kernel/printk.h"
#include "world.h"

const char fake_image[1], fake_image_end[1];
static struct range_set ram;
static jmp_buf out;

void fake_memmap_init(const struct boot_info *boot)
{
	(void)boot;
}

const struct range_set *fake_memmap_ram(void)
{
	return &ram;
}

u64 paging_tables(void)
{
	return 0;
}

void fake_stop(const char *format, ...)
{
	printk("%s", format);
	longjmp(out, 1);
}

void fake_panic(const char *format, ...)
{
	printk("%s", format);
	longjmp(out, 1);
}

/* Pages at an address of our choice, which need not be touched. */
static void add_ram(u64 start, u64 size)
{
	void *at = mmap((void *)(uintptr_t)start, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if ((u64)(uintptr_t)at != start)
		FAIL("no memory at 0x%llx", start);
	ram.ranges[ram.count++] = (struct range){ start, start + size };
}

#ifdef __SANITIZE_ADDRESS__
#define ADDRESS_SANITIZER true
#else
#define ADDRESS_SANITIZER false
#endif

#define LOW 0x40000000ULL
#define HIGH 0x300000000000ULL /* clear of the sanitizer's own */
#define MIB (1ULL << 20)

static u64 address_of(void *pages)
{
	return (uintptr_t)pages;
}

/* What panics, and with which words. */
#define CHECK_PANIC(call, words)                              \
	do {                                                  \
		if (!setjmp(out)) {                           \
			call;                                 \
			FAIL("%s did not panic", #call);      \
		}                                             \
		CHECK_LOG(words);                             \
		world_log_clear();                            \
		memset(&page_lock, 0, sizeof(page_lock));     \
		memset(&object_lock, 0, sizeof(object_lock)); \
	} while (0)

TEST(pages_above_4_gib_first_once_they_are_mapped)
{
	struct memory_counters before, after;
	void *low, *high;

	add_ram(LOW, 8 * MIB);
	add_ram(HIGH, 8 * MIB);
	memory_init(NULL);
	memory_count(&before);
	low = pages_alloc(2);
	CHECK(address_of(low) < LOW + 8 * MIB);
	memory_all_mapped();
	high = pages_alloc(3);
	CHECK_EQ(address_of(high), HIGH);
	CHECK(!pages_alloc(8 * MIB / PAGE_SIZE + 1));
	while (pages_alloc(1)) /* what has no room above is found below */
		;
	pages_free(low, 2);
	CHECK_EQ(address_of(pages_alloc(2)), address_of(low));
	memory_count(&after);
	CHECK(after.pages_free < before.pages_free && after.pages_total == before.pages_total);
}

TEST(pages_across_4_gib_are_two_zones)
{
	if (ADDRESS_SANITIZER) /* it has memory there itself; the other compiler's build has none */
		return;
	add_ram((1ULL << 32) - 2 * MIB, 4 * MIB);
	memory_init(NULL);
	CHECK(!pages_alloc(3 * MIB / PAGE_SIZE));
	memory_all_mapped();
	CHECK(!pages_alloc(3 * MIB / PAGE_SIZE));
	CHECK_EQ(address_of(pages_alloc(2 * MIB / PAGE_SIZE)), 1ULL << 32);
	CHECK(address_of(pages_alloc(1)) < 1ULL << 32);
}

TEST(pages_zeroed_counted_and_joined_again)
{
	struct memory_counters start, now;
	u8 *pages[100];

	add_ram(LOW, 4 * MIB);
	memory_init(NULL);
	memory_count(&start);
	for (unsigned int i = 0; i < 100; i++) {
		pages[i] = pages_alloc(1 + i % 7);
		for (u64 byte = 0; byte < PAGE_SIZE; byte += 512)
			CHECK_EQ(pages[i][byte], 0);
		memset(pages[i], 0xee, PAGE_SIZE);
	}
	for (unsigned int i = 0; i < 100; i++)
		pages_free(pages[i * 37 % 100], 1 + i * 37 % 100 % 7);
	memory_count(&now);
	CHECK_EQ(now.pages_free, start.pages_free);
	CHECK(pages_alloc(start.pages_free));
	CHECK(!pages_alloc(1));
}

TEST(pages_freed_wrongly)
{
	u8 *pages;

	add_ram(LOW, 4 * MIB);
	memory_init(NULL);
	pages = pages_alloc(4);
	CHECK_PANIC(pages_free(pages + PAGE_SIZE, 3), "not the start of an allocation");
	CHECK_PANIC(pages_free(pages, 3), "not the size that was allocated");
	CHECK_PANIC(pages_free(pages, 5), "not the size that was allocated");
	CHECK_PANIC(pages_free(pages + 1, 4), "not from this allocator");
	CHECK_PANIC(pages_free(&pages, 1), "not from this allocator");
	CHECK_PANIC(pages_free(pages, 4 * MIB / PAGE_SIZE), "past the end of RAM");
	pages_free(pages, 4);
	CHECK_PANIC(pages_free(pages, 4), "already free");
}

/* B07: RAM that is kept for something stays out of the allocator. */
TEST(pages_reserved_are_never_given_out)
{
	struct memory_counters before, after;
	u64 kept = LOW + 3 * MIB;
	void *pages;

	add_ram(LOW, 4 * MIB);
	memory_init(NULL);
	memory_count(&before);
	pages_reserve(kept + 100, 5000);
	pages_reserve(kept, 1);
	pages_reserve(0x1000, 0x4000); /* no RAM: nothing to do */
	memory_count(&after);
	CHECK_EQ(after.pages_free, before.pages_free - 2);
	while ((pages = pages_alloc(1)))
		CHECK(address_of(pages) < kept || address_of(pages) >= kept + 2 * PAGE_SIZE);
}

TEST(pages_too_little_ram)
{
	add_ram(LOW, MIB / 2);
	CHECK_PANIC(memory_init(NULL), "need %llu KiB of RAM, have %llu KiB");
}

TEST(pages_64_gib_touch_only_their_bitmaps)
{
	struct memory_counters counters;
	static u8 resident[1024];
	u64 touched = 0;

	add_ram(LOW, 512 * MIB);
	add_ram(HIGH, 64ULL << 30);
	memory_init(NULL);
	memory_all_mapped();
	memory_count(&counters);
	CHECK(counters.bitmap_pages <= 1024 + 17);
	CHECK_EQ(address_of(pages_alloc(1)), HIGH);
	for (u64 at = HIGH; at < HIGH + (64ULL << 30); at += sizeof(resident) * PAGE_SIZE) {
		CHECK(!mincore((void *)(uintptr_t)at, sizeof(resident) * PAGE_SIZE, resident));
		for (unsigned int i = 0; i < sizeof(resident); i++)
			touched += resident[i] & 1;
	}
	CHECK(touched <= 512); /* one page, or the host's large one */
}

TEST(objects_freed_wrongly)
{
	u8 *object, *large;

	add_ram(LOW, 4 * MIB);
	memory_init(NULL);
	object = real_kzalloc(100);
	large = real_kzalloc(10000);
	CHECK_EQ(kalloc_objects(), 2);
	CHECK_PANIC(real_kfree(object + 16), "not the start of an object");
	CHECK_PANIC(real_kfree(large + 64), "not from kzalloc");
	CHECK_PANIC(real_kfree(&large), "not from kzalloc");
	real_kzalloc(100); /* keeps the slab */
	real_kfree(object);
	CHECK_PANIC(real_kfree(object), "already free");
	real_kfree(large);
	CHECK_PANIC(real_kfree(large), "already free");
	CHECK_EQ(kalloc_objects(), 1);
}

TEST(objects_of_all_sizes_in_any_order)
{
	static struct {
		u8 *at;
		size_t size;
	} held[500];
	struct memory_counters start, end;

	add_ram(LOW, 16 * MIB);
	memory_init(NULL);
	memory_count(&start);
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int i = world_random(ARRAY_SIZE(held));

		if (held[i].at) {
			for (size_t byte = 0; byte < held[i].size; byte++)
				CHECK_EQ(held[i].at[byte], (u8)i);
			real_kfree(held[i].at);
			held[i].at = NULL;
			continue;
		}
		held[i].size = 1 + world_random(world_random(20) ? 300 : 9000);
		held[i].at = real_kzalloc(held[i].size);
		CHECK(held[i].at && !held[i].at[0] && !held[i].at[held[i].size - 1]);
		memset(held[i].at, (int)i, held[i].size);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(held); i++)
		real_kfree(held[i].at);
	memory_count(&end);
	CHECK_EQ(end.objects, 0);
	CHECK_EQ(end.pages_free, start.pages_free);
}
