/* SPDX-License-Identifier: MIT */
/*
 * The virtio bus and the life cycle of its devices. start_device is section 3.1.1, its steps
 * numbered as there: reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK, re-read, the driver's
 * set-up, DRIVER_OK; and FAILED when one of them does not work out.
 */
#include "drivers/virtio/virtio.h"

#include <linux/errno.h>

#include "drivers/virtio/virtio_admin.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/printk.h"
#include "kernel/step.h"

static unsigned int next_index;

/* Status bits in the order in which they are set, which is how people read them. */
static void print_status(struct virtio_device *vdev, const char *step)
{
	step_detail(step);
	dev_printk(&vdev->dev, "status 0x%02x %s\n", vdev->config->get_status(vdev), step);
}

/* 2.1.1: bits are only ever added; clearing them is what a reset is for. */
static void add_status(struct virtio_device *vdev, u8 bit)
{
	vdev->config->set_status(vdev, vdev->config->get_status(vdev) | bit);
}

int virtio_reset_device(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	bool reachable = !vdev->failed;
	int error;

	vdev->driver_ok = false;
	error = reachable ? vdev->config->reset(vdev) : -EIO;
	if (error && reachable) {
		vdev->failed = true;
		dev_printk(&vdev->dev,
			   "E04 the reset was not confirmed (status 0x%02x); device disabled\n",
			   vdev->config->get_status(vdev));
	}
	if (reachable)
		vdev->config->synchronize_cbs(vdev);
	list_for_each_entry(vq, &vdev->vqs, struct virtqueue, vdev_node)
		vq->broken = true;
	return error;
}

/* ---- negotiation ---------------------------------------------------------------------------- */

/* 2.2: bits 0 to 23 and from 50 on are the device type's; the others are not a driver's to take. */
#define DEVICE_TYPE_FEATURES ((BIT_ULL(24) - 1) | ~(BIT_ULL(50) - 1))

static u64 driver_features(const struct virtio_driver *driver)
{
	u64 features = 0;

	for (unsigned int i = 0; i < driver->feature_table_size; i++)
		features |= driver->feature_table[i] < 64 ? BIT_ULL(driver->feature_table[i]) : 0;
	return (features & DEVICE_TYPE_FEATURES) | virtio_transport_features();
}

static void print_features(struct virtio_device *vdev, const char *what, u64 features)
{
	char names[256];

	virtio_format_features(vdev, features, names, sizeof(names));
	dev_printk(&vdev->dev, "features %s 0x%llx: %s\n", what, features, names);
}

/* Step 4, with the driver's own word on what is left. */
static int virtio_negotiate(struct virtio_device *vdev)
{
	const struct virtio_driver *driver = to_virtio_driver(vdev->dev.driver);
	int error;

	vdev->device_features = vdev->config->get_features(vdev);
	print_features(vdev, "offered ", vdev->device_features);
	vdev->features = vdev->device_features & driver_features(driver);
	if (driver->validate) {
		error = driver->validate(vdev);
		if (error)
			return error;
	}
	/* 2.2.1: nothing that was not offered, whatever the driver did. */
	vdev->features &= vdev->device_features;
	print_features(vdev, "accepted", vdev->features);
	return vdev->config->finalize_features(vdev);
}

/* Steps 5 and 6: only a bit that reads back says that the device agrees. */
static int confirm_features(struct virtio_device *vdev)
{
	u8 status;

	/* 3.1.2: the legacy interface has no such step. */
	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
		return 0;
	add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	status = vdev->config->get_status(vdev);
	if (status & VIRTIO_CONFIG_S_FEATURES_OK) {
		print_status(vdev, "FEATURES_OK");
		return 0;
	}
	dev_printk(
		&vdev->dev,
		"E05 status 0x%02x after writing FEATURES_OK: the device refuses 0x%llx of the 0x%llx it offered\n",
		status, vdev->features, vdev->device_features);
	return -EIO;
}

/* ---- the life cycle ------------------------------------------------------------------------- */

