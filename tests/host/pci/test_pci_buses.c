// SPDX-License-Identifier: MIT
/* Bus numbers that the firmware left out or got wrong, and root buses that no bridge leads to. */
#include "test.h"

#include "drivers/pci/internal.h"
#include "machine.h"
#include "world.h"

/* What asking a silent bus number costs. */
#define READS_OF_A_SILENT_BUS 32

static unsigned int count_behind(const struct pci_bus *bus)
{
	unsigned int count = 0;
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		count += 1 + (dev->subordinate ? count_behind(dev->subordinate) : 0);
	return count;
}

/* Functions on all root buses, whose numbers are put into `numbers`. */
static unsigned int scan_roots(const struct pci_config_ops *ops, u8 *numbers)
{
	unsigned int count = 0, roots = 0;
	struct pci_bus *bus;

	pci_scan_roots(ops);
	list_for_each_entry(bus, &pci_root_buses, struct pci_bus, node) {
		count += count_behind(bus);
		numbers[roots++] = bus->number;
	}
	return count;
}

static void check_numbers(const struct function *bridge, u8 primary, u8 secondary, u8 subordinate)
{
	CHECK_EQ(bridge->config[PCI_PRIMARY_BUS], primary);
	CHECK_EQ(bridge->config[PCI_SECONDARY_BUS], secondary);
	CHECK_EQ(bridge->config[PCI_SUBORDINATE_BUS], subordinate);
}

/* ---- numbers -------------------------------------------------------------------------------- */

TEST(pci_numbers_for_a_tree_that_has_none)
{
	struct function *first = machine_add_bridge(0, 2, 0, 0, 0);
	struct function *second = machine_add_bridge(0, 3, 0, 0, 0);
	struct function *inner = machine_add_bridge_behind(first, 0);
	struct function *empty = machine_add_bridge_behind(first, 4);

	machine_add_behind(inner, 1, 0x1af4, 0x1041);
	machine_add_behind(second, 9, 0x1af4, 0x1042);
	CHECK_EQ(count_behind(machine_scan()), 6);
	check_numbers(first, 0, 1, 3);
	check_numbers(inner, 1, 2, 2);
	check_numbers(empty, 1, 3, 3);
	check_numbers(second, 0, 4, 4);
	CHECK_LOG("pci 0000:00:02.0: bridge configuration invalid ([bus 00-00]), reconfiguring\n");
	CHECK_LOG("pci 0000:02:01.0: [1af4:1041]");
	CHECK_LOG("pci 0000:04:09.0: [1af4:1042]");
}

/* What the firmware numbered stays, and the others get what is left beside it. */
TEST(pci_numbers_beside_those_of_the_firmware)
{
	struct function *new = machine_add_bridge(0, 2, 0, 0, 0);
	struct function *old = machine_add_bridge(0, 3, 0, 2, 7);
	struct function *within = machine_add_bridge_behind(old, 5);

	machine_add_behind(new, 1, 0x1af4, 0x1041);
	machine_add_behind(within, 1, 0x1af4, 0x1042);
	CHECK_EQ(count_behind(machine_scan()), 5);
	check_numbers(old, 0, 2, 7);
	check_numbers(within, 2, 3, 3);
	check_numbers(new, 0, 8, 8);
}

/* P06: numbers that cannot work are replaced, once each, and the scan ends. */
static void scan_with_bridge(u8 secondary, u8 subordinate)
{
	struct function *bridge = machine_add_bridge(0, 2, 0, secondary, subordinate);

	machine_access_limit = machine_accesses + 20000;
	CHECK_EQ(count_behind(machine_scan()), 1);
	CHECK_EQ(world_log_count("reconfiguring"), 1);
	check_numbers(bridge, 0, 1, 1);
	world_log_clear();
	machine_remove(bridge);
}

TEST(pci_bridge_to_itself_or_backwards)
{
	scan_with_bridge(0, 0);
	scan_with_bridge(0, 255);
	scan_with_bridge(5, 4);
}

TEST(pci_bridge_to_a_lower_number)
{
	struct function *down;

	machine_add_bridge(0, 2, 0, 5, 6);
	down = machine_add_bridge(5, 0, 0, 3, 3);
	machine_scan();
	CHECK_LOG("pci 0000:05:00.0: bridge configuration invalid ([bus 03-03]), reconfiguring");
	check_numbers(down, 5, 6, 6);
}

/* Two bridges to the same bus, and one further down that leads back up. */
TEST(pci_bridge_loops)
{
	struct function *again, *nested;

	machine_add_bridge(0, 2, 0, 1, 2);
	again = machine_add_bridge(0, 3, 0, 1, 2);
	nested = machine_add_bridge(0, 4, 0, 2, 2);
	machine_add_bridge(1, 0, 0, 1, 9);
	machine_add_bridge(1, 1, 0, 2, 2);
	machine_add_bridge(2, 0, 0, 1, 9);
	machine_access_limit = 20000;
	CHECK_EQ(count_behind(machine_scan()), 6);
	CHECK_EQ(world_log_count("reconfiguring"), 4);
	CHECK_EQ(world_log_count("E32 no bus number left"), 2);
	check_numbers(again, 0, 3, 3);
	check_numbers(nested, 0, 4, 4);
}

