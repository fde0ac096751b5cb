// SPDX-License-Identifier: MIT
/*
 * Queues and interrupts of a modern device through the real transport, bus and driver core
 * (virtio 1.2, 4.1.4.3, 4.1.5; faults T07 to T18). What the driver must not do is checked by the
 * device in modern.c at each access.
 */
#include "test.h"

#include <linux/errno.h>

#include "transport_fixture.h"
#include "world.h"

TEST(virtio_pci_boot_finds_and_drives_it)
{
	static const u8 ladder[] = { 0, 1, 3, 11, 15 };

	transport_boot();
	CHECK(driver.live);
	CHECK_EQ(modern.history_length, sizeof(ladder));
	CHECK(!memcmp(modern.history, ladder, sizeof(ladder))); /* C42 */
	CHECK_EQ(modern.accepted, modern.offered);
	CHECK_EQ(modern.function->config[PCI_COMMAND], 6);
	for (unsigned int i = 0; i < 2; i++) {
		CHECK_EQ(modern.queues[i].desc, virtqueue_get_desc_addr(driver.vqs[i]));
		CHECK_EQ(modern.queues[i].avail, virtqueue_get_avail_addr(driver.vqs[i]));
		CHECK_EQ(modern.queues[i].used, virtqueue_get_used_addr(driver.vqs[i]));
		CHECK_EQ(modern.queues[i].size, 64);
		CHECK_EQ(modern.queues[i].vector, i + 1);
		CHECK(virtqueue_can_interrupt(driver.vqs[i]));
		transport_round_trip(i);
		CHECK_EQ(driver.called_back[i], 1);
	}
	CHECK_EQ(modern.msix_config, 0);
}

TEST(virtio_pci_unregister_gives_everything_back)
{
	u64 in_use;

	driver.wanted = 0; /* -ENOENT: what is there without queues */
	transport_boot();
	CHECK(!driver.live);
	in_use = world_in_use();
	driver.wanted = 2;
	CHECK_EQ(device_attach(&driver.vdev->dev), 0);
	CHECK(world_in_use() > in_use);
	transport_round_trip(1);
	transport_unregister();
	CHECK_EQ(driver.removed, 1);
	CHECK_EQ(world_in_use(), in_use);
	CHECK_EQ(modern.status, 1);
	CHECK_EQ(modern.queues[0].vector, NO_VECTOR);
	CHECK(!(config32(modern.function, MODERN_CAP_MSIX) >> 16 & PCI_MSIX_FLAGS_ENABLE));
	for (int vector = 0; vector < 256; vector++)
		CHECK(!irq_name(vector));
}

/* ---- queue size, address, enable ------------------------------------------------------------ */

TEST(virtio_pci_T09_no_queues)
{
	modern.queue_count = 0;
	transport_refused("E08");
}

TEST(virtio_pci_T09_too_few_queues)
{
	modern.queue_count = 1;
	transport_refused("E08");
}

/* Only the wanted ones are touched: the device has state for few. */
TEST(virtio_pci_T09_65535_queues)
{
	modern.queue_count = 65535;
	transport_boot();
	CHECK(driver.live);
}

TEST(virtio_pci_T10_queue_size_0)
{
	modern.queue_size = 0;
	transport_refused("E08");
}

TEST(virtio_pci_T10_queue_size_3)
{
	modern.queue_size = 3;
	transport_refused("E08");
}

TEST(virtio_pci_T10_queue_size_65535)
{
	modern.queue_size = 65535;
	transport_refused("E08");
}

TEST(virtio_pci_T10_queue_size_32768_is_reduced)
{
	modern.queue_size = 32768;
	transport_boot();
	CHECK(driver.live);
	CHECK_EQ(modern.queues[0].size, virtqueue_get_vring_size(driver.vqs[0]));
	CHECK(modern.queues[0].size <= 1024);
	transport_round_trip(0);
}

TEST(virtio_pci_T10_queue_size_1)
{
	modern.queue_size = 1;
	transport_boot();
	CHECK(driver.live);
	transport_round_trip(0);
}

TEST(virtio_pci_T11_size_write_is_ignored)
{
	modern.queue_size = 32768;
	modern.size_ignored = true;
	transport_refused("E08");
}

TEST(virtio_pci_T12_enabled_already)
{
	modern.enabled_at_reset = true;
	transport_refused("E10");
}

