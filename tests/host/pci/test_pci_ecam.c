// SPDX-License-Identifier: MIT
/* The ways to configuration space: ECAM as the MCFG tells it, and as it lies (fault B09). */
#include "test.h"

#include <linux/errno.h>

#include "kernel/acpi/acpi.h"
#include "kernel/cmdline.h"
#include "machine.h"
#include "world.h"

#define BASE 0xb0000000ull

static struct {
	struct acpi_header head;
	u8 reserved[8];
	struct mcfg_entry entry[6];
} __packed mcfg;

static void add_entry(u64 base, u16 segment, u8 first, u8 last)
{
	unsigned int count;

	if (!world_mcfg)
		mcfg.head.length = sizeof(mcfg.head) + sizeof(mcfg.reserved);
	world_mcfg = &mcfg.head;
	count = (mcfg.head.length - sizeof(mcfg.head)) / sizeof(struct mcfg_entry);
	mcfg.entry[count] = (struct mcfg_entry){ base, segment, first, last, 0 };
	mcfg.head.length += sizeof(struct mcfg_entry);
}

static void set_option(char *word)
{
	char *argv[] = { word, NULL };

	CHECK_EQ(cmdline_take_options(1, argv), 0);
}

static struct function *host_bridge(void)
{
	struct function *function = machine_add(0, 0, 0, 0x8086, 0x29c0);

	set_class(function, 0x060000);
	return function;
}

TEST(pci_ecam_reaches_each_register_in_each_width)
{
	struct function *function = machine_add(5, 31, 7, 0x1234, 0x5678);
	const struct pci_config_ops *ops;
	u8 devfn = PCI_DEVFN(31, 7);

	host_bridge();
	machine_use_ports();
	machine_use_ecam(BASE, 255);
	add_entry(BASE, 0, 0, 255);
	ops = pci_config_choose();
	CHECK_LOG(
		"PCI: ECAM [mem 0xb0000000-0xbfffffff] (base 0xb0000000) for domain 0000 [bus 00-ff]\n");
	CHECK_EQ(ops->space, 4096);
	CHECK_EQ(ops->last_bus, 255);
	for (unsigned int i = 0; i < 256; i++)
		set8(function, i, (u8)(i * 7 + 1));
	function->writable[0x50] = function->writable[0x53] = 0xff;
	for (u16 where = 0; where < 256; where++)
		CHECK_EQ(ops->read(5, devfn, where, 1), (u8)(where * 7 + 1));
	for (u16 where = 0; where < 256; where += 2)
		CHECK_EQ(ops->read(5, devfn, where, 2), config32(function, where) & 0xffff);
	CHECK_EQ(ops->read(5, devfn, 0xfc, 4), config32(function, 0xfc));
	ops->write(5, devfn, 0x53, 1, 0x99);
	CHECK_EQ(config32(function, 0x50), 0x99000000u | (config32(function, 0x50) & 0xffffff));
	CHECK_EQ(ops->read(6, devfn, 0, 4), ~0u);
}

TEST(pci_ecam_extended_registers)
{
	struct function *function = host_bridge();
	struct pci_bus bus = { .ops = pci_type1_ops() };
	struct pci_dev dev = { .bus = &bus };
	u32 value;

	function->extended = 0x00010001;
	machine_use_ports();
	machine_use_ecam(BASE, 255);
	bus.ops = pci_type1_ops();
	CHECK_EQ(pci_read_config_dword(&dev, 0x100, &value), -EINVAL);
	CHECK_EQ(value, ~0u);
	add_entry(BASE, 0, 0, 255);
	bus.ops = pci_config_choose();
	CHECK_EQ(pci_read_config_dword(&dev, 0x100, &value), 0);
	CHECK_EQ(value, 0x00010001);
	CHECK_EQ(pci_read_config_dword(&dev, 0x1000, &value), -EINVAL);
	CHECK_EQ(pci_read_config_dword(&dev, 0x102, &value), -EINVAL);
	CHECK_EQ(pci_write_config_dword(&dev, 0xfffffffc, 0), -EINVAL);
}

static void refused(u64 base, u8 first, u8 last, const char *why)
{
	world_mcfg = NULL;
	world_log_clear();
	add_entry(base, 0, first, last);
	CHECK_EQ(pci_config_choose()->space, 256);
	CHECK_EQ(world_log_count("E30"), 1);
	CHECK_LOG(why);
	CHECK_LOG("PCI: Using configuration type 1 for base access\n");
}

