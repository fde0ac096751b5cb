/* SPDX-License-Identifier: MIT */
/*
 * Wires that several devices share, as PCI's INTx are (PCI 3.0, 2.2.6). An interrupt tells only
 * that one of them needs service, so each is asked.
 */
#ifndef KERNEL_IRQ_SHARED_H
#define KERNEL_IRQ_SHARED_H

#include "kernel/ioapic.h"
#include "kernel/list.h"
#include "kernel/types.h"

enum irq_return {
	IRQ_NOT_OURS, /* the device did not raise the wire */
	IRQ_OURS,     /* it did, and was quieted, but had nothing to report */
	IRQ_NEWS,     /* it did, and had something to report */
};

/* One device's share in a wire. The memory is the caller's, and stays valid until it is freed. */
struct irq_share {
	/* Both run in the interrupt, interrupts off. The first quiets its device. */
	enum irq_return (*handle)(void *context);
	/* The wire is stuck and stays masked from now on. May be NULL. */
	void (*lost)(void *context);
	void *context;
	const char *name; /* for messages; stays valid */
	u64 handled;	  /* interrupts that were its device's */
	struct list_head node;
};

/*
 * Adds a share to a wire and unmasks it. Returns the vector, which all shares of the wire have in
 * common; -ENXIO if no I/O APIC has the wire, -EINVAL if it is edge-triggered and so cannot be
 * shared, -EIO if it was masked for good, or an error of request_irq.
 */
int request_shared_irq(const struct gsi *gsi, struct irq_share *share);

/* Removes the share; its device must no longer raise the wire. */
void free_shared_irq(unsigned int gsi, struct irq_share *share);

/* Prints the devices that share the wire of `vector`, as the end of a line; false if the vector has
 * no wire. */
bool irq_shared_print(int vector);

#endif
