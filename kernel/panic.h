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

/* Writes what lies at `address` ("RAM, a page in use"); fit for a panic. */
void describe_address(u64 address, char *text, size_t size);

struct trap_frame;

/*
 * Prints the callers from the frame at `frame_pointer` on, a line each, and across interrupts what
 * they interrupted. Any value is safe: frames are followed within known stacks only.
 */
void dump_stack_from(const u64 *frame_pointer);

/* Prints where the trap happened, then its callers. */
void dump_stack_of_trap(const struct trap_frame *frame);

/* True once a panic has begun: locks are not waited for any more, for their holders stand still. */
bool panic_in_progress(void);

/* Prints which CPU this is, where there are several, and what it was doing (kernel/step.h), the
 * innermost step first, a line each. */
void panic_print_steps(void);

/* The frame of a panic at `place`: begin stops recursion and comes first, end leaves. */
void panic_begin(u64 place);
__noreturn void panic_end(void);

#endif
