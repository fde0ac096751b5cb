/* SPDX-License-Identifier: MIT */
/*
 * A simulated I/O APIC of 24 pins for GSI 0 to 23 (Intel 82093AA), and the MADT that names it. It
 * fails the test when a pin is reprogrammed while it is not masked.
 */
#ifndef TESTS_HOST_WIRES_H
#define TESTS_HOST_WIRES_H

#include "kernel/types.h"

#define WIRES_ADDRESS 0xfec00000
#define WIRES 24

/* What a test may change before wires_make: an answer that is no I/O APIC's, say. */
extern u32 wires_version;

/* The table that the firmware gives: 5, 9, 10 and 11 are level-triggered and active high, as on
 * QEMU's pc; then ioapic_init. */
void wires_make(void);

/* An empty MADT; entries are appended as they stand, `length` bytes; world_madt is set to it. */
void wires_madt_clear(void);
void wires_madt_append(const void *entry, u8 length);
void wires_madt_override(u8 irq, u32 gsi, u16 flags);

/* Device `who` (0 to 31) raises or lowers a wire; it is up while anyone raises it. */
void wires_set(unsigned int gsi, unsigned int who, bool up);

bool wires_masked(unsigned int gsi);
u32 wires_pin(unsigned int gsi); /* the low half of its register */

#endif
