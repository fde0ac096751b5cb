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
 * Finds the root table; without a good one it prints a message, and no table exists. Then finds the
 * PM timer and the registers for power-off. After paging_init; `boot` must stay valid.
 */
void acpi_init(const struct boot_info *boot);

/*
 * Returns the first table with this signature of four letters that is complete and has a good
 * checksum, or NULL. It stays mapped, read-only.
 */
const struct acpi_header *acpi_find_table(const char *signature);

/* Returns the table at a physical address from another table, checked in the same way, or NULL. */
const struct acpi_header *acpi_open_table(u64 address, const char *signature);

/* Returns the DSDT, complete and checked, or NULL; it stays mapped. */
const struct acpi_header *acpi_dsdt(void);

/* PCI Firmware 3.0, table 4-3. Its fields have not been checked. */
struct mcfg_entry {
	u64 base; /* where bus 0 would be, whatever first_bus is */
	u16 segment;
	u8 first_bus, last_bus;
	u32 reserved;
} __packed;

/*
 * Returns the entry of the MCFG (PCI Firmware 3.0, 4.1.2: PCI's configuration space in memory)
 * after `previous` (NULL: the first) that lies wholly within the table, or NULL. The table stays
 * mapped. Without a table, returns an entry made from the DSDT's _CBA method, for 256 buses.
 */
const struct mcfg_entry *mcfg_next(const struct mcfg_entry *previous);

/*
 * Reads Intel's MultiProcessor tables (MultiProcessor Specification 1.4), which contain less than
 * the MADT, if there is no MADT, as with QEMU's acpi=off. Looks for them where the firmware of a PC
 * puts them, and keeps their content as a MADT: processors, the first I/O APIC, the wires that
 * reach it. Damaged tables are ignored with a message. After acpi_init.
 */
void mptable_init(const struct boot_info *boot);

/* Returns that MADT, or NULL. It stays valid. */
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

/* Returns the I/O port of the PM timer (ACPI 6.4, 4.8.3.3), or 0. */
u16 acpi_pm_timer_port(void);

/* Powers the machine off; returns when that is not possible. */
void acpi_power_off(void);

#endif
