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
 * Waits until `condition(context)` is true. poll_until spins. wait_until halts the CPU between
 * interrupts, and a timer interrupt ends the halt at the deadline. It tests the condition with
 * interrupts off, so that no wake-up is lost. Call with interrupts on. `condition` should be cheap,
 * and is called any number of times; it may arm the interrupt that it waits for, but must have no
 * other effect. `timeout_ns` counts from the call. Returns 0, or -ETIMEDOUT if the condition is
 * still false at the deadline.
 */
int poll_until(bool (*condition)(void *context), void *context, u64 timeout_ns);
int wait_until(bool (*condition)(void *context), void *context, u64 timeout_ns);

/*
 * The CPUs that halt until an event, bit n for CPU n; all zeroes at first. The code that causes the
 * event calls wake_up, on any CPU. wait_until needs no such queue: it tests again after each device
 * interrupt on any CPU, which wakes more CPUs than waiting for one device does.
 */
struct wait_queue {
	u64 cpus;
};

/* As wait_until, but tests again when the queue is woken, and after interrupts on this CPU. */
int wait_event(struct wait_queue *queue, bool (*condition)(void *context), void *context,
	       u64 timeout_ns);

/* Makes all CPUs in the queue test again; they see what was written before. Any CPU, any interrupt
 * state. */
void wake_up(struct wait_queue *queue);

/* Wakes wait_until after a device's interrupt; called by irq_dispatch. */
void wake_up_all_waits(void);

#endif
