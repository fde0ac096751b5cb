// SPDX-License-Identifier: MIT
/* The life cycle (virtio 1.2, 3.1.1) that the bus owns, over a transport that only takes notes. */
#include "test.h"

#include <linux/errno.h>
#include <linux/virtio_config.h>

#include "drivers/virtio/virtio.h"
#include "kernel/step.h"
#include "kernel/init.h"
#include "world.h"

/* What was called, a letter each: s status write, r reset, p probe, f finalize, c scan, x remove,
 * d del_vqs, y synchronize, w configuration write. */
static char calls[200];
static u8 status, refuse_bits, also_set;
static u8 written[50];
static unsigned int written_count, resets;
static u64 offered, finalized;
static int reset_result, finalize_result, probe_result, scan_result, validate_result;
static u64 validate_clears, validate_sets;
static bool fail_reset_later;

static void called(char what)
{
	size_t length = strlen(calls);

	CHECK(length < sizeof(calls) - 1);
	calls[length] = what;
}

static int get(struct virtio_device *vdev, u32 offset, void *buffer, u32 length)
{
	(void)vdev;
	memset(buffer, (int)offset, length);
	return 0;
}

static int set(struct virtio_device *vdev, u32 offset, const void *buffer, u32 length)
{
	(void)vdev;
	(void)offset;
	(void)buffer;
	(void)length;
	called('w');
	CHECK(status & VIRTIO_CONFIG_S_FEATURES_OK); /* C43 */
	return 0;
}

static u32 generation(struct virtio_device *vdev)
{
	(void)vdev;
	return 0;
}

static u8 get_status(struct virtio_device *vdev)
{
	(void)vdev;
	return status;
}

static void set_status(struct virtio_device *vdev, u8 value)
{
	(void)vdev;
	CHECK_EQ(status & ~value, 0); /* C2 */
	CHECK(written_count < sizeof(written));
	written[written_count++] = value;
	called('s');
	status |= (u8)((value & ~refuse_bits) | (value & 4 ? also_set : 0));
}

static int reset(struct virtio_device *vdev)
{
	(void)vdev;
	called('r');
	resets++;
	if (reset_result)
		return reset_result;
	status = 0;
	return 0;
}

static void del_vqs(struct virtio_device *vdev)
{
	(void)vdev;
	called('d');
}

static void synchronize(struct virtio_device *vdev)
{
	(void)vdev;
}

static u64 get_features(struct virtio_device *vdev)
{
	(void)vdev;
	return offered;
}

static int finalize(struct virtio_device *vdev)
{
	called('f');
	CHECK_EQ(status, 3);
	finalized = vdev->features;
	return finalize_result;
}

static const char *bus_name(struct virtio_device *vdev)
{
	(void)vdev;
	return "nowhere";
}

static const struct virtio_config_ops ops = {
	.get = get,
	.set = set,
	.generation = generation,
	.get_status = get_status,
	.set_status = set_status,
	.reset = reset,
	.del_vqs = del_vqs,
	.synchronize_cbs = synchronize,
	.get_features = get_features,
	.finalize_features = finalize,
	.bus_name = bus_name,
};

static int validate(struct virtio_device *vdev)
{
	vdev->features = (vdev->features & ~validate_clears) | validate_sets;
	return validate_result;
}

static int probe(struct virtio_device *vdev)
{
	called('p');
	CHECK_EQ(status, 11); /* after FEATURES_OK, before DRIVER_OK */
	CHECK(!strcmp(step_current()->detail, "FEATURES_OK"));
	CHECK(!vdev->driver_ok);
	if (fail_reset_later)
		reset_result = -ETIMEDOUT;
	return probe_result;
}

static int scan(struct virtio_device *vdev)
{
	called('c');
	CHECK_EQ(status, 15);
	CHECK(vdev->driver_ok);
	return scan_result;
}

