// SPDX-License-Identifier: MIT
/*
 * Reset, configuration and surprise removal through the real transport (virtio 1.2, 2.4, 2.5.1,
 * 4.1.4.3.2; faults P24, T19 to T25).
 */
#include "test.h"

#include <linux/errno.h>
#include <linux/virtio_config.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/memory.h"
#include "kernel/time.h"
#include "transport_fixture.h"
#include "world.h"

/* ---- reset ---------------------------------------------------------------------------------- */

/* T19: a device that never says it is reset is cut off from memory, and nobody is given it. */
TEST(virtio_pci_T19_reset_never_completes)
{
	modern.resets_pending = ~0u;
	transport_boot();
	CHECK_LOG("E04");
	CHECK(!driver.vdev);
	CHECK_EQ(modern.function->config[PCI_COMMAND] & PCI_COMMAND_MASTER, 0);
	CHECK(world_now < 3 * NSEC_PER_SEC);
	CHECK_EQ(modern.history_length, 1);
}

/* T20: half a second of junk, then 0. */
TEST(virtio_pci_T20_reset_takes_its_time)
{
	modern.resets_pending = 10000;
	transport_boot();
	CHECK(driver.live);
	CHECK(world_now > 400 * NSEC_PER_MSEC);
}

/* The device that is in use when it stops obeying: its rings stay where they are for ever (G6). */
TEST(virtio_pci_T19_rings_of_a_device_that_does_not_reset_are_kept)
{
	void *rings[2];

	transport_boot();
	for (unsigned int i = 0; i < 2; i++)
		rings[i] = (void *)(uintptr_t)virtqueue_get_desc_addr(driver.vqs[i]);
	modern.resets_pending = ~0u;
	transport_unregister();
	CHECK_EQ(world_log_count("E04"), 1);
	CHECK_EQ(driver.removed, 1);
	CHECK(world_is_allocated(rings[0]) && world_is_allocated(rings[1]));
	CHECK_EQ(modern.function->config[PCI_COMMAND] & PCI_COMMAND_MASTER, 0);
	for (int vector = 0; vector < 256; vector++)
		CHECK(!irq_name(vector));
}

/* struct virtio_device, failed: "it is not touched again". */
TEST(virtio_pci_T19_device_that_does_not_reset_is_left_alone)
{
	u64 accesses;

	transport_boot();
	modern.resets_pending = ~0u;
	CHECK_EQ(virtio_reset_device(driver.vdev), -ETIMEDOUT);
	accesses = modern.accesses;
	CHECK(virtio_reset_device(driver.vdev) < 0);
	CHECK_EQ(modern.accesses, accesses);
	CHECK(device_attach(&driver.vdev->dev) == 0); /* bound still */
	CHECK_EQ(modern.accesses, accesses);
}

/* "Gone" has two faces: registers that nobody decodes read 0, which is no confirmed reset. */
TEST(virtio_pci_P25_zero_from_nobody_is_no_reset)
{
	transport_boot();
	modern.function->config[PCI_COMMAND] &= (u8)~PCI_COMMAND_MEMORY;
	CHECK_EQ(virtio_reset_device(driver.vdev), -EIO);
	CHECK_LOG("E04");
	CHECK(driver.vdev->failed);
	CHECK_EQ(modern.function->config[PCI_COMMAND] & PCI_COMMAND_MASTER, 0);
}

TEST(virtio_pci_reset_device_gives_tokens_back)
{
	struct virtqueue_buffer buffer = { &driver, 8 };

	transport_boot();
	CHECK_EQ(virtqueue_add(driver.vqs[0], &buffer, 1, 0, &buffer), 0);
	CHECK_EQ(virtio_reset_device(driver.vdev), 0);
	CHECK_EQ(modern.status, 0);
	CHECK(virtqueue_is_broken(driver.vqs[0]) && virtqueue_is_broken(driver.vqs[1]));
	CHECK(virtqueue_detach_unused_buf(driver.vqs[0]) == &buffer);
	CHECK(!virtqueue_detach_unused_buf(driver.vqs[0]));
	CHECK(!virtqueue_kick(driver.vqs[0]));
}

/* ---- DRIVER_OK ------------------------------------------------------------------------------ */

TEST(virtio_pci_T22_driver_ok_dropped)
{
	modern.driver_ok_refused = true;
	transport_boot();
	CHECK_LOG("E05");
	CHECK(!driver.live);
	CHECK_EQ(driver.removed, 1);
	CHECK_EQ(modern.status, 0x80);
}

TEST(virtio_pci_T21_needs_reset_at_driver_ok)
{
	modern.needs_reset_at_driver_ok = true;
	transport_boot();
	CHECK_LOG("E05");
	CHECK(!driver.live);
	CHECK_EQ(modern.status, 0x80);
}

/* ---- configuration (2.5.1) ------------------------------------------------------------------ */

TEST(virtio_pci_config_reads_at_every_offset_and_length)
{
	u8 bytes[64];

	for (unsigned int i = 0; i < 64; i++)
		modern.config[i] = (u8)(i * 3 + 1);
	transport_boot();
	for (u32 offset = 0; offset < 60; offset++) {
		for (u32 length = 1; length < 60; length++) {
			int error = virtio_config_read(driver.vdev, offset, bytes, length);

			CHECK_EQ(error, offset + length <= 56 ? 0 : -EINVAL);
			if (!error)
				CHECK(!memcmp(bytes, modern.config + offset, length));
		}
	}
	CHECK_EQ(virtio_config_read(driver.vdev, 0, bytes, 0), -EINVAL);
	CHECK_EQ(virtio_config_read(driver.vdev, ~0u, bytes, 2), -EINVAL);
	CHECK_EQ(virtio_config_read(driver.vdev, 4, bytes, ~0u), -EINVAL);
}

