// SPDX-License-Identifier: MIT
/* The MultiProcessor tables: found, believed only when whole, and told on as a MADT. */
#include "test.h"

#include "kernel/acpi/acpi_madt.h"
#include "kernel/ioapic.h"
#include "kernel/acpi/acpi.h"
#include "kernel/paging.h"
#include "wires.h"
#include "world.h"

/* The first MiB; what lies below, and where nothing is, cannot be had. */
static u8 low[0x100000];
static struct boot_info boot;

const void *map_firmware(u64 address, u64 size)
{
	CHECK(address + size <= sizeof(low) && size);
	return address >= 4096 ? low + address : NULL;
}

enum { FLOATING = 0xf5a00, TABLE = 0xf5a10, ENTRIES = TABLE + 44 };

static u32 end; /* of the table */

static void fix_checksum(u32 start, u32 size, u32 at)
{
	u8 sum = 0;

	low[at] = 0;
	for (u32 i = 0; i < size; i++)
		sum += low[start + i];
	low[at] = (u8)-sum;
}

static void put_floating(u32 at, u32 table)
{
	memcpy(low + at, "_MP_", 4);
	memcpy(low + at + 4, &table, 4);
	low[at + 8] = 1;
	low[at + 9] = 4;
	fix_checksum(at, 16, at + 10);
}

static void begin_at(u32 floating)
{
	world_madt = NULL;
	memset(low, 0, sizeof(low));
	memcpy(low + TABLE, "PCMP", 4);
	end = ENTRIES;
	put_floating(floating, TABLE);
}

static void add(const void *entry, u32 size)
{
	memcpy(low + end, entry, size);
	end += size;
}

static void add_cpu(u8 id, u8 flags)
{
	const u8 entry[20] = { 0, id, 0x14, flags };

	add(entry, sizeof(entry));
}

static void add_bus(u8 id, const char *name)
{
	u8 entry[8] = { 1, id, ' ', ' ', ' ', ' ', ' ', ' ' };

	memcpy(entry + 2, name, strlen(name));
	add(entry, sizeof(entry));
}

static void add_io_apic(u8 id, u8 flags, u32 address)
{
	u8 entry[8] = { 2, id, 0x11, flags };

	memcpy(entry + 4, &address, 4);
	add(entry, sizeof(entry));
}

static void add_wire(u8 flags, u8 bus, u8 irq, u8 io_apic, u8 pin)
{
	const u8 entry[8] = { 3, 0, flags, 0, bus, irq, io_apic, pin };

	add(entry, sizeof(entry));
}

static void finish(void)
{
	u16 length = (u16)(end - TABLE);

	memcpy(low + TABLE + 4, &length, 2);
	fix_checksum(TABLE, length, TABLE + 7);
	mptable_init(&boot);
}

static unsigned int processors(void)
{
	u32 ids[16];

	return madt_processors(ids, 16);
}

/* As SeaBIOS has it for QEMU's pc. */
static void put_pc(void)
{
	add_cpu(0, 3);
	add_cpu(1, 1);
	add_cpu(2, 0);
	add_bus(0, "PCI");
	add_bus(1, "ISA");
	add_io_apic(0, 1, WIRES_ADDRESS);
	add_wire(1, 0, 4 << 2, 0, 11);
	add_wire(1, 0, 5 << 2, 0, 11);
	add_wire(0, 1, 0, 0, 2);
	add_wire(0, 1, 1, 0, 1);
}

TEST(mptable_of_a_pc)
{
	const struct madt_io_apic *io_apic;
	struct gsi gsi;

	begin_at(FLOATING);
	put_pc();
	finish();
	CHECK_EQ(processors(), 2);
	io_apic = madt_next(MADT_IO_APIC, sizeof(*io_apic), NULL);
	CHECK(io_apic && io_apic->address == WIRES_ADDRESS && io_apic->gsi_base == 0);
	CHECK(!madt_next(MADT_IO_APIC, sizeof(*io_apic), io_apic));
	gsi = ioapic_pci_gsi(11);
	CHECK(gsi.number == 11 && gsi.level && !gsi.active_low);
	gsi = ioapic_pci_gsi(0);
	CHECK_EQ(gsi.number, 2);
	CHECK_LOG("mptable: using the table at 0xf5a10 instead of ACPI's MADT\n");
}

TEST(mptable_is_left_alone_beside_a_madt)
{
	begin_at(FLOATING);
	put_pc();
	wires_madt_clear();
	finish();
	CHECK(!mptable_madt());
	CHECK_EQ(processors(), 0);
}

