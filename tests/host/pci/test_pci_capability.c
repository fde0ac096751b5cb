// SPDX-License-Identifier: MIT
/* The capability walk (PCI 3.0, 6.7) on lists of all kinds (faults P07 to P12), pci_match_id. */
#include "test.h"

#include <linux/errno.h>

#include "machine.h"
#include "world.h"

static struct function *plain(void)
{
	return machine_add(0, 4, 0, 0x1af4, 0x1000);
}

TEST(pci_capabilities_in_order)
{
	struct function *function = plain();
	struct pci_dev *dev;

	machine_add_capability(function, 0xdc, PCI_CAP_ID_MSIX);
	machine_add_capability(function, 0x40, PCI_CAP_ID_VNDR);
	machine_add_capability(function, 0xa0, PCI_CAP_ID_PM);
	machine_add_capability(function, 0x70, PCI_CAP_ID_VNDR);
	dev = machine_scan_one(function);
	CHECK_EQ(dev->capability_count, 4);
	CHECK_EQ(pci_find_capability(dev, PCI_CAP_ID_MSIX), 0xdc);
	CHECK_EQ(pci_find_capability(dev, PCI_CAP_ID_VNDR), 0x40);
	CHECK_EQ(pci_find_next_capability(dev, 0x40, PCI_CAP_ID_VNDR), 0x70);
	CHECK_EQ(pci_find_next_capability(dev, 0x70, PCI_CAP_ID_VNDR), 0);
	CHECK_EQ(pci_find_next_capability(dev, 0x44, PCI_CAP_ID_VNDR), 0);
	CHECK_EQ(pci_find_capability(dev, PCI_CAP_ID_EXP), 0);
}

/* P11: the status bit decides, not the pointer. */
TEST(pci_P11_no_capability_list_though_there_is_a_pointer)
{
	struct function *function = plain();

	machine_add_capability(function, 0x40, PCI_CAP_ID_VNDR);
	set16(function, PCI_STATUS, 0);
	CHECK_EQ(machine_scan_one(function)->capability_count, 0);
}

static unsigned int walk(struct function *function, u64 most_accesses)
{
	struct pci_dev *dev = machine_scan_one(function);

	machine_access_limit = machine_accesses + most_accesses;
	pci_read_capabilities(dev);
	machine_access_limit = 0;
	return dev->capability_count;
}

TEST(pci_P07_list_that_points_to_itself)
{
	struct function *function = plain();

	machine_add_capability(function, 0x40, PCI_CAP_ID_VNDR);
	set8(function, 0x41, 0x40);
	CHECK_EQ(walk(function, 10), 1);
	CHECK_LOG("loops at 0x40");
}

TEST(pci_P07_list_with_a_cycle_of_two)
{
	struct function *function = plain();

	machine_add_capability(function, 0x40, PCI_CAP_ID_VNDR);
	machine_add_capability(function, 0x80, PCI_CAP_ID_MSIX);
	set8(function, 0x81, 0x40);
	CHECK_EQ(walk(function, 10), 2);
	CHECK_EQ(pci_find_capability(machine_scan_one(function), PCI_CAP_ID_MSIX), 0x80);
}

/* All 48 places there are, and then back to the first. */
TEST(pci_P07_longest_list_and_then_a_loop)
{
	struct function *function = plain();

	for (unsigned int at = 0x40; at < 0x100; at += 4) {
		set8(function, at, PCI_CAP_ID_VNDR);
		set8(function, at + 1, (u8)(at + 4));
	}
	set8(function, 0xfd, 0x40);
	set8(function, PCI_CAPABILITY_LIST, 0x40);
	set16(function, PCI_STATUS, PCI_STATUS_CAP_LIST);
	CHECK_EQ(walk(function, 60), 48);
	set8(function, 0xfd, 0);
	CHECK_EQ(walk(function, 60), 48);
}

TEST(pci_P08_low_bits_of_a_pointer_are_masked)
{
	struct function *function = plain();

	machine_add_capability(function, 0x40, PCI_CAP_ID_VNDR);
	machine_add_capability(function, 0x80, PCI_CAP_ID_MSIX);
	set8(function, PCI_CAPABILITY_LIST, 0x43);
	set8(function, 0x41, 0x81);
	CHECK_EQ(walk(function, 10), 2);
}

