/* SPDX-License-Identifier: MIT */
/*
 * The data of each CPU. A CPU finds its own through its %gs base, which is set before it runs any
 * other C code and never changes. Numbers start at 0, the CPU that was booted, without gaps.
 */
#ifndef KERNEL_PERCPU_H
#define KERNEL_PERCPU_H

#include "kernel/stack.h"
#include "kernel/time.h"
#include "kernel/traps.h"

#define CPUS_MAX 64 /* a set of CPUs is a u64, bit n for CPU n */

/* Interrupts of a CPU that are not from devices; the last lines of the interrupt table. */
enum local_irq {
	LOCAL_IRQ_TIMER,
	LOCAL_IRQ_CALL,
	LOCAL_IRQ_WAKE,
	LOCAL_IRQ_NMI,
	LOCAL_IRQ_SPURIOUS,
	LOCAL_IRQ_COUNT,
};

struct cpu_call;
struct step;
typedef void (*cpu_function_t)(void *context);

struct cpu {
	struct cpu *self; /* first: what %gs:0 reads */
	unsigned int index;
	u32 apic_id;
	struct kernel_stack stacks[STACKS_PER_CPU];
	struct cpu_tables tables;

	/* Written only by this CPU, with interrupts off; others read them only to print them. */
	u64 device_irqs[DEVICE_VECTORS];
	u64 local_irqs[LOCAL_IRQ_COUNT];
	u64 alarm; /* when this CPU's timer interrupts (ktime_get_ns); 0: never */

	struct step *step; /* innermost step (kernel/step.h), only for this CPU */

	/* Written by other CPUs, atomically (kernel/smp.c). */
	struct cpu_call *call; /* to be run in an interrupt */
	u32 task_claimed;      /* 1 from when it gets a task until that has returned */
	cpu_function_t task;   /* to be run while it idles */
	void *task_context;
	struct wait_queue task_waiters; /* waiting for the end of the task */
};

/* Returns the CPU that runs this; any interrupt state. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

static inline unsigned int smp_processor_id(void)
{
	return this_cpu()->index;
}

/* Makes `cpu` this CPU's data, permanently. */
void percpu_set(struct cpu *cpu);

/* Makes the booted CPU CPU 0. Called before all else. */
void percpu_init(void);

/* Returns CPU `index`, even while it is being started, or NULL if there is none. */
struct cpu *cpu_get(unsigned int index);

/* Return the number of running CPUs, at least 1; and the set of them. */
unsigned int num_online_cpus(void);
u64 cpu_online_mask(void);

/* Add the next CPU before it is started; remove it again; mark it as running. By CPU 0. */
void cpu_add(struct cpu *cpu);
void cpu_remove(struct cpu *cpu);
void cpu_set_online(struct cpu *cpu);

#endif
