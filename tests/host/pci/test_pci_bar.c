// SPDX-License-Identifier: MIT
/* Base address registers (PCI 3.0, 6.2.5), the ROM, bridge windows, mapping a range (P14, P15). */
#include "test.h"

#include "machine.h"
#include "world.h"

/* Sizes one function; all of its configuration space is as before, byte for byte. */
static struct pci_dev *size_up(struct function *function)
{
	struct pci_dev *dev;
	u8 before[256];

	memcpy(before, function->config, 256);
	machine_no_print_while_sizing();
	dev = machine_scan_one(function);
	CHECK(dev);
	CHECK(!memcmp(before, function->config, 256));
	return dev;
}

static struct function *decoding(void)
{
	struct function *function = machine_add(0, 5, 0, 0x1af4, 0x1001);

	set16(function, PCI_COMMAND, 0x0407);
	set16(function, PCI_STATUS, 0x0280);
	return function;
}

static void check_resource(const struct pci_resource *resource, u64 start, u64 size,
			   unsigned int flags)
{
	CHECK_EQ(resource->start, start);
	CHECK_EQ(resource->size, size);
	CHECK_EQ(resource->flags, flags);
}

TEST(pci_bar_32_bit_all_sizes)
{
	struct function *function = decoding();

	for (u64 size = 16; size <= 1ULL << 31; size *= 2) {
		machine_set_bar(function, 2, 0x80000000, size, 0);
		check_resource(&size_up(function)->resource[2], 0x80000000, size, PCI_RESOURCE_MEM);
	}
}

TEST(pci_bar_64_bit_all_sizes_above_4_gib)
{
	struct function *function = decoding();

	for (u64 size = 16; size <= 1ULL << 40; size *= 2) {
		machine_set_bar(function, 4, 0x20000000000, size, SIM_64 | SIM_PREF);
		check_resource(&size_up(function)->resource[4], 0x20000000000, size,
			       PCI_RESOURCE_MEM | PCI_RESOURCE_MEM_64 | PCI_RESOURCE_PREFETCH);
		CHECK_EQ(machine_scan_one(function)->resource[5].flags, 0);
	}
}

TEST(pci_bar_io_with_16_and_with_32_address_bits)
{
	struct function *function = decoding();

	for (u64 size = 4; size <= 256; size *= 2) {
		machine_set_bar(function, 0, 0xc000, size, SIM_IO);
		check_resource(&size_up(function)->resource[0], 0xc000, size, PCI_RESOURCE_IO);
		function->writable[0x12] = function->writable[0x13] = 0;
		check_resource(&size_up(function)->resource[0], 0xc000, size, PCI_RESOURCE_IO);
	}
}

TEST(pci_bar_six_different_ones_and_a_rom)
{
	struct function *function = decoding();
	struct pci_dev *dev;

	machine_set_bar(function, 0, 0xc040, 0x40, SIM_IO);
	machine_set_bar(function, 1, 0xfebd1000, 0x1000, 0);
	machine_set_bar(function, 2, 0xfd000000, 0x1000000, SIM_PREF);
	machine_set_bar(function, 4, 0xfe000000, 0x4000, SIM_64 | SIM_PREF);
	machine_set_rom(function, PCI_ROM_ADDRESS, 0xfeb40000, 0x40000);
	dev = size_up(function);
	CHECK_EQ(dev->resource[3].flags, 0);
	CHECK_EQ(dev->resource[5].flags, 0);
	CHECK_STR(world_log(),
		  "pci 0000:00:05.0: [1af4:1001] type 00 class 0x000000 conventional PCI endpoint\n"
		  "pci 0000:00:05.0: BAR 0 [io  0xc040-0xc07f]\n"
		  "pci 0000:00:05.0: BAR 1 [mem 0xfebd1000-0xfebd1fff]\n"
		  "pci 0000:00:05.0: BAR 2 [mem 0xfd000000-0xfdffffff pref]\n"
		  "pci 0000:00:05.0: BAR 4 [mem 0xfe000000-0xfe003fff 64bit pref]\n"
		  "pci 0000:00:05.0: ROM [mem 0xfeb40000-0xfeb7ffff pref]\n");
}

/* The ROM's enable bit is no part of its address, and is not switched on by sizing. */
TEST(pci_rom_enable_bit_is_left_alone)
{
	struct function *function = decoding();

	machine_set_rom(function, PCI_ROM_ADDRESS, 0xfeb40001, 0x800);
	check_resource(&size_up(function)->resource[PCI_ROM_RESOURCE], 0xfeb40000, 0x800,
		       PCI_RESOURCE_MEM | PCI_RESOURCE_PREFETCH);
	set32(function, PCI_ROM_ADDRESS, 0);
	size_up(function);
}

