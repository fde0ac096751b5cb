// SPDX-License-Identifier: MIT
/* Addresses that the firmware left out: exact layouts, what must stay, what cannot be had. */
#include "test.h"

#include <linux/errno.h>

#include "drivers/pci/internal.h"
#include "kernel/acpi/acpi.h"
#include "machine.h"
#include "world.h"

static struct function *with_bar(u8 slot, unsigned int bar, u64 address, u64 size, u32 flags)
{
	struct function *function = machine_add(0, slot, 0, 0x1af4, 0x1041);

	machine_set_bar(function, bar, address, size, flags);
	return function;
}

static void scan_and_assign(void)
{
	world_log_clear();
	pci_host_init();
	pci_scan_roots(&machine_ops);
	machine_no_print_while_sizing();
	pci_assign_resources();
}

static struct pci_dev *find(u8 number, u8 slot)
{
	struct pci_bus *root;
	struct pci_dev *dev;

	list_for_each_entry(root, &pci_root_buses, struct pci_bus, node) {
		dev = machine_find(root, number, slot, 0);
		if (dev)
			return dev;
	}
	return NULL;
}

static void check_window(const struct function *bridge, u32 io, u32 memory, u32 pref)
{
	CHECK_EQ(config32(bridge, PCI_IO_BASE) & 0xffff, io);
	CHECK_EQ(config32(bridge, PCI_MEMORY_BASE), memory);
	CHECK_EQ(config32(bridge, PCI_PREF_MEMORY_BASE), pref);
}

#define CLOSED 0x0000fff0u
#define IO_CLOSED 0x00f0u

/* ---- layouts -------------------------------------------------------------------------------- */

TEST(pci_assign_the_largest_first)
{
	struct function *small = with_bar(2, 0, 0, 0x1000, 0);
	struct function *large = with_bar(3, 1, 0, 0x100000, 0);
	struct function *wide = with_bar(4, 4, 0, 0x4000, SIM_64 | SIM_PREF);
	struct function *ports = with_bar(5, 0, 0, 0x20, SIM_IO);

	scan_and_assign();
	CHECK_EQ(config32(large, 0x14), 0x08000000);
	CHECK_EQ(config32(wide, 0x20), 0x0810000c);
	CHECK_EQ(config32(wide, 0x24), 0);
	CHECK_EQ(config32(small, 0x10), 0x08104000);
	CHECK_EQ(config32(ports, 0x10), 0x1001);
	CHECK_LOG("pci 0000:00:03.0: BAR 1 [mem 0x08000000-0x080fffff]: assigned\n"
		  "pci 0000:00:04.0: BAR 4 [mem 0x08100000-0x08103fff 64bit pref]: assigned\n"
		  "pci 0000:00:02.0: BAR 0 [mem 0x08104000-0x08104fff]: assigned\n"
		  "pci 0000:00:05.0: BAR 0 [io  0x1000-0x101f]: assigned\n");
}

TEST(pci_assign_leaves_what_the_firmware_assigned)
{
	struct function *old = with_bar(2, 0, 0x08001000, 0x1000, 0);
	struct function *new = with_bar(3, 0, 0, 0x1000, 0);
	struct function *big = with_bar(4, 0, 0, 0x10000, 0);

	scan_and_assign();
	CHECK_EQ(config32(old, 0x10), 0x08001000);
	CHECK_EQ(config32(big, 0x10), 0x08010000);
	CHECK_EQ(config32(new, 0x10), 0x08000000);
	CHECK_EQ(world_log_count("assigned"), 2);
}

/* Where nothing is missing, nothing is written and nothing is said. */
TEST(pci_assign_nothing_where_nothing_is_missing)
{
	u64 before;

	with_bar(2, 0, 0xfebf0000, 0x1000, 0);
	with_bar(3, 0, 0xc000, 0x20, SIM_IO);
	pci_host_init();
	pci_scan_roots(&machine_ops);
	before = machine_accesses;
	world_log_clear();
	pci_assign_resources();
	CHECK_EQ(machine_accesses, before);
	CHECK_STR(world_log(), "");
}

TEST(pci_assign_replaces_addresses_that_cannot_be)
{
	struct function *first = with_bar(2, 0, 0xfe000000, 0x1000, 0);
	struct function *twin = with_bar(3, 0, 0xfe000000, 0x1000, 0);
	struct function *in_ram = with_bar(4, 0, 0x00200000, 0x1000, 0);
	struct function *wraps = with_bar(5, 0, ~0xfffull, 0x1000, SIM_64);

	scan_and_assign();
	CHECK_EQ(config32(first, 0x10), 0xfe000000);
	CHECK_EQ(config32(twin, 0x10), 0x08000000);
	CHECK_EQ(config32(in_ram, 0x10), 0x08001000);
	CHECK_EQ(config32(wraps, 0x10), 0x08002004);
	CHECK_EQ(config32(wraps, 0x14), 0);
}

