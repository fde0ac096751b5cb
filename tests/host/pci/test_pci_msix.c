// SPDX-License-Identifier: MIT
/* MSI-X (PCI 3.0, 6.8.2) over a simulated table that checks how it is programmed (P18 to P20). */
#include "test.h"

#include <linux/errno.h>

#include "kernel/memory.h"
#include "machine.h"
#include "world.h"

#define TABLE 0xfebd0000
#define CAPABILITY 0x98

static struct function *function;
static u32 table[2048 * 4], entries;
static bool enable_sticks = true;

static u16 flags(void)
{
	return (u16)(config32(function, CAPABILITY) >> 16);
}

static u32 table_read(void *context, u64 offset, unsigned int size)
{
	(void)context;
	CHECK_EQ(size, 4);
	return offset / 4 < entries * 4 ? table[offset / 4] : 0x5;
}

/* 6.8.2.9: an entry is changed only while it, or the whole function, is masked. */
static void table_write(void *context, u64 offset, unsigned int size, u32 value)
{
	u32 *entry = &table[offset / 16 * 4];

	(void)context;
	CHECK_EQ(size, 4);
	CHECK(offset / 16 < entries); /* C65: nothing beyond the table */
	if (offset % 16 < 12)
		CHECK(entry[3] & 1 || flags() & PCI_MSIX_FLAGS_MASKALL);
	CHECK(flags() & PCI_MSIX_FLAGS_ENABLE);
	if (offset % 16 == 12)
		CHECK_EQ(value & ~1u, 0);
	table[offset / 4] = value;
}

static struct world_mmio mmio = { TABLE, 0x10000, table_read, table_write, NULL };

/* While the table's masks are not known to be set, an enabled function is masked as a whole. */
static void flags_written(struct function *written, u16 where, unsigned int size)
{
	(void)size;
	if (where != CAPABILITY + 2)
		return;
	if (!enable_sticks)
		written->config[CAPABILITY + 3] &= 0x7f;
	if ((flags() & (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL)) != PCI_MSIX_FLAGS_ENABLE)
		return;
	for (u32 i = 0; i < entries; i++)
		CHECK(table[4 * i + 3] & 1 || table[4 * i] == 0xfee00000);
}

/* A function with MSI-X, its table at `offset` of BAR `bir`; BAR 1 has `bar_size` bytes. */
static struct pci_dev *make(u32 count, u32 bir, u32 offset, u32 bar_size)
{
	if (function)
		machine_remove(function);
	function = machine_add(0, 4, 0, 0x1af4, 0x1041);
	set16(function, PCI_COMMAND, 2);
	machine_set_bar(function, 1, TABLE, bar_size, 0);
	machine_add_capability(function, CAPABILITY, PCI_CAP_ID_MSIX);
	set16(function, CAPABILITY + 2, (u16)(count - 1));
	function->writable[CAPABILITY + 3] = 0xc0;
	set32(function, CAPABILITY + 4, offset | bir);
	set32(function, CAPABILITY + 8, (bar_size / 2) | bir);
	function->on_write = flags_written;
	entries = count;
	if (!mmio.context)
		world_add_mmio(&mmio);
	mmio.context = &mmio;
	mmio.base = TABLE + offset;
	return machine_scan_one(function);
}

static unsigned int handled;

static void handler(void *context)
{
	CHECK(context == &handled);
	handled++;
}

static void enable_and_use(u32 count, u32 entry)
{
	struct pci_dev *dev = make(count, 1, 0, 0x10000);
	struct pci_msix_state state;
	int vector;

	CHECK_EQ(pci_msix_vec_count(dev), count);
	CHECK_EQ(pci_enable_msix(dev), 0);
	CHECK_EQ(flags() & 0xc000, PCI_MSIX_FLAGS_ENABLE);
	CHECK(function->config[PCI_COMMAND + 1] & PCI_COMMAND_INTX_DISABLE >> 8);
	for (u32 i = 0; i < count; i++)
		CHECK_EQ(table[4 * i + 3], 1);
	vector = pci_msix_request(dev, entry, handler, &handled, "test");
	CHECK(vector >= 0x30 && vector <= 0xef);
	CHECK_EQ(table[4 * entry], 0xfee00000);
	CHECK_EQ(table[4 * entry + 1], 0);
	CHECK_EQ(table[4 * entry + 2], vector);
	CHECK_EQ(table[4 * entry + 3], 0);
	CHECK_EQ(pci_msix_state(dev, entry, &state), 0);
	CHECK(state.function_enabled && !state.function_masked && !state.masked);
	CHECK_EQ(state.vector, vector);
	CHECK_STR(irq_name(vector), "test");
	world_raise((unsigned int)vector);
	CHECK_EQ(irq_count(vector), 1);
	CHECK_EQ(pci_msix_request(dev, entry, handler, &handled, "again"), -EINVAL);
	pci_disable_msix(dev);
	CHECK_EQ(table[4 * entry + 3], 1);
	CHECK(!irq_name(vector));
}

