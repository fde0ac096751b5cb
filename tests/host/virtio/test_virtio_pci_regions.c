// SPDX-License-Identifier: MIT
/* Which capability is taken for which structure (virtio 1.2, 4.1.4; faults P09 to P14, T01-T06). */
#include "test.h"

#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"
#include "modern.h"
#include "world.h"

static struct virtio_pci_device vp;

static int find(void)
{
	memset(&vp, 0, sizeof(vp));
	vp.pci_dev = machine_scan_one(modern.function);
	world_log_clear();
	return virtio_pci_find_regions(&vp);
}

static void make(void)
{
	modern_make(0x1041, 1, 0);
}

/* Inserts another capability before the ones there are. */
static void insert_first(u8 position, u8 length, u8 type, u8 bar, u32 offset, u32 size)
{
	set8(modern.function, position + 1u, modern.function->config[PCI_CAPABILITY_LIST]);
	set8(modern.function, position, PCI_CAP_ID_VNDR);
	set8(modern.function, PCI_CAPABILITY_LIST, position);
	modern_set_cap(position, type, bar, offset, size);
	set8(modern.function, position + 2u, length);
}

static void check_usual(void)
{
	CHECK_EQ(find(), 0);
	CHECK_EQ((uintptr_t)vp.common.base, MODERN_BAR + MODERN_COMMON);
	CHECK_EQ((uintptr_t)vp.isr.base, MODERN_BAR + MODERN_ISR);
	CHECK_EQ((uintptr_t)vp.device.base, MODERN_BAR + MODERN_DEVICE);
	CHECK_EQ((uintptr_t)vp.notify.base, MODERN_BAR + MODERN_NOTIFY);
	CHECK_EQ(vp.notify_off_multiplier, modern.multiplier);
}

TEST(virtio_pci_regions_found)
{
	make();
	check_usual();
	CHECK_EQ(vp.device.length, 56);
	CHECK_EQ(vp.common.length, 0x1000);
	CHECK_STR(world_log(), "");
}

/* C51: MUST ignore reserved types, silently, wherever they point. */
TEST(virtio_pci_T01_reserved_cfg_type_is_ignored)
{
	static const u8 types[] = { 0, 6, 7, 10, 0xff };

	make();
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		set8(modern.function, PCI_CAPABILITY_LIST, MODERN_CAP_MSIX);
		insert_first(0xc0, 16, types[i], 200, 0xfffffff0, 0xffffffff);
		check_usual();
		CHECK_STR(world_log(), "");
	}
}

/* A good one comes behind the bad one: the first usable is taken (T05, C52). */
static void bad_one_first(u8 length, u8 bar, u32 offset, u32 size)
{
	for (u8 type = 1; type <= 4; type++) {
		set8(modern.function, PCI_CAPABILITY_LIST, MODERN_CAP_MSIX);
		insert_first(0xc0, length, type, bar, offset, size);
		check_usual();
		CHECK_EQ(world_log_count("passed over"), 1);
	}
}

TEST(virtio_pci_T01_reserved_bar_is_ignored)
{
	make();
	bad_one_first(20, 6, 0, 0x1000);
	bad_one_first(20, 7, 0, 0x1000);
	bad_one_first(20, 255, 0, 0x1000);
}

TEST(virtio_pci_P12_bar_that_is_not_there)
{
	make();
	bad_one_first(20, 0, 0, 0x1000);
	bad_one_first(20, 5, 0, 0x1000); /* the upper half of BAR 4 */
}

TEST(virtio_pci_P13_io_bar_is_passed_over)
{
	make();
	machine_set_bar(modern.function, 0, 0xc000, 0x1000, SIM_IO);
	bad_one_first(20, 0, 0, 0x1000);
	CHECK_LOG("I/O BAR");
}

TEST(virtio_pci_T02_structure_past_its_bar)
{
	make();
	bad_one_first(20, 4, 0x3000, 0x1004);
	bad_one_first(20, 4, 0x4000, 0x1000);
	bad_one_first(20, 4, 0xfffffffc, 0x1004); /* wraps 2^32 */
	bad_one_first(20, 4, 0x1000, 0xffffffff);
	bad_one_first(20, 4, 0x1000, 0xfffff000); /* ... to 0 */
}

/* What is mapped of a long one is bounded, which must not hide that it does not fit. */
TEST(virtio_pci_T02_long_structure_past_its_bar)
{
	make();
	machine_set_bar(modern.function, 4, 0xf0000000, 0x2000000, SIM_64);
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, 0, 0x2000000);
	CHECK_EQ(find(), 0);
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, 4, 0x2000000);
	CHECK_EQ(find(), -EOPNOTSUPP);
}

TEST(virtio_pci_T02_structure_that_just_fits)
{
	make();
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, 0x4000 - 56, 56);
	CHECK_EQ(find(), 0);
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, 0x4000 - 56, 57);
	CHECK_EQ(find(), -EOPNOTSUPP);
}

/* P09, P10: a capability shorter than its type needs is ignored, a longer one is fine (C53). */
TEST(virtio_pci_P09_P10_length_of_the_capability)
{
	make();
	bad_one_first(15, 4, 0, 0x1000);
	bad_one_first(0, 4, 0, 0x1000);
	set8(modern.function, PCI_CAPABILITY_LIST, MODERN_CAP_MSIX);
	set8(modern.function, MODERN_CAP_COMMON + 2, 64);
	set8(modern.function, MODERN_CAP_NOTIFY + 2, 24);
	check_usual();
	set8(modern.function, MODERN_CAP_NOTIFY + 2, 19); /* no multiplier */
	CHECK_EQ(find(), -EOPNOTSUPP);
}

