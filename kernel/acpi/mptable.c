// SPDX-License-Identifier: MIT
/*
 * Reads the MultiProcessor tables once, and writes a MADT with the same content, so that one reader
 * serves both (kernel/acpi/acpi_madt.c). One CPU, at boot.
 */
#include "kernel/acpi/acpi.h"

#include "kernel/acpi/acpi_madt.h"
#include "kernel/paging.h"
#include "kernel/printk.h"
#include "kernel/string.h"

/* Where the pointer may be (4): the EBDA's first KiB, the last KiB of base memory, the BIOS. */
#define BASE_MEMORY_LAST 0x9fc00
#define BIOS_START 0xf0000
#define LOW_END 0x100000
#define KIB 1024

/* 4.1 */
struct mp_floating {
	char signature[4]; /* _MP_ */
	u32 table;
	u8 length; /* in 16 bytes */
	u8 revision;
	u8 checksum;
	u8 default_configuration; /* 0: there is a table */
	u8 features[4];
} __packed;

/* 4.2 */
struct mp_table {
	char signature[4]; /* PCMP */
	u16 length;	   /* with this head and the entries */
	u8 revision;
	u8 checksum;
	char oem_id[8];
	char product_id[12];
	u32 oem_table;
	u16 oem_size;
	u16 entry_count;
	u32 local_apic;
	u16 extended_length;
	u8 extended_checksum;
	u8 reserved;
} __packed;

enum mp_entry_type { MP_PROCESSOR, MP_BUS, MP_IO_APIC, MP_INTERRUPT, MP_LOCAL_INTERRUPT };

/* 4.3.1 */
struct mp_processor {
	u8 type, id, version, flags;
	u32 signature, features, reserved[2];
} __packed;

/* 4.3.2 */
struct mp_bus {
	u8 type, id;
	char name[6];
} __packed;

/* 4.3.3 */
struct mp_io_apic {
	u8 type, id, version, flags;
	u32 address;
} __packed;

#define MP_ENABLED 0x1 /* of processors and I/O APICs */

/* 4.3.4; the flags are those of the MADT. */
struct mp_interrupt {
	u8 type, kind;
	u16 flags;
	u8 bus, bus_irq, io_apic, pin;
} __packed;

#define MP_VECTORED 0 /* the kind that devices raise */
#define MP_ALL_IO_APICS 0xff

/* State while the table is read. */
static const struct mp_table *source;
static const struct mp_io_apic *io_apic;
static bool pci_pins[256]; /* those with an override */

/* The MADT that is written: the head, the local APICs' address, flags, then the entries. */
#define MADT_HEAD (sizeof(struct acpi_header) + 8)
static union {
	struct acpi_header head;
	u8 bytes[4096];
} madt;

/* Maps [start, start + size) of the first MiB; NULL if it reaches beyond. */
static const void *map_low(u64 start, u64 size)
{
	return start < LOW_END && size <= LOW_END - start ? map_firmware(start, size) : NULL;
}

static const struct mp_floating *find_floating(u64 start, u64 size)
{
	const struct mp_floating *floating;
	const u8 *area = map_low(start, size);
	u64 offset;

	for (offset = 0; area && offset + sizeof(*floating) <= size; offset += 16) {
		floating = (const void *)(area + offset);
		if (!memcmp(floating->signature, "_MP_", 4) && floating->length == 1 &&
		    acpi_checksum_is_good(floating, sizeof(*floating)))
			return floating;
	}
	return NULL;
}

static const struct mp_floating *find_floating_anywhere(u64 ebda)
{
	const struct mp_floating *floating = NULL;

	if (ebda)
		floating = find_floating(ALIGN_UP(ebda, 16), KIB);
	if (!floating)
		floating = find_floating(BASE_MEMORY_LAST, KIB);
	return floating ? floating : find_floating(BIOS_START, LOW_END - BIOS_START);
}

/* Returns the table if it is complete; otherwise prints why not and returns NULL. */
static const struct mp_table *mp_table_at(const struct mp_floating *floating)
{
	const struct mp_table *table = NULL;

	if (floating->table && !floating->default_configuration)
		table = map_low(floating->table, sizeof(*table));
	if (!table || memcmp(table->signature, "PCMP", 4)) {
		printk("mptable: no table at 0x%x (default configuration %u): ignored\n",
		       floating->table, floating->default_configuration);
		return NULL;
	}
	if (table->length < sizeof(*table) || !map_low(floating->table, table->length) ||
	    !acpi_checksum_is_good(table, table->length)) {
		printk("mptable: table at 0x%x ignored: bad length %u or checksum\n",
		       floating->table, table->length);
		return NULL;
	}
	return table;
}

