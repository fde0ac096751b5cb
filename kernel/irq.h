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
 * Takes a free vector for `handler`. The interrupt table shows `name`, which must stay valid.
 * Returns the vector (0x30 to 0xef), -ENOSPC if all are taken, or -ENODEV without a local APIC.
 */
int request_irq(irq_handler_t handler, void *context, const char *name);

/* Frees a vector of request_irq; the device must no longer raise it. Other numbers are ignored.
 * When this returns, the handler runs no more, so a handler must not call it for itself. */
void free_irq(int vector);

/* Returns when every interrupt sent to `vector` before the call has been handled, on any CPU, or
 * after a second. Turns interrupts on for a moment. Do not call from a handler. Other numbers are
 * ignored. */
void synchronize_irq(int vector);

/*
 * Chooses the CPU on which a message or a wire raises `vector`; the two functions below return it
 * from then on. At first it is CPU 0. Returns 0, or -EINVAL if there is no such vector or CPU, or
 * if the CPU's APIC id is too large for a message (254).
 */
int irq_set_cpu(int vector, unsigned int cpu);

/* Return that CPU's number, 0 for a free vector; and its APIC id. */
unsigned int irq_cpu(int vector);
u32 irq_apic_id(int vector);

/* Fills in the message that raises `vector` on that CPU. */
void irq_compose_msi_msg(int vector, struct msi_msg *message);

/* Return the interrupts taken on `vector` by all CPUs since it was requested; by one CPU; and the
 * total of all device vectors. */
u64 irq_count(int vector);
u64 irq_count_on(int vector, unsigned int cpu);
u64 irq_total(void);

/* Returns the name given with `vector`, or NULL if it is free or not a device vector. */
const char *irq_name(int vector);

/* Prints the same as /proc/interrupts: one column per CPU, one line per vector in use, then the
 * interrupts of a CPU that are not from devices. */
void irq_print_table(void);

/* What each CPU counts besides the device vectors, index 0 to LOCAL_IRQ_COUNT - 1
 * (kernel/percpu.h): returns a short and a long name, NULL beyond the last; and the count of one
 * CPU. */
const char *irq_local_name(unsigned int index, const char **meaning);
u64 irq_local_count(unsigned int index, unsigned int cpu);

/* Handles a vector of 0x20 and above; called by trap_dispatch. */
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