/* Step 8: from here on the device uses its queues, and may be notified. */
static int virtio_device_ready(struct virtio_device *vdev)
{
	u8 status;

	add_status(vdev, VIRTIO_CONFIG_S_DRIVER_OK);
	status = vdev->config->get_status(vdev);
	if (!(status & VIRTIO_CONFIG_S_DRIVER_OK) || status & VIRTIO_CONFIG_S_NEEDS_RESET) {
		dev_printk(
			&vdev->dev,
			"E05 status 0x%02x after writing DRIVER_OK: the device does not go live\n",
			status);
		return -EIO;
	}
	vdev->driver_ok = true;
	print_status(vdev, "DRIVER_OK");
	return 0;
}

static void virtio_del_vqs(struct virtio_device *vdev)
{
	vdev->config->del_vqs(vdev);
	if (vdev->config->destroy_avq)
		vdev->config->destroy_avq(vdev);
}

/* 3.1.1: a step that cannot be completed ends in FAILED, and the device is left alone. */
static int give_up_on_device(struct virtio_device *vdev, int error)
{
	if (!vdev->failed) {
		add_status(vdev, VIRTIO_CONFIG_S_FAILED);
		print_status(vdev, "FAILED");
	}
	return error;
}

/*
 * 3.1.1, all of it. `set_up` is the driver's probe, or its restore, which keeps what probe made;
 * `undo` takes back what it did, or is NULL. 3.3.1: what the device was given is taken back only
 * after a reset.
 */
static int start_device(struct virtio_device *vdev, int (*set_up)(struct virtio_device *vdev),
			void (*undo)(struct virtio_device *vdev))
{
	const struct virtio_driver *driver = to_virtio_driver(vdev->dev.driver);
	bool is_set_up = false;
	int error = virtio_reset_device(vdev); /* 1 */

	if (error)
		return error;
	print_status(vdev, "reset");
	add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE); /* 2 */
	print_status(vdev, "ACKNOWLEDGE");
	add_status(vdev, VIRTIO_CONFIG_S_DRIVER); /* 3 */
	print_status(vdev, "DRIVER");
	error = virtio_negotiate(vdev); /* 4 */
	if (!error)
		error = confirm_features(vdev); /* 5 and 6 */
	if (error)
		return give_up_on_device(vdev, error);
	if (vdev->config->create_avq)
		error = vdev->config->create_avq(vdev);
	if (!error) {
		error = set_up(vdev); /* 7 */
		is_set_up = !error;
	}
	if (!error)
		error = virtio_device_ready(vdev); /* 8 */
	if (!error)
		error = virtio_admin_start(vdev);
	if (!error && driver->scan)
		error = driver->scan(vdev);
	if (!error)
		return 0;
	virtio_reset_device(vdev);
	if (is_set_up && undo)
		undo(vdev);
	virtio_del_vqs(vdev);
	return give_up_on_device(vdev, error);
}

int virtio_device_restart(struct virtio_device *vdev)
{
	const struct virtio_driver *driver = to_virtio_driver(vdev->dev.driver);
	struct step step;
	int error;

	if (!driver->restore)
		return -EOPNOTSUPP;
	if (vdev->failed || vdev->restarts >= VIRTIO_RESTARTS_MAX)
		return -EIO;
	step_begin(&step, "restart", dev_name(&vdev->dev), driver->driver.name);
	vdev->restarts++;
	dev_printk(&vdev->dev, "restart %u of at most %u\n", vdev->restarts, VIRTIO_RESTARTS_MAX);
	virtio_del_vqs(vdev);
	error = start_device(vdev, driver->restore, NULL);
	step_end(&step);
	return error;
}

static int virtio_dev_probe(struct device *device)
{
	const struct virtio_driver *driver = to_virtio_driver(device->driver);
	struct virtio_device *vdev = to_virtio_device(device);

	vdev->restarts = 0;
	return start_device(vdev, driver->probe, driver->remove);
}

static void virtio_dev_remove(struct device *device)
{
	struct virtio_device *vdev = to_virtio_device(device);

	virtio_reset_device(vdev);
	to_virtio_driver(device->driver)->remove(vdev);
	virtio_del_vqs(vdev);
	if (!vdev->failed)
		add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
}

static bool virtio_dev_match(struct device *device, const struct device_driver *driver)
{
	const struct virtio_device_id *id = to_virtio_driver(driver)->id_table;

	for (; id->device; id++)
		if (id->device == to_virtio_device(device)->id.device)
			return true;
	return false;
}

