/* SPDX-License-Identifier: MIT */
/* The stack protector's canary (-fstack-protector-strong, in the Makefile). */
#ifndef KERNEL_STACKPROTECTOR_H
#define KERNEL_STACKPROTECTOR_H

#include "kernel/types.h"

/*
 * Chooses the canary, from RDRAND if the CPU has it and from the time stamp counter. Call it once,
 * before other CPUs run, from a function that never returns: a function entered with the old canary
 * would take the new one for damage.
 */
void stack_protector_init(void);

#endif