TEST(virtio_pci_P09_capability_at_the_end_of_the_space)
{
	make();
	set8(modern.function, 0xf5, MODERN_CAP_MSIX);
	set8(modern.function, 0xf4, PCI_CAP_ID_VNDR);
	set8(modern.function, 0xf6, 16);
	set8(modern.function, 0xf7, 1);
	set8(modern.function, PCI_CAPABILITY_LIST, 0xf4);
	check_usual();
	CHECK_LOG("too short");
}

TEST(virtio_pci_T03_common_too_short_or_longer)
{
	make();
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, 0, 55);
	CHECK_EQ(find(), -EOPNOTSUPP);
	CHECK_LOG("E15");
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, 0, 64);
	CHECK_EQ(find(), 0);
}

TEST(virtio_pci_T04_misaligned_offsets)
{
	make();
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, 2, 0x100);
	CHECK_EQ(find(), -EOPNOTSUPP);
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, 0, 0x100);
	modern_set_cap(MODERN_CAP_NOTIFY, 2, 4, MODERN_NOTIFY + 1, 0x100);
	CHECK_EQ(find(), -EOPNOTSUPP);
	modern_set_cap(MODERN_CAP_NOTIFY, 2, 4, MODERN_NOTIFY + 2, 0x100);
	modern_set_cap(MODERN_CAP_ISR, 3, 4, MODERN_ISR + 1, 1); /* a byte may be anywhere */
	modern_set_cap(MODERN_CAP_DEVICE, 4, 4, MODERN_DEVICE + 2, 0x10);
	CHECK_EQ(find(), 0);
	CHECK(!vp.device.base); /* optional: absent rather than a reason to refuse */
}

TEST(virtio_pci_T05_first_of_two_good_ones)
{
	make();
	insert_first(0xc0, 16, 4, 4, MODERN_DEVICE + 0x100, 0x20);
	CHECK_EQ(find(), 0);
	CHECK_EQ((uintptr_t)vp.device.base, MODERN_BAR + MODERN_DEVICE + 0x100);
	CHECK_EQ(vp.device.length, 0x20);
}

TEST(virtio_pci_T06_each_required_structure_missing)
{
	static const struct {
		u8 position;
		const char *name;
	} required[] = {
		{ MODERN_CAP_COMMON, "common" },
		{ MODERN_CAP_NOTIFY, "notify" },
		{ MODERN_CAP_ISR, "ISR" },
	};

	make();
	for (unsigned int i = 0; i < ARRAY_SIZE(required); i++) {
		u8 type = modern.function->config[required[i].position + 3];

		set8(modern.function, required[i].position + 3u, 9);
		CHECK_EQ(find(), -EOPNOTSUPP);
		CHECK_LOG(required[i].name);
		CHECK_LOG("E15");
		set8(modern.function, required[i].position + 3u, type);
	}
	set8(modern.function, MODERN_CAP_DEVICE + 3, 9);
	CHECK_EQ(find(), 0);
	CHECK(!vp.device.base);
}

/* 4.1.4.1: longer structures are allowed; what is mapped of them is bounded. */
TEST(virtio_pci_huge_structure_is_accepted)
{
	make();
	machine_set_bar(modern.function, 4, 1ULL << 40, 1ULL << 33, SIM_64);
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, 0, 0xfffff000);
	CHECK_EQ(find(), 0);
	CHECK_EQ((uintptr_t)vp.common.base, 1ULL << 40);
}

/* P14: not assigned, or where nothing can be mapped: said, and the device is left alone. */
TEST(virtio_pci_P14_bar_not_assigned_or_out_of_reach)
{
	make();
	machine_set_bar(modern.function, 4, 0, 0x4000, SIM_64);
	CHECK_EQ(find(), -EOPNOTSUPP);
	CHECK_LOG("E14");
	machine_set_bar(modern.function, 4, 1ULL << 45, 0x4000, SIM_64);
	world_map_limit = 1ULL << 44;
	CHECK_EQ(find(), -EOPNOTSUPP);
	CHECK_LOG("E14");
}

/* Random capabilities: whatever is taken lies in a memory BAR, whole. */
static void check_inside(const struct virtio_pci_region *region, u32 least)
{
	const struct pci_resource *bar = &vp.pci_dev->resource[region->bar];

	if (!region->base)
		return;
	CHECK(bar->flags & PCI_RESOURCE_MEM);
	CHECK(region->length >= least);
	CHECK(region->offset + (u64)region->length <= bar->size);
	CHECK_EQ((uintptr_t)region->base, bar->start + region->offset);
}

TEST(virtio_pci_random_capabilities)
{
	unsigned int found = 0;
	u8 good[256];

	make();
	memcpy(good, modern.function->config, 256);
	for (unsigned int i = 0; i < 5000; i++) {
		memcpy(modern.function->config, good, 256);
		for (unsigned int at = MODERN_CAP_NOTIFY; at < MODERN_CAP_MSIX; at++)
			if (world_random(60) == 0)
				set8(modern.function, at, (u8)world_random(256));
		found += !find();
		check_inside(&vp.common, 56);
		check_inside(&vp.notify, 2);
		check_inside(&vp.isr, 1);
		check_inside(&vp.device, 1);
	}
	CHECK(found > 500 && found < 4500);
}
