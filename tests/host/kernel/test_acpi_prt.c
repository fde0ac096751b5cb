// SPDX-License-Identifier: MIT
/* The wires of interrupt pins in the DSDT: as QEMU writes them, and as no firmware should. */
#include "test.h"

#include "aml_build.h"
#include "kernel/acpi/acpi.h"
#include "kernel/pci_host.h"
#include "world.h"
#include <linux/errno.h>

/* A pin of a slot in the bridge that was built, from a copy as above; its wire goes to `gsi`. */
static struct gsi gsi;

static int find_wire(u32 size, u8 slot, u8 pin)
{
	struct pci_host host = { .body = { malloc(size), size } };
	int result;

	memcpy((u8 *)host.body.at, aml_bytes, size);
	memset(&gsi, 0, sizeof(gsi));
	result = acpi_pci_gsi(&host, slot, pin, &gsi);
	free((u8 *)host.body.at);
	return result;
}

static void put_link(const char *name, const char *crs, u32 size)
{
	u32 device = aml_begin_device(name);

	PUT("\x08_PRS\x11\x0e\x0a\x0b\x89\x06\x00\x01\x01\x63\x00\x00\x00\x79\x00");
	aml_put(crs, size);
	PUT("\x14\x06_SRS\x01");
	aml_end(device);
}

#define LINK(name, crs) put_link((name), (crs), sizeof(crs) - 1)

/* As QEMU 7.2 has it on a microvm, behind what comes before it in there. */
static void build_microvm(void)
{
	static const char *const links[] = { "GSI0", "GSI1", "GSI2", "GSI3" };
	u32 table, route;

	aml_length = 0;
	PUT("\x08_HID\x0dPNP0A08\0\x08_SEG\0\x08_CCA\x01\x08_PRT\x13");
	table = aml_begin();
	PUT("\x0a\x80");
	for (u32 i = 0; i < 128; i++) {
		u8 slot = (u8)(i / 4), pin = i % 4;

		PUT("\x12");
		route = aml_begin();
		aml_put(slot ? "\x04\x0c\xff\xff" : "\x04\x0b\xff\xff", 4);
		if (slot)
			aml_put_number(slot, 2);
		if (pin > 1)
			PUT("\x0a");
		aml_put(&pin, 1);
		aml_put(links[(slot + pin) % 4], 4);
		PUT("\x00");
		aml_end(route);
	}
	aml_end(table);
	LINK("GSI0", "\x08_CRS\x11\x0e\x0a\x0b\x89\x06\x00\x01\x01\x10\x00\x00\x00\x79\x00");
	LINK("GSI1", "\x08_CRS\x11\x0e\x0a\x0b\x89\x06\x00\x01\x01\x11\x00\x00\x00\x79\x00");
	LINK("GSI2", "\x08_CRS\x11\x0e\x0a\x0b\x89\x06\x00\x01\x01\x12\x00\x00\x00\x79\x00");
	LINK("GSI3", "\x08_CRS\x11\x0e\x0a\x0b\x89\x06\x00\x01\x01\x13\x00\x00\x00\x79\x00");
}

TEST(prt_of_qemus_microvm)
{
	build_microvm();
	for (u8 slot = 0; slot < 32; slot++) {
		for (u8 pin = 1; pin <= 4; pin++) {
			CHECK_EQ(find_wire(aml_length, slot, pin), 0);
			CHECK_EQ(gsi.number, 16 + (slot + pin - 1u) % 4);
			CHECK(gsi.level && !gsi.active_low);
		}
	}
	CHECK_EQ(find_wire(aml_length, 32, 1), -ENXIO);
	CHECK_EQ(find_wire(aml_length, 0, 5), -ENXIO);
	CHECK_EQ(find_wire(aml_length, 0, 0), -ENXIO);
	CHECK_EQ(find_wire(0, 0, 1), -ENXIO);
}

/* Pin INTB of slot 3; `source` is the last two elements. */
static int route_to(const char *source, u32 size, const char *crs, u32 crs_size)
{
	u32 table, route;

	aml_length = 0;
	PUT("\x08_PRT\x12");
	table = aml_begin();
	PUT("\x01\x12");
	route = aml_begin();
	PUT("\x04\x0c\xff\xff\x03\x00\x01");
	aml_put(source, size);
	aml_end(route);
	aml_end(table);
	put_link("LNKA", crs, crs_size);
	return find_wire(aml_length, 3, 2);
}

#define ROUTE_TO(source, crs) route_to((source), sizeof(source) - 1, (crs), sizeof(crs) - 1)
#define CRS_EDGE_LOW "\x08_CRS\x11\x0e\x0a\x0b\x89\x06\x00\x07\x01\x15\x00\x00\x00\x79\x00"

