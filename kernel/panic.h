/* SPDX-License-Identifier: MIT */
/* The end of the road, for our own broken invariants; what a device gives is checked instead. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include "kernel/init.h"
#include "kernel/types.h"

/*
 * Prints "panic: ...", a symbolised backtrace, and leaves the machine with EXIT_PANIC. `format`
 * has no newline. A panic inside a panic prints one line more and leaves.
 */
__noreturn void panic(const char *format, ...) __printf(1, 2);

/* Prints "  [<address>] symbol+0x1/0x2", or "?"; the address is a return address or not. */
void dump_address(u64 address, bool is_return);

/*
 * Prints `instruction`, unless it is 0, then the callers from the frame at `frame_pointer` on, a
 * line each. Follows frames within one known stack only, so any value is safe.
 */
void dump_stack_from(u64 instruction, const u64 *frame_pointer);

/* Panics when an invariant of ours does not hold; never used on what a device gave. */
#define BUG_ON(condition)                                                          \
	do {                                                                       \
		if (condition)                                                     \
			panic("BUG at %s:%d: %s", __FILE__, __LINE__, #condition); \
	} while (0)

/*
 * Who can name addresses adds a function to this table; a page fault asks each what lies at the
 * address. It writes a few words without a newline ("BAR 4 of 0000:00:04.0") and returns true, or
 * returns false. Runs in a panic: no allocation, no waiting, no lock.
 */
typedef bool (*address_describer_t)(u64 address, char *text, size_t size);
#define describe_addresses(function) \
	linker_table_add(describer, 5, describer_##function, address_describer_t, function)

/* The frame of a panic: begin stops recursion and must come first, end leaves the machine. */
void panic_begin(void);
__noreturn void panic_end(void);

#endif
