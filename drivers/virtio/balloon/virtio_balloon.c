// SPDX-License-Identifier: MIT
/*
 * virtio-balloon (virtio 1.2, 5.5): lends free pages to the host, which writes into the
 * configuration how many it wants. Each interrupt, of the configuration or of a queue, takes the
 * next step (virtio_balloon_work.c), so no code has to wait. A lock protects each step.
 */
#include <linux/errno.h>

#include "drivers/virtio/balloon/virtio_balloon_priv.h"
#include "drivers/virtio/virtqueue.h"
#include "kernel/string.h"

static struct list_head devices = LIST_HEAD_INIT(devices);

static const struct virtio_device_id virtio_balloon_ids[] = {
	{ VIRTIO_ID_BALLOON },
	{},
};
MODULE_DEVICE_TABLE(virtio, virtio_balloon_ids);

/* Not DEFLATE_ON_OOM: a reserve is kept instead. Not PAGE_POISON: nothing is written to pages that
 * come back (5.5.3.1). */
static const unsigned int features[] = { VIRTIO_BALLOON_F_MUST_TELL_HOST,
					 VIRTIO_BALLOON_F_STATS_VQ };

/* ---- interrupts ------------------------------------------------------------------------------ */

static void virtio_balloon_act(struct virtio_balloon *balloon)
{
	u64 flags = spin_lock_irqsave(&balloon->lock);

	if (balloon->live) {
		vballoon_serve_statistics(balloon);
		vballoon_step(balloon);
	}
	spin_unlock_irqrestore(&balloon->lock, flags);
}

static void virtio_balloon_config_changed(struct virtio_device *vdev)
{
	struct virtio_balloon *balloon = vdev->dev.driver_data;

	if (balloon)
		virtio_balloon_act(balloon);
}

static void balloon_interrupt(struct virtqueue *vq)
{
	virtio_balloon_config_changed(virtqueue_device(vq));
}

/* ---- life cycle ------------------------------------------------------------------------------ */

static int virtio_balloon_find_vqs(struct virtio_balloon *balloon)
{
	const struct virtqueue_info infos[QUEUES] = {
		{ .name = "inflateq", .callback = balloon_interrupt },
		{ .name = "deflateq", .callback = balloon_interrupt },
		{ .name = "statsq", .callback = balloon_interrupt },
	};
	bool statistics = virtio_has_feature(balloon->vdev, VIRTIO_BALLOON_F_STATS_VQ);

	balloon->vqs[STATSQ] = NULL;
	return virtio_find_vqs(balloon->vdev, statistics ? QUEUES : STATSQ, balloon->vqs, infos);
}

static void free_balloon(struct virtio_balloon *balloon)
{
	/* If the reset was not confirmed, the device still owns its pages. */
	if (!balloon->vdev->failed) {
		vballoon_take_back(balloon);
		free_pages_exact(balloon->shared, sizeof(*balloon->shared));
	}
	kfree(balloon);
}

static int virtio_balloon_probe(struct virtio_device *vdev)
{
	struct virtio_balloon *balloon = kzalloc(sizeof(*balloon));
	int error;

	if (!balloon)
		return -ENOMEM;
	balloon->vdev = vdev;
	INIT_LIST_HEAD(&balloon->node);
	balloon->shared = alloc_pages_exact(sizeof(*balloon->shared));
	error = balloon->shared ? virtio_balloon_find_vqs(balloon) : -ENOMEM;
	if (error) {
		free_balloon(balloon);
		return error;
	}
	vdev->dev.driver_data = balloon;
	return 0;
}

static int virtio_balloon_restore(struct virtio_device *vdev)
{
	struct virtio_balloon *balloon = vdev->dev.driver_data;

	memset(balloon->vqs, 0, sizeof(balloon->vqs));
	return virtio_balloon_find_vqs(balloon);
}

static int virtio_balloon_scan(struct virtio_device *vdev)
{
	struct virtio_balloon *balloon = vdev->dev.driver_data;
	u64 flags;

	vballoon_read_wanted(balloon);
	dev_printk(&vdev->dev, "ready: the host wants %u pages of 4 KiB\n", balloon->wanted);
	flags = spin_lock_irqsave(&balloon->lock);
	balloon->failed = false;
	balloon->told = 0;
	if (balloon->vqs[STATSQ])
		vballoon_give_statistics(balloon);
	balloon->live = true;
	vballoon_step(balloon);
	spin_unlock_irqrestore(&balloon->lock, flags);
	if (list_empty(&balloon->node))
		list_add_tail(&balloon->node, &devices);
	return 0;
}

static void virtio_balloon_detach_all(struct virtio_balloon *balloon)
{
	for (unsigned int i = 0; i < QUEUES; i++)
		virtqueue_forget(balloon->vqs[i]);
}

/* Frees everything. The bus has reset the device, so its buffers are ours again. */
static void virtio_balloon_remove(struct virtio_device *vdev)
{
	struct virtio_balloon *balloon = vdev->dev.driver_data;

	balloon->live = false;
	list_del_init(&balloon->node);
	virtio_balloon_detach_all(balloon);
	vdev->dev.driver_data = NULL;
	free_balloon(balloon);
}

static struct virtio_driver virtio_balloon_driver = {
	.driver = { .name = "virtio_balloon" },
	.id_table = virtio_balloon_ids,
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.probe = virtio_balloon_probe,
	.scan = virtio_balloon_scan,
	.restore = virtio_balloon_restore,
	.remove = virtio_balloon_remove,
	.config_changed = virtio_balloon_config_changed,
};
module_virtio_driver(virtio_balloon_driver);

/* ---- for apps -------------------------------------------------------------------------------- */

struct virtio_balloon *virtio_balloon_get(unsigned int index)
{
	return list_nth_entry(index, &devices, struct virtio_balloon, node);
}

const char *virtio_balloon_name(const struct virtio_balloon *balloon)
{
	return dev_name(&balloon->vdev->dev);
}

u32 virtio_balloon_actual(const struct virtio_balloon *balloon)
{
	return balloon->actual;
}

u32 virtio_balloon_wanted(const struct virtio_balloon *balloon)
{
	return balloon->wanted;
}

/* Restarts the device, unless a restart has failed before. */
static int virtio_balloon_restart(struct virtio_balloon *balloon)
{
	int error;

	if (!balloon->live)
		return -EIO;
	balloon->live = false;
	virtio_reset_device(balloon->vdev);
	virtio_balloon_detach_all(balloon);
	if (!balloon->vdev->failed)
		vballoon_take_back(balloon);
	error = virtio_device_restart(balloon->vdev);
	if (error)
		memset(balloon->vqs, 0, sizeof(balloon->vqs));
	return error ? -EIO : 0;
}

static bool virtio_balloon_is_broken(const struct virtio_balloon *balloon)
{
	for (unsigned int i = 0; i < QUEUES; i++)
		if (balloon->vqs[i] && virtqueue_is_broken(balloon->vqs[i]))
			return true;
	return balloon->failed;
}

int virtio_balloon_service(struct virtio_balloon *balloon)
{
	if (!balloon->live || virtio_balloon_is_broken(balloon))
		return virtio_balloon_restart(balloon);
	virtio_balloon_act(balloon);
	return 0;
}
