/* SPDX-License-Identifier: MIT */
/*
 * The driver for virtio-blk (virtio 1.2, 5.2): the features it accepts, the disk's properties from
 * the configuration, its queues, and its life from probe to remove. It knows virtio.h and nothing
 * of PCI, rings or vectors. Requests are in virtio_blk_request.c.
 */
#include "drivers/block/virtio_blk_priv.h"

#include <linux/errno.h>
#include <linux/virtio_blk.h>

#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define ANSWER_TIMEOUT_NS (10 * NSEC_PER_SEC)
#define REQUEST_BYTES_MAX (4u << 20)

static const struct virtio_device_id virtio_blk_id_table[] = {
	{ VIRTIO_ID_BLOCK },
	{},
};
MODULE_DEVICE_TABLE(virtio, virtio_blk_id_table);

/* Not BARRIER and SCSI of legacy devices; and we do not need GEOMETRY, SECURE_ERASE or zones. */
static const unsigned int features[] = {
	VIRTIO_BLK_F_SIZE_MAX, VIRTIO_BLK_F_SEG_MAX,	  VIRTIO_BLK_F_RO, VIRTIO_BLK_F_BLK_SIZE,
	VIRTIO_BLK_F_FLUSH,    VIRTIO_BLK_F_TOPOLOGY,	  VIRTIO_BLK_F_MQ, VIRTIO_BLK_F_CONFIG_WCE,
	VIRTIO_BLK_F_DISCARD,  VIRTIO_BLK_F_WRITE_ZEROES,
};

/* 5.2.5.2: a cache that can be switched can be flushed. So CONFIG_WCE is dropped without FLUSH. */
static int virtio_blk_validate(struct virtio_device *vdev)
{
	if (!virtio_has_feature(vdev, VIRTIO_BLK_F_FLUSH))
		vdev->features &= ~BIT_ULL(VIRTIO_BLK_F_CONFIG_WCE);
	return 0;
}

/* ---- configuration --------------------------------------------------------------------------- */

/* 2.5.1: an optional field counts only with its feature; `value` is left alone without. */
#define read_field(vdev, error, feature, member, value)                                        \
	do {                                                                                   \
		if (!(error) && virtio_has_feature(vdev, feature))                             \
			(error) = virtio_cread(vdev, struct virtio_blk_config, member, value); \
	} while (0)

int virtio_blk_read_capacity(struct block_device *disk)
{
	u64 sectors = 0;
	int error = virtio_cread(to_virtio_blk(disk)->vdev, struct virtio_blk_config, capacity,
				 &sectors);

	if (!error)
		block_set_sectors(disk, le64_to_cpu(sectors));
	return error;
}

static int read_blocks(struct virtio_blk *vblk, struct block_properties *properties)
{
	struct virtio_device *vdev = vblk->vdev;
	u32 block = SECTOR_SIZE, optimal = 0;
	u8 exponent = 0;
	int error = 0;

	read_field(vdev, error, VIRTIO_BLK_F_BLK_SIZE, blk_size, &block);
	read_field(vdev, error, VIRTIO_BLK_F_TOPOLOGY, physical_block_exp, &exponent);
	read_field(vdev, error, VIRTIO_BLK_F_TOPOLOGY, opt_io_size, &optimal);
	properties->logical_block_size = block;
	/* An absurd value is only a hint, and is ignored. */
	properties->physical_block_size = exponent < 12 ? block << exponent : block;
	properties->optimal_sectors =
		optimal < UINT32_MAX / 8 ? optimal * (block / SECTOR_SIZE) : 0;
	return error;
}

static int read_cache(struct virtio_blk *vblk, struct block_properties *properties)
{
	struct virtio_device *vdev = vblk->vdev;
	u8 writeback = 1;
	int error = 0;

	/* 5.2.5.1: with FLUSH and without CONFIG_WCE, there is a cache. */
	read_field(vdev, error, VIRTIO_BLK_F_CONFIG_WCE, wce, &writeback);
	properties->write_cache = virtio_has_feature(vdev, VIRTIO_BLK_F_FLUSH) && writeback;
	return error;
}

/* Returns the limit in whole logical blocks; 0 if not one segment is allowed (5.2.6.1). */
static u32 range_limit(const struct block_properties *properties, u32 sectors, u32 segments)
{
	u32 step = max(properties->logical_block_size / SECTOR_SIZE, 1u);

	return segments ? sectors - sectors % step : 0;
}

