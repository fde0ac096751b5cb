// SPDX-License-Identifier: MIT
/* The scan: which functions are found, in what words, and that it ends (faults P02 to P06). */
#include "test.h"

#include <linux/errno.h>

#include "kernel/memory.h"
#include "kernel/time.h"
#include "machine.h"
#include "world.h"

static unsigned int count_functions(const struct pci_bus *bus)
{
	unsigned int count = 0;
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list) {
		count++;
		if (dev->subordinate)
			count += count_functions(dev->subordinate);
	}
	return count;
}

static struct function *multi(u8 slot, u8 fn)
{
	struct function *function = machine_add(0, slot, fn, 0x8086, (u16)(0x7000 + fn));

	set8(function, PCI_HEADER_TYPE, 0x80);
	return function;
}

/* The mission's eight functions (their ids and classes), as lines. */
TEST(pci_reference_machine_lines)
{
	static const struct {
		u8 slot, fn;
		u16 vendor, device;
		u32 class;
	} reference[] = {
		{ 0, 0, 0x8086, 0x1237, 0x060000 }, { 1, 0, 0x8086, 0x7000, 0x060100 },
		{ 1, 1, 0x8086, 0x7010, 0x010180 }, { 1, 3, 0x8086, 0x7113, 0x068000 },
		{ 2, 0, 0x1234, 0x1111, 0x030000 }, { 3, 0, 0x1af4, 0x1000, 0x020000 },
		{ 4, 0, 0x1af4, 0x10f3, 0x00ff00 }, { 5, 0, 0x1af4, 0x1001, 0x010000 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(reference); i++) {
		struct function *function = machine_add(0, reference[i].slot, reference[i].fn,
							reference[i].vendor, reference[i].device);

		set_class(function, reference[i].class);
		set8(function, PCI_HEADER_TYPE, reference[i].slot == 1 ? 0x80 : 0);
	}
	CHECK_EQ(count_functions(machine_scan()), 8);
	CHECK_LOG(
		"pci 0000:00:00.0: [8086:1237] type 00 class 0x060000 conventional PCI endpoint\n"
		"pci 0000:00:01.0: [8086:7000] type 00 class 0x060100 conventional PCI endpoint\n"
		"pci 0000:00:01.1: [8086:7010] type 00 class 0x010180 conventional PCI endpoint\n"
		"pci 0000:00:01.1: BAR 0 [io  0x01f0-0x01f7]: legacy IDE quirk\n"
		"pci 0000:00:01.1: BAR 1 [io  0x03f6]: legacy IDE quirk\n"
		"pci 0000:00:01.1: BAR 2 [io  0x0170-0x0177]: legacy IDE quirk\n"
		"pci 0000:00:01.1: BAR 3 [io  0x0376]: legacy IDE quirk\n"
		"pci 0000:00:01.3: [8086:7113] type 00 class 0x068000 conventional PCI endpoint\n"
		"pci 0000:00:02.0: [1234:1111] type 00 class 0x030000 conventional PCI endpoint\n"
		"pci 0000:00:03.0: [1af4:1000] type 00 class 0x020000 conventional PCI endpoint\n"
		"pci 0000:00:04.0: [1af4:10f3] type 00 class 0x00ff00 conventional PCI endpoint\n"
		"pci 0000:00:05.0: [1af4:1001] type 00 class 0x010000 conventional PCI endpoint\n");
}

static void check_words(unsigned int port_type, u8 header, const char *words)
{
	struct function *function = machine_add(0, 3, 0, 0x1b36, 0x000c);
	char line[120];

	set8(function, PCI_HEADER_TYPE, header);
	set_class(function, header == 1 ? 0x060400 : 0x020000);
	set8(function, PCI_SECONDARY_BUS, 1);
	set8(function, PCI_SUBORDINATE_BUS, 1);
	machine_add_capability(function, 0x40, PCI_CAP_ID_EXP);
	set16(function, 0x42, (u16)(port_type << 4 | 2));
	machine_scan();
	snprintf(line, sizeof(line), "[1b36:000c] type %02x class 0x%s %s\n", header,
		 header == 1 ? "060400" : "020000", words);
	CHECK_LOG(line);
	machine_remove(function);
}

TEST(pci_words_for_each_express_port_type)
{
	check_words(0, 0, "PCIe Endpoint");
	check_words(1, 0, "PCIe Legacy Endpoint");
	check_words(4, 1, "PCIe Root Port");
	check_words(5, 1, "PCIe Switch Upstream Port");
	check_words(6, 1, "PCIe Switch Downstream Port");
	check_words(7, 1, "PCIe to PCI/PCI-X bridge");
	check_words(8, 1, "PCI/PCI-X to PCIe bridge");
	check_words(9, 0, "PCIe Root Complex Integrated Endpoint");
	check_words(10, 0, "PCIe Root Complex Event Collector");
	check_words(3, 0, "PCIe unknown");
	check_words(15, 0, "PCIe unknown");
}

TEST(pci_words_for_each_header_type)
{
	struct function *cardbus = machine_add(0, 4, 0, 0x104c, 0xac56);
	struct function *unknown = machine_add(0, 5, 0, 0x1234, 0x0005);

	machine_add_bridge(0, 3, 0, 1, 1);
	set8(cardbus, PCI_HEADER_TYPE, 2);
	set8(unknown, PCI_HEADER_TYPE, 0x7f);
	CHECK_EQ(count_functions(machine_scan()), 2);
	CHECK_LOG("[1b36:0001] type 01 class 0x060400 conventional PCI bridge\n");
	CHECK_LOG("[104c:ac56] type 02 class 0x000000 CardBus bridge\n");
	CHECK_LOG("[1234:0005] type 7f class 0x000000 conventional PCI\n");
	CHECK_LOG("0000:00:05.0: unknown header type 7f, ignoring device\n");
}

/* P02: without function 0 the others do not exist. */
TEST(pci_P02_function_0_absent)
{
	multi(3, 1);
	multi(3, 7);
	CHECK_EQ(count_functions(machine_scan()), 0);
	multi(3, 0);
	CHECK_EQ(count_functions(machine_scan()), 3);
}

/* P03: without the multifunction bit, what answers at 1 to 7 are ghosts. */
TEST(pci_P03_ghosts_without_the_multifunction_bit)
{
	for (u8 fn = 0; fn < 8; fn++)
		machine_add(0, 3, fn, 0x8086, 0x7000);
	CHECK_EQ(count_functions(machine_scan()), 1);
}

TEST(pci_absent_ids)
{
	static const u32 ids[] = { 0xffffffff, 0x00000000, 0x0000ffff, 0xffff0000 };

	for (u8 i = 0; i < ARRAY_SIZE(ids); i++)
		machine_add(0, i, 0, (u16)ids[i], (u16)(ids[i] >> 16));
	CHECK_EQ(count_functions(machine_scan()), 0);
	CHECK_STR(world_log(), "");
}

/* P04: "not ready yet" (vendor 0001) for ever is given its second, then left out. */
TEST(pci_P04_not_ready_for_ever)
{
	machine_add(0, 2, 0, 0x0001, 0xffff);
	machine_add(0, 3, 0, 0x8086, 0x7000);
	CHECK_EQ(count_functions(machine_scan()), 1);
	CHECK_LOG("0000:00:02.0: not ready after 1000 ms");
	CHECK(world_now < 1100 * NSEC_PER_MSEC);
}

static struct function *slow;

static void becomes_ready(void)
{
	if (world_now > 500 * NSEC_PER_MSEC)
		set32(slow, PCI_VENDOR_ID, 0x70008086);
}

TEST(pci_P04_ready_after_half_a_second)
{
	slow = machine_add(0, 2, 0, 0x0001, 0xffff);
	world_idle_hook = becomes_ready;
	CHECK_EQ(count_functions(machine_scan()), 1);
	CHECK_LOG("0000:00:02.0: [8086:7000]");
}

/* ---- buses ---------------------------------------------------------------------------------- */

TEST(pci_bridges_nested_and_side_by_side)
{
	struct pci_bus *root;

	machine_add_bridge(0, 2, 0, 1, 3);
	machine_add_bridge(1, 0, 0, 2, 2);
	machine_add_bridge(1, 5, 0, 3, 3);
	machine_add_bridge(0, 9, 0, 4, 4);
	machine_add(2, 1, 0, 0x8086, 0x1111);
	machine_add(3, 2, 0, 0x8086, 0x2222);
	machine_add(4, 3, 0, 0x8086, 0x3333);
	root = machine_scan();
	CHECK_EQ(count_functions(root), 7);
	CHECK_EQ(root->last, 4);
	CHECK_EQ(machine_find(root, 2, 1, 0)->device, 0x1111);
	CHECK(machine_find(root, 3, 2, 0)->dev.parent == &machine_find(root, 1, 5, 0)->dev);
	pci_bus_add_devices(root);
	world_log_clear();
	device_print_tree();
	CHECK_EQ(world_log_count("no driver"), 7);
}

/* The order of the numbers is the firmware's: bridge 2 may lead to bus 2, and bridge 5 to bus 1. */
TEST(pci_bridges_numbered_the_other_way_round)
{
	machine_add_bridge(0, 2, 0, 2, 2);
	machine_add_bridge(0, 5, 0, 1, 1);
	machine_add(2, 0, 0, 0x1af4, 0x1041);
	machine_add(1, 0, 0, 0x1af4, 0x1042);
	machine_scan();
	CHECK_LOG("0000:02:00.0: [1af4:1041]");
	CHECK_LOG("0000:01:00.0: [1af4:1042]");
}

/* A chain through all 256 buses; then no number is left. */
TEST(pci_256_buses_one_behind_the_other)
{
	for (unsigned int bus = 0; bus < 255; bus++)
		machine_add_bridge((u8)bus, 0, 0, (u8)(bus + 1), 255);
	machine_add_bridge(255, 0, 0, 255, 255);
	machine_access_limit = 100000;
	CHECK_EQ(count_functions(machine_scan()), 256);
	CHECK_EQ(world_log_count("E32 no bus number left; devices behind it ignored"), 1);
}

/* P06: every function of every bus answers, and none of them twice. */
TEST(pci_P06_full_house)
{
	for (unsigned int bus = 0; bus < 256; bus++)
		for (u8 devfn = 0; devfn < 255; devfn++)
			set8(machine_add((u8)bus, PCI_SLOT(devfn), PCI_FUNC(devfn), 0x8086, 1),
			     PCI_HEADER_TYPE, 0x80);
	for (unsigned int bus = 0; bus < 256; bus++)
		set8(machine_add_bridge((u8)bus, 31, 7, (u8)(bus + 1), 255), PCI_HEADER_TYPE, 0x81);
	machine_access_limit = 65536 * 60;
	world_print_hook = world_log_clear; /* half a million lines */
	CHECK_EQ(count_functions(machine_scan()), 65536);
}

/* Behind a root port's link there is one slot; what echoes in the others is not looked at. */
TEST(pci_one_slot_behind_a_link)
{
	struct function *port = machine_add_bridge(0, 2, 0, 1, 1);

	machine_add_capability(port, 0x40, PCI_CAP_ID_EXP);
	set16(port, 0x42, PCI_EXP_TYPE_ROOT_PORT << 4 | 2);
	for (u8 slot = 0; slot < 32; slot++)
		machine_add(1, slot, 0, 0x1af4, 0x1041);
	CHECK_EQ(count_functions(machine_scan()), 2);
	set16(port, 0x42, PCI_EXP_TYPE_PCI_BRIDGE << 4 | 2);
	CHECK_EQ(count_functions(machine_scan()), 33);
}

/* P24: gone after n accesses, for every n of a scan. */
static u64 gone_after;

static u32 read_or_gone(struct function *function, u16 where, unsigned int size, u32 value)
{
	(void)function;
	(void)where;
	if (machine_accesses <= gone_after)
		return value;
	return size == 4 ? ~0u : (1u << size * 8) - 1;
}

TEST(pci_P24_gone_in_the_middle_of_the_scan)
{
	struct function *function = machine_add(0, 2, 0, 0x1af4, 0x1041);
	u64 needed;

	machine_add_capability(function, 0x40, PCI_CAP_ID_VNDR);
	machine_set_bar(function, 4, 0xfe000000, 0x4000, SIM_64);
	machine_set_rom(function, PCI_ROM_ADDRESS, 0xfeb40000, 0x800);
	machine_scan();
	needed = machine_accesses;
	function->on_read = read_or_gone;
	for (u64 n = 0; n <= needed; n++) {
		machine_accesses = 0;
		gone_after = n;
		machine_access_limit = 5000;
		machine_scan();
	}
}

/* X04: without memory a function or a bus is left out, said in a line. */
TEST(pci_X04_no_memory_for_a_function_or_a_bus)
{
	machine_add_bridge(0, 2, 0, 1, 1);
	machine_add(1, 0, 0, 0x1af4, 0x1041);
	CHECK_EQ(count_functions(machine_scan()), 2);
	for (u64 n = 1; n <= 36; n++) {
		struct pci_bus *root;

		memory_fail_nth(n);
		root = machine_scan();
		CHECK(root || n == 1);
		memory_fail_nth(0);
	}
	CHECK_LOG("out of memory for bus 01");
	CHECK_LOG("pci: out of memory at 00:02.0");
}

/* ---- switching on --------------------------------------------------------------------------- */

TEST(pci_enable_sets_what_the_bars_need)
{
	struct function *function = machine_add(0, 2, 0, 0x1af4, 0x1041);
	struct pci_dev *dev;

	machine_set_bar(function, 0, 0xc000, 0x40, SIM_IO);
	CHECK_EQ(pci_enable_device(machine_scan_one(function)), 0);
	CHECK_EQ(function->config[PCI_COMMAND], PCI_COMMAND_IO);
	machine_set_bar(function, 1, 0xfe000000, 0x1000, 0);
	dev = machine_scan_one(function);
	CHECK_EQ(pci_enable_device(dev), 0);
	CHECK_EQ(pci_set_master(dev), 0);
	CHECK(pci_is_master(dev));
	CHECK_EQ(function->config[PCI_COMMAND], 7);
	pci_clear_master(dev);
	CHECK_EQ(function->config[PCI_COMMAND], 3);
	pci_disable_device(dev);
	CHECK_EQ(function->config[PCI_COMMAND], 0);
}

TEST(pci_P22_command_bits_that_do_not_stick)
{
	struct function *function = machine_add(0, 2, 0, 0x1af4, 0x1041);
	struct pci_dev *dev;

	machine_set_bar(function, 1, 0xfe000000, 0x1000, 0);
	function->writable[PCI_COMMAND] = PCI_COMMAND_IO;
	dev = machine_scan_one(function);
	CHECK_EQ(pci_enable_device(dev), -EIO);
	CHECK_LOG("E03");
	CHECK_EQ(pci_set_master(dev), -EIO);
	CHECK_LOG("E01");
}

/* P23: out of D3 first, with the time that takes. */
TEST(pci_P23_device_in_d3)
{
	struct function *function = machine_add(0, 2, 0, 0x1af4, 0x1041);
	u64 start = world_now;

	machine_add_capability(function, 0x50, PCI_CAP_ID_PM);
	set16(function, 0x54, 0x8103);
	function->writable[0x54] = 3;
	CHECK_EQ(pci_enable_device(machine_scan_one(function)), 0);
	CHECK_EQ(function->config[0x54] & 3, 0);
	CHECK(world_now - start >= 10 * NSEC_PER_MSEC);
}
