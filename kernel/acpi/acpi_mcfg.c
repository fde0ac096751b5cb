// SPDX-License-Identifier: MIT
/* Walks the MCFG. The table as a whole has been checked, but not its entries. */
#include "kernel/acpi/acpi.h"
#include "kernel/acpi/acpi_aml.h"

/* The head, then 8 reserved bytes (PCI Firmware 3.0, table 4-2). */
#define MCFG_FIRST (sizeof(struct acpi_header) + 8)

/*
 * Returns an entry made from the DSDT, or NULL. A machine without an MCFG, such as QEMU's microvm,
 * has the base there (PCI Firmware 3.0, 4.1.3): Method (_CBA) { Return (constant) }. We do not
 * interpret AML; such a method is found by its name, which its flags follow.
 */
static const struct mcfg_entry *dsdt_entry(void)
{
	static struct mcfg_entry entry = { .last_bus = 255 };
	struct aml rest = acpi_dsdt_body();
	u64 base = 0;

	while (!base && aml_next_spelling(&rest, "_CBA"))
		aml_return(aml_skip(rest, 1), &base);
	entry.base = base;
	return base ? &entry : NULL;
}

const struct mcfg_entry *mcfg_next(const struct mcfg_entry *previous)
{
	const struct acpi_header *mcfg = acpi_find_table("MCFG");
	const u8 *start = (const u8 *)mcfg;
	size_t offset = MCFG_FIRST;

	if (!mcfg)
		return previous ? NULL : dsdt_entry();
	if (previous)
		offset = (size_t)((const u8 *)(previous + 1) - start);
	if (offset + sizeof(*previous) > mcfg->length)
		return NULL;
	return (const struct mcfg_entry *)(start + offset);
}
