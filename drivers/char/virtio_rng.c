// SPDX-License-Identifier: MIT
/*
 * virtio-rng, the entropy device (virtio 1.2, 5.4): empty buffers come back filled with random
 * bytes. It knows virtio.h and the class of entropy sources.
 */
#include <linux/errno.h>

#include "drivers/char/entropy.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define HELLO_BYTES 8
/* For the message at bring-up only: a source may be slow for good reasons. */
#define HELLO_TIMEOUT_NS (500 * NSEC_PER_MSEC)

struct virtio_rng {
	struct virtio_device *vdev;
	struct virtqueue *vq; /* NULL if a restart failed */
	struct wait_queue waiters;
	bool failed, registered;
	struct entropy entropy;
};

/* ---- requests -------------------------------------------------------------------------------- */

/* Resets a device that failed; after that it cannot touch the callers' memory. */
static void virtio_rng_fail(struct virtio_rng *rng)
{
	if (rng->failed)
		return;
	rng->failed = true;
	if (!virtio_reset_device(rng->vdev))
		dev_printk(&rng->vdev->dev, "the device was reset; outstanding requests fail\n");
}

static int virtio_rng_recover(struct virtio_rng *rng)
{
	int error;

	if (!rng->failed)
		return 0;
	if (rng->vq && virtqueue_outstanding(rng->vq))
		return -EBUSY;
	error = virtio_device_restart(rng->vdev);
	if (error) {
		rng->failed = true;
		rng->vq = NULL;
	}
	return error;
}

static int rng_submit(struct entropy *entropy, struct entropy_request *request)
{
	struct virtio_rng *rng = container_of(entropy, struct virtio_rng, entropy);
	/* 5.4.6.1: the device only writes. */
	struct virtqueue_buffer buffer = { request->buffer, request->size };
	int error;

	if (!rng->failed && virtqueue_is_broken(rng->vq))
		virtio_rng_fail(rng);
	error = virtio_rng_recover(rng);
	if (error)
		return error == -EBUSY ? error : -EIO;
	/* 5.4.6.1: the length tells how much is random, and in a batch not every chain has one. */
	if (virtqueue_is_in_order(rng->vq) && virtqueue_outstanding(rng->vq))
		return -ENOSPC;
	return virtqueue_add(rng->vq, &buffer, 0, 1, request);
}

static void rng_kick(struct entropy *entropy)
{
	struct virtio_rng *rng = container_of(entropy, struct virtio_rng, entropy);

	if (!rng->failed)
		virtqueue_kick(rng->vq);
}

static struct entropy_request *virtio_rng_take_back(struct virtio_rng *rng)
{
	struct entropy_request *request = rng->vq ? virtqueue_detach_unused_buf(rng->vq) : NULL;

	if (request)
		request->error = -EIO;
	return request;
}

static struct entropy_request *rng_reap(struct entropy *entropy)
{
	struct virtio_rng *rng = container_of(entropy, struct virtio_rng, entropy);
	struct entropy_request *request;
	u32 length = 0;

	if (!rng->failed) {
		request = virtqueue_get_buf(rng->vq, &length);
		if (request) {
			/* Never more than requested: the queue has checked it */
			request->length = length;
			return request;
		}
		if (virtqueue_is_broken(rng->vq))
			virtio_rng_fail(rng);
	}
	return rng->failed ? virtio_rng_take_back(rng) : NULL;
}

static int rng_wait(struct entropy *entropy, u64 timeout_ns)
{
	struct virtio_rng *rng = container_of(entropy, struct virtio_rng, entropy);
	int error;

	if (rng->failed)
		return -EIO;
	error = virtqueue_wait_any(&rng->vq, 1, timeout_ns);
	if (!virtqueue_is_broken(rng->vq))
		return error;
	virtio_rng_fail(rng);
	return -EIO;
}

static const struct entropy_ops rng_ops = {
	.submit = rng_submit,
	.kick = rng_kick,
	.reap = rng_reap,
	.wait = rng_wait,
};

/* ---- life cycle ------------------------------------------------------------------------------ */

static int virtio_rng_find_vq(struct virtio_rng *rng)
{
	const struct virtqueue_info info = { .name = "requestq", .waiters = &rng->waiters };

	return virtio_find_vqs(rng->vdev, 1, &rng->vq, &info);
}

static void free_rng(struct virtio_rng *rng)
{
	/* If the reset was not confirmed, the device may still write there. */
	if (!rng->vdev->failed)
		free_pages_exact(rng->entropy.page, ENTROPY_PAGE_SIZE);
	kfree(rng);
}

static int virtio_rng_probe(struct virtio_device *vdev)
{
	struct virtio_rng *rng = kzalloc(sizeof(*rng));
	int error;

	if (!rng)
		return -ENOMEM;
	rng->vdev = vdev;
	rng->entropy.page = alloc_pages_exact(ENTROPY_PAGE_SIZE);
	error = rng->entropy.page ? virtio_rng_find_vq(rng) : -ENOMEM;
	if (error) {
		free_rng(rng);
		return error;
	}
	rng->entropy.name = dev_name(&vdev->dev);
	rng->entropy.bus_name = vdev->config->bus_name(vdev);
	rng->entropy.ops = &rng_ops;
	vdev->dev.driver_data = rng;
	return 0;
}

static int virtio_rng_restore(struct virtio_device *vdev)
{
	struct virtio_rng *rng = vdev->dev.driver_data;
	int error;

	rng->vq = NULL; /* the reset freed it */
	error = virtio_rng_find_vq(rng);
	rng->failed = error;
	return error;
}

static int virtio_rng_scan(struct virtio_device *vdev)
{
	struct virtio_rng *rng = vdev->dev.driver_data;
	u64 hello = 0;
	int error;

	if (rng->registered)
		return 0;
	entropy_register(&rng->entropy);
	rng->registered = true;
	error = entropy_read(&rng->entropy, &hello, HELLO_BYTES, HELLO_TIMEOUT_NS);
	if (!error)
		dev_printk(&vdev->dev, "ready: the first bytes are 0x%016llx\n", hello);
	else if (error == -ETIMEDOUT)
		dev_printk(&vdev->dev, "ready, but the host gave no entropy within %llu ms\n",
			   HELLO_TIMEOUT_NS / NSEC_PER_MSEC);
	else
		dev_printk(&vdev->dev, "E20 no entropy from this device: error %d\n", error);
	return error == -ETIMEDOUT ? 0 : error;
}

/* Frees everything. The bus has reset the device, so its buffers are ours again. */
static void virtio_rng_remove(struct virtio_device *vdev)
{
	struct virtio_rng *rng = vdev->dev.driver_data;

	if (rng->registered)
		entropy_unregister(&rng->entropy);
	virtqueue_forget(rng->vq);
	free_rng(rng);
}

static const struct virtio_device_id virtio_rng_ids[] = {
	{ VIRTIO_ID_RNG },
	{},
};
MODULE_DEVICE_TABLE(virtio, virtio_rng_ids);

static struct virtio_driver virtio_rng_driver = {
	.driver = { .name = "virtio_rng" },
	.id_table = virtio_rng_ids,
	.probe = virtio_rng_probe,
	.scan = virtio_rng_scan,
	.restore = virtio_rng_restore,
	.remove = virtio_rng_remove,
};
module_virtio_driver(virtio_rng_driver);
