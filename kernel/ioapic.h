/* SPDX-License-Identifier: MIT */
/*
 * The I/O APICs (Intel 82093AA) turn the wires of devices into vectors. A wire has one number in
 * the whole machine, its GSI ("global system interrupt", ACPI 6.4, 5.2.13).
 */
#ifndef KERNEL_IOAPIC_H
#define KERNEL_IOAPIC_H

#include "kernel/types.h"

/* How a wire signals an interrupt. */
struct gsi {
	unsigned int number;
	bool level;	 /* else an edge */
	bool active_low; /* else high */
};

/* Finds the I/O APICs that the MADT names and masks all their pins. After apic_init. */
void ioapic_init(void);

/*
 * Returns the GSI of wire `irq` (0 to 15) of the old controllers, if it carries a PCI interrupt:
 * level-triggered and active low (PCI 3.0, 2.2.6), unless the MADT overrides that.
 */
struct gsi ioapic_pci_gsi(u8 irq);
/* The same for a device on the board, such as a serial port: edge-triggered and active high, unless
 * the MADT overrides that. */
struct gsi ioapic_isa_gsi(u8 irq);

/* Routes a wire to `vector` on that vector's CPU (irq_cpu), masked. Returns 0, or -ENXIO if no I/O
 * APIC has the wire or the CPU's id does not fit into a pin's register. Any CPU, any interrupt
 * state. */
int ioapic_route(const struct gsi *gsi, unsigned int vector);

/* Keeps its interrupts back, or lets them through; of a wire that ioapic_route has accepted. */
void ioapic_set_masked(unsigned int gsi, bool masked);

/* The state of a pin, for diagnosis. */
struct ioapic_pin {
	bool masked;
	bool waiting;	 /* an interrupt is not yet accepted by the CPU */
	bool in_service; /* level: accepted, waiting for the EOI */
};
void ioapic_look(unsigned int gsi, struct ioapic_pin *pin);

#endif