TEST(virtio_pci_T12_enable_does_not_stick)
{
	modern.enable_refused = true;
	transport_refused("E10");
}

TEST(virtio_pci_T13_address_high_word_does_not_stick)
{
	modern.high_ignored = true;
	transport_refused("E09");
	CHECK_EQ(modern.queues[0].enable, 0);
}

/* A queue that is left out keeps its index: the next one's is not shifted. */
TEST(virtio_pci_queue_left_out)
{
	driver.wanted = 3;
	driver.without = 2;
	modern.queue_count = 3;
	transport_boot();
	CHECK(driver.live);
	CHECK(!driver.vqs[1]);
	CHECK_EQ(modern.queues[1].enable, 0);
	CHECK_EQ(modern.queues[2].vector, 2);
	transport_round_trip(2);
}

/* ---- notifications (4.1.4.4) ---------------------------------------------------------------- */

static void notify_with(u32 multiplier, u16 off0, u16 off1)
{
	modern.multiplier = multiplier;
	modern_make(FIXTURE_DEVICE, 1, 0);
	modern.queues[0].notify_off = off0;
	modern.queues[1].notify_off = off1;
	machine_set_bar(modern.function, 2, MODERN_DOORBELLS, 0x400000, 0);
	modern_set_cap(MODERN_CAP_NOTIFY, 2, 2, 0, 0x400000);
	modern_boot();
}

TEST(virtio_pci_T08_multiplier_0_all_queues_at_one_address)
{
	notify_with(0, 5, 9);
	transport_round_trip(0);
	transport_round_trip(1);
}

TEST(virtio_pci_T08_multiplier_2)
{
	notify_with(2, 1, 0);
	transport_round_trip(0);
	transport_round_trip(1);
}

TEST(virtio_pci_T08_multiplier_4096_and_offsets_of_their_own)
{
	notify_with(4096, 17, 1023);
	transport_round_trip(0);
	transport_round_trip(1);
}

TEST(virtio_pci_T08_multiplier_1)
{
	notify_with(1, 0, 1);
	CHECK_LOG("E16");
	CHECK_EQ(modern.status, 0x80);
}

TEST(virtio_pci_T08_multiplier_3)
{
	notify_with(3, 0, 2);
	CHECK_LOG("E16");
	CHECK_EQ(modern.status, 0x80);
}

TEST(virtio_pci_T07_notify_address_at_the_bound)
{
	notify_with(2, 0x7fff, 0xffff);
	CHECK(driver.live);
	transport_round_trip(1);
}

TEST(virtio_pci_T07_notify_address_past_the_structure)
{
	notify_with(4096, 0, 1024);
	CHECK_LOG("E16");
	CHECK_EQ(modern.status, 0x80);
}

/* 2 x 2^31 is 0 in 32 bits. */
TEST(virtio_pci_T07_notify_address_past_2_to_the_32)
{
	notify_with(1u << 31, 0, 2);
	CHECK_LOG("E16");
	CHECK_EQ(modern.status, 0x80);
}

/* ---- features ------------------------------------------------------------------------------- */

TEST(virtio_pci_T15_version_1_absent)
{
	modern.offered = 1ULL << 28;
	transport_boot();
	CHECK_LOG("E05");
	CHECK_EQ(modern.status, 0x83);
	CHECK_EQ(modern.accepted, 0);
	CHECK(!driver.vdev);
}

TEST(virtio_pci_T16_every_bit_offered)
{
	modern.offered = ~0ULL;
	transport_boot();
	CHECK(driver.live);
	CHECK(modern.accepted & 1ULL << 32 && modern.accepted & 1ULL << 3);
	CHECK_EQ(modern.accepted & 0xfffff7, 0);
	CHECK_EQ(modern.accepted >> 42, 0);
	CHECK_LOG("E18"); /* an administration queue is offered, but there is none */
}

TEST(virtio_pci_T14_features_ok_refused)
{
	modern.features_refused = 1ULL << 29;
	transport_boot();
	CHECK_LOG("E05");
	CHECK_EQ(modern.status, 0x83);
	CHECK(!driver.vdev);
}

TEST(virtio_pci_T17_access_platform)
{
	modern.offered |= 1ULL << 33;
	transport_boot();
	CHECK(driver.live);
	CHECK(modern.accepted & 1ULL << 33);
}

/* ---- interrupts (4.1.5.1.2) ----------------------------------------------------------------- */

