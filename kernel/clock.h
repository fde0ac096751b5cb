/* SPDX-License-Identifier: MIT */
/* The time stamp counter as a clock. */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include "kernel/types.h"

/*
 * Finds the rate of the time stamp counter: told by CPUID, or measured against the PIT or ACPI's
 * PM timer. Stops the machine in one line when there is none of them. Until then
 * ktime_get_ns is 0. After acpi_init; takes some 10 ms.
 */
void clock_init(void);

/* The counter's value when ktime_get_ns is `ns`, or a little later; saturates. */
u64 clock_ns_to_tsc(u64 ns);

#endif