/* B09: the MCFG table names regions that cannot be. */
TEST(pci_ecam_regions_that_cannot_be)
{
	host_bridge();
	machine_use_ports();
	refused(0, 0, 255, "1 MiB");
	refused(0xb0000800, 0, 255, "1 MiB");
	refused(BASE, 9, 8, "before its first");
	refused(0xfffffffff0000000, 0, 255, "beyond the CPU\'s address width");
	refused((1ull << 46) - 0x100000, 0, 255, "beyond the CPU\'s address width");
	refused(0x7f00000, 0, 255, "it overlaps RAM");
	refused(0xf0000000, 0, 255, "it overlaps the interrupt controllers");
	refused(0xfee00000, 0, 0, "it overlaps the interrupt controllers");
	refused(BASE, 0, 255, "a different function");
	world_map_limit = BASE;
	refused(BASE, 0, 255, "cannot be mapped");
}

/* Only the first is said: a table that is wrong is wrong in many places. */
TEST(pci_ecam_one_line_for_a_bad_table)
{
	host_bridge();
	machine_use_ports();
	for (unsigned int i = 0; i < 4; i++)
		add_entry(1, 0, 0, 255);
	pci_config_choose();
	CHECK_EQ(world_log_count("E30"), 1);
}

TEST(pci_ecam_a_table_cut_short_or_for_other_segments)
{
	host_bridge();
	machine_use_ports();
	machine_use_ecam(BASE, 255);
	add_entry(BASE, 1, 0, 255);
	CHECK_EQ(pci_config_choose()->space, 256);
	add_entry(BASE, 0, 0, 255);
	mcfg.head.length--;
	CHECK_EQ(pci_config_choose()->space, 256);
	CHECK_EQ(world_log_count("E30"), 0);
	mcfg.head.length = sizeof(mcfg.head);
	CHECK(!mcfg_next(NULL));
	mcfg.head.length = sizeof(mcfg) - 4 * sizeof(struct mcfg_entry);
	CHECK_EQ(pci_config_choose()->space, 4096);
}

/* Two regions, of which the second lies elsewhere; no bus has two. */
TEST(pci_ecam_some_buses_only)
{
	const struct pci_config_ops *ops;
	u64 before;

	machine_add(2, 0, 0, 0x1234, 0x0002);
	machine_add(4, 0, 0, 0x1234, 0x0004);
	host_bridge();
	machine_use_ecam(BASE, 3);
	add_entry(BASE, 0, 0, 3);
	add_entry(BASE, 0, 3, 9);
	ops = pci_config_choose();
	CHECK_EQ(ops->last_bus, 3);
	CHECK_LOG("E30 no ECAM at 0xb0000000 for [bus 03-09]: its buses already have a region");
	CHECK_EQ(ops->read(2, 0, 2, 2), 2);
	before = machine_accesses;
	CHECK_EQ(ops->read(4, 0, 0, 4), ~0u);
	CHECK_EQ(ops->read(4, 0, 0, 2), 0xffff);
	CHECK_EQ(ops->read(4, 0, 0, 1), 0xff);
	ops->write(4, 0, 4, 2, 0);
	CHECK_EQ(machine_accesses, before);
}

TEST(pci_config_option_forces_a_way)
{
	host_bridge();
	machine_use_ports();
	machine_use_ecam(BASE, 255);
	add_entry(BASE, 0, 0, 255);
	set_option((char[]){ "pci.config=cf8" });
	CHECK_EQ(pci_config_choose()->space, 256);
	CHECK_NO_LOG("ECAM");
	set_option((char[]){ "pci.config=ecam" });
	CHECK_EQ(pci_config_choose()->space, 4096);
	CHECK_NO_LOG("E31");
	set_option((char[]){ "pci.config=fast" });
	CHECK_EQ(pci_config_choose()->space, 4096);
	CHECK_LOG("E31 pci.config=fast ignored: want auto, ecam, cf8; using auto");
}

TEST(pci_config_option_that_cannot_be)
{
	host_bridge();
	CHECK(!pci_config_choose());
	CHECK_LOG("no configuration space at ports 0xcf8/0xcfc or in memory");
	machine_use_ecam(BASE, 255);
	add_entry(BASE, 0, 0, 255);
	set_option((char[]){ "pci.config=cf8" });
	CHECK_EQ(pci_config_choose()->space, 4096);
	CHECK_LOG("E31 pci.config=cf8 not available on this machine; using ecam");
	world_mcfg = NULL;
	machine_use_ports();
	set_option((char[]){ "pci.config=ecam" });
	CHECK_EQ(pci_config_choose()->space, 256);
	CHECK_LOG("E31 pci.config=ecam not available on this machine; using cf8");
}
