// SPDX-License-Identifier: MIT
/* Walks the MCFG. The table as a whole has been checked, but not its entries. */
#include "kernel/acpi/acpi_mcfg.h"

#include "kernel/acpi/acpi.h"
#include "kernel/string.h"

/* The head, then 8 reserved bytes (PCI Firmware 3.0, table 4-2). */
#define MCFG_FIRST (sizeof(struct acpi_header) + 8)

/*
 * A machine without an MCFG, such as QEMU's microvm, has the base in its DSDT (PCI Firmware 3.0,
 * 4.1.3): Method (_CBA) { Return (constant) }. We do not interpret AML; such a method is found by
 * its name. In AML (ACPI 6.4, 20.2): the name, the method's flags, Return, a constant.
 */
#define AML_RETURN 0xa4
#define AML_DWORD 0x0c
#define AML_QWORD 0x0e
#define CBA_CODE 7 /* _CBA, flags, Return, the kind of constant */

/* Returns the address of bus 0 from the method at `aml`, which has `size` bytes, or 0 if it is not
 * such a method. */
static u64 parse_cba(const u8 *aml, u32 size)
{
	u32 bytes = 0;
	u64 base = 0;

	if (size < CBA_CODE || memcmp(aml, "_CBA", 4) || aml[5] != AML_RETURN)
		return 0;
	if (aml[6] == AML_DWORD)
		bytes = 4;
	else if (aml[6] == AML_QWORD)
		bytes = 8;
	if (size < CBA_CODE + bytes)
		return 0;
	memcpy(&base, aml + CBA_CODE, bytes);
	return base;
}

/* Returns an entry made from the DSDT, or NULL. */
static const struct mcfg_entry *dsdt_entry(void)
{
	static struct mcfg_entry entry = { .last_bus = 255 };
	const struct acpi_header *dsdt = acpi_dsdt();
	u32 i;

	entry.base = 0;
	for (i = sizeof(*dsdt); dsdt && i < dsdt->length && !entry.base; i++)
		entry.base = parse_cba((const u8 *)dsdt + i, dsdt->length - i);
	return entry.base ? &entry : NULL;
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
