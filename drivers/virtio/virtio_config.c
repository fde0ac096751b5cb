/* SPDX-License-Identifier: MIT */
/* Reading device configuration so that what belongs together comes together (virtio 1.2, 2.5). */
#include <linux/errno.h>

#include "drivers/virtio/virtio.h"
#include "kernel/string.h"

#define GENERATION_TRIES 100
#define CONFIG_FIELD_MAX 64 /* bytes that a legacy device can be asked for at once */

/* 2.5.4: without a generation, a value that reads the same twice holds together. */
static int virtio_read_twice(struct virtio_device *vdev, u32 offset, void *buffer, u32 length,
			     bool *same)
{
	u8 again[CONFIG_FIELD_MAX];
	int error;

	if (length > sizeof(again))
		return -EINVAL;
	error = vdev->config->get(vdev, offset, buffer, length);
	if (!error)
		error = vdev->config->get(vdev, offset, again, length);
	*same = !error && !memcmp(buffer, again, length);
	return error;
}

static int read_by_generation(struct virtio_device *vdev, u32 offset, void *buffer, u32 length,
			      bool *same)
{
	u32 before = vdev->config->generation(vdev);
	int error = vdev->config->get(vdev, offset, buffer, length);

	*same = vdev->config->generation(vdev) == before;
	return error;
}

int virtio_config_read(struct virtio_device *vdev, u32 offset, void *buffer, u32 length)
{
	for (unsigned int i = 0; i < GENERATION_TRIES; i++) {
		bool same = false;
		int error = vdev->config->generation
				    ? read_by_generation(vdev, offset, buffer, length, &same)
				    : virtio_read_twice(vdev, offset, buffer, length, &same);

		if (error)
			return error;
		if (same)
			return 0;
	}
	dev_printk(&vdev->dev, "E13 the configuration changed during each of %d reads\n",
		   GENERATION_TRIES);
	return -EAGAIN;
}

int virtio_config_write(struct virtio_device *vdev, u32 offset, const void *buffer, u32 length)
{
	/* 3.1.1: no write before FEATURES_OK; drivers are probed after it. */
	return vdev->config->set(vdev, offset, buffer, length);
}
