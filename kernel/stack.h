/* SPDX-License-Identifier: MIT */
/* The stacks of a CPU. Each has an unmapped page below it, so that an overflow faults. */
#ifndef KERNEL_STACK_H
#define KERNEL_STACK_H

#include "kernel/types.h"

struct cpu;

struct kernel_stack {
	const char *name;
	u64 guard; /* address of the guard page; the stack begins behind it */
	u64 top;
};

/* A CPU's main stack, and the exceptions with a separate stack in the interrupt stack table (Intel
 * SDM 3A, 6.14.5). The numbers are those of the table, where 0 is "the stack that is in use". */
enum ist {
	STACK_MAIN = 0,
	IST_DOUBLE_FAULT = 1,
	IST_NMI = 2,
	IST_MACHINE_CHECK = 3,
	STACKS_PER_CPU,
};

/* Fills in the stacks of CPU 0, which are part of the image; paging_init unmaps their guard
 * pages. */
void stacks_init(struct cpu *cpu);

/* Allocates stacks for another CPU and unmaps their guard pages: 0 or -ENOMEM. Never freed. */
int stacks_alloc(struct cpu *cpu);

/* Returns the stack that contains [address, address + size), without its guard page, or NULL. */
const struct kernel_stack *stack_find(u64 address, u64 size);

/* Returns the stack whose guard page contains `address`, or NULL. */
const struct kernel_stack *stack_find_guard(u64 address);

#endif