static void remove_device(struct virtio_device *vdev)
{
	called('x');
	CHECK(!vdev->driver_ok);
	CHECK_EQ(resets > 0 && (status == 0 || vdev->failed), 1); /* 3.3.1 */
}

static const struct virtio_device_id ids[] = { { 150 }, { 151 }, {} };
static const unsigned int features[] = { 0, 5 };
static struct virtio_driver driver = {
	.driver = { .name = "noting" },
	.id_table = ids,
	.feature_table = features,
	.feature_table_size = 2,
	.validate = validate,
	.probe = probe,
	.scan = scan,
	.remove = remove_device,
};
static struct virtio_device vdev = { .config = &ops, .id = { 151 } };

static int start(void)
{
	int error;

	do_initcalls();
	if (!offered)
		offered = BIT_ULL(VIRTIO_F_VERSION_1);
	CHECK_EQ(register_virtio_driver(&driver), 0);
	world_log_clear();
	error = register_virtio_device(&vdev);
	return error;
}

static void check_written(const char *values)
{
	CHECK_EQ(written_count, strlen(values));
	CHECK(!memcmp(written, values, written_count));
}

TEST(virtio_bus_C42_steps_in_their_order)
{
	CHECK_EQ(start(), 0);
	CHECK_STR(calls, "rssfspsc");
	check_written("\x01\x03\x0b\x0f");
	CHECK_EQ(status, 15);
	CHECK(vdev.dev.driver == &driver.driver);
	CHECK_LOG("DRIVER_OK");
	CHECK_STR(vdev.dev.name, "virtio0");
}

/* A device nobody drives is reset and acknowledged, and said to have no driver. */
TEST(virtio_bus_device_without_a_driver)
{
	vdev.id.device = 152;
	CHECK_EQ(start(), 0);
	CHECK_STR(calls, "rs");
	CHECK_LOG("no driver for virtio id 152");
}

TEST(virtio_bus_driver_must_be_whole)
{
	struct virtio_driver bad = driver;

	do_initcalls();
	bad.id_table = NULL;
	CHECK_EQ(register_virtio_driver(&bad), -EINVAL);
	bad = driver;
	bad.probe = NULL;
	CHECK_EQ(register_virtio_driver(&bad), -EINVAL);
	bad = driver;
	bad.remove = NULL;
	CHECK_EQ(register_virtio_driver(&bad), -EINVAL);
}

/* C5, C7: offered and understood, nothing else; bits nobody knows are no reason to fail. */
TEST(virtio_bus_C5_C7_features)
{
	offered = ~0ULL & ~BIT_ULL(5);
	CHECK_EQ(start(), 0);
	CHECK_EQ(finalized & ~virtio_transport_features(), 1);
	CHECK_EQ(vdev.features, finalized);
	CHECK(virtio_has_feature(&vdev, 0) && !virtio_has_feature(&vdev, 5));
	CHECK(!virtio_has_feature(&vdev, 64) && !virtio_has_feature(&vdev, 96));
}

TEST(virtio_bus_C5_driver_cannot_add_what_is_not_offered)
{
	offered = BIT_ULL(32) | 1;
	validate_sets = BIT_ULL(5) | BIT_ULL(40);
	validate_clears = 1;
	CHECK_EQ(start(), 0);
	CHECK_EQ(finalized, BIT_ULL(32));
}

/* C8: the driver says what is left is not enough. */
TEST(virtio_bus_C8_validate_refuses)
{
	validate_result = -EINVAL;
	start();
	CHECK_STR(calls, "rsss");
	check_written("\x01\x03\x83");
	CHECK_EQ(vdev.dev.probe_error, -EINVAL);
}

TEST(virtio_bus_transport_refuses_features)
{
	finalize_result = -EINVAL;
	start();
	CHECK_STR(calls, "rssfs");
	check_written("\x01\x03\x83");
}