/* A nested tree without anything: numbers, windows and BARs. */
TEST(pci_assign_windows_from_the_far_end)
{
	struct function *outer = machine_add_bridge(0, 2, 0, 0, 0);
	struct function *inner = machine_add_bridge_behind(outer, 1);
	struct function *device = machine_add_behind(inner, 3, 0x1af4, 0x1041);
	struct function *other = machine_add_behind(outer, 2, 0x1af4, 0x1042);

	machine_set_windows(outer, true);
	machine_set_windows(inner, true);
	machine_set_bar(device, 0, 0, 0x200000, 0);
	machine_set_bar(device, 1, 0, 0x20, SIM_IO);
	machine_set_bar(device, 2, 0, 0x4000, SIM_64 | SIM_PREF);
	machine_set_bar(other, 0, 0, 0x1000, 0);
	scan_and_assign();
	CHECK_EQ(config32(device, 0x10), 0x08000000);
	CHECK_EQ(config32(other, 0x10), 0x08200000);
	CHECK_EQ(config32(device, 0x14), 0x1001);
	CHECK_EQ(config32(device, 0x18), 0x0830000c);
	check_window(outer, 0x1010, 0x08200800, 0x08310831);
	check_window(inner, 0x1010, 0x08100800, 0x08310831);
	CHECK_LOG("pci 0000:00:02.0: PCI bridge to [bus 01-02]\n"
		  "pci 0000:00:02.0:   bridge window [io  0x1000-0x1fff]\n"
		  "pci 0000:00:02.0:   bridge window [mem 0x08000000-0x082fffff]\n"
		  "pci 0000:00:02.0:   bridge window [mem 0x08300000-0x083fffff 64bit pref]\n");
}

/* Windows that the firmware left closed are opened; what lies outside of one moves into it. */
TEST(pci_assign_opens_closed_windows)
{
	struct function *bridge = machine_add_bridge(0, 2, 0, 1, 1);
	struct function *device = machine_add(1, 0, 0, 0x1af4, 0x1041);

	machine_set_windows(bridge, false);
	set32(bridge, PCI_MEMORY_BASE, CLOSED);
	machine_set_bar(device, 0, 0xfe000000, 0x1000, 0);
	scan_and_assign();
	CHECK_EQ(config32(device, 0x10), 0x08000000);
	check_window(bridge, 0, 0x08000800, 0);
}

/* A window that is open keeps its place; what is missing behind it goes into its free part. */
TEST(pci_assign_into_an_open_window)
{
	struct function *bridge = machine_add_bridge(0, 2, 0, 1, 1);
	struct function *old = machine_add(1, 0, 0, 0x1af4, 0x1041);
	struct function *new = machine_add(1, 1, 0, 0x1af4, 0x1042);
	struct function *large = machine_add(1, 2, 0, 0x1af4, 0x1043);

	machine_set_windows(bridge, false);
	set32(bridge, PCI_MEMORY_BASE, 0xfe00fe00);
	machine_set_bar(old, 0, 0xfe000000, 0x1000, 0);
	machine_set_bar(new, 0, 0, 0x1000, 0);
	machine_set_bar(large, 0, 0, 0x100000, 0);
	scan_and_assign();
	CHECK_EQ(config32(old, 0x10), 0xfe000000);
	CHECK_EQ(config32(new, 0x10), 0xfe001000);
	CHECK_EQ(config32(large, 0x10), 0);
	CHECK_LOG("pci 0000:01:02.0: BAR 0 [mem size 0x00100000]: can't assign; no space\n");
	check_window(bridge, 0, 0xfe00fe00, 0);
}

/* Only what can lie above 4 GiB goes into a prefetchable window that can. */
TEST(pci_assign_keeps_32_bit_bars_out_of_a_64_bit_window)
{
	struct function *bridge = machine_add_bridge(0, 2, 0, 1, 1);
	struct function *device = machine_add(1, 0, 0, 0x1af4, 0x1041);

	machine_set_windows(bridge, true);
	machine_set_bar(device, 0, 0, 0x1000, SIM_PREF);
	machine_set_bar(device, 1, 0, 0x1000, SIM_PREF | SIM_64);
	scan_and_assign();
	check_window(bridge, IO_CLOSED, 0x08000800, 0x08110811);
	CHECK_EQ(config32(device, 0x10), 0x08000008);
	CHECK_EQ(config32(device, 0x14), 0x0810000c);
}

