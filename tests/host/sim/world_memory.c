// SPDX-License-Identifier: MIT
/* kernel/memory.h and kernel/printk.h for tests: the host's memory, each allocation remembered. */
#include "test.h"

#include <stdarg.h>
#include <sys/mman.h>

#include "kernel/ksyms.h"
#include "kernel/memmap.h"
#include "kernel/irq.h"
#include "kernel/memory.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "world.h"

/* ---- memory --------------------------------------------------------------------------------- */

struct allocation {
	void *address;
	size_t size;
	bool pages, low;
};

bool world_low_pages;

static struct allocation allocations[70000];
static unsigned int allocated;
static u64 fail_in;

/* The host frees late: an address may be used again at once, and ASan then sees no use after free.
 * Its quarantine sees to that, so nothing here needs to. */
static void *take(size_t size, bool pages)
{
	bool low = pages && world_low_pages;
	void *memory;

	if (fail_in && !--fail_in)
		return NULL;
	if (!size)
		return NULL;
	if (low)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low ? memory == MAP_FAILED : posix_memalign(&memory, pages ? PAGE_SIZE : 16, size))
		FAIL("the test itself is out of memory");
	if (allocated == ARRAY_SIZE(allocations))
		FAIL("the test itself is out of memory");
	memset(memory, 0, size);
	allocations[allocated++] = (struct allocation){ memory, size, pages, low };
	return memory;
}

static void give_back(void *memory, size_t size, bool pages)
{
	for (unsigned int i = allocated; i-- > 0;) {
		if (allocations[i].address != memory)
			continue;
		if (allocations[i].pages != pages || (pages && allocations[i].size != size))
			FAIL("%p was not allocated like this: %zu bytes", memory, size);
		if (allocations[i].low)
			munmap(memory, size);
		else
			free(memory);
		allocations[i] = allocations[--allocated];
		return;
	}
	FAIL("%p is freed but not allocated, or freed twice", memory);
}

void *alloc_pages_exact(size_t size)
{
	return take(ALIGN_UP(size, PAGE_SIZE), true);
}

void free_pages_exact(void *pages, size_t size)
{
	if (pages)
		give_back(pages, ALIGN_UP(size, PAGE_SIZE), true);
}

void *kzalloc(size_t size)
{
	return take(size, false);
}

void kfree(void *object)
{
	if (object)
		give_back(object, 0, false);
}

/* Here all memory is, but for the first page, where NULL and small numbers point to. */
bool memory_is_ram(u64 address, u64 size)
{
	return address >= PAGE_SIZE && size && address + size > address;
}

void memory_fail_nth(u64 n)
{
	fail_in = n;
}

u64 world_pages_free = 32768;

void memory_count(struct memory_counters *counters)
{
	u64 pages = 0;

	for (unsigned int i = 0; i < allocated; i++)
		pages += allocations[i].pages ? allocations[i].size / PAGE_SIZE : 0;
	*counters = (struct memory_counters){ .pages_total = world_pages_free,
					      .pages_free = world_pages_free -
							    min(world_pages_free, pages),
					      .objects = allocated };
}

u64 world_ram_end = 0x8000000;

bool memmap_overlaps_ram(u64 address, u64 size)
{
	return size && address < world_ram_end;
}

bool memmap_find_gap(u64 limit, struct range *gap)
{
	*gap = (struct range){ world_ram_end, limit };
	return gap->start < gap->end;
}

u64 memmap_physical_limit(void)
{
	return 1ULL << 46;
}

u64 world_in_use(void)
{
	return allocated;
}

bool world_is_allocated(const void *address)
{
	for (unsigned int i = 0; i < allocated; i++)
		if (allocations[i].address == address)
			return true;
	return false;
}

u32 world_random(u32 below)
{
	static u64 state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (u32)(state >> 32) % below;
}

/* ---- printing ------------------------------------------------------------------------------- */

static char text[1 << 20];
static size_t length;
void (*world_print_hook)(void);

int k_vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);

int vprintk(const char *format, va_list arguments)
{
	int written = k_vsnprintf(text + length, sizeof(text) - length, format, arguments);

	if (world_print_hook)
		world_print_hook();
	length += (size_t)written;
	if (length >= sizeof(text))
		FAIL("a flood of lines: more than %zu characters printed", sizeof(text));
	return written;
}

int printk(const char *format, ...)
{
	va_list arguments;
	int written;

	va_start(arguments, format);
	written = vprintk(format, arguments);
	va_end(arguments);
	return written;
}

u64 printk_lock(void)
{
	return local_irq_save();
}

void printk_unlock(u64 flags)
{
	local_irq_restore(flags);
}

const char *world_log(void)
{
	return text;
}

void world_log_clear(void)
{
	length = 0;
	text[0] = '\0';
}

unsigned int world_log_count(const char *wanted)
{
	unsigned int count = 0;

	for (const char *at = text; (at = strstr(at, wanted)); at++)
		count++;
	return count;
}

bool panic_in_progress(void)
{
	return false;
}

void panic(const char *format, ...)
{
	va_list arguments;

	printk("panic: ");
	va_start(arguments, format);
	vprintk(format, arguments);
	va_end(arguments);
	printk("\n");
	FAIL("panic");
}

const char *ksyms_name(u64 address)
{
	(void)address;
	return "?";
}

/* Tests look for leaks themselves, where something is to be given back. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:abort_on_error=0:allocator_may_return_null=1";
}
