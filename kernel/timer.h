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
 * Makes sure that an interrupt comes to this CPU at `deadline` (ktime_get_ns) or before. It may be
 * an earlier alarm that is still set, so a caller that wakes too early arms it again; repeated
 * calls for later deadlines thus cost nothing. Interrupts off. False without a local APIC, or when
 * its timer stands still: then nothing ends a halt.
 */
bool timer_arm(u64 deadline);

/* The timer's vector has arrived; called by irq_dispatch. */
void timer_interrupt(void);

#endif
