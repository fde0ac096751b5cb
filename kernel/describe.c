// SPDX-License-Identifier: MIT
/* Describes an address in words. Runs in a panic: it only reads, and takes no lock. */
#include "kernel/cpu.h"
#include "kernel/image.h"
#include "kernel/ksyms.h"
#include "kernel/memmap.h"
#include "kernel/memory.h"
#include "kernel/page_alloc.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/stack.h"

static bool address_is_within(u64 address, const char *start, const char *end)
{
	return address >= (uintptr_t)start && address < (uintptr_t)end;
}

static bool ask_describers(u64 address, char *text, size_t size)
{
	linker_table_for_each(describer, describer, address_describer_t)
		if ((*describer)(address, text, size))
			return true;
	return false;
}

/* Writes " of CPU 1", or nothing for CPU 0. */
static void name_owner(const struct kernel_stack *stack, char *text, size_t size)
{
	const struct cpu *cpu;

	for (unsigned int i = 1; (cpu = cpu_get(i)); i++)
		if (stack >= cpu->stacks && stack < cpu->stacks + STACKS_PER_CPU)
			snprintf(text, size, " of CPU %u", i);
}

static bool describe_stack(u64 address, char *text, size_t size)
{
	const struct kernel_stack *guard = stack_find_guard(address);
	const struct kernel_stack *stack = stack_find(address, 1);

	char owner[16] = "";

	if (!guard && !stack)
		return false;
	name_owner(guard ? guard : stack, owner, sizeof(owner));
	if (guard)
		snprintf(text, size, "the guard page of the %s stack%s", guard->name, owner);
	else
		snprintf(text, size, "the %s stack%s", stack->name, owner);
	return true;
}

/* Names the part of the image, and the symbol. */
static bool describe_image(u64 address, char *text, size_t size)
{
	const char *part = "kernel data";
	struct ksym symbol;

	if (!address_is_within(address, image_start, image_end))
		return false;
	if (address_is_within(address, image_start, text_end))
		part = "kernel code";
	else if (address_is_within(address, rodata_start, rodata_end))
		part = "kernel constants";
	if (ksyms_lookup(address, &symbol) || ksyms_lookup_data(address, &symbol))
		snprintf(text, size, "%s, %s+0x%llx/0x%llx", part, symbol.name, symbol.offset,
			 symbol.size);
	else
		snprintf(text, size, "%s", part);
	return true;
}

static void describe_hole(u64 address, char *text, size_t size)
{
	if (!is_canonical(address))
		snprintf(text, size, "not a canonical address");
	else if (address >= memmap_physical_limit())
		snprintf(text, size, "beyond what this CPU can address");
	else if (address >= memmap_ram_end())
		snprintf(text, size, "beyond the end of RAM at 0x%llx, and not a known device",
			 memmap_ram_end());
	else
		snprintf(text, size, "neither RAM nor a known device");
}

void describe_address(u64 address, char *text, size_t size)
{
	if (address < PAGE_SIZE)
		snprintf(text, size, "the null page");
	else if (address < LOW_MEMORY_END)
		snprintf(text, size, "low memory, which belongs to the firmware");
	else if (describe_stack(address, text, size) || describe_image(address, text, size))
		return;
	else if (memory_is_ram(address, 1))
		snprintf(text, size, "RAM, a page %s",
			 pages_allocated(address) ? "in use" : "that is free");
	else if (ask_describers(address, text, size))
		return;
	else if (paging_lookup(address) == MAPPED_DEVICE)
		snprintf(text, size, "device registers");
	else if (memmap_is_reserved(address))
		snprintf(text, size, "memory reserved by the firmware");
	else
		describe_hole(address, text, size);
}