TEST(mptable_pointer_in_each_of_its_places)
{
	boot.ebda = 0x9e000;
	begin_at(0x9e010);
	add_cpu(7, 1);
	finish();
	CHECK_EQ(processors(), 1);
	boot.ebda = 0xffff0; /* reaches beyond the first MiB */
	begin_at(0x9fff0);
	add_cpu(7, 1);
	add_cpu(8, 1);
	finish();
	CHECK_EQ(processors(), 2);
	boot.ebda = 0x10; /* in the null page */
	begin_at(0xffff0);
	add_cpu(7, 1);
	finish();
	CHECK_EQ(processors(), 1);
}

TEST(mptable_none)
{
	begin_at(FLOATING);
	memset(low, 0, sizeof(low));
	mptable_init(&boot);
	CHECK(!mptable_madt());
	CHECK_STR(world_log(), "");
}

TEST(mptable_pointer_that_lies)
{
	static const u32 places[] = { 0, 16, 0xffff0, 0xfffffff0, 0xc0000000, 0x100000 };

	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		begin_at(FLOATING);
		put_pc();
		put_floating(FLOATING, places[i]);
		finish();
		CHECK(!mptable_madt());
		CHECK_EQ(world_log_count("ignored"), i + 1);
	}
	low[FLOATING + 11] = 5; /* one of the built-in configurations, without a table */
	fix_checksum(FLOATING, 16, FLOATING + 10);
	mptable_init(&boot);
	CHECK_LOG("(default configuration 5)");
	low[FLOATING + 10]++; /* a bad checksum is no pointer at all */
	world_log_clear();
	mptable_init(&boot);
	CHECK_STR(world_log(), "");
}

/* B09: a checksum or a length that is wrong. */
TEST(mptable_damaged)
{
	begin_at(FLOATING);
	add_cpu(0, 1);
	finish();
	CHECK_STR(world_log(), "mptable: using the table at 0xf5a10 instead of ACPI's MADT\n");
	low[ENTRIES + 1]++;
	mptable_init(&boot);
	CHECK_LOG("bad length 64 or checksum");
	for (u32 length = 0; length < 0x10000; length += length < 50 ? 1 : 777) {
		low[TABLE + 4] = (u8)length;
		low[TABLE + 5] = (u8)(length >> 8);
		mptable_init(&boot);
	}
}

TEST(mptable_unknown_entry_ends_the_walk)
{
	const u8 unknown[8] = { 77 }, cut[8] = { 0, 9, 0, 1 };

	begin_at(FLOATING);
	add_cpu(0, 1);
	add(unknown, sizeof(unknown));
	add_cpu(1, 1);
	finish();
	CHECK_EQ(processors(), 1);
	begin_at(FLOATING);
	add_cpu(0, 1);
	add(cut, sizeof(cut)); /* a processor that ends beyond the table */
	finish();
	CHECK_EQ(processors(), 1);
}

TEST(mptable_io_apics_wires_and_buses_that_do_not_fit)
{
	const struct madt_io_apic *io_apic;

	begin_at(FLOATING);
	add_io_apic(3, 0, 0xfec10000); /* not to be used */
	add_io_apic(4, 1, WIRES_ADDRESS);
	add_io_apic(5, 1, 0xfec20000);
	add_bus(0, "PCI");
	add_wire(0, 0, 0, 5, 9);  /* at the second I/O APIC */
	add_wire(0, 8, 0, 4, 10); /* from a bus that is not there */
	add_wire(0, 0, 0, 0xff, 12);
	finish();
	io_apic = madt_next(MADT_IO_APIC, sizeof(*io_apic), NULL);
	CHECK(io_apic && io_apic->address == WIRES_ADDRESS && !io_apic->gsi_base);
	CHECK_LOG("mptable: I/O APIC 0x5 ignored: only the first is used\n");
	CHECK(!madt_next(MADT_INTERRUPT_OVERRIDE, 10,
			 madt_next(MADT_INTERRUPT_OVERRIDE, 10, NULL)));
	CHECK(ioapic_pci_gsi(12).level && ioapic_pci_gsi(12).active_low);
}

TEST(mptable_larger_than_what_is_kept)
{
	begin_at(FLOATING);
	for (unsigned int i = 0; i < 1000; i++)
		add_cpu((u8)i, 1);
	finish();
	CHECK(mptable_madt()->length <= 4096);
	CHECK_EQ(processors(), 16);
}

TEST(mptable_any_bytes)
{
	for (unsigned int round = 0; round < 3000; round++) {
		begin_at(FLOATING);
		for (u32 left = world_random(300); left; left--)
			low[end++] = (u8)(world_random(2) ? world_random(5) : world_random(256));
		finish();
		(void)processors();
		(void)ioapic_pci_gsi((u8)world_random(256));
	}
}