TEST(pci_bar_absent_or_all_ones)
{
	struct function *function = decoding();
	struct pci_dev *dev;

	set32(function, PCI_BASE_ADDRESS_1, ~0u);
	set32(function, PCI_ROM_ADDRESS, ~0u);
	dev = size_up(function);
	for (unsigned int i = 0; i < PCI_NUM_RESOURCES; i++)
		CHECK_EQ(dev->resource[i].flags, 0);
}

/* P15: a pair needs two registers. */
TEST(pci_P15_64_bit_in_the_last_register)
{
	struct function *function = decoding();
	struct pci_dev *dev;

	machine_set_bar(function, 5, 0xf0000000, 0x1000, 0);
	set32(function, PCI_BASE_ADDRESS_5, 0xf0000004);
	dev = size_up(function);
	CHECK_EQ(dev->resource[5].flags, 0);
	CHECK_EQ(dev->resource[PCI_ROM_RESOURCE].flags, 0);
}

TEST(pci_P15_size_mask_with_holes)
{
	struct function *function = decoding();

	machine_set_bar(function, 0, 0xf0000000, 0x1000, 0);
	function->writable[0x12] = 0x0f; /* bits 20 to 23 do not stick */
	CHECK_EQ(size_up(function)->resource[0].flags, 0);
	machine_set_bar(function, 0, 0xf0000000, 0x1000, SIM_64);
	function->writable[0x17] = 0x7f;
	CHECK_EQ(size_up(function)->resource[0].flags, 0);
}

/* A later BAR is found where the one before is refused. */
TEST(pci_P15_a_bad_bar_hides_no_other)
{
	struct function *function = decoding();

	machine_set_bar(function, 0, 0xf0000000, 0x1000, 0);
	function->writable[0x12] = 0;
	machine_set_bar(function, 1, 0xf1000000, 0x1000, 0);
	check_resource(&size_up(function)->resource[1], 0xf1000000, 0x1000, PCI_RESOURCE_MEM);
}

TEST(pci_bar_not_assigned)
{
	struct function *function = decoding();
	struct pci_dev *dev;

	machine_set_bar(function, 0, 0, 0x1000, 0);
	dev = size_up(function);
	check_resource(&dev->resource[0], 0, 0x1000, PCI_RESOURCE_MEM);
	CHECK(!pci_iomap_range(dev, 0, 0, 16));
}

/* The host bridge goes on decoding; machine_write allows that for it alone. */
TEST(pci_host_bridge_keeps_decoding)
{
	struct function *function = decoding();

	set_class(function, 0x060000);
	machine_set_bar(function, 0, 0xf0000000, 0x1000, 0);
	function->writable[PCI_COMMAND] = 0;
	check_resource(&size_up(function)->resource[0], 0xf0000000, 0x1000, PCI_RESOURCE_MEM);
}

TEST(pci_sizing_leaves_decoding_off_where_it_was_off)
{
	struct function *function = machine_add(0, 5, 0, 0x1af4, 0x1001);

	machine_set_bar(function, 0, 0xf0000000, 0x1000, 0);
	size_up(function);
	CHECK_EQ(function->config[PCI_COMMAND], 0);
}

/* P26: all bits of all registers random, also which of them stick; put back in any case. */
TEST(pci_sizing_random_registers_puts_everything_back)
{
	struct function *function = decoding();

	for (unsigned int i = 0; i < 3000; i++) {
		for (unsigned int at = 0x10; at < 0x34; at++) {
			set8(function, at, (u8)world_random(256));
			function->writable[at] = (u8)world_random(256);
		}
		size_up(function);
		world_log_clear();
	}
}

TEST(pci_format_resource_texts)
{
	struct pci_resource resource = { .start = 0xfe000000, .size = 0x4000 };
	char text[64];

	resource.flags = PCI_RESOURCE_MEM | PCI_RESOURCE_MEM_64;
	pci_format_resource(text, sizeof(text), &resource);
	CHECK_STR(text, "[mem 0xfe000000-0xfe003fff 64bit]");
	resource.start = 0x380000000000;
	resource.size = 0x100000;
	resource.flags |= PCI_RESOURCE_PREFETCH;
	pci_format_resource(text, sizeof(text), &resource);
	CHECK_STR(text, "[mem 0x380000000000-0x3800000fffff 64bit pref]");
	resource.flags |= PCI_RESOURCE_UNSET;
	pci_format_resource(text, sizeof(text), &resource);
	CHECK_STR(text, "[mem size 0x00100000 64bit pref]");
	resource.size = 0x40;
	resource.flags = PCI_RESOURCE_IO | PCI_RESOURCE_UNSET;
	pci_format_resource(text, sizeof(text), &resource);
	CHECK_STR(text, "[io  size 0x0040]");
	resource = (struct pci_resource){ .start = 0x3f6, .size = 1, .flags = PCI_RESOURCE_IO };
	pci_format_resource(text, sizeof(text), &resource);
	CHECK_STR(text, "[io  0x03f6]");
	CHECK_EQ(pci_format_resource(text, 5, &resource), 12);
	CHECK_STR(text, "[io ");
}