static int read_ranges(struct virtio_blk *vblk, struct block_properties *properties)
{
	struct virtio_device *vdev = vblk->vdev;
	u32 sectors = 0, segments = 0, align = 0;
	u8 unmap = 0;
	int error = 0;

	read_field(vdev, error, VIRTIO_BLK_F_DISCARD, max_discard_sectors, &sectors);
	read_field(vdev, error, VIRTIO_BLK_F_DISCARD, max_discard_seg, &segments);
	read_field(vdev, error, VIRTIO_BLK_F_DISCARD, discard_sector_alignment, &align);
	properties->max_discard_sectors = range_limit(properties, sectors, segments);
	properties->discard_alignment = align;
	sectors = segments = 0;
	read_field(vdev, error, VIRTIO_BLK_F_WRITE_ZEROES, max_write_zeroes_sectors, &sectors);
	read_field(vdev, error, VIRTIO_BLK_F_WRITE_ZEROES, max_write_zeroes_seg, &segments);
	read_field(vdev, error, VIRTIO_BLK_F_WRITE_ZEROES, write_zeroes_may_unmap, &unmap);
	properties->max_zeroes_sectors = range_limit(properties, sectors, segments);
	properties->zeroes_unmap = unmap == 1;
	return error;
}

static int read_limits(struct virtio_blk *vblk)
{
	struct virtio_device *vdev = vblk->vdev;
	u16 queues = 1;
	int error = 0;

	vblk->segments = 1; /* 5.2.4: seg_max exists only with its feature */
	vblk->segment_bytes = UINT32_MAX;
	read_field(vdev, error, VIRTIO_BLK_F_SEG_MAX, seg_max, &vblk->segments);
	read_field(vdev, error, VIRTIO_BLK_F_SIZE_MAX, size_max, &vblk->segment_bytes);
	read_field(vdev, error, VIRTIO_BLK_F_MQ, num_queues, &queues);
	vblk->segments = min(max(vblk->segments, 1u), (u32)VIRTIO_BLK_SEGMENTS_MAX);
	vblk->disk.queue_count = min(max(queues, 1u), (unsigned int)BLOCK_QUEUES_MAX);
	return error;
}

static int virtio_blk_read_config(struct virtio_blk *vblk)
{
	struct block_properties properties = {};
	int error = read_blocks(vblk, &properties);

	if (!error)
		error = read_cache(vblk, &properties);
	if (!error)
		error = read_ranges(vblk, &properties);
	if (!error)
		error = read_limits(vblk);
	properties.read_only = virtio_has_feature(vblk->vdev, VIRTIO_BLK_F_RO);
	vblk->disk.properties = properties;
	return error ? error : virtio_blk_read_capacity(&vblk->disk);
}

/* ---- queues ---------------------------------------------------------------------------------- */

/* Limits requests to the queue: a chain is never longer than its queue (2.7.5.3.1). */
static int fit_requests(struct virtio_blk *vblk)
{
	struct block_properties *properties = &vblk->disk.properties;
	u32 block = properties->logical_block_size;
	u64 bytes;

	for (unsigned int i = 0; i < vblk->disk.queue_count; i++) {
		u16 size = virtqueue_get_vring_size(vblk->vqs[i]);

		if (size <= VIRTIO_BLK_FRAME_BUFFERS) {
			dev_printk(&vblk->vdev->dev,
				   "E08 queue %s: %u entries, a request needs %u (queue-size=)\n",
				   vblk->queue_names[i], size, VIRTIO_BLK_FRAME_BUFFERS + 1);
			return -ENOSPC;
		}
		vblk->segments = min(vblk->segments, (u32)size - VIRTIO_BLK_FRAME_BUFFERS);
	}
	bytes = min((u64)vblk->segment_bytes * vblk->segments, (u64)REQUEST_BYTES_MAX);
	properties->max_sectors = (u32)(bytes / max(block, 1u) * (block / SECTOR_SIZE));
	return block_check(&vblk->disk);
}

static int virtio_blk_find_vqs(struct virtio_blk *vblk)
{
	struct virtqueue_info infos[BLOCK_QUEUES_MAX] = {};
	int error;

	for (unsigned int i = 0; i < vblk->disk.queue_count; i++) {
		snprintf(vblk->queue_names[i], sizeof(vblk->queue_names[i]), "requestq%u", i);
		infos[i] = (struct virtqueue_info){ .name = vblk->queue_names[i],
						    .waiters = &vblk->disk.waiters[i] };
	}
	error = virtio_find_vqs(vblk->vdev, vblk->disk.queue_count, vblk->vqs, infos);
	return error ? error : fit_requests(vblk);
}

/* ---- the life of a disk ---------------------------------------------------------------------- */

