// SPDX-License-Identifier: MIT
/*
 * The legacy interface (virtio 1.2, 4.1.4.10) through the real transport, bus and driver core; the
 * device in legacy.c checks each access (fault T26).
 */
#include "test.h"

#include <linux/errno.h>

#include "legacy.h"
#include "transport_fixture.h"
#include "world.h"

static void round_trip(unsigned int index)
{
	struct virtqueue *vq = driver.vqs[index];
	u8 memory[16] = {};
	struct virtqueue_buffer buffer = { memory, sizeof(memory) };
	u64 before = legacy.queues[index].notified;
	u32 length;

	virtqueue_enable_cb(vq);
	CHECK_EQ(virtqueue_add(vq, &buffer, 0, 1, memory), 0);
	CHECK(virtqueue_kick(vq));
	CHECK_EQ(legacy.queues[index].notified, before + 1);
	CHECK(virtqueue_get_buf(vq, &length) == memory);
	CHECK_EQ(length, sizeof(memory));
	CHECK_EQ(memory[15], 0x5a);
}

static void check_refused(const char *line)
{
	legacy_boot();
	CHECK_LOG(line);
	CHECK(!driver.live);
}

/* 3.1.2: the steps without FEATURES_OK; 4.1.5.1.3.1: the sizes are the device's. */
TEST(legacy_boot_finds_and_drives_it)
{
	static const u8 ladder[] = { 0, 1, 3, 7 };

	legacy_boot();
	CHECK(driver.live);
	CHECK_EQ(legacy.history_length, sizeof(ladder));
	CHECK(!memcmp(legacy.history, ladder, sizeof(ladder)));
	CHECK_EQ(legacy.accepted, legacy.offered);
	CHECK_EQ(driver.vdev->features >> 32, 0);
	CHECK_EQ(virtqueue_get_vring_size(driver.vqs[0]), 128);
	CHECK_EQ(virtqueue_get_vring_size(driver.vqs[1]), 8);
	for (unsigned int i = 0; i < 2; i++) {
		CHECK_EQ(legacy.queues[i].page, virtqueue_get_desc_addr(driver.vqs[i]) >> 12);
		CHECK_EQ(legacy.queues[i].vector, i + 1);
		for (unsigned int n = 1; n <= 300; n++)
			round_trip(i);
		CHECK_EQ(driver.called_back[i], 300);
	}
	CHECK_EQ(legacy.config_vector, 0);
}

TEST(legacy_unregister_gives_everything_back)
{
	u64 in_use;

	driver.wanted = 0;
	legacy_boot();
	in_use = world_in_use();
	driver.wanted = 2;
	CHECK_EQ(device_attach(&driver.vdev->dev), 0);
	round_trip(0);
	transport_unregister();
	CHECK_EQ(world_in_use(), in_use);
	CHECK_EQ(legacy.status, 1);
	CHECK_EQ(legacy.queues[0].page, 0);
}

/* 4.1.4.10: 32 bits are all there is, so nothing above them is accepted. */
TEST(legacy_every_feature_bit_offered)
{
	legacy.offered = ~0u;
	legacy_boot();
	CHECK(driver.live);
	CHECK_EQ(driver.vdev->features >> 32, 0);
	CHECK_EQ(legacy.accepted & 0xffffff, 8);
	round_trip(0);
}

static void check_config(void)
{
	u8 value[8] = {}, wanted[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	u16 two = 0x2211;

	CHECK_EQ(virtio_config_read(driver.vdev, 0, value, 8), 0);
	CHECK(!memcmp(value, wanted, 8));
	CHECK_EQ(virtio_config_write(driver.vdev, 6, &two, 2), 0);
	CHECK_EQ(legacy.config[6], 0x11);
	CHECK_EQ(legacy.config[7], 0x22);
	CHECK_EQ(legacy.config[5], 6);
}

/* The configuration begins where the two vectors would be, or after them. */
TEST(legacy_configuration_with_msix)
{
	legacy_boot();
	check_config();
}

TEST(legacy_configuration_without_msix)
{
	legacy.vectors = 0;
	legacy_boot();
	CHECK(driver.live);
	check_config();
	CHECK(!virtqueue_can_interrupt(driver.vqs[0]));
	round_trip(0);
	round_trip(1);
}

TEST(legacy_configuration_ends_with_the_bar)
{
	u8 value[64];

	legacy_boot();
	CHECK_EQ(virtio_config_read(driver.vdev, 0x40 - 24, value, 1), -EINVAL);
	CHECK_EQ(virtio_config_read(driver.vdev, 0, value, 0x40 - 23), -EINVAL);
	CHECK_EQ(virtio_config_read(driver.vdev, ~0u, value, 2), -EINVAL);
	CHECK_EQ(virtio_config_write(driver.vdev, 0x40 - 25, value, 2), -EINVAL);
}

/* 2.5.4: there is no generation, so it is read until it reads the same twice. */
TEST(legacy_C10_configuration_read_until_it_is_the_same_twice)
{
	u8 value[4];

	legacy_boot();
	legacy.unrest = 21;
	CHECK_EQ(virtio_config_read(driver.vdev, 0, value, 4), 0);
	CHECK_EQ(legacy.unrest, 0);
	CHECK(!memcmp(value, legacy.config, 4));
}

TEST(legacy_T23_configuration_never_settles)
{
	u8 value[4];

	legacy_boot();
	legacy.unrest = ~0u;
	CHECK_EQ(virtio_config_read(driver.vdev, 0, value, 4), -EAGAIN);
	CHECK_LOG("E13");
}

/* ---- what is wrong with it (T26) ------------------------------------------------------------- */

TEST(legacy_T26_queue_is_missing)
{
	legacy.queues[1].size = 0;
	check_refused("E08");
	CHECK_EQ(legacy.status, 0x80);
}

TEST(legacy_T10_size_is_no_power_of_two)
{
	legacy.queues[1].size = 24;
	check_refused("E08");
	CHECK_EQ(legacy.status, 0x80);
}

TEST(legacy_T12_queue_has_a_page_after_a_reset)
{
	legacy.page_at_reset = true;
	check_refused("E10");
}

TEST(legacy_T13_page_number_does_not_read_back)
{
	legacy.page_ignored = true;
	check_refused("E09");
	CHECK_EQ(legacy.status, 0x80);
}

TEST(legacy_T26_ports_too_few)
{
	legacy.ports = 16;
	check_refused("E14");
	CHECK_EQ(legacy.history_length, 0);
}

TEST(legacy_T18_vector_refused)
{
	legacy.vectors_refused = 2;
	legacy_boot();
	CHECK_LOG("E11");
	CHECK(driver.live);
	CHECK(!virtqueue_can_interrupt(driver.vqs[1]));
	round_trip(0);
	round_trip(1);
}

/* One vector for everything cannot say whether the configuration changed. */
TEST(legacy_single_vector_is_not_used)
{
	legacy.vectors = 1;
	legacy_boot();
	CHECK(driver.live);
	CHECK(!virtqueue_can_interrupt(driver.vqs[0]));
	round_trip(0);
	round_trip(1);
}
