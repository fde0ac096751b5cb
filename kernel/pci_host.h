/* SPDX-License-Identifier: MIT */
/*
 * What the firmware says of PCI's host bridges. Form and bounds have been checked here; whether the
 * addresses can be true has not.
 */
#ifndef KERNEL_PCI_HOST_H
#define KERNEL_PCI_HOST_H

#include "kernel/acpi/acpi_aml.h"
#include "kernel/ioapic.h"

#define PCI_HOSTS_MAX 16
#define PCI_HOST_WINDOWS 24

/* Addresses that a host bridge passes on to its root bus, the same ones on both sides. */
struct pci_host_window {
	u64 first, last;
	bool io;
	bool prefetch;
};

struct pci_host {
	u8 bus, last_bus; /* its root bus, and the highest number behind it */
	unsigned int count;
	struct pci_host_window window[PCI_HOST_WINDOWS];
	struct aml body; /* of its device in the DSDT, which stays mapped */
};

/*
 * Looks for host bridges in the DSDT, without running it: fills in at most PCI_HOSTS_MAX of them,
 * those of segment 0, and returns their number, 0 when nothing is said.
 */
unsigned int acpi_pci_hosts(struct pci_host *hosts);

/*
 * Where the pin (1 to 4, for INTA to INTD) of a slot of its root bus arrives: what its _PRT says
 * where that is a constant, as QEMU's microvm has it (ACPI 6.4, 6.2.13). 0 or -ENXIO.
 */
int acpi_pci_gsi(const struct pci_host *host, u8 slot, u8 pin, struct gsi *gsi);

#endif