static int virtio_blk_probe(struct virtio_device *vdev)
{
	struct virtio_blk *vblk = kzalloc(sizeof(*vblk));
	int error;

	if (!vblk)
		return -ENOMEM;
	vblk->vdev = vdev;
	vblk->disk.ops = &virtio_blk_ops;
	vblk->disk.dev = &vdev->dev;
	vblk->disk.bus_name = vdev->config->bus_name(vdev);
	INIT_LIST_HEAD(&vblk->disk.node);
	error = virtio_blk_read_config(vblk);
	if (!error)
		error = virtio_blk_find_vqs(vblk);
	if (error) {
		kfree(vblk);
		return error;
	}
	vdev->dev.driver_data = vblk;
	return 0;
}

/* Restores the disk after a reset, which freed the queues: clears them first, so that no failure
 * below leaves the old ones. */
static int virtio_blk_restore(struct virtio_device *vdev)
{
	struct virtio_blk *vblk = vdev->dev.driver_data;
	unsigned int queues = vblk->disk.queue_count;
	int error;

	memset(vblk->vqs, 0, sizeof(vblk->vqs));
	error = virtio_blk_read_config(vblk);
	if (!error && vblk->disk.queue_count < queues) {
		dev_printk(&vdev->dev, "E08 %u queues, %u before the restart\n",
			   vblk->disk.queue_count, queues);
		error = -EIO;
	}
	/* Requests may be waiting for the old number of queues. */
	vblk->disk.queue_count = queues;
	if (!error)
		error = virtio_blk_find_vqs(vblk);
	vblk->stopped = error;
	return error;
}

/* Sends the first request, which shows that requests are answered and interrupts arrive. A device
 * without an id reports that. */
static int virtio_blk_say_hello(struct virtio_blk *vblk)
{
	struct block_request request = { .op = BLOCK_GET_ID, .data = vblk->disk.id };
	struct virtqueue *vq = vblk->vqs[0];
	int error;

	virtqueue_enable_cb(vq);
	error = virtio_blk_submit(&vblk->disk, 0, &request);
	if (!error && !virtqueue_kick(vq))
		error = -EIO;
	if (!error)
		virtqueue_await_interrupt(vq);
	virtqueue_disable_cb(vq);
	if (!error)
		error = virtqueue_wait(vq, VIRTQUEUE_POLL, 1, ANSWER_TIMEOUT_NS);
	if (!error && virtio_blk_take(&vblk->disk, 0) == &request)
		return 0;
	/* The request's memory is the device's until the reset. */
	virtio_reset_device(vblk->vdev);
	return error ? error : -EIO;
}

/* When it fails the bus resets the device. */
static int virtio_blk_scan(struct virtio_device *vdev)
{
	struct virtio_blk *vblk = vdev->dev.driver_data;
	const struct block_properties *properties = &vblk->disk.properties;
	int error = virtio_blk_say_hello(vblk);

	if (error) {
		vblk->stopped = true;
		return error;
	}
	if (!list_empty(&vblk->disk.node))
		return 0;
	error = block_register(&vblk->disk);
	if (!error)
		dev_printk(&vdev->dev,
			   "[%s] %u queue%s, up to %u sectors per request%s%s%s%s%s%s\n",
			   vblk->disk.name, vblk->disk.queue_count,
			   vblk->disk.queue_count == 1 ? "" : "s", properties->max_sectors,
			   properties->read_only ? ", read-only" : "",
			   properties->write_cache ? ", write cache" : "",
			   properties->max_discard_sectors ? ", discard" : "",
			   properties->max_zeroes_sectors ? ", write zeroes" : "",
			   vblk->disk.id[0] ? ", id " : "", vblk->disk.id);
	return error;
}

/* Frees everything. The bus has reset the device, so its buffers are ours again. */
static void virtio_blk_remove(struct virtio_device *vdev)
{
	struct virtio_blk *vblk = vdev->dev.driver_data;

	block_unregister(&vblk->disk);
	for (unsigned int i = 0; i < vblk->disk.queue_count; i++)
		virtqueue_forget(vblk->vqs[i]);
	kfree(vblk);
}

/* In the interrupt. */
static void virtio_blk_config_changed(struct virtio_device *vdev)
{
	struct virtio_blk *vblk = vdev->dev.driver_data;

	virtio_blk_read_capacity(&vblk->disk);
}

static struct virtio_driver virtio_blk_driver = {
	.driver = { .name = "virtio_blk" },
	.id_table = virtio_blk_id_table,
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.validate = virtio_blk_validate,
	.probe = virtio_blk_probe,
	.scan = virtio_blk_scan,
	.restore = virtio_blk_restore,
	.remove = virtio_blk_remove,
	.config_changed = virtio_blk_config_changed,
};
module_virtio_driver(virtio_blk_driver);