/* T14: written is not agreed. */
TEST(virtio_bus_T14_features_ok_does_not_read_back)
{
	refuse_bits = VIRTIO_CONFIG_S_FEATURES_OK;
	start();
	CHECK_STR(calls, "rssfss");
	check_written("\x01\x03\x0b\x83");
	CHECK_LOG("E05");
}

/* C45, 3.3.1: reset before the queues go, then FAILED. */
TEST(virtio_bus_C45_probe_fails)
{
	probe_result = -ENOMEM;
	start();
	CHECK_STR(calls, "rssfsprds");
	check_written("\x01\x03\x0b\x80");
	CHECK(!vdev.dev.driver);
	CHECK_EQ(vdev.dev.probe_error, -ENOMEM);
}

TEST(virtio_bus_scan_fails)
{
	scan_result = -EIO;
	start();
	CHECK_STR(calls, "rssfspscrxds");
	check_written("\x01\x03\x0b\x0f\x80");
}

TEST(virtio_bus_T22_driver_ok_does_not_stick)
{
	refuse_bits = VIRTIO_CONFIG_S_DRIVER_OK;
	start();
	CHECK_STR(calls, "rssfspsrxds");
	CHECK_LOG("E05");
}

TEST(virtio_bus_T21_needs_reset_with_driver_ok)
{
	also_set = VIRTIO_CONFIG_S_NEEDS_RESET;
	start();
	CHECK_STR(calls, "rssfspsrxds");
}

/* C3: after FAILED comes a reset before anything else. */
TEST(virtio_bus_C3_next_try_resets_first)
{
	probe_result = -EIO;
	start();
	CHECK_EQ(status, 0x80);
	probe_result = 0;
	calls[0] = '\0';
	memset(calls, 0, sizeof(calls));
	CHECK_EQ(device_attach(&vdev.dev), 0);
	CHECK_STR(calls, "rssfspsc");
	CHECK_EQ(status, 15);
}

TEST(virtio_bus_T19_reset_fails_at_registration)
{
	reset_result = -ETIMEDOUT;
	CHECK_EQ(start(), -ETIMEDOUT);
	CHECK_STR(calls, "r");
	CHECK_LOG("E04");
	CHECK(list_empty(&virtio_bus_type.devices));
}

/* A device that would not reset is not written to any more: no FAILED, and no second try. */
TEST(virtio_bus_T19_reset_fails_after_probe)
{
	probe_result = -EIO;
	fail_reset_later = true;
	start();
	CHECK(vdev.failed);
	CHECK_STR(calls, "rssfsprd");
	CHECK_EQ(device_attach(&vdev.dev), -EIO);
	CHECK_STR(calls, "rssfsprd");
	CHECK_EQ(world_log_count("E04"), 1);
}

TEST(virtio_bus_remove_path)
{
	start();
	memset(calls, 0, sizeof(calls));
	unregister_virtio_driver(&driver);
	CHECK_STR(calls, "rxds");
	CHECK_EQ(status, 1);
	memset(calls, 0, sizeof(calls));
	unregister_virtio_device(&vdev);
	CHECK_STR(calls, "r");
	CHECK_EQ(status, 0);
	CHECK(list_empty(&virtio_bus_type.devices));
}

TEST(virtio_bus_unregister_device_removes_its_driver)
{
	start();
	memset(calls, 0, sizeof(calls));
	unregister_virtio_device(&vdev);
	CHECK_STR(calls, "rxdsr");
}

/* A change interrupt for a device that is not live, or has nobody, is no one's business. */
TEST(virtio_bus_R23_config_change_at_any_time)
{
	do_initcalls();
	INIT_LIST_HEAD(&vdev.vqs);
	virtio_config_changed(&vdev);
	start();
	virtio_config_changed(&vdev); /* the driver has no config_changed */
	unregister_virtio_driver(&driver);
	virtio_config_changed(&vdev);
	status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_config_changed(&vdev);
}