/* C64: the size field goes to 0x7ff. */
TEST(pci_msix_C64_table_of_1_and_of_2048)
{
	enable_and_use(1, 0);
	enable_and_use(2048, 2047);
	enable_and_use(2048, 0);
	enable_and_use(3, 1);
	CHECK_EQ(handled, 4);
	CHECK_EQ(world_eois(), 4);
}

TEST(pci_msix_disable_mirrors_enable)
{
	struct pci_dev *dev = make(4, 1, 0, 0x1000);
	u64 in_use = world_in_use();
	u8 before[256];

	memcpy(before, function->config, 256);
	pci_disable_msix(dev); /* ignored */
	CHECK_EQ(pci_enable_msix(dev), 0);
	CHECK(pci_msix_request(dev, 0, handler, &handled, "a") > 0);
	CHECK(pci_msix_request(dev, 3, handler, &handled, "b") > 0);
	pci_msix_free(dev, 3);
	pci_msix_free(dev, 3);
	pci_msix_free(dev, 4);
	pci_disable_msix(dev);
	CHECK(!memcmp(before, function->config, 256));
	CHECK_EQ(world_in_use(), in_use);
	CHECK(!dev->msix);
	CHECK_EQ(pci_msix_request(dev, 0, handler, &handled, "c"), -EINVAL);
}

TEST(pci_msix_entry_beyond_the_table)
{
	struct pci_dev *dev = make(4, 1, 0, 0x1000);
	struct pci_msix_state state;

	CHECK_EQ(pci_enable_msix(dev), 0);
	CHECK_EQ(pci_msix_request(dev, 4, handler, &handled, "x"), -EINVAL);
	CHECK_EQ(pci_msix_request(dev, ~0u, handler, &handled, "x"), -EINVAL);
	CHECK_EQ(pci_msix_state(dev, 4, &state), -EINVAL);
}

/* The vector goes only when the mask has arrived: the entry is read back before. */
TEST(pci_msix_free_entry_can_be_taken_again)
{
	struct pci_dev *dev = make(2, 1, 0, 0x1000);

	CHECK_EQ(pci_enable_msix(dev), 0);
	for (unsigned int i = 0; i < 500; i++) {
		CHECK_EQ(pci_msix_request(dev, 1, handler, &handled, "x"), 0x30);
		pci_msix_free(dev, 1);
		CHECK_EQ(table[7], 1);
	}
}

TEST(pci_P18_no_msix)
{
	struct pci_dev *dev = machine_scan_one(machine_add(0, 4, 0, 0x1af4, 0x1041));

	CHECK_EQ(pci_msix_vec_count(dev), -ENODEV);
	CHECK_EQ(pci_enable_msix(dev), -ENODEV);
}

static void refused(u32 count, u32 bir, u32 offset, u32 bar_size)
{
	struct pci_dev *dev = make(count, bir, offset, bar_size);
	u64 in_use = world_in_use();

	world_log_clear();
	CHECK_EQ(pci_enable_msix(dev), -EINVAL);
	CHECK(!dev->msix);
	CHECK_LOG("E11");
	CHECK(!(flags() & PCI_MSIX_FLAGS_ENABLE));
	CHECK_EQ(world_in_use(), in_use);
}

TEST(pci_P19_table_outside_its_bar)
{
	refused(4, 6, 0, 0x1000);
	refused(4, 7, 0, 0x1000);
	refused(4, 2, 0, 0x1000); /* a BAR that is not there */
	refused(4, 1, 0x1000, 0x1000);
	refused(4, 1, 0xff0 - 0x30 + 0x10, 0x1000);
	refused(2048, 1, 0, 0x4000);
	refused(1, 1, 0xfffffff8, 0x1000);
}

TEST(pci_P19_table_that_just_fits)
{
	struct pci_dev *dev = make(4, 1, 0xfc0, 0x1000);

	CHECK_EQ(pci_enable_msix(dev), 0);
}

TEST(pci_P20_enable_bit_does_not_stick)
{
	struct pci_dev *dev = make(4, 1, 0, 0x1000);
	u64 in_use = world_in_use();

	enable_sticks = false;
	CHECK_EQ(pci_enable_msix(dev), -EIO);
	CHECK_LOG("E11");
	CHECK_EQ(world_in_use(), in_use);
	CHECK(!dev->msix);
}

TEST(pci_msix_without_memory_or_vectors)
{
	struct pci_dev *dev = make(300, 1, 0, 0x10000);
	unsigned int i = 0;

	memory_fail_nth(1);
	CHECK_EQ(pci_enable_msix(dev), -ENOMEM);
	CHECK_EQ(pci_enable_msix(dev), 0);
	while (pci_msix_request(dev, i, handler, &handled, "x") >= 0)
		i++;
	CHECK_EQ(i, 0xef - 0x30 + 1);
	CHECK_EQ(pci_msix_request(dev, i, handler, &handled, "x"), -ENOSPC);
	CHECK_EQ(table[4 * i + 3], 1);
	pci_disable_msix(dev);
	world_has_apic = false;
	CHECK_EQ(pci_enable_msix(dev), 0);
	CHECK_EQ(pci_msix_request(dev, 0, handler, &handled, "x"), -ENODEV);
}
