/* SPDX-License-Identifier: MIT */
/* The local APIC's timer, as an alarm that ends a halt. Each CPU has its own. */
#ifndef KERNEL_TIMER_H
#define KERNEL_TIMER_H

#include "kernel/types.h"

/* Finds the timer's rate. After time_init and apic_init; interrupts may be on. */
void timer_init(void);

/* Sets up the timer of another CPU, which runs at the same rate. */
void timer_init_cpu(void);

/*
 * Makes sure that this CPU gets an interrupt at `deadline` (ktime_get_ns) or before. An earlier
 * alarm may still be set, so a caller that wakes too early arms it again; repeated calls for later
 * deadlines therefore cost nothing. Interrupts off. False without a local APIC, or if its timer
 * does not run: then no timer ends a halt.
 */
bool timer_arm(u64 deadline);

/* Handles the timer's vector; called by irq_dispatch. */
void timer_interrupt(void);

#endif