static void check_polled(void)
{
	CHECK(driver.live);
	for (unsigned int i = 0; i < 2; i++) {
		CHECK(!virtqueue_can_interrupt(driver.vqs[i]));
		CHECK_EQ(modern.queues[i].vector, NO_VECTOR);
		transport_round_trip(i);
		CHECK_EQ(driver.called_back[i], 0);
	}
	CHECK_EQ(modern.msix_config, NO_VECTOR);
	CHECK(!(config32(modern.function, MODERN_CAP_MSIX) >> 16 & PCI_MSIX_FLAGS_ENABLE));
}

TEST(virtio_pci_T18_vector_refused_for_configuration)
{
	modern.vectors_refused = 1ULL << 63;
	transport_boot();
	CHECK_LOG("E11");
	check_polled();
}

TEST(virtio_pci_T18_vector_refused_for_queue_0)
{
	modern.vectors_refused = 1;
	transport_boot();
	CHECK_LOG("E11");
	check_polled();
}

TEST(virtio_pci_T18_vector_refused_for_queue_1)
{
	modern.vectors_refused = 2;
	transport_boot();
	CHECK_LOG("E11");
	check_polled();
}

TEST(virtio_pci_P18_no_msix_capability)
{
	modern_make(FIXTURE_DEVICE, 1, 0);
	set8(modern.function, MODERN_CAP_MSIX, 0x42);
	modern_boot();
	check_polled();
}

TEST(virtio_pci_no_local_apic)
{
	world_has_apic = false;
	transport_boot();
	check_polled();
}

/* A queue without callback takes no vector, so fewer are enough. */
TEST(virtio_pci_polled_queue_takes_no_vector)
{
	driver.polled = 1;
	modern.vectors = 2;
	transport_boot();
	CHECK(driver.live);
	CHECK(!virtqueue_can_interrupt(driver.vqs[0]));
	CHECK(virtqueue_can_interrupt(driver.vqs[1]));
	CHECK_EQ(modern.queues[0].vector, NO_VECTOR);
	CHECK_EQ(modern.queues[1].vector, 1);
	transport_round_trip(0);
	transport_round_trip(1);
	CHECK_EQ(driver.called_back[1], 1);
}

TEST(virtio_pci_configuration_change_reaches_the_driver)
{
	transport_boot();
	modern_change(&modern);
	modern_change(&modern);
	CHECK_EQ(driver.config_changes, 2);
}

TEST(virtio_pci_T21_needs_reset_breaks_the_queues)
{
	transport_boot();
	modern.status |= 64;
	modern_change(&modern);
	CHECK_EQ(driver.config_changes, 0);
	CHECK(virtqueue_is_broken(driver.vqs[0]) && virtqueue_is_broken(driver.vqs[1]));
	CHECK_EQ(world_log_count("E12"), 1);
	modern_change(&modern);
	CHECK_EQ(world_log_count("E12"), 1);
}

/* find_vqs twice would lose the first queues. */
TEST(virtio_pci_queues_are_found_once)
{
	struct virtqueue_info infos[2] = { { .name = "a" }, { .name = "b" } };
	struct virtqueue *vqs[2];

	transport_boot();
	CHECK_EQ(virtio_find_vqs(driver.vdev, 2, vqs, infos), -EBUSY);
	transport_round_trip(0);
}

/* The line for a late queue says what the ring, the device and the interrupt look like. */
TEST(virtio_pci_late_queue_is_explained)
{
	struct virtqueue_buffer buffer = { &driver, 8 };

	transport_boot();
	modern.serve = NULL;
	CHECK_EQ(virtqueue_add(driver.vqs[0], &buffer, 1, 0, &buffer), 0);
	virtqueue_kick(driver.vqs[0]);
	CHECK_EQ(virtqueue_wait(driver.vqs[0], VIRTQUEUE_INTERRUPT, 1, 1000000), -ETIMEDOUT);
	CHECK_LOG("E07");
	CHECK_LOG("status 0x0f, bus master on");
	CHECK_LOG("MSI-X enabled, entry 1 unmasked, vector 0x31 taken 0 times");
	set8(modern.function, PCI_COMMAND, 2);
	CHECK_EQ(virtqueue_wait(driver.vqs[0], VIRTQUEUE_POLL, 1, 1000000), -ETIMEDOUT);
	CHECK_LOG("E01");
}
