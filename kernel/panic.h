/* SPDX-License-Identifier: MIT */
/* Panic is for our own broken invariants; values from a device are checked instead. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include "kernel/init.h"
#include "kernel/types.h"

/*
 * Prints "panic: ..." and a symbolised backtrace, and leaves the machine with EXIT_PANIC. `format`
 * has no newline. A panic inside a panic prints one more line and leaves.
 */
__noreturn void panic(const char *format, ...) __printf(1, 2);

/* Panics if an invariant of ours does not hold; never used on a device's values. */
#define BUG_ON(condition)                                                          \
	do {                                                                       \
		if (condition)                                                     \
			panic("BUG at %s:%d: %s", __FILE__, __LINE__, #condition); \
	} while (0)

/*
 * A table of functions that describe addresses; a page fault asks each about the address. A
 * function writes a few words without a newline ("BAR 4 of 0000:00:04.0") and returns true, or
 * returns false. It runs in a panic: no allocation, no waiting, no lock.
 */
typedef bool (*address_describer_t)(u64 address, char *text, size_t size);
#define describe_addresses(function) \
	linker_table_add(describer, 5, describer_##function, address_describer_t, function)

/* Describes what is at `address` ("RAM, a page in use"); usable in a panic. */
void describe_address(u64 address, char *text, size_t size);

struct trap_frame;

/*
 * Prints the callers from the frame at `frame_pointer` on, one per line. It continues behind an
 * interrupt with the code that was interrupted. Any value is safe: frames are followed within known
 * stacks only.
 */
void dump_stack_from(const u64 *frame_pointer);

/* Prints where the trap happened, then its callers. */
void dump_stack_of_trap(const struct trap_frame *frame);

/* True once a panic has begun. Locks are then ignored, because their holders are stopped. */
bool panic_in_progress(void);

/* Prints which CPU this is, if there are several, and what it was doing (kernel/step.h), the
 * innermost step first, one per line. */
void panic_print_steps(void);

/* The frame of a panic at `place`: panic_begin comes first and stops recursion, panic_end
 * leaves. */
void panic_begin(u64 place);
__noreturn void panic_end(void);

#endif
