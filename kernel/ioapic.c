// SPDX-License-Identifier: MIT
/* I/O APICs (Intel 82093AA datasheet, chapter 3), found through the MADT. */
#include "kernel/ioapic.h"

#include "kernel/acpi/acpi_madt.h"
#include "kernel/apic.h"
#include "kernel/io.h"
#include "kernel/irq.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/spinlock.h"
#include <linux/errno.h>

#define IOAPICS_MAX 8
#define IOAPIC_BYTES 0x20

/* The register's number is written to the first, its content is in the second (3.1). */
#define IOREGSEL 0x00
#define IOWIN 0x10

#define IOAPIC_VERSION 0x01
#define VERSION_LAST_PIN(version) ((version) >> 16 & 0xff)
#define PINS_MAX 240 /* 3.2.2: pin 239 is the last that the register can name */

/* Two registers per pin (3.2.4). */
#define PIN_LOW(pin) (0x10 + 2 * (pin))
#define PIN_HIGH(pin) (PIN_LOW(pin) + 1)
#define PIN_WAITING 0x1000
#define PIN_ACTIVE_LOW 0x2000
#define PIN_IN_SERVICE 0x4000
#define PIN_LEVEL 0x8000
#define PIN_MASKED 0x10000
#define PIN_DESTINATION_SHIFT 24
#define PIN_DESTINATION_LAST 254

struct ioapic {
	volatile u8 *registers;
	unsigned int gsi_base, pins;
};

static struct ioapic ioapics[IOAPICS_MAX];
static DEFINE_SPINLOCK(ioapics_lock); /* an access takes two registers */
static unsigned int ioapic_count;

static u32 read_register(const struct ioapic *ioapic, unsigned int reg)
{
	writel(reg, ioapic->registers + IOREGSEL);
	return readl(ioapic->registers + IOWIN);
}

static void write_register(const struct ioapic *ioapic, unsigned int reg, u32 value)
{
	writel(reg, ioapic->registers + IOREGSEL);
	writel(value, ioapic->registers + IOWIN);
}

static const struct ioapic *find_ioapic(unsigned int gsi)
{
	for (unsigned int i = 0; i < ioapic_count; i++)
		if (gsi >= ioapics[i].gsi_base && gsi - ioapics[i].gsi_base < ioapics[i].pins)
			return &ioapics[i];
	return NULL;
}

/* Checks what is at the address that the firmware gave: it may be nothing, or another device. */
static bool ioapic_is_sane(const struct madt_io_apic *entry, u32 version)
{
	return version && version != ~0u && VERSION_LAST_PIN(version) < PINS_MAX &&
	       entry->gsi_base <= ~0u - PINS_MAX && !find_ioapic(entry->gsi_base);
}

static void add_ioapic(const struct madt_io_apic *entry)
{
	struct ioapic *ioapic = &ioapics[ioapic_count];
	u32 version = 0;

	if (ioapic_count == IOAPICS_MAX || !IS_ALIGNED(entry->address, 0x10))
		return;
	ioapic->registers = ioremap(entry->address, IOAPIC_BYTES);
	if (ioapic->registers)
		version = read_register(ioapic, IOAPIC_VERSION);
	if (!ioapic_is_sane(entry, version)) {
		printk("ioapic: I/O APIC at 0x%08x for GSI %u ignored: version 0x%08x\n",
		       entry->address, entry->gsi_base, version);
		return;
	}
	ioapic->gsi_base = entry->gsi_base;
	ioapic->pins = VERSION_LAST_PIN(version) + 1;
	for (unsigned int pin = 0; pin < ioapic->pins; pin++)
		write_register(ioapic, PIN_LOW(pin), PIN_MASKED);
	ioapic_count++;
}

void ioapic_init(void)
{
	const struct madt_io_apic *entry = NULL;

	if (!apic_present())
		return;
	while ((entry = madt_next(MADT_IO_APIC, sizeof(*entry), entry)))
		add_ioapic(entry);
	if (!ioapic_count)
		printk("ioapic: no I/O APIC: MSI-X interrupts only\n");
}

/* Applies an override. `gsi` has the bus's defaults, which also hold where the override leaves
 * them. */
static struct gsi find_override(u8 irq, struct gsi gsi)
{
	const struct madt_interrupt_override *override = NULL;

	while ((override = madt_next(MADT_INTERRUPT_OVERRIDE, sizeof(*override), override))) {
		if (override->bus || override->irq != irq)
			continue;
		gsi.number = override->gsi;
		if (override->flags & MADT_TRIGGER)
			gsi.level = (override->flags & MADT_TRIGGER) != MADT_EDGE;
		if (override->flags & MADT_POLARITY)
			gsi.active_low = (override->flags & MADT_POLARITY) != MADT_ACTIVE_HIGH;
		break;
	}
	return gsi;
}

struct gsi ioapic_pci_gsi(u8 irq)
{
	return find_override(irq, (struct gsi){ irq, .level = true, .active_low = true });
}

struct gsi ioapic_isa_gsi(u8 irq)
{
	return find_override(irq, (struct gsi){ irq, .level = false, .active_low = false });
}

int ioapic_route(const struct gsi *gsi, unsigned int vector)
{
	const struct ioapic *ioapic = find_ioapic(gsi->number);
	u32 id = irq_apic_id((int)vector);
	unsigned int pin;
	u64 flags;

	if (!ioapic || id > PIN_DESTINATION_LAST)
		return -ENXIO;
	pin = gsi->number - ioapic->gsi_base;
	flags = spin_lock_irqsave(&ioapics_lock);
	write_register(ioapic, PIN_LOW(pin), PIN_MASKED);
	write_register(ioapic, PIN_HIGH(pin), id << PIN_DESTINATION_SHIFT);
	write_register(ioapic, PIN_LOW(pin),
		       PIN_MASKED | vector | (gsi->level ? PIN_LEVEL : 0) |
			       (gsi->active_low ? PIN_ACTIVE_LOW : 0));
	spin_unlock_irqrestore(&ioapics_lock, flags);
	return 0;
}

void ioapic_set_masked(unsigned int gsi, bool masked)
{
	const struct ioapic *ioapic = find_ioapic(gsi);
	unsigned int pin = gsi - ioapic->gsi_base;
	u64 flags = spin_lock_irqsave(&ioapics_lock);
	u32 low = read_register(ioapic, PIN_LOW(pin));

	write_register(ioapic, PIN_LOW(pin), (low & ~(u32)PIN_MASKED) | (masked ? PIN_MASKED : 0));
	spin_unlock_irqrestore(&ioapics_lock, flags);
}

void ioapic_look(unsigned int gsi, struct ioapic_pin *pin)
{
	const struct ioapic *ioapic = find_ioapic(gsi);
	u64 flags = spin_lock_irqsave(&ioapics_lock);
	u32 low = read_register(ioapic, PIN_LOW(gsi - ioapic->gsi_base));

	spin_unlock_irqrestore(&ioapics_lock, flags);
	pin->masked = low & PIN_MASKED;
	pin->waiting = low & PIN_WAITING;
	pin->in_service = low & PIN_IN_SERVICE;
}
