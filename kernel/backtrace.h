/* SPDX-License-Identifier: MIT */
/* The callers of a function, from the chain of frames. Touches only known stacks and the image. */
#ifndef KERNEL_BACKTRACE_H
#define KERNEL_BACKTRACE_H

#include "kernel/traps.h"
#include "kernel/types.h"

/*
 * Prints the callers from the frame at `frame_pointer` on, one per line. It continues behind an
 * interrupt with the code that was interrupted. Any value is safe: frames are followed within known
 * stacks only.
 */
void dump_stack_from(const u64 *frame_pointer);

/* Prints where the trap happened, then its callers. */
void dump_stack_of_trap(const struct trap_frame *frame);

#endif