TEST(pci_numbers_that_do_not_stick)
{
	struct function *bridge = machine_add_bridge(0, 2, 0, 0, 0);

	bridge->writable[PCI_SUBORDINATE_BUS] = 0;
	machine_add_behind(bridge, 1, 0x1af4, 0x1041);
	CHECK_EQ(count_behind(machine_scan()), 1);
	CHECK_LOG("pci 0000:00:02.0: E32 bus numbers do not stick; devices behind it ignored");
	CHECK_EQ(bridge->config[PCI_SECONDARY_BUS], 0);
}

/* 300 bridges side by side without numbers: 255 get one, the others a line each. */
TEST(pci_P06_more_bridges_than_numbers)
{
	struct function *outer = machine_add_bridge(0, 2, 0, 0, 0);

	for (unsigned int i = 3; i < 32; i++)
		for (u8 fn = 0; fn < 8; fn++)
			set8(machine_add_bridge(0, (u8)i, fn, 0, 0), PCI_HEADER_TYPE, 0x81);
	for (u8 slot = 0; slot < 32; slot++)
		machine_add_bridge_behind(outer, slot);
	machine_access_limit = 100000;
	CHECK_EQ(count_behind(machine_scan()), 1 + 29 * 8 + 32);
	CHECK_EQ(world_log_count("E32 no bus number left"), 29 * 8 + 33 - 255);
}

/* ---- root buses ----------------------------------------------------------------------------- */

TEST(pci_root_buses_that_no_bridge_leads_to)
{
	u8 numbers[256];

	machine_add_bridge(0, 2, 0, 1, 5);
	machine_add(0x80, 31, 0, 0x1af4, 0x1041);
	machine_add_bridge(0x80, 1, 0, 0x81, 0x83);
	machine_add(0x82, 0, 0, 0x1234, 0x5678); /* forwarded, but no bridge ends there */
	machine_add(0x81, 0, 0, 0x1af4, 0x1042);
	machine_add(0xff, 0, 0, 0x1af4, 0x1043);
	CHECK_EQ(scan_roots(&machine_ops, numbers), 5);
	CHECK_EQ(numbers[1], 0x80);
	CHECK_EQ(numbers[2], 0xff);
	CHECK_NO_LOG("1234:5678");
	CHECK_EQ(world_log_count("[1af4:1042]"), 1);
}

/* Where configuration space ends, nobody asks. */
TEST(pci_root_buses_up_to_the_last_one)
{
	struct pci_config_ops ops = machine_ops;
	u8 numbers[256];

	ops.last_bus = 9;
	machine_add(9, 0, 0, 0x1af4, 0x1041);
	machine_add(10, 0, 0, 0x1af4, 0x1041);
	CHECK_EQ(scan_roots(&ops, numbers), 1);
}

/* The cost of looking at all 256 bus numbers: 32 reads for each that no bridge leads to. */
TEST(pci_root_buses_cost_at_most_32_reads_a_number)
{
	u8 numbers[256];
	u64 alone;

	machine_add(0, 0, 0, 0x8086, 0x1237);
	machine_scan();
	alone = machine_accesses;
	machine_accesses = 0;
	CHECK_EQ(scan_roots(&machine_ops, numbers), 1);
	CHECK_EQ(machine_accesses, alone + 255 * READS_OF_A_SILENT_BUS);
	machine_add_bridge(0, 2, 0, 1, 200);
	machine_accesses = 0;
	scan_roots(&machine_ops, numbers);
	CHECK(machine_accesses < alone + (55 + 1) * READS_OF_A_SILENT_BUS + 60);
}

/* Bridges on bus 0 without numbers get none of a root bus above it; nor are silent ones asked
 * twice. */
TEST(pci_root_buses_keep_their_numbers)
{
	struct function *bridge[4];
	u8 numbers[256];

	for (u8 i = 0; i < 4; i++)
		bridge[i] = machine_add_bridge(0, 2 + i, 0, 0, 0);
	machine_add(3, 0, 0, 0x1af4, 0x1041);
	machine_access_limit = 256 * READS_OF_A_SILENT_BUS + 1000;
	CHECK_EQ(scan_roots(&machine_ops, numbers), 5);
	CHECK_EQ(numbers[1], 3);
	check_numbers(bridge[0], 0, 1, 1);
	check_numbers(bridge[1], 0, 2, 2);
	check_numbers(bridge[2], 0, 0, 0);
	CHECK_EQ(world_log_count("E32 no bus number left"), 2);
}

/* Every number answers: each is a root bus, once. */
TEST(pci_P06_256_root_buses)
{
	u8 numbers[256];

	for (unsigned int bus = 0; bus < 256; bus++)
		machine_add((u8)bus, 0, 0, 0x8086, 0x1237);
	machine_access_limit = 256 * (2 * READS_OF_A_SILENT_BUS + 60);
	CHECK_EQ(scan_roots(&machine_ops, numbers), 256);
	for (unsigned int bus = 0; bus < 256; bus++)
		CHECK_EQ(numbers[bus], bus);
}
