// SPDX-License-Identifier: MIT
/* Walks the MADT. The table as a whole has been checked; what its structures claim has not. */
#include "kernel/acpi_madt.h"

#include "kernel/acpi.h"

/* The head, the address of the local APICs, flags (ACPI 6.4, 5.2.12). */
#define MADT_FIRST (sizeof(struct acpi_header) + 8)
#define MADT_HEAD 2 /* of each structure: type and length */

const void *madt_next(enum madt_type type, size_t size, const void *previous)
{
	const struct acpi_header *madt = acpi_find_table("APIC");
	const u8 *start = (const u8 *)madt;
	const u8 *found = previous;
	size_t offset = MADT_FIRST;

	if (found)
		offset = (size_t)(found - start) + found[1];
	/* Each has at least its head, so the walk ends. */
	while (madt && offset + MADT_HEAD <= madt->length) {
		found = start + offset;
		if (found[1] < MADT_HEAD || found[1] > madt->length - offset)
			return NULL;
		if (found[0] == type && found[1] >= size)
			return found;
		offset += found[1];
	}
	return NULL;
}
