/* SPDX-License-Identifier: MIT */
/* The stack protector's canary (-fstack-protector-strong, in the Makefile). */
#ifndef KERNEL_STACKPROTECTOR_H
#define KERNEL_STACKPROTECTOR_H

#include "kernel/types.h"

/*
 * Draws the canary, by RDRAND where the CPU has it and from the time stamp counter. Once, before
 * other CPUs run, from a function that never returns: one that was entered with the old canary
 * would take the new one for damage.
 */
void stack_protector_init(void);

#endif
