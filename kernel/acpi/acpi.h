/* SPDX-License-Identifier: MIT */
/* Firmware tables (ACPI 6.4, chapter 5). They are not trusted: length and checksum are checked. */
#ifndef KERNEL_ACPI_ACPI_H
#define KERNEL_ACPI_ACPI_H

#include "kernel/bootinfo.h"

/* The head of every table (ACPI 6.4, 5.2.6). */
struct acpi_header {
	char signature[4];
	u32 length; /* with this head */
	u8 revision;
	u8 checksum; /* all bytes add up to 0 */
	char oem_id[6];
	char oem_table_id[8];
	u32 oem_revision;
	u32 creator_id;
	u32 creator_revision;
} __packed;

/*
 * Finds the root table; without a good one a line is printed and no table exists. Then looks for
 * the PM timer and the way to power off. After paging_init; `boot` must stay valid.
 */
void acpi_init(const struct boot_info *boot);

/*
 * The first good table with this signature of four letters, whole and checked, or NULL. Stays
 * mapped for ever, read-only.
 */
const struct acpi_header *acpi_find_table(const char *signature);

/* The table at a physical address that another table gave, checked likewise; NULL if it is bad. */
const struct acpi_header *acpi_open_table(u64 address, const char *signature);

/* The DSDT, whole and checked, or NULL; stays mapped for ever. */
const struct acpi_header *acpi_dsdt(void);

/* PCI Firmware 3.0, table 4-3. What it claims has not been checked. */
struct mcfg_entry {
	u64 base; /* where bus 0 would be, whatever first_bus is */
	u16 segment;
	u8 first_bus, last_bus;
	u32 reserved;
} __packed;

/*
 * The MCFG (PCI Firmware 3.0, 4.1.2), where PCI's configuration space lies in memory: the entry
 * after `previous` (NULL: the first) that lies wholly within the table, or NULL. The table stays
 * mapped for ever. Without one: what the DSDT's _CBA method says, for 256 buses.
 */
const struct mcfg_entry *mcfg_next(const struct mcfg_entry *previous);

/*
 * Intel's MultiProcessor tables (MultiProcessor Specification 1.4) say less than the MADT and are
 * read where there is none, as with QEMU's acpi=off. Looks for them in the places where firmware of
 * a PC leaves them, and keeps what they say as a MADT: processors, the first I/O APIC, the wires
 * that reach it. Damaged ones are ignored with a line. After acpi_init.
 */
void mptable_init(const struct boot_info *boot);

/* That table, or NULL. Valid for ever. */
const struct acpi_header *mptable_madt(void);

/* All bytes add up to 0, as in the tables of ACPI and of the MultiProcessor Specification. */
static inline bool acpi_checksum_is_good(const void *table, size_t size)
{
	const u8 *bytes = table;
	u8 sum = 0;

	while (size--)
		sum += *bytes++;
	return sum == 0;
}

/* Reads the fixed table (kernel/acpi/acpi_power.c); called by acpi_init. */
void acpi_power_init(void);

/* The I/O port of the PM timer (ACPI 6.4, 4.8.3.3), or 0. */
u16 acpi_pm_timer_port(void);

/* Powers the machine off; returns when that is not possible. */
void acpi_power_off(void);

#endif
