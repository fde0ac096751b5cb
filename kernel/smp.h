/* SPDX-License-Identifier: MIT */
/*
 * Several CPUs (Intel SDM 3A, 8.4 and chapter 10). CPU 0 runs the app; the others idle, halted,
 * until they are given a function. The driver core, PCI and the life cycle of virtio devices stay
 * on CPU 0; a virtqueue may be used by any CPU, by one at a time.
 */
#ifndef KERNEL_SMP_H
#define KERNEL_SMP_H

#include "kernel/percpu.h"

/*
 * Starts all processors that the firmware names; one that does not come up within a second is told
 * of and left. On CPU 0, interrupts off, after timer_init.
 */
void smp_init(void);

/* What a CPU does that has nothing to do: waits for run_on_cpu. Interrupts off. */
__noreturn void smp_idle(void);

/*
 * Runs `function` on a CPU other than this one, which must idle: on a stack of 16 KiB, interrupts
 * on; it may wait and print. Returns at once: 0, -EINVAL when there is no such CPU or it is this
 * one, -EBUSY while an earlier function runs there.
 */
int run_on_cpu(unsigned int cpu, cpu_function_t function, void *context);

/* Waits until that function has returned, and what it wrote can be read: 0, -EINVAL, -ETIMEDOUT. */
int run_wait(unsigned int cpu, u64 timeout_ns);

/*
 * Runs `function` on a CPU, in an interrupt, and returns when it has: for a few instructions that
 * need that CPU. Called with interrupts on, or for this CPU in any state. 0; -EINVAL when there is
 * no such CPU; -ETIMEDOUT when it does not take the interrupt within a second, and never will.
 */
int smp_call_function_single(unsigned int cpu, cpu_function_t function, void *context);

/* Ends the halt of another CPU, if it halts; nothing for one that is not there. */
void smp_wake(unsigned int cpu);

/* VECTOR_CALL has arrived; called by irq_dispatch. */
void smp_call_interrupt(void);

/*
 * For a panic or the end: stops all other CPUs where they are, whatever they do. Returns when they
 * have stopped, or after a tenth of a second. Only the first CPU that calls it returns.
 */
void smp_stop_others(void);

/* Does not return on a CPU that another has stopped; called by the NMI handler. */
void smp_stop_if_told(void);

#endif
