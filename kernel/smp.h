/* SPDX-License-Identifier: MIT */
/*
 * Several CPUs (Intel SDM 3A, 8.4 and chapter 10). CPU 0 runs the app; the others halt until they
 * are given a function. The driver core, PCI and the life cycle of virtio devices stay on CPU 0.
 * Any CPU may use a virtqueue, but only one at a time.
 */
#ifndef KERNEL_SMP_H
#define KERNEL_SMP_H

#include "kernel/percpu.h"

/*
 * Starts all processors that the firmware lists. One that does not come up within a second is
 * reported and skipped. On CPU 0, interrupts off, after timer_init.
 */
void smp_init(void);

/* The idle loop of a CPU: waits for run_on_cpu. Interrupts off. */
__noreturn void smp_idle(void);

/*
 * Runs `function` on another, idle CPU: on a stack of 16 KiB, with interrupts on; it may wait and
 * print. Returns at once: 0, -EINVAL if there is no such CPU or it is this one, -EBUSY while an
 * earlier function runs there.
 */
int run_on_cpu(unsigned int cpu, cpu_function_t function, void *context);

/* Waits until that function has returned and its writes are visible. Returns 0, -EINVAL or
 * -ETIMEDOUT. */
int run_wait(unsigned int cpu, u64 timeout_ns);

/*
 * Runs `function` on a CPU, in an interrupt, and returns when it has ended: for a few instructions
 * that need that CPU. Call with interrupts on, or for this CPU in any state. Returns 0; -EINVAL if
 * there is no such CPU; -ETIMEDOUT if it does not take the interrupt within a second, and then
 * never runs it.
 */
int smp_call_function_single(unsigned int cpu, cpu_function_t function, void *context);

/* Ends the halt of another CPU, if it is halted; ignores an invalid number. */
void smp_wake(unsigned int cpu);

/* Handles VECTOR_CALL; called by irq_dispatch. */
void smp_call_interrupt(void);

/*
 * For a panic or an exit: stops all other CPUs, whatever they are doing. Returns when they have
 * stopped, or after a tenth of a second. Returns only on the first CPU that calls it.
 */
void smp_stop_others(void);

/* Halts for good if another CPU has stopped this one, else returns; called by the NMI handler. */
void smp_stop_if_told(void);

#endif