static void virtio_describe(const struct device *device, char *buffer, size_t size)
{
	u32 id = to_virtio_device(device)->id.device;

	snprintf(buffer, size, "[%s, virtio id %u]", virtio_id_name(id), id);
}

struct bus_type virtio_bus_type = {
	.name = "virtio",
	.match = virtio_dev_match,
	.probe = virtio_dev_probe,
	.remove = virtio_dev_remove,
	.describe = virtio_describe,
};

int register_virtio_driver(struct virtio_driver *driver)
{
	if (!driver->id_table || !driver->probe || !driver->remove)
		return -EINVAL;
	driver->driver.bus = &virtio_bus_type;
	return driver_register(&driver->driver);
}

void unregister_virtio_driver(struct virtio_driver *driver)
{
	driver_unregister(&driver->driver);
}

/* The firmware may have used the device before us, so it is reset even if nobody drives it. */
static int virtio_leave_undriven(struct virtio_device *vdev)
{
	int error = virtio_reset_device(vdev);

	if (error)
		return error;
	add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	dev_printk(&vdev->dev, "no driver for virtio id %u (%s)\n", vdev->id.device,
		   virtio_id_name(vdev->id.device));
	return 0;
}

int register_virtio_device(struct virtio_device *vdev)
{
	int error;

	vdev->dev.bus = &virtio_bus_type;
	snprintf(vdev->dev.name, sizeof(vdev->dev.name), "virtio%u", next_index++);
	INIT_LIST_HEAD(&vdev->vqs);
	error = device_add(&vdev->dev);
	if (!error && !vdev->dev.driver && !vdev->dev.probe_error)
		error = virtio_leave_undriven(vdev);
	if (!error && !vdev->failed)
		return 0;
	device_del(&vdev->dev);
	return error ? error : -ETIMEDOUT;
}

void unregister_virtio_device(struct virtio_device *vdev)
{
	device_del(&vdev->dev);
	virtio_reset_device(vdev);
}

/* 2.6.1: the buffers are given back before the queue takes new ones. */
int virtqueue_reset(struct virtqueue *vq, void (*recycle)(struct virtqueue *vq, void *token))
{
	const struct virtio_config_ops *config = vq->vdev->config;
	void *token;
	int error;

	if (!config->disable_vq_and_reset || !config->enable_vq_after_reset)
		return -EOPNOTSUPP;
	error = config->disable_vq_and_reset(vq);
	if (error)
		return error;
	config->synchronize_cbs(vq->vdev);
	while ((token = virtqueue_detach_unused_buf(vq)))
		recycle(vq, token);
	return config->enable_vq_after_reset(vq);
}

/* ---- what the device announces --------------------------------------------------------------- */

/* 2.1.2: the device is in an error state; what is outstanding will not come back. One line says so,
 * however many queues there are. */
static void break_queues(struct virtio_device *vdev, const char *why)
{
	struct virtqueue *vq;
	bool known = true;

	list_for_each_entry(vq, &vdev->vqs, struct virtqueue, vdev_node)
		known = known && virtqueue_is_broken(vq);
	list_for_each_entry(vq, &vdev->vqs, struct virtqueue, vdev_node)
		__virtqueue_break(vq);
	if (!known)
		dev_printk(&vdev->dev,
			   "E12 all queues are broken: %s; they take no more requests\n", why);
}

void virtio_config_changed(struct virtio_device *vdev)
{
	u8 status = vdev->config->get_status(vdev);
	const struct virtio_driver *driver;

	/* All ones is no status: nobody answers there. */
	if (status == 0xff) {
		break_queues(vdev, "the device is gone: its status reads 0xff");
		return;
	}
	if (status & VIRTIO_CONFIG_S_NEEDS_RESET) {
		break_queues(vdev, "the device says NEEDS_RESET; QEMU's own log tells why");
		return;
	}
	if (!vdev->driver_ok || !vdev->dev.driver)
		return;
	driver = to_virtio_driver(vdev->dev.driver);
	if (driver->config_changed)
		driver->config_changed(vdev);
}

static int virtio_init(void)
{
	return bus_register(&virtio_bus_type);
}
core_initcall(virtio_init);
