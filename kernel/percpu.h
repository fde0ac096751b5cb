/* SPDX-License-Identifier: MIT */
/*
 * What each CPU has of its own. A CPU finds it through its %gs base, which is set before it runs
 * any other C code and never changes. Numbers go from 0, the CPU that was booted, without gaps.
 */
#ifndef KERNEL_PERCPU_H
#define KERNEL_PERCPU_H

#include "kernel/stack.h"
#include "kernel/time.h"
#include "kernel/traps.h"

#define CPUS_MAX 64 /* a set of CPUs is a u64, bit n for CPU n */

/* Who interrupts a CPU beside devices; the last lines of the interrupt table. */
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

	/* Written by this CPU alone, with interrupts off; others read them for people. */
	u64 device_irqs[DEVICE_VECTORS];
	u64 local_irqs[LOCAL_IRQ_COUNT];
	u64 alarm; /* when this CPU's timer interrupts (ktime_get_ns); 0: it is not set */

	struct step *step; /* what it is doing, the innermost (kernel/step.h); its own alone */

	/* Written by other CPUs, atomically (kernel/smp.c). */
	struct cpu_call *call; /* to be run in an interrupt */
	u32 task_claimed;      /* 1 from when somebody gives it a task until that has returned */
	cpu_function_t task;   /* to be run while it idles */
	void *task_context;
	struct wait_queue task_waiters; /* for the end of the task */
};

/* The CPU this runs on; any interrupt state. */
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

/* Makes this CPU find `cpu` as its own; `cpu` is kept for ever. */
void percpu_set(struct cpu *cpu);

/* Called first of all on the CPU that was booted: makes it CPU 0. */
void percpu_init(void);

/* CPU `index`, also one that is only being started, or NULL when there is none. */
struct cpu *cpu_get(unsigned int index);

/* CPUs that run, at least 1; and the set of them. */
unsigned int num_online_cpus(void);
u64 cpu_online_mask(void);

/* Makes the next CPU known before it is started, takes it back, says that it is up. By CPU 0. */
void cpu_add(struct cpu *cpu);
void cpu_remove(struct cpu *cpu);
void cpu_set_online(struct cpu *cpu);

#endif
