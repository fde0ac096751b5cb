// SPDX-License-Identifier: MIT
/*
 * How a notification names its queue (virtio 1.2, 4.1.5.2.1), and the bits of section 6 that ask
 * for nothing but care. That the value is the right one is checked by the device in modern.c.
 */
#include "test.h"

#include "transport_fixture.h"
#include "world.h"

/* C68: with NOTIF_CONFIG_DATA the device says what it wants to hear, for each queue. */
TEST(virtio_pci_C68_device_names_its_queues)
{
	modern.offered |= 1ULL << 39;
	transport_boot();
	CHECK(driver.live);
	CHECK(modern.accepted & 1ULL << 39);
	for (unsigned int i = 0; i < 2; i++)
		transport_round_trip(i);
}

/* The register came with 1.2: where the structure ends before it, the bit is not accepted. */
TEST(virtio_pci_C68_structure_without_the_register)
{
	modern.offered |= 1ULL << 39;
	modern_make(FIXTURE_DEVICE, 1, 0);
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, MODERN_COMMON, 56);
	modern_boot();
	CHECK(driver.live);
	CHECK(!(modern.accepted & 1ULL << 39));
	for (unsigned int i = 0; i < 2; i++)
		transport_round_trip(i);
}

/* C72: hardware that needs the platform's barriers is driven with those there are. */
TEST(virtio_pci_C72_order_platform)
{
	modern.offered |= 1ULL << 36;
	transport_boot();
	CHECK(driver.live);
	CHECK(modern.accepted & 1ULL << 36);
	for (unsigned int i = 0; i < 2; i++)
		transport_round_trip(i);
}

/* C73: virtual functions need a capability that is not looked for, so they are never accepted. */
TEST(virtio_pci_C73_no_virtual_functions)
{
	modern.offered |= 1ULL << 37;
	transport_boot();
	CHECK(driver.live);
	CHECK(!(modern.accepted & 1ULL << 37));
}

/* C67: with NOTIFICATION_DATA 32 bits, of which the upper half is the next available index. */
static void notify_with_data(u64 features, u32 multiplier, u32 length)
{
	modern.offered |= 1ULL << 38 | features;
	modern.multiplier = multiplier;
	modern_make(FIXTURE_DEVICE, 1, 0);
	modern_set_cap(MODERN_CAP_NOTIFY, 2, 4, MODERN_NOTIFY, length);
	modern_boot();
}

TEST(virtio_pci_C67_notification_data)
{
	notify_with_data(0, 4, 0x1000);
	CHECK(driver.live);
	CHECK(modern.accepted & 1ULL << 38);
	for (unsigned int i = 0; i < 65600; i++)
		transport_round_trip(0);
	transport_round_trip(1);
}

TEST(virtio_pci_C67_C68_notification_data_of_a_named_queue)
{
	notify_with_data(1ULL << 39, 4, 0x1000);
	CHECK(driver.live);
	for (unsigned int i = 0; i < 200; i++)
		transport_round_trip(i % 2);
}

TEST(virtio_pci_C67_notification_data_at_one_address)
{
	notify_with_data(0, 0, 4);
	CHECK(driver.live);
	transport_round_trip(0);
	transport_round_trip(1);
}

/* 4.1.4.4: four bytes have to fit, and a multiplier of 2 would misalign them. */
TEST(virtio_pci_T08_notification_data_and_multiplier_2)
{
	notify_with_data(0, 2, 0x1000);
	CHECK(!driver.live);
	CHECK_LOG("E16");
	CHECK_EQ(modern.status, 0x80);
}

TEST(virtio_pci_T07_notification_data_past_the_structure)
{
	notify_with_data(0, 4, 6);
	CHECK(!driver.live);
	CHECK_LOG("E16");
	CHECK_EQ(modern.status, 0x80);
}
