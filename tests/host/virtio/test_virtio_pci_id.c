// SPDX-License-Identifier: MIT
/* Which functions are virtio devices (virtio 1.2, 4.1.2; faults P27), and names for numbers. */
#include "test.h"

#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"
#include "world.h"

/* Every device id, with and without a subsystem id, three revisions. */
TEST(virtio_pci_P27_id_rule_for_every_device_id)
{
	for (unsigned int device = 0; device < 0x10000; device++) {
		bool experimental = device >= 0x10f0 && device <= 0x10ff;

		for (unsigned int revision = 0; revision < 256; revision += 255) {
			int id = virtio_pci_id((u16)device, 77, (u8)revision);
			int none = virtio_pci_id((u16)device, 0, (u8)revision);

			if (device < 0x1000 || device > 0x10ff) {
				CHECK_EQ(id, -ENODEV);
				CHECK_EQ(none, -ENODEV);
			} else if (device < 0x1040 || (experimental && !revision)) {
				CHECK_EQ(id, 77);
				CHECK_EQ(none, -ENODEV);
			} else if (device == 0x1040) {
				CHECK_EQ(id, -ENODEV);
			} else {
				CHECK_EQ(id, device - 0x1040);
				CHECK_EQ(none, device - 0x1040);
			}
		}
	}
}

TEST(virtio_pci_revision_1_of_an_experimental_id_is_modern)
{
	CHECK_EQ(virtio_pci_id(0x10f3, 0, 1), 179);
	CHECK_EQ(virtio_pci_id(0x10f3, 179, 0), 179);
	CHECK_EQ(virtio_pci_id(0x10f3, 0x1100, 0), 0x1100);
	CHECK(virtio_pci_is_transitional(0x10f3, 0));
	CHECK(!virtio_pci_is_transitional(0x10f3, 1));
	CHECK(virtio_pci_is_transitional(0x1000, 1));
	CHECK(!virtio_pci_is_transitional(0x1041, 0));
}

TEST(virtio_id_names)
{
	CHECK_STR(virtio_id_name(1), "net");
	CHECK_STR(virtio_id_name(2), "blk");
	CHECK_STR(virtio_id_name(179), "simple");
	CHECK_STR(virtio_id_name(0), "unknown");
	CHECK_STR(virtio_id_name(4000), "unknown");
}

static const struct virtio_feature_name names[] = { { 0, "ZERO" }, { 32, "MINE" }, { 0, NULL } };
static struct virtio_driver own_names = { .feature_names = names };
static struct virtio_device unknown = { .id.device = 4000 };
static struct virtio_device named = { .id.device = 4000, .dev.driver = &own_names.driver };
static struct virtio_device net = { .id.device = 1, .dev.driver = &own_names.driver };

TEST(virtio_features_as_words)
{
	char text[300];

	virtio_format_features(&unknown, 0, text, sizeof(text));
	CHECK_STR(text, "");
	virtio_format_features(&unknown, 1ULL << 32 | 1ULL << 29 | 1ULL << 63 | 1, text,
			       sizeof(text));
	CHECK_STR(text, "bit0 EVENT_IDX VERSION_1 bit63");
	virtio_format_features(&named, 1ULL << 32 | 1, text, sizeof(text));
	CHECK_STR(text, "ZERO MINE");
	/* One table for each type of the specification, whatever its driver brings. */
	virtio_format_features(&net, 1ULL << 62 | 1, text, sizeof(text));
	CHECK_STR(text, "CSUM STANDBY");
}

/* Whatever room there is, and all 64 bits set. */
TEST(virtio_features_as_words_never_overrun)
{
	for (size_t size = 1; size < 600; size++) {
		char *text = malloc(size);

		virtio_format_features(&named, ~0ULL, text, size);
		CHECK(strlen(text) < size);
		free(text);
	}
}

/* 2.2.1, 6: only what this kernel understands is accepted of the bits of rings and transports. */
TEST(virtio_transport_features_that_are_understood)
{
	CHECK_EQ(virtio_transport_features() & 0xffffff, 0);
	CHECK(virtio_transport_features() & 1ULL << 32);
	CHECK_EQ(virtio_transport_features() >> 42, 0);
}
