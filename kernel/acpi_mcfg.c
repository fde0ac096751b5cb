// SPDX-License-Identifier: MIT
/* Walks the MCFG. The table as a whole has been checked; what its entries claim has not. */
#include "kernel/acpi_mcfg.h"

#include "kernel/acpi.h"

/* The head, then 8 reserved bytes (PCI Firmware 3.0, table 4-2). */
#define MCFG_FIRST (sizeof(struct acpi_header) + 8)

const struct mcfg_entry *mcfg_next(const struct mcfg_entry *previous)
{
	const struct acpi_header *mcfg = acpi_find_table("MCFG");
	const u8 *start = (const u8 *)mcfg;
	size_t offset = MCFG_FIRST;

	if (previous)
		offset = (size_t)((const u8 *)(previous + 1) - start);
	if (!mcfg || offset + sizeof(*previous) > mcfg->length)
		return NULL;
	return (const struct mcfg_entry *)(start + offset);
}
