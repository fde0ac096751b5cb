/* SPDX-License-Identifier: MIT */
/*
 * Intel's MultiProcessor tables (MultiProcessor Specification 1.4). They contain less than ACPI's
 * MADT, and are read if there is none, as with QEMU's acpi=off. They are not trusted.
 */
#ifndef KERNEL_ACPI_MPTABLE_H
#define KERNEL_ACPI_MPTABLE_H

#include "kernel/acpi/acpi.h"
#include "kernel/bootinfo.h"

/*
 * Looks for the tables where the firmware of a PC puts them, and keeps their content as a MADT:
 * processors, the first I/O APIC, the wires that reach it. Damaged tables are ignored with a
 * message. After paging_init; needed only if ACPI has no MADT.
 */
void mptable_init(const struct boot_info *boot);

/* Returns that MADT, or NULL. It stays valid. */
const struct acpi_header *mptable_madt(void);

#endif
