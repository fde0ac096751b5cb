/* SPDX-License-Identifier: MIT */
/* Time since boot, and waiting with a deadline. */
#ifndef KERNEL_TIME_H
#define KERNEL_TIME_H

#include "kernel/types.h"

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL

/* Returns the nanoseconds since the kernel's first instruction; never goes back. Any interrupt
 * state. */
u64 ktime_get_ns(void);

/*
 * Finds the rate of the time stamp counter, from CPUID, or by measuring against the PIT, the ACPI
 * PM timer or the RTC. Without any of them, it stops the machine with a message. Until then
 * ktime_get_ns returns 0. Call after acpi_init; takes some 10 ms.
 */
void clock_init(void);

/* Returns the counter's value when ktime_get_ns is `ns`, or a little later; saturates. */
u64 clock_ns_to_tsc(u64 ns);

/* Busy-waits at least `usec` microseconds. */
void udelay(u32 usec);

/*
 * Waits until `condition(context)` is true, spinning: 0, or -ETIMEDOUT if it is still false
 * `timeout_ns` after the call. Any CPU, any interrupt state.
 */
int poll_until(bool (*condition)(void *context), void *context, u64 timeout_ns);

/* The CPUs that halt until an event, bit n for CPU n; all zeroes at first. */
struct wait_queue {
	u64 cpus;
};

/*
 * As poll_until, but halts the CPU in between. It tests the condition with interrupts off, so that
 * no wake-up is lost: at first, after each interrupt on this CPU, when `queue` is woken, and at the
 * deadline. The condition should be cheap; it may arm the interrupt that will make it true. `queue`
 * may be NULL if only this CPU's interrupts matter. Any CPU; spins if interrupts are off, or
 * without a timer.
 */
int wait_event(struct wait_queue *queue, bool (*condition)(void *context), void *context,
	       u64 timeout_ns);
/* wait_event without a queue. */
int wait_until(bool (*condition)(void *context), void *context, u64 timeout_ns);

/* Makes all CPUs that wait in `queue` test again; they see what was written before. NULL is
 * ignored. Any CPU, any interrupt state. */
void wake_up(struct wait_queue *queue);

#endif