/* C50: a field is one access of its own width, one of 64 bits is two. */
TEST(virtio_pci_C50_config_fields_at_their_width)
{
	static const struct {
		u32 offset, length, accesses;
	} fields[] = { { 5, 1, 1 }, { 4, 2, 1 }, { 6, 2, 1 }, { 12, 4, 1 }, { 16, 8, 2 } };
	u8 bytes[8] = {};

	transport_boot();
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		modern.config_reads = modern.config_writes = 0;
		CHECK_EQ(virtio_config_read(driver.vdev, fields[i].offset, bytes, fields[i].length),
			 0);
		CHECK_EQ(modern.config_reads, fields[i].accesses);
		CHECK_EQ(virtio_config_write(driver.vdev, fields[i].offset, bytes,
					     fields[i].length),
			 0);
		CHECK_EQ(modern.config_writes, fields[i].accesses);
	}
}

TEST(virtio_pci_config_writes_stay_inside)
{
	u32 value = 0x12345678;
	u64 wide = 0x1122334455667788;

	transport_boot();
	CHECK_EQ(virtio_config_write(driver.vdev, 12, &value, 4), 0);
	CHECK_EQ(*(u32 *)&modern.config[12], 0x12345678);
	CHECK_EQ(virtio_config_write(driver.vdev, 16, &wide, 8), 0);
	CHECK_EQ(*(u64 *)&modern.config[16], 0x1122334455667788);
	CHECK_EQ(modern.config_writes, 3);
	CHECK_EQ(virtio_config_write(driver.vdev, 53, &value, 4), -EINVAL);
	CHECK_EQ(virtio_config_write(driver.vdev, 56, &value, 1), -EINVAL);
	CHECK_EQ(modern.config_writes, 3);
}

/* C10: the two halves belong together, however often it changes in between. */
TEST(virtio_pci_C10_read_again_while_the_generation_changes)
{
	u64 value;

	transport_boot();
	modern.generation_unrest = 7;
	CHECK_EQ(virtio_config_read(driver.vdev, 16, &value, 8), 0);
	CHECK_EQ(modern.generation_unrest, 0);
	CHECK_EQ(value, *(u64 *)&modern.config[16]);
}

TEST(virtio_pci_T23_generation_never_settles)
{
	u64 value;

	transport_boot();
	modern.generation_unrest = ~0u;
	CHECK_EQ(virtio_config_read(driver.vdev, 16, &value, 8), -EAGAIN);
	CHECK_LOG("E13");
}

/* T25: a device without a configuration structure has none of the fields. */
TEST(virtio_pci_T25_no_device_configuration)
{
	u8 byte;

	modern_make(FIXTURE_DEVICE, 1, 0);
	set8(modern.function, MODERN_CAP_DEVICE + 3, 9);
	modern_boot();
	CHECK(driver.live);
	CHECK_EQ(virtio_config_read(driver.vdev, 0, &byte, 1), -EINVAL);
	CHECK_EQ(virtio_config_write(driver.vdev, 0, &byte, 1), -EINVAL);
}

TEST(virtio_pci_P22_bus_master_does_not_stick)
{
	modern_make(FIXTURE_DEVICE, 1, 0);
	modern.function->writable[PCI_COMMAND] = PCI_COMMAND_MEMORY;
	modern_boot();
	CHECK_LOG("E01");
	CHECK(!driver.live && driver.probe_error);
	CHECK_NO_LOG("E04");
	CHECK_EQ(modern.status, VIRTIO_CONFIG_S_FAILED);
	CHECK_EQ(modern.function->config[PCI_COMMAND] & PCI_COMMAND_MASTER, 0);
}

/* ---- sweeps: each in a process of its own --------------------------------------------------- */

enum { WENT_WELL = 0, CAME_UP = 3 };

/* Boots; what happened as the exit status, and as a failed CHECK if it came to that. */
static int boot_in_child(void)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		transport_boot();
		fflush(stdout);
		_exit(driver.live ? CAME_UP : WENT_WELL);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* P24: gone after n accesses, for every n, in both forms: no crash, no hang, no panic. */
static void gone_at_each_access(u32 value)
{
	unsigned int n = 0;
	int result = WENT_WELL;

	modern.gone_value = value;
	while (result != CAME_UP) {
		modern.gone_after = ++n;
		result = boot_in_child();
		if (result != WENT_WELL && result != CAME_UP)
			FAIL("gone after %u accesses: see above", n);
	}
	CHECK(n > 150);
}

TEST(virtio_pci_P24_gone_at_each_access_registers_read_ones)
{
	gone_at_each_access(~0u);
}

TEST(virtio_pci_P24_gone_at_each_access_registers_read_0)
{
	gone_at_each_access(0);
}

static u64 in_use_without;

static int attach_with_failure(u64 n)
{
	int error;

	memory_fail_nth(n);
	error = device_attach(&driver.vdev->dev);
	memory_fail_nth(0);
	return error;
}

/* X04: each allocation of a probe fails once; all is given back, and the next try works. */
TEST(virtio_pci_X04_each_allocation_fails_once)
{
	unsigned int failures = 0;

	driver.wanted = 0;
	transport_boot();
	in_use_without = world_in_use();
	driver.wanted = 2;
	for (u64 n = 1; n < 100; n++) {
		int error = attach_with_failure(n);

		if (!error && failures >= 10 && virtqueue_can_interrupt(driver.vqs[0]))
			break;
		failures++;
		if (!error) /* without memory for MSI-X it is polled */
			device_release_driver(&driver.vdev->dev);
		CHECK_EQ(world_in_use(), in_use_without);
	}
	CHECK(driver.vdev->dev.driver);
	CHECK(failures >= 10 && failures < 50);
	transport_round_trip(0);
}