/* ---- mapping -------------------------------------------------------------------------------- */

TEST(pci_iomap_range_bounds)
{
	struct function *function = decoding();
	struct pci_dev *dev;

	machine_set_bar(function, 0, 0xc000, 0x40, SIM_IO);
	machine_set_bar(function, 1, 0xfebd1000, 0x1000, 0);
	dev = size_up(function);
	CHECK_EQ((uintptr_t)pci_iomap_range(dev, 1, 0, 0x1000), 0xfebd1000);
	CHECK_EQ((uintptr_t)pci_iomap_range(dev, 1, 0xfff, 1), 0xfebd1fff);
	CHECK(!pci_iomap_range(dev, 1, 0, 0x1001));
	CHECK(!pci_iomap_range(dev, 1, 0xfff, 2));
	CHECK(!pci_iomap_range(dev, 1, 0x1000, 1));
	CHECK(!pci_iomap_range(dev, 1, 0, 0));
	CHECK(!pci_iomap_range(dev, 1, ~0ULL, 2));
	CHECK(!pci_iomap_range(dev, 1, 2, ~0ULL));
	CHECK(!pci_iomap_range(dev, 0, 0, 16)); /* I/O */
	CHECK(!pci_iomap_range(dev, 2, 0, 16)); /* none */
	CHECK(!pci_iomap_range(dev, 6, 0, 16)); /* the ROM is no BAR */
	CHECK(!pci_iomap_range(dev, 255, 0, 16));
}

/* P14: a BAR where the CPU cannot reach. */
TEST(pci_P14_bar_beyond_the_map)
{
	struct function *function = decoding();

	machine_set_bar(function, 4, 1ULL << 46, 0x4000, SIM_64);
	world_map_limit = 1ULL << 40;
	CHECK(!pci_iomap_range(size_up(function), 4, 0, 16));
}

/* ---- bridges -------------------------------------------------------------------------------- */

static struct function *bridge(void)
{
	struct function *function = machine_add_bridge(0, 2, 0, 1, 1);

	set16(function, PCI_MEMORY_BASE, 0xfff0);
	set16(function, PCI_PREF_MEMORY_BASE, 0xfff0);
	set16(function, PCI_IO_BASE, 0x00f0);
	return function;
}

TEST(pci_bridge_windows_as_linux_words_them)
{
	struct function *function = bridge();

	set16(function, PCI_IO_BASE, 0xd0c0);
	set16(function, PCI_MEMORY_BASE, 0xfe80);
	set16(function, PCI_MEMORY_LIMIT, 0xfe90);
	set16(function, PCI_PREF_MEMORY_BASE, 0x0001);
	set16(function, PCI_PREF_MEMORY_LIMIT, 0xfff1);
	set32(function, PCI_PREF_BASE_UPPER32, 0x3800);
	set32(function, PCI_PREF_LIMIT_UPPER32, 0x3801);
	size_up(function);
	CHECK_LOG(
		"pci 0000:00:02.0: PCI bridge to [bus 01]\n"
		"pci 0000:00:02.0:   bridge window [io  0xc000-0xdfff]\n"
		"pci 0000:00:02.0:   bridge window [mem 0xfe800000-0xfe9fffff]\n"
		"pci 0000:00:02.0:   bridge window [mem 0x380000000000-0x3801ffffffff 64bit pref]\n");
}

TEST(pci_bridge_closed_windows_and_subtractive_decode)
{
	struct function *function = bridge();

	set8(function, PCI_SUBORDINATE_BUS, 3);
	set_class(function, 0x060401);
	size_up(function);
	CHECK_LOG("PCI bridge to [bus 01-03] (subtractive decode)");
	CHECK_NO_LOG("bridge window");
}

TEST(pci_bridge_32_bit_io_window)
{
	struct function *function = bridge();

	set16(function, PCI_IO_BASE, 0x2111);
	set16(function, PCI_IO_BASE_UPPER16, 0x0002);
	set16(function, PCI_IO_LIMIT_UPPER16, 0x0003);
	size_up(function);
	CHECK_LOG("bridge window [io  0x21000-0x32fff]");
}

/* A bridge has two BARs and its ROM elsewhere; what follows are bus numbers and windows. */
TEST(pci_bridge_has_two_bars)
{
	struct function *function = bridge();
	struct pci_dev *dev;

	machine_set_bar(function, 0, 0xfeb00000, 0x1000, SIM_64);
	machine_set_rom(function, PCI_ROM_ADDRESS1, 0xfea00000, 0x800);
	memset(&function->writable[0x18], 0xff, 0x20);
	dev = size_up(function);
	check_resource(&dev->resource[0], 0xfeb00000, 0x1000,
		       PCI_RESOURCE_MEM | PCI_RESOURCE_MEM_64);
	CHECK_EQ(dev->resource[2].flags, 0);
	CHECK_EQ(dev->resource[PCI_ROM_RESOURCE].size, 0x800);
}
