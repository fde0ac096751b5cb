/* SPDX-License-Identifier: MIT */
/* The MCFG (PCI Firmware 3.0, 4.1.2): the address of PCI's configuration space in memory. */
#ifndef KERNEL_ACPI_ACPI_MCFG_H
#define KERNEL_ACPI_ACPI_MCFG_H

#include "kernel/types.h"

/* PCI Firmware 3.0, table 4-3. Its fields have not been checked. */
struct mcfg_entry {
	u64 base; /* where bus 0 would be, whatever first_bus is */
	u16 segment;
	u8 first_bus, last_bus;
	u32 reserved;
} __packed;

/*
 * Returns the entry after `previous` (NULL: the first) that lies wholly within the table, or NULL.
 * The table stays mapped. Without a table, returns an entry made from the DSDT's _CBA method, for
 * 256 buses.
 */
const struct mcfg_entry *mcfg_next(const struct mcfg_entry *previous);

#endif
