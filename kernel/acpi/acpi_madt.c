// SPDX-License-Identifier: MIT
/* Walks the MADT. The table as a whole has been checked, but not the fields of its structures. */
#include "kernel/acpi/acpi_madt.h"

#include "kernel/acpi/acpi.h"
#include "kernel/printk.h"

/* The head, the address of the local APICs, flags (ACPI 6.4, 5.2.12). */
#define MADT_FIRST (sizeof(struct acpi_header) + 8)
#define MADT_HEAD 2 /* of each structure: type and length */

/* Returns ACPI's own MADT, or the one from the MP tables. */
static const struct acpi_header *find_madt(void)
{
	const struct acpi_header *madt = acpi_find_table("APIC");

	return madt ? madt : mptable_madt();
}

const void *madt_next(enum madt_type type, size_t size, const void *previous)
{
	const struct acpi_header *madt = find_madt();
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

/* All ones is the broadcast address, and so not a CPU's (Intel SDM 3A, 10.6.2.1, 10.12.9). */
#define NO_LOCAL_APIC 0xff
#define NO_LOCAL_X2APIC 0xffffffff

/* The processors found; those beyond `max` are only counted. */
struct processors {
	u32 *apic_ids;
	unsigned int count, max, left_out;
};

static void add_processor(struct processors *found, u32 id)
{
	for (unsigned int i = 0; i < found->count; i++)
		if (found->apic_ids[i] == id)
			return; /* both kinds of entry may name it */
	if (found->count == found->max)
		found->left_out++;
	else
		found->apic_ids[found->count++] = id;
}

unsigned int madt_processors(u32 *apic_ids, unsigned int max)
{
	struct processors found = { .apic_ids = apic_ids, .max = max };
	const struct madt_local_apic *local = NULL;
	const struct madt_local_x2apic *wide = NULL;

	while ((local = madt_next(MADT_LOCAL_APIC, sizeof(*local), local)))
		if (local->flags & MADT_ENABLED && local->id != NO_LOCAL_APIC)
			add_processor(&found, local->id);
	while ((wide = madt_next(MADT_LOCAL_X2APIC, sizeof(*wide), wide)))
		if (wide->flags & MADT_ENABLED && wide->id != NO_LOCAL_X2APIC)
			add_processor(&found, wide->id);
	if (found.left_out)
		printk("acpi: MADT: %u processors beyond the first %u are not used\n",
		       found.left_out, max);
	return found.count;
}