/* The firmware's windows that are zeros must not pass on what is at address 0. */
TEST(pci_assign_closes_windows_at_zero)
{
	struct function *bridge = machine_add_bridge(0, 2, 0, 0, 0);

	machine_set_windows(bridge, true);
	with_bar(3, 0, 0, 0x1000, 0);
	scan_and_assign();
	check_window(bridge, IO_CLOSED, CLOSED, CLOSED | 0x00010001);
}

/* ---- out of space --------------------------------------------------------------------------- */

TEST(pci_assign_one_too_large_leaves_room_for_the_others)
{
	struct function *bridge = machine_add_bridge(0, 2, 0, 0, 0);
	struct function *huge = machine_add_behind(bridge, 1, 0x1af4, 0x1041);
	struct function *small = machine_add_behind(bridge, 2, 0x1af4, 0x1042);

	machine_set_windows(bridge, true);
	machine_set_bar(huge, 0, 0, 0x80000000, 0);
	machine_set_bar(small, 0, 0, 0x1000, 0);
	with_bar(3, 0, 0, 0x80000000, 0);
	scan_and_assign();
	CHECK_EQ(config32(small, 0x10), 0x08000000);
	CHECK_LOG("pci 0000:01:01.0: BAR 0 [mem size 0x80000000]: can't assign; no space\n");
	CHECK_LOG("pci 0000:00:03.0: BAR 0 [mem size 0x80000000]: can't assign; no space\n");
	CHECK_EQ(world_log_count("no space"), 2);
	CHECK_EQ(pci_enable_device(find(1, 1)), -EINVAL);
	CHECK_LOG("pci 0000:01:01.0: E33 BAR 0 [mem size 0x80000000] has no address");
	CHECK_EQ(pci_enable_device(find(1, 2)), 0);
	CHECK(!pci_iomap_range(find(1, 1), 0, 0, 16));
}

TEST(pci_assign_1_tib_and_all_of_the_ports)
{
	with_bar(2, 0, 0, 1ull << 40, SIM_64 | SIM_PREF);
	for (unsigned int i = 0; i < 16; i++) {
		struct function *ports = machine_add(0, 3, 0, 0x1af4, 0x1041);

		machine_set_bar(ports, 0, 0, 0x8000, SIM_IO);
		machine_set_bar(ports, 1, 0, 0x8000, SIM_IO);
	}
	scan_and_assign();
	CHECK_LOG("pci 0000:00:02.0: BAR 0 [mem size 0x10000000000 64bit pref]: can't assign");
	CHECK_LOG("pci 0000:00:03.0: BAR 0 [io  0x8000-0xffff]: assigned");
	CHECK_LOG("pci 0000:00:03.0: BAR 1 [io  size 0x8000]: can't assign; no space");
	CHECK_EQ(pci_enable_device(find(0, 3)), -EINVAL);
}

/* Ports are the old way: with memory assigned, a device does without them. */
TEST(pci_assign_without_ports)
{
	struct function *device = with_bar(2, 4, 0, 0x4000, SIM_64 | SIM_PREF);
	struct function *greedy = with_bar(3, 0, 0x1000, 0x1000, SIM_IO);

	machine_set_bar(greedy, 1, 0x2000, 0x2000, SIM_IO);
	machine_set_bar(greedy, 2, 0x4000, 0x4000, SIM_IO);
	machine_set_bar(greedy, 3, 0x8000, 0x8000, SIM_IO);
	machine_set_bar(device, 0, 0, 0x20, SIM_IO);
	scan_and_assign();
	CHECK_LOG("pci 0000:00:02.0: BAR 0 [io  size 0x0020]: can't assign; no space");
	CHECK_EQ(pci_enable_device(find(0, 2)), 0);
	CHECK_EQ(device->config[PCI_COMMAND], PCI_COMMAND_MEMORY);
}

TEST(pci_enable_switches_the_bridges_above_on)
{
	struct function *outer = machine_add_bridge(0, 2, 0, 0, 0);
	struct function *inner = machine_add_bridge_behind(outer, 1);
	struct function *device = machine_add_behind(inner, 3, 0x1af4, 0x1041);

	machine_set_windows(outer, true);
	machine_set_windows(inner, true);
	machine_set_bar(device, 0, 0, 0x1000, 0);
	scan_and_assign();
	CHECK_EQ(outer->config[PCI_COMMAND], 0);
	CHECK_EQ(pci_enable_device(find(2, 3)), 0);
	CHECK_EQ(outer->config[PCI_COMMAND], PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CHECK_EQ(inner->config[PCI_COMMAND], PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	outer->writable[PCI_COMMAND] = 0;
	outer->config[PCI_COMMAND] = 0;
	CHECK_EQ(pci_enable_device(find(2, 3)), -EIO);
	CHECK_LOG("pci 0000:00:02.0: E03");
}
