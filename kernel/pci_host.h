/* SPDX-License-Identifier: MIT */
/*
 * The firmware's description of PCI's host bridges. Form and bounds have been checked here, but not
 * whether the addresses are plausible.
 */
#ifndef KERNEL_PCI_HOST_H
#define KERNEL_PCI_HOST_H

#include "kernel/acpi/acpi_aml.h"
#include "kernel/ioapic.h"

#define PCI_HOSTS_MAX 16
#define PCI_HOST_WINDOWS 24

/* Addresses that a host bridge forwards to its root bus, the same on both sides. */
struct pci_host_window {
	u64 first, last;
	bool io;
	bool prefetch;
};

struct pci_host {
	u8 bus, last_bus; /* its root bus, and the highest number behind it */
	unsigned int count;
	struct pci_host_window window[PCI_HOST_WINDOWS];
	struct aml body; /* its device in the DSDT, which stays mapped */
};

/*
 * Finds the host bridges of segment 0 in the DSDT, without running it: fills in at most
 * PCI_HOSTS_MAX and returns their number, or 0.
 */
unsigned int acpi_pci_hosts(struct pci_host *hosts);

/*
 * Finds the wire of a pin (1 to 4, for INTA to INTD) of a slot on the root bus from a constant
 * _PRT, as QEMU's microvm has it (ACPI 6.4, 6.2.13). Returns 0 or -ENXIO.
 */
int acpi_pci_gsi(const struct pci_host *host, u8 slot, u8 pin, struct gsi *gsi);

#endif
