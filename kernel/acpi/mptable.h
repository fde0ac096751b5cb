/* SPDX-License-Identifier: MIT */
/*
 * Intel's MultiProcessor tables (MultiProcessor Specification 1.4), which say less than ACPI's MADT
 * and are read where there is none, as with QEMU's acpi=off. They are not trusted.
 */
#ifndef KERNEL_ACPI_MPTABLE_H
#define KERNEL_ACPI_MPTABLE_H

#include "kernel/acpi/acpi.h"
#include "kernel/bootinfo.h"

/*
 * Looks for the tables in the places where firmware of a PC leaves them, and keeps what they say as
 * a MADT: processors, the first I/O APIC, the wires that reach it. Damaged ones are ignored with a
 * line. After paging_init; needed only when ACPI has no MADT.
 */
void mptable_init(const struct boot_info *boot);

/* That table, or NULL. Valid for ever. */
const struct acpi_header *mptable_madt(void);

#endif