TEST(pci_P08_pointer_into_the_header_ends_the_list)
{
	static const u8 pointers[] = { 0x04, 0x10, 0x3c, 0x3f };

	for (unsigned int i = 0; i < ARRAY_SIZE(pointers); i++) {
		struct function *function = plain();

		machine_add_capability(function, 0x40, PCI_CAP_ID_VNDR);
		set8(function, 0x41, pointers[i]);
		CHECK_EQ(walk(function, 10), 1);
		CHECK_LOG("inside the header");
		machine_remove(function);
	}
}

/* P09: at 0xfc there is room for the first dword only, and nobody reads beyond. */
TEST(pci_P09_capability_at_the_very_end)
{
	static const u8 ids[] = { PCI_CAP_ID_MSIX, PCI_CAP_ID_PM, PCI_CAP_ID_EXP, PCI_CAP_ID_VNDR };

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		struct function *function = plain();
		struct pci_dev *dev;

		machine_add_capability(function, 0xfc, ids[i]);
		dev = machine_scan_one(function);
		CHECK_EQ(dev->capability_count, 1);
		CHECK_EQ(pci_msix_vec_count(dev), -ENODEV);
		CHECK_EQ(pci_enable_msix(dev), -ENODEV);
		CHECK_EQ(pci_enable_device(dev), 0);
		machine_remove(function);
	}
}

/* P24: a function that is gone in the middle of the list reads all ones. */
TEST(pci_P24_list_that_ends_in_ones)
{
	struct function *function = plain();

	machine_add_capability(function, 0x40, PCI_CAP_ID_VNDR);
	set8(function, 0x41, 0x80);
	set16(function, 0x80, 0xffff);
	CHECK_EQ(walk(function, 10), 1);
}

/* Every byte random: bounded, and each position once. */
TEST(pci_capability_walk_over_random_bytes)
{
	struct function *function = plain();
	struct pci_dev *dev = machine_scan_one(function);

	for (unsigned int i = 0; i < 20000; i++) {
		u64 seen = 0;

		for (unsigned int at = 0x34; at < 256; at++)
			set8(function, at, (u8)world_random(256));
		set16(function, PCI_STATUS, PCI_STATUS_CAP_LIST);
		machine_access_limit = machine_accesses + 60;
		pci_read_capabilities(dev);
		for (unsigned int j = 0; j < dev->capability_count; j++) {
			u8 position = dev->capabilities[j].position;

			CHECK(position >= 0x40 && position % 4 == 0);
			CHECK(!(seen & BIT_ULL(position / 4)));
			seen |= BIT_ULL(position / 4);
		}
		world_log_clear();
	}
}

/* ---- access --------------------------------------------------------------------------------- */

TEST(pci_config_access_checks_register_and_alignment)
{
	struct pci_dev *dev = machine_scan_one(plain());
	u64 before = machine_accesses;
	u8 byte;
	u16 word;
	u32 dword;

	CHECK_EQ(pci_read_config_byte(dev, 256, &byte), -EINVAL);
	CHECK_EQ(byte, 0xff);
	CHECK_EQ(pci_read_config_word(dev, 1, &word), -EINVAL);
	CHECK_EQ(word, 0xffff);
	CHECK_EQ(pci_read_config_word(dev, 255, &word), -EINVAL);
	CHECK_EQ(pci_read_config_dword(dev, 2, &dword), -EINVAL);
	CHECK_EQ(dword, 0xffffffff);
	CHECK_EQ(pci_read_config_dword(dev, 254, &dword), -EINVAL);
	CHECK_EQ(pci_write_config_byte(dev, 256, 0), -EINVAL);
	CHECK_EQ(pci_write_config_word(dev, 255, 0), -EINVAL);
	CHECK_EQ(pci_write_config_dword(dev, 6, 0), -EINVAL);
	CHECK_EQ(machine_accesses, before);
	CHECK_EQ(pci_read_config_dword(dev, 252, &dword), 0);
	CHECK_EQ(pci_read_config_byte(dev, 255, &byte), 0);
	CHECK_EQ(machine_accesses, before + 2);
}

