/* SPDX-License-Identifier: MIT */
/*
 * Wires that several devices share, as PCI's INTx are (PCI 3.0, 2.2.6): an interrupt says only
 * that one of them has something, so each is asked.
 */
#ifndef KERNEL_IRQ_SHARED_H
#define KERNEL_IRQ_SHARED_H

#include "kernel/ioapic.h"
#include "kernel/list.h"
#include "kernel/types.h"

enum irq_return {
	IRQ_NOT_OURS, /* the device had nothing */
	IRQ_OURS,     /* it had raised the wire, and was quieted; but there was nothing to do */
	IRQ_NEWS,     /* it had, and there was something */
};

/* One device's share in a wire; the caller's memory, which stays while it is requested. */
struct irq_share {
	/* Both run in the interrupt, interrupts off. The first quiets its device. */
	enum irq_return (*handle)(void *context);
	/* The wire never fell silent and stays masked from now on. May be NULL. */
	void (*lost)(void *context);
	void *context;
	const char *name; /* for people; stays valid */
	u64 handled;	  /* interrupts that were its device's */
	struct list_head node;
};

/*
 * Takes a share in a wire and lets its interrupts through. Returns the vector, which all its shares
 * have in common; -ENXIO when no I/O APIC has the wire, -EINVAL when it is edge-triggered and thus
 * cannot be shared, -EIO when it was masked for good, or as request_irq.
 */
int request_shared_irq(const struct gsi *gsi, struct irq_share *share);

/* Gives the share back; its device must no longer raise the wire. */
void free_shared_irq(unsigned int gsi, struct irq_share *share);

/* Prints who shares the wire of `vector`, as the end of a line; false when it is no wire's. */
bool irq_shared_print(int vector);

#endif
