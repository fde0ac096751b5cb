/* SPDX-License-Identifier: MIT */
/* Shared by the two files of the virtio-blk driver: bring-up, and requests on the wire. Apps use
 * drivers/block/block.h. */
#ifndef DRIVERS_BLOCK_VIRTIO_BLK_PRIV_H
#define DRIVERS_BLOCK_VIRTIO_BLK_PRIV_H

#include "drivers/block/block.h"
#include "drivers/virtio/virtio.h"

/* Header before the data and status behind it (virtio 1.2, 5.2.6). */
#define VIRTIO_BLK_FRAME_BUFFERS 2
/* Segments per request, if the device accepts that many. The data of a request is one piece of
 * memory, which is split only if the device wants small segments (SIZE_MAX). */
#define VIRTIO_BLK_SEGMENTS_MAX 32

struct virtio_blk {
	struct virtio_device *vdev;
	struct block_device disk;
	struct virtqueue *vqs[BLOCK_QUEUES_MAX]; /* NULL while the device is down */
	char queue_names[BLOCK_QUEUES_MAX][12];
	u32 segment_bytes; /* at most, 1 to UINT32_MAX */
	u32 segments;	   /* of a request at most, 1 to VIRTIO_BLK_SEGMENTS_MAX */
	bool stopped;	   /* reset after a failure, not restarted */
};

#define to_virtio_blk(block) container_of(block, struct virtio_blk, disk)

extern const struct block_ops virtio_blk_ops;

/* Submit a checked request, and take the next finished one; as in struct block_ops. */
int virtio_blk_submit(struct block_device *disk, unsigned int queue, struct block_request *request);
struct block_request *virtio_blk_take(struct block_device *disk, unsigned int queue);

/* Reads the capacity and passes it on: 0 or -errno. Also in the interrupt. */
int virtio_blk_read_capacity(struct block_device *disk);

#endif