/* Mechanism 1: the byte lanes, the address put together, interrupts off between the two ports. */
TEST(pci_type1_access_by_ports)
{
	struct function *function = machine_add(5, 31, 7, 0x1234, 0x5678);
	const struct pci_config_ops *ops;

	CHECK(!pci_type1_ops());
	machine_use_ports();
	ops = pci_type1_ops();
	CHECK(ops);
	for (unsigned int i = 0; i < 256; i++)
		set8(function, i, (u8)(i * 7 + 1));
	function->writable[0x50] = function->writable[0x53] = 0xff;
	for (u16 where = 0; where < 256; where++)
		CHECK_EQ(ops->read(5, PCI_DEVFN(31, 7), where, 1), (u8)(where * 7 + 1));
	CHECK_EQ(ops->read(5, PCI_DEVFN(31, 7), 0x52, 2),
		 (u8)(0x53 * 7 + 1) << 8 | (u8)(0x52 * 7 + 1));
	CHECK_EQ(ops->read(5, PCI_DEVFN(31, 7), 0xfc, 4), config32(function, 0xfc));
	ops->write(5, PCI_DEVFN(31, 7), 0x53, 1, 0x99);
	CHECK_EQ(function->config[0x53], 0x99);
	CHECK_EQ(function->config[0x50], (u8)(0x50 * 7 + 1));
	CHECK_EQ(ops->read(5, PCI_DEVFN(30, 7), 0, 4), ~0u);
	CHECK(world_irqs_on);
}

/* ---- which driver --------------------------------------------------------------------------- */

static bool matches(struct pci_device_id id)
{
	static struct pci_dev dev = { .vendor = 0x1af4,
				      .device = 0x10f3,
				      .subsystem_vendor = 0x1af4,
				      .subsystem_device = 0x1100,
				      .class = 0x00ff00 };
	struct pci_device_id table[] = { id, {} };

	return pci_match_id(table, &dev) == &table[0];
}

TEST(pci_match_id_each_field)
{
	const u32 any = PCI_ANY_ID;

	CHECK(matches((struct pci_device_id){ 0x1af4, 0x10f3, any, any, 0, 0 }));
	CHECK(matches((struct pci_device_id){ 0x1af4, any, any, any, 0, 0 }));
	CHECK(matches((struct pci_device_id){ any, any, any, any, 0, 0 }));
	CHECK(matches((struct pci_device_id){ any, any, 0x1af4, 0x1100, 0, 0 }));
	CHECK(matches((struct pci_device_id){ any, any, any, any, 0x00ff00, 0xffff00 }));
	CHECK(!matches((struct pci_device_id){ 0x1af5, any, any, any, 0, 0 }));
	CHECK(!matches((struct pci_device_id){ any, 0x10f4, any, any, 0, 0 }));
	CHECK(!matches((struct pci_device_id){ any, any, 0x1af5, any, 0, 0 }));
	CHECK(!matches((struct pci_device_id){ any, any, any, 0x1101, 0, 0 }));
	CHECK(!matches((struct pci_device_id){ any, any, any, any, 0x010000, 0xff0000 }));
	CHECK(!matches((struct pci_device_id){ 0x1af4, 0x10f3, any, any, 0x010000, 0xffffff }));
}

TEST(pci_match_id_first_entry_wins_and_the_empty_one_ends)
{
	struct pci_dev dev = { .vendor = 0x1af4, .device = 0x1000 };
	struct pci_device_id table[] = {
		{ 1, 2, PCI_ANY_ID, PCI_ANY_ID, 0, 0 },
		{ 0x1af4, PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, 0, 0 },
		{ 0x1af4, 0x1000, PCI_ANY_ID, PCI_ANY_ID, 0, 0 },
		{},
		{ PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, 0, 0 },
	};

	CHECK(pci_match_id(table, &dev) == &table[1]);
	dev.vendor = 7;
	CHECK(!pci_match_id(table, &dev));
	CHECK(!pci_match_id(&table[3], &dev));
}
