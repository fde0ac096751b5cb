/* SPDX-License-Identifier: MIT */
/* The end of the road, for our own broken invariants; what a device gives is checked instead. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include "kernel/types.h"

/* Prints "panic: ...", a symbolised backtrace, and leaves the machine with EXIT_PANIC. */
__noreturn void panic(const char *format, ...) __printf(1, 2);

/* Prints the callers from `frame_pointer` on, each as "  [<address>] symbol+0x1/0x2". */
void dump_stack_from(u64 instruction, const u64 *frame_pointer);

/* Panics when an invariant of ours does not hold; never used on what a device gave. */
#define BUG_ON(condition)                                                       \
	do {                                                                    \
		if (condition)                                                  \
			panic("BUG at %s:%d: %s", __FILE__, __LINE__, #condition); \
	} while (0)

#endif