/* Returns the size of an entry; all kinds but one have the same (4.3). 0 if it is unknown. */
static u32 entry_size(u8 type)
{
	if (type == MP_PROCESSOR)
		return sizeof(struct mp_processor);
	return type <= MP_LOCAL_INTERRUPT ? sizeof(struct mp_interrupt) : 0;
}

/* Returns the entry of this type after `previous` (NULL: the first), or NULL. */
static const void *next_entry(enum mp_entry_type type, const void *previous)
{
	const u8 *start = (const u8 *)source, *at = start + sizeof(*source);
	u32 size;

	if (previous)
		at = (const u8 *)previous + entry_size(type);
	for (; at < start + source->length; at += size) {
		size = entry_size(*at);
		if (!size || size > (u64)(start + source->length - at))
			return NULL;
		if (*at == type)
			return at;
	}
	return NULL;
}

/* Appends an entry to the MADT; ignores it if there is no room. */
static void append_to_madt(const void *entry, u8 size)
{
	if (madt.head.length + size > sizeof(madt))
		return;
	memcpy(madt.bytes + madt.head.length, entry, size);
	madt.head.length += size;
}

static void add_processors(void)
{
	const struct mp_processor *processor = NULL;
	struct madt_local_apic local = { .type = MADT_LOCAL_APIC, .length = sizeof(local) };

	while ((processor = next_entry(MP_PROCESSOR, processor))) {
		local.id = processor->id;
		local.flags = processor->flags & MP_ENABLED ? MADT_ENABLED : 0;
		append_to_madt(&local, sizeof(local));
	}
}

/* Adds the first I/O APIC. The table has no number of pins, so the first number of a second one is
 * unknown. */
static void add_io_apic(void)
{
	struct madt_io_apic entry = { .type = MADT_IO_APIC, .length = sizeof(entry) };
	const struct mp_io_apic *next = NULL;

	io_apic = NULL;
	while ((next = next_entry(MP_IO_APIC, next))) {
		if (!(next->flags & MP_ENABLED))
			continue;
		if (io_apic) {
			printk("mptable: I/O APIC 0x%x ignored: only the first is used\n",
			       next->id);
			continue;
		}
		io_apic = next;
		entry.id = io_apic->id;
		entry.address = io_apic->address;
		append_to_madt(&entry, sizeof(entry));
	}
}

static bool is_bus(u8 id, const char *name)
{
	const struct mp_bus *bus = NULL;

	while ((bus = next_entry(MP_BUS, bus)))
		if (bus->id == id)
			return !memcmp(bus->name, name, strlen(name));
	return false;
}

static void add_override(u8 irq, u8 pin, u16 flags)
{
	const struct madt_interrupt_override override = {
		MADT_INTERRUPT_OVERRIDE, sizeof(override), 0, irq, pin, flags
	};

	append_to_madt(&override, sizeof(override));
}

/*
 * Adds the wire of a PCI pin. A function's Interrupt Line register has the pin's number, so there
 * is one override per pin, from its first entry. PCI is level-triggered and active low unless the
 * entry differs.
 */
static void add_pci_wire(const struct mp_interrupt *wire)
{
	u16 flags = wire->flags;

	if (pci_pins[wire->pin])
		return;
	pci_pins[wire->pin] = true;
	flags |= flags & MADT_TRIGGER ? 0 : MADT_LEVEL;
	flags |= flags & MADT_POLARITY ? 0 : MADT_ACTIVE_LOW;
	add_override(wire->pin, wire->pin, flags);
}

/* Adds the wires of one kind of bus. PCI's come first, because ioapic_pci_gsi takes the first
 * match. */
static void add_wires(const char *bus)
{
	const struct mp_interrupt *wire = NULL;

	while (io_apic && (wire = next_entry(MP_INTERRUPT, wire))) {
		if (wire->kind != MP_VECTORED || !is_bus(wire->bus, bus) ||
		    (wire->io_apic != io_apic->id && wire->io_apic != MP_ALL_IO_APICS))
			continue;
		if (bus[0] == 'P')
			add_pci_wire(wire);
		else if (wire->bus_irq != wire->pin || wire->flags)
			add_override(wire->bus_irq, wire->pin, wire->flags);
	}
}

void mptable_init(const struct boot_info *boot)
{
	const struct mp_floating *floating;

	if (acpi_find_table("APIC"))
		return;
	floating = find_floating_anywhere(boot->ebda);
	source = floating ? mp_table_at(floating) : NULL;
	if (!source)
		return;
	memset(pci_pins, 0, sizeof(pci_pins));
	memcpy(madt.head.signature, "APIC", 4);
	madt.head.length = MADT_HEAD;
	add_processors();
	add_io_apic();
	add_wires("PCI");
	add_wires("ISA");
	printk("mptable: using the table at 0x%x instead of ACPI's MADT\n", floating->table);
}

const struct acpi_header *mptable_madt(void)
{
	return madt.head.length ? &madt.head : NULL;
}
