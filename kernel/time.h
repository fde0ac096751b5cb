/* SPDX-License-Identifier: MIT */
/* Time since boot, and waiting with a deadline. */
#ifndef KERNEL_TIME_H
#define KERNEL_TIME_H

#include "kernel/types.h"

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL

/* Nanoseconds since the kernel's first instruction; never goes back. Any interrupt state. */
u64 ktime_get_ns(void);

/*
 * Finds the rate of the time stamp counter: told by CPUID, or measured against the PIT or ACPI's
 * PM timer. Stops the machine in one line when there is none of them. Until then ktime_get_ns is 0.
 * After acpi_init; takes some 10 ms.
 */
void clock_init(void);

/* The counter's value when ktime_get_ns is `ns`, or a little later; saturates. */
u64 clock_ns_to_tsc(u64 ns);

/* Busy-waits at least `usec` microseconds. */
void udelay(u32 usec);

/*
 * Waits until `condition(context)` holds. poll_until spins; wait_until halts the CPU between
 * interrupts, testing the condition with interrupts off so that no wake-up is lost, with a timer
 * interrupt at the deadline. Called with interrupts on; `condition` runs with interrupts off in
 * wait_until, is cheap and has no other effect. `timeout_ns` counts from the call.
 * Returns 0, or -ETIMEDOUT when the condition still does not hold at the deadline.
 */
int poll_until(bool (*condition)(void *context), void *context, u64 timeout_ns);
int wait_until(bool (*condition)(void *context), void *context, u64 timeout_ns);

/*
 * The CPUs that halt until something happens, bit n for CPU n; all zeroes at first. Who makes it
 * happen calls wake_up, on whichever CPU. wait_until needs no such queue: it looks again after each
 * interrupt of a device on any CPU, which wakes more CPUs than one that waits for its own device.
 */
struct wait_queue {
	u64 cpus;
};

/* As wait_until, but looks again when the queue is woken, and after interrupts on this CPU. */
int wait_event(struct wait_queue *queue, bool (*condition)(void *context), void *context,
	       u64 timeout_ns);

/* Makes all CPUs that wait look again; what was written before is seen by them. Any CPU, any
 * interrupt state. */
void wake_up(struct wait_queue *queue);

/* A device's interrupt was handled on this CPU; called by irq_dispatch. */
void wake_up_all_waits(void);

#endif