TEST(prt_sources)
{
	CHECK_EQ(ROUTE_TO("\x00\x0a\x14", ""), 0);
	CHECK_EQ(gsi.number, 20);
	CHECK(gsi.level && gsi.active_low);
	CHECK_EQ(ROUTE_TO("LNKA\x00", CRS_EDGE_LOW), 0);
	CHECK_EQ(gsi.number, 21);
	CHECK(!gsi.level && gsi.active_low);
	CHECK_EQ(ROUTE_TO("\\\x2f\x03_SB_PCI0LNKA\x00", CRS_EDGE_LOW), 0);
	CHECK_EQ(ROUTE_TO("^LNKA\x00", CRS_EDGE_LOW), 0);
}

/* As QEMU 10.0 has it: the link devices stand beside the bridge, in the scope around it. */
TEST(prt_links_around_the_bridge)
{
	struct acpi_header *table = calloc(1, sizeof(*table) + 256);
	struct pci_host host = {};
	u32 bridge;

	aml_length = 0;
	put_link("L000", CRS_EDGE_LOW, sizeof(CRS_EDGE_LOW) - 1);
	bridge = aml_begin_device("PCI0");
	PUT("\x08_PRT\x12\x0e\x01\x12\x0b\x04\x0b\xff\xff\x00L000\x00");
	aml_end(bridge);
	table->length = (u32)sizeof(*table) + aml_length;
	memcpy(table + 1, aml_bytes, aml_length);
	world_dsdt = table;
	host.body = (struct aml){ (u8 *)(table + 1) + bridge + 6, aml_length - bridge - 6 };
	CHECK_EQ(acpi_pci_gsi(&host, 0, 1, &gsi), 0);
	CHECK_EQ(gsi.number, 21);
	world_dsdt = NULL;
	CHECK_EQ(acpi_pci_gsi(&host, 0, 1, &gsi), -ENXIO);
	free(table);
}

TEST(prt_sources_that_say_nothing)
{
	CHECK_EQ(ROUTE_TO("\x00\x0e\x00\x00\x00\x00\x01\x00\x00\x00", ""), -ENXIO);
	CHECK_EQ(ROUTE_TO("\x01\x0a\x14", ""), -ENXIO);
	CHECK_EQ(ROUTE_TO("\x00", ""), -ENXIO);
	CHECK_EQ(ROUTE_TO("LNKB\x00", CRS_EDGE_LOW), -ENXIO);
	CHECK_EQ(ROUTE_TO("LNKA\x00", ""), -ENXIO);
	CHECK_EQ(ROUTE_TO("LNKA\x00", "\x08_CRS\x11\x05\x0a\x02\x79\x00"), -ENXIO);
	CHECK_EQ(ROUTE_TO("LNKA\x00", "\x08_CRS\x11\x0a\x0a\x07\x89\x02\x00\x01\x00\x79\x00"),
		 -ENXIO);
	CHECK_EQ(ROUTE_TO("LNKA\x00", "\x08_CRS\x11\x0a\x0a\x07\x89\x02\x00\x01\x01\x79\x00"),
		 -ENXIO);
	CHECK_EQ(ROUTE_TO("LNKA\x00", "\x14\x07_CRS\x08\xa4"), -ENXIO);
}

/* The last number has its opcode in the table, and nothing behind it. */
TEST(prt_number_that_leaves_its_package)
{
	static const u8 prefixes[] = { 0x0a, 0x0b, 0x0c, 0x0e };

	for (unsigned int i = 0; i < sizeof(prefixes); i++) {
		aml_length = 0;
		PUT("\x08_PRT\x12\x0b\x01\x12\x08\x04\x0b\xff\xff\x00\x00");
		aml_put(&prefixes[i], 1);
		CHECK_EQ(find_wire(aml_length, 0, 1), -ENXIO);
	}
}

/* B09: cut off at every byte, and with bytes changed. */
TEST(prt_cut_short_or_damaged)
{
	build_microvm();
	for (u32 size = 0; size < aml_length; size += 1 + size / 200)
		find_wire(size, 31, 4);
	for (u32 at = 0; at < aml_length; at += 1 + at / 200) {
		static const u8 values[] = { 0x00, 0x01, 0x12, 0x13, 0x3f, 0x4f, 0x80, 0xc0, 0xff };
		u8 saved = aml_bytes[at];

		for (unsigned int i = 0; i < sizeof(values); i++) {
			aml_bytes[at] = values[i];
			find_wire(aml_length, 31, 4);
		}
		aml_bytes[at] = saved;
	}
	for (unsigned int round = 0; round < 3000; round++) {
		static const u8 often[] = { 0x00, 0x01, 0x04, 0x0a, 0x0b, 0x0c, 0x0e, 0x12, 0x13 };

		aml_length = 0;
		PUT("\x08_PRT\x12");
		aml_length += 100;
		for (u32 at = 8; at < aml_length; at++)
			aml_bytes[at] = world_random(8) ? often[world_random(sizeof(often))]
							: (u8)world_random(256);
		aml_end(6);
		find_wire(aml_length, 0, 1);
	}
}
