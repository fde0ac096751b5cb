/* SPDX-License-Identifier: MIT */
/* The MADT (ACPI 6.4, 5.2.12): the interrupt controllers, and the wires that reach them. */
#ifndef KERNEL_ACPI_ACPI_MADT_H
#define KERNEL_ACPI_ACPI_MADT_H

#include "kernel/types.h"

/* Types of structures (ACPI 6.4, table 5.21). */
enum madt_type {
	MADT_LOCAL_APIC = 0,
	MADT_IO_APIC = 1,
	MADT_INTERRUPT_OVERRIDE = 2,
	MADT_LOCAL_X2APIC = 9,
};

/* ACPI 6.4, 5.2.12.2: a processor */
struct madt_local_apic {
	u8 type, length;
	u8 uid;
	u8 id;
	u32 flags;
} __packed;

/* ACPI 6.4, 5.2.12.12: one with an id that may need more than 8 bits */
struct madt_local_x2apic {
	u8 type, length;
	u16 reserved;
	u32 id;
	u32 flags;
	u32 uid;
} __packed;

/* ACPI 6.4, table 5.22; without it the processor is absent, though it may be plugged in later. */
#define MADT_ENABLED 0x1

/* ACPI 6.4, 5.2.12.3 */
struct madt_io_apic {
	u8 type, length;
	u8 id;
	u8 reserved;
	u32 address;
	u32 gsi_base;
} __packed;

/* ACPI 6.4, 5.2.12.5: a wire of the old controllers with another GSI, or another kind of signal. */
struct madt_interrupt_override {
	u8 type, length;
	u8 bus; /* 0: ISA */
	u8 irq;
	u32 gsi;
	u16 flags;
} __packed;

/* MPS INTI flags (ACPI 6.4, table 5.26). */
#define MADT_POLARITY 0x3
#define MADT_ACTIVE_HIGH 0x1
#define MADT_ACTIVE_LOW 0x3
#define MADT_TRIGGER 0xc
#define MADT_EDGE 0x4
#define MADT_LEVEL 0xc

/*
 * Returns the structure of this type after `previous` (NULL: the first), at least `size` bytes long
 * and wholly within the table, or NULL. Shorter ones are skipped.
 */
const void *madt_next(enum madt_type type, size_t size, const void *previous);

/*
 * Stores the local APIC ids of the processors that can be started, each once, in the firmware's
 * order, including the one that runs now. Stores at most `max`, and prints how many more there are.
 * Returns the number stored; 0 if the firmware has no list. Ids above 254 need x2APIC.
 */
unsigned int madt_processors(u32 *apic_ids, unsigned int max);

#endif
