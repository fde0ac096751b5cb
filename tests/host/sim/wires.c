// SPDX-License-Identifier: MIT
/* See wires.h. */
#include "wires.h"

#include "test.h"

#include "kernel/acpi/acpi.h"
#include "kernel/acpi/acpi_madt.h"
#include "kernel/ioapic.h"
#include "world.h"

enum { IN_SERVICE = 0x4000, LEVEL = 0x8000, MASKED = 0x10000 };

u32 wires_version = 23 << 16 | 0x20;
static bool made;
static u32 selected, pins[WIRES][2], raised[WIRES];

/* A level-triggered pin sends one message, and the next after the end of that interrupt. */
static void evaluate(unsigned int gsi)
{
	u32 low = pins[gsi][0];

	if (!made || !raised[gsi] || low & (MASKED | IN_SERVICE))
		return;
	CHECK(low & LEVEL);
	CHECK_EQ(low & 0x700, 0); /* fixed delivery */
	pins[gsi][0] |= IN_SERVICE;
	world_raise(low & 0xff);
}

/* The end of an interrupt is told to the I/O APICs with its vector. */
static void end_of_interrupt(unsigned int vector)
{
	for (unsigned int gsi = 0; gsi < WIRES; gsi++) {
		if (!(pins[gsi][0] & IN_SERVICE) || (pins[gsi][0] & 0xff) != vector)
			continue;
		pins[gsi][0] &= ~(u32)IN_SERVICE;
		evaluate(gsi);
	}
}

static u32 mmio_read(void *context, u64 offset, unsigned int size)
{
	(void)context;
	CHECK_EQ(size, 4);
	CHECK_EQ(offset, 0x10);
	if (selected == 1)
		return wires_version;
	return selected >= 0x10 && selected < 0x10 + 2 * WIRES
		       ? pins[(selected - 0x10) / 2][selected & 1]
		       : 0;
}

static void write_pin(unsigned int gsi, unsigned int half, u32 value)
{
	u32 *pin = pins[gsi];

	if (half || (value ^ pin[0]) & 0xafff)
		CHECK(pin[0] & MASKED || (!half && value & MASKED));
	if (half)
		pin[1] = value;
	else
		pin[0] = (value & ~(u32)IN_SERVICE) | (pin[0] & IN_SERVICE);
	evaluate(gsi);
}

static void mmio_write(void *context, u64 offset, unsigned int size, u32 value)
{
	(void)context;
	CHECK_EQ(size, 4);
	if (offset == 0) {
		selected = value;
		return;
	}
	CHECK_EQ(offset, 0x10);
	CHECK(selected >= 0x10 && selected < 0x10 + 2 * WIRES); /* nothing beyond its pins */
	write_pin((selected - 0x10) / 2, selected & 1, value);
}

static const struct world_mmio mmio = { WIRES_ADDRESS, 0x20, mmio_read, mmio_write, NULL };

/* ---- the table ------------------------------------------------------------------------------- */

/* Its end is the end of an allocation, so that the sanitizer sees a look beyond it. */
static u8 *madt;
static u32 madt_length;

static void grow(u32 length)
{
	struct acpi_header *header;

	madt = realloc(madt, length);
	memset(madt + madt_length, 0, length - madt_length);
	madt_length = length;
	header = (struct acpi_header *)madt;
	memcpy(header->signature, "APIC", 4);
	header->length = length;
	world_madt = header;
}

void wires_madt_clear(void)
{
	free(madt);
	madt = NULL;
	madt_length = 0;
	grow(sizeof(struct acpi_header) + 8);
}

void wires_madt_append(const void *entry, u8 length)
{
	u32 at = madt_length;

	grow(madt_length + length);
	memcpy(madt + at, entry, length);
}

void wires_madt_override(u8 irq, u32 gsi, u16 flags)
{
	struct madt_interrupt_override entry = { 2, sizeof(entry), 0, irq, gsi, flags };

	wires_madt_append(&entry, sizeof(entry));
}

void wires_make(void)
{
	static const u8 level_high[] = { 5, 9, 10, 11 };
	const struct madt_io_apic io_apic = { 1, sizeof(io_apic), 0, 0, WIRES_ADDRESS, 0 };

	made = true;
	world_add_mmio(&mmio);
	world_eoi_hook = end_of_interrupt;
	wires_madt_clear();
	wires_madt_append("\0\10\0\0\1\0\0\0", 8); /* a local APIC */
	wires_madt_append(&io_apic, sizeof(io_apic));
	wires_madt_override(0, 2, 0);
	for (unsigned int i = 0; i < sizeof(level_high); i++)
		wires_madt_override(level_high[i], level_high[i], 0xd);
	ioapic_init();
}

void wires_set(unsigned int gsi, unsigned int who, bool up)
{
	raised[gsi] = (raised[gsi] & ~(1u << who)) | (u32)up << who;
	evaluate(gsi);
}

bool wires_masked(unsigned int gsi)
{
	return pins[gsi][0] & MASKED;
}

u32 wires_pin(unsigned int gsi)
{
	return pins[gsi][0];
}
