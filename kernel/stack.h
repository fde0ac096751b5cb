/* SPDX-License-Identifier: MIT */
/* The stacks there are. Each has an unmapped page below it, so that an overflow faults. */
#ifndef KERNEL_STACK_H
#define KERNEL_STACK_H

#include "kernel/types.h"

struct kernel_stack {
	const char *name;
	u64 guard; /* address of the guard page; the stack begins behind it */
	u64 top;
};

/* The interrupt stack table (Intel SDM 3A, 6.14.5): who enters on a stack of its own. */
enum ist {
	IST_DOUBLE_FAULT = 1,
	IST_NMI = 2,
	IST_MACHINE_CHECK = 3,
};

/* The i-th stack, or NULL beyond the last; the first is the boot stack, then by enum ist. */
const struct kernel_stack *stack_get(unsigned int i);

/* The stack that [address, address + size) lies in, guard page not counted, or NULL. */
const struct kernel_stack *stack_find(u64 address, u64 size);

/* The stack whose guard page holds `address`, or NULL. */
const struct kernel_stack *stack_find_guard(u64 address);

#endif
