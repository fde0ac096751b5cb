// SPDX-License-Identifier: MIT
/* One CPU has the boot stack and those of the interrupt stack table. */
#include "kernel/stack.h"

#include "kernel/memory.h"

#define IST_STACK_SIZE 8192

struct guarded_stack {
	u8 guard[PAGE_SIZE];
	u8 bytes[IST_STACK_SIZE];
};

extern u8 boot_stack_guard[], boot_stack_top[];

static struct guarded_stack ist_stacks[3] __attribute__((aligned(4096)));

#define IST_STACK(ist, name)                             \
	[ist] = { name, (uintptr_t)&ist_stacks[(ist)-1], \
		  (uintptr_t)&ist_stacks[(ist)-1] + sizeof(struct guarded_stack) }

static const struct kernel_stack stacks[] = {
	{ "boot", (uintptr_t)boot_stack_guard, (uintptr_t)boot_stack_top },
	IST_STACK(IST_DOUBLE_FAULT, "double fault"),
	IST_STACK(IST_NMI, "NMI"),
	IST_STACK(IST_MACHINE_CHECK, "machine check"),
};

const struct kernel_stack *stack_get(unsigned int i)
{
	return i < ARRAY_SIZE(stacks) ? &stacks[i] : NULL;
}

const struct kernel_stack *stack_find(u64 address, u64 size)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stacks); i++) {
		if (address >= stacks[i].guard + PAGE_SIZE && address < stacks[i].top &&
		    size <= stacks[i].top - address)
			return &stacks[i];
	}
	return NULL;
}

const struct kernel_stack *stack_find_guard(u64 address)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stacks); i++) {
		if (address - stacks[i].guard < PAGE_SIZE)
			return &stacks[i];
	}
	return NULL;
}
