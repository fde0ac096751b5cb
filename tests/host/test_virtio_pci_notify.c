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
