/* SPDX-License-Identifier: MIT */
/*
 * The I/O APICs (Intel 82093AA): wires of devices become vectors. A wire has a number for the
 * whole machine, its GSI ("global system interrupt", ACPI 6.4, 5.2.13).
 */
#ifndef KERNEL_IOAPIC_H
#define KERNEL_IOAPIC_H

#include "kernel/types.h"

/* How a wire says "interrupt". */
struct gsi {
	unsigned int number;
	bool level;	 /* else an edge */
	bool active_low; /* else high */
};

/* Finds the I/O APICs that the MADT names and masks all their pins. After apic_init. */
void ioapic_init(void);

/*
 * Where the wire arrives that was number `irq` (0 to 15) of the old controllers, and that carries a
 * PCI interrupt: level-triggered and active low (PCI 3.0, 2.2.6), unless the MADT has it otherwise.
 */
struct gsi ioapic_pci_gsi(u8 irq);
/* The same for a device of the board, such as a serial port: an edge, active high, unless. */
struct gsi ioapic_isa_gsi(u8 irq);

/* Routes a wire to `vector` on that vector's CPU (irq_cpu), masked. 0; -ENXIO when no I/O APIC has
 * it, or when the CPU's id does not fit into a pin's register. Any CPU, any interrupt state. */
int ioapic_route(const struct gsi *gsi, unsigned int vector);

/* Keeps its interrupts back, or lets them through; of a wire that ioapic_route has accepted. */
void ioapic_set_masked(unsigned int gsi, bool masked);

/* What the pin is doing, for diagnosis. */
struct ioapic_pin {
	bool masked;
	bool waiting;	 /* an interrupt is not yet accepted by the CPU */
	bool in_service; /* level: accepted, and its end is awaited */
};
void ioapic_look(unsigned int gsi, struct ioapic_pin *pin);

#endif
