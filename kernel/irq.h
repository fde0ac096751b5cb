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

/* Gives back a vector of request_irq; the device must no longer raise it. Others are ignored. */
void free_irq(int vector);

/* The message that raises `vector` on this CPU. */
void irq_compose_msi_msg(int vector, struct msi_msg *message);

/* Interrupts taken on `vector` since it was requested; the total over all device vectors. */
u64 irq_count(int vector);
u64 irq_total(void);

/* The name `vector` was requested with, or NULL when it is free or no device vector. */
const char *irq_name(int vector);

/* Vectors that arrived with no handler. */
u64 irq_spurious(void);

/* Prints each vector in use: how often it was taken, and by whom, one line each. */
void irq_print_table(void);

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
