/* SPDX-License-Identifier: MIT */
/* Who called whom, by the chain of frames. Touches known stacks and the image only. */
#ifndef KERNEL_BACKTRACE_H
#define KERNEL_BACKTRACE_H

#include "kernel/traps.h"
#include "kernel/types.h"

/*
 * Prints the callers from the frame at `frame_pointer` on, a line each, and across interrupts what
 * they interrupted. Any value is safe: frames are followed within known stacks only.
 */
void dump_stack_from(const u64 *frame_pointer);

/* Prints where the trap happened, then its callers. */
void dump_stack_of_trap(const struct trap_frame *frame);

#endif
