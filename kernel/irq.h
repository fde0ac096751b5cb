/* SPDX-License-Identifier: MIT */
/* Interrupt vectors for devices, and the CPU's interrupt flag. */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include "kernel/types.h"

/* Runs on the CPU the vector is routed to, interrupts off, on the interrupted stack. */
typedef void (*irq_handler_t)(void *context);

/* What a device writes, and where, to raise a vector (PCI 3.0, 6.8.2; Intel SDM 3, 10.11). */
struct msi_msg {
	u32 address_lo;
	u32 address_hi;
	u32 data;
};

/*
 * Takes a free vector for `handler`. `name` is shown by the interrupt table and must stay valid.
 * Returns the vector (0x30 to 0xef), -ENOSPC when all are taken, or -ENODEV without a local APIC.
 */
int request_irq(irq_handler_t handler, void *context, const char *name);

/* Gives back a vector of request_irq; the device must no longer raise it. Others are ignored. Its
 * handler does not run any more when this returns, so it must not be called from there. */
void free_irq(int vector);

/* Returns when what was sent to `vector` before the call has been handled, on whichever CPU, or
 * after a second. Turns interrupts on for a moment. Not from a handler; ignores other numbers. */
void synchronize_irq(int vector);

/*
 * Chooses the CPU that a message or a wire raises `vector` on: what the two functions below say
 * from then on. At first it is CPU 0. 0; -EINVAL when there is no such vector or CPU, or when the
 * CPU's APIC id is beyond what a message can hold (254).
 */
int irq_set_cpu(int vector, unsigned int cpu);

/* That CPU's number, 0 for a vector that is free; and its APIC id. */
unsigned int irq_cpu(int vector);
u32 irq_apic_id(int vector);

/* The message that raises `vector` there. */
void irq_compose_msi_msg(int vector, struct msi_msg *message);

/* Interrupts taken on `vector` by all CPUs since it was requested; by one CPU; the total of all
 * device vectors. */
u64 irq_count(int vector);
u64 irq_count_on(int vector, unsigned int cpu);
u64 irq_total(void);

/* The name `vector` was requested with, or NULL when it is free or no device vector. */
const char *irq_name(int vector);

/* Prints what /proc/interrupts has: a column a CPU, a line a vector in use, then what interrupts a
 * CPU beside devices. */
void irq_print_table(void);

/* What each CPU counts beside the device vectors, index 0 to LOCAL_IRQ_COUNT - 1 (kernel/percpu.h):
 * a short and a long name, NULL beyond the last; the count of one CPU. */
const char *irq_local_name(unsigned int index, const char **meaning);
u64 irq_local_count(unsigned int index, unsigned int cpu);

/* A vector of 0x20 and above has arrived: runs its handler; called by trap_dispatch. */
void irq_dispatch(unsigned int vector);

static inline void local_irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void local_irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/* Disables interrupts and returns the flags that local_irq_restore puts back. */
static inline u64 local_irq_save(void)
{
	u64 flags;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline bool local_irqs_enabled(void)
{
	u64 flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags & 0x200;
}

static inline void local_irq_restore(u64 flags)
{
	if (flags & 0x200)
		local_irq_enable();
}

#endif
