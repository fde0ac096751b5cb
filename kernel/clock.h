/* SPDX-License-Identifier: MIT */
/* The time stamp counter as a clock. */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include "kernel/types.h"

/*
 * Finds the rate of the time stamp counter, from CPUID, or by measuring against the PIT, the ACPI
 * PM timer or the RTC. Without any of them, it stops the machine with a message. Until then
 * ktime_get_ns returns 0. Call after acpi_init; takes some 10 ms.
 */
void clock_init(void);

/* Returns the counter's value when ktime_get_ns is `ns`, or a little later; saturates. */
u64 clock_ns_to_tsc(u64 ns);

#endif
