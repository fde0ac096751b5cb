// SPDX-License-Identifier: MIT
/* The stacks of each CPU: a main stack, and those of the interrupt stack table. */
#include "kernel/stack.h"

#include <linux/errno.h>

#include "kernel/memory.h"
#include "kernel/paging.h"
#include "kernel/percpu.h"

#define MAIN_STACK_SIZE (4 * PAGE_SIZE)
#define IST_STACK_SIZE (2 * PAGE_SIZE)

struct guarded_stack {
	u8 guard[PAGE_SIZE];
	u8 bytes[IST_STACK_SIZE];
};

/* The stacks of another CPU, in one allocation. */
struct cpu_stacks {
	struct guarded_stack ist[STACKS_PER_CPU - 1];
	u8 main_guard[PAGE_SIZE];
	u8 main[MAIN_STACK_SIZE];
};

extern u8 boot_stack_guard[], boot_stack_top[];

static struct guarded_stack boot_ist[STACKS_PER_CPU - 1] __attribute__((aligned(4096)));

static const char *const ist_names[STACKS_PER_CPU] = {
	[IST_DOUBLE_FAULT] = "double fault",
	[IST_NMI] = "NMI",
	[IST_MACHINE_CHECK] = "machine check",
};

static void fill_in_stacks(struct cpu *cpu, const char *main_name, const u8 *main_guard,
			   const u8 *main_top, const struct guarded_stack *ist)
{
	cpu->stacks[STACK_MAIN] = (struct kernel_stack){
		.name = main_name,
		.guard = (uintptr_t)main_guard,
		.top = (uintptr_t)main_top,
	};
	for (unsigned int i = IST_DOUBLE_FAULT; i < STACKS_PER_CPU; i++)
		cpu->stacks[i] = (struct kernel_stack){
			.name = ist_names[i],
			.guard = (uintptr_t)&ist[i - 1],
			.top = (uintptr_t)&ist[i],
		};
}

void stacks_init(struct cpu *cpu)
{
	fill_in_stacks(cpu, "boot", boot_stack_guard, boot_stack_top, boot_ist);
}

int stacks_alloc(struct cpu *cpu)
{
	struct cpu_stacks *stacks = alloc_pages_exact(sizeof(*stacks));

	if (!stacks)
		return -ENOMEM;
	fill_in_stacks(cpu, "main", stacks->main_guard, stacks->main + MAIN_STACK_SIZE,
		       stacks->ist);
	for (unsigned int i = 0; i < STACKS_PER_CPU; i++)
		if (!paging_unmap_page(cpu->stacks[i].guard))
			return -ENOMEM; /* some are unmapped already: the rest is useless */
	return 0;
}

/* Returns the stack of any CPU for which `matches` is true. */
static const struct kernel_stack *match_stack(bool (*matches)(const struct kernel_stack *stack,
							      u64 address, u64 size),
					      u64 address, u64 size)
{
	const struct cpu *cpu;

	for (unsigned int i = 0; (cpu = cpu_get(i)); i++)
		for (unsigned int j = 0; j < STACKS_PER_CPU; j++)
			if (matches(&cpu->stacks[j], address, size))
				return &cpu->stacks[j];
	return NULL;
}

static bool stack_holds(const struct kernel_stack *stack, u64 address, u64 size)
{
	return address >= stack->guard + PAGE_SIZE && address < stack->top &&
	       size <= stack->top - address;
}

static bool stack_guards(const struct kernel_stack *stack, u64 address, u64 size)
{
	(void)size;
	return address - stack->guard < PAGE_SIZE;
}

const struct kernel_stack *stack_find(u64 address, u64 size)
{
	return match_stack(stack_holds, address, size);
}

const struct kernel_stack *stack_find_guard(u64 address)
{
	return match_stack(stack_guards, address, 1);
}
