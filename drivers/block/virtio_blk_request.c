/* SPDX-License-Identifier: MIT */
/*
 * Requests of virtio-blk on the wire (virtio 1.2, 5.2.6), and the checks of their answers.
 *
 * Header, data and status always have separate descriptors. A legacy device without ANY_LAYOUT
 * needs that (5.2.6.4), and other devices accept it.
 */
#include <linux/errno.h>
#include <linux/virtio_blk.h>

#include "drivers/block/virtio_blk_priv.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define STATUS_NONE 0xff /* none that a device gives: it has not written one */

/* In request.driver_data: everything except the data. The device reads and writes here, so its
 * answer is copied once before it is checked. */
struct wire {
	struct virtio_blk_outhdr header;
	struct virtio_blk_discard_write_zeroes range;
	u8 id[VIRTIO_BLK_ID_BYTES];
	u8 status;
};
_Static_assert(sizeof(struct wire) <= sizeof(((struct block_request *)0)->driver_data), "room");

static struct wire *wire_of(struct block_request *request)
{
	return (struct wire *)request->driver_data;
}

/* ---- to the device --------------------------------------------------------------------------- */

static const u32 types[] = {
	[BLOCK_READ] = VIRTIO_BLK_T_IN,
	[BLOCK_WRITE] = VIRTIO_BLK_T_OUT,
	[BLOCK_FLUSH] = VIRTIO_BLK_T_FLUSH,
	[BLOCK_DISCARD] = VIRTIO_BLK_T_DISCARD,
	[BLOCK_WRITE_ZEROES] = VIRTIO_BLK_T_WRITE_ZEROES,
	[BLOCK_GET_ID] = VIRTIO_BLK_T_GET_ID,
};

static bool has_range(const struct block_request *request)
{
	return request->op == BLOCK_DISCARD || request->op == BLOCK_WRITE_ZEROES;
}

/* Writes the header. 5.2.6.1: the sector is 0 except for reads and writes; the unmap bit is 0 in a
 * discard. */
static void write_frame(struct block_request *request)
{
	struct wire *wire = wire_of(request);
	bool moves_data = request->op == BLOCK_READ || request->op == BLOCK_WRITE;
	bool unmap = request->op == BLOCK_WRITE_ZEROES && request->flags & BLOCK_UNMAP;

	memset(wire, 0, sizeof(*wire));
	wire->header.type = cpu_to_le32(types[request->op]);
	wire->header.sector = cpu_to_le64(moves_data ? request->sector : 0);
	wire->status = STATUS_NONE;
	if (!has_range(request))
		return;
	wire->range.sector = cpu_to_le64(request->sector);
	wire->range.num_sectors = cpu_to_le32(request->sectors);
	wire->range.flags = cpu_to_le32(unmap ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0);
}

static unsigned int virtio_blk_add_buffer(struct virtqueue_buffer *buffers, unsigned int count,
					  void *address, u32 length)
{
	buffers[count] = (struct virtqueue_buffer){ address, length };
	return count + 1;
}

/* Adds the data in pieces of size_max; block_check_request has checked that they are not too
 * many. */
static unsigned int virtio_blk_add_data(const struct virtio_blk *vblk,
					struct virtqueue_buffer *buffers, unsigned int count,
					const struct block_request *request)
{
	u32 left = request->sectors << SECTOR_SHIFT;
	u8 *data = request->data;

	while (left) {
		u32 length = min(left, vblk->segment_bytes);

		count = virtio_blk_add_buffer(buffers, count, data, length);
		data += length;
		left -= length;
	}
	return count;
}

int virtio_blk_submit(struct block_device *disk, unsigned int queue, struct block_request *request)
{
	struct virtqueue_buffer buffers[VIRTIO_BLK_SEGMENTS_MAX + VIRTIO_BLK_FRAME_BUFFERS];
	struct virtio_blk *vblk = to_virtio_blk(disk);
	struct wire *wire = wire_of(request);
	unsigned int out, total;

	if (!vblk->vqs[queue])
		return -EIO;
	write_frame(request);
	out = virtio_blk_add_buffer(buffers, 0, &wire->header, sizeof(wire->header));
	if (request->op == BLOCK_WRITE)
		out = virtio_blk_add_data(vblk, buffers, out, request);
	else if (has_range(request))
		out = virtio_blk_add_buffer(buffers, out, &wire->range, sizeof(wire->range));
	total = out;
	if (request->op == BLOCK_READ)
		total = virtio_blk_add_data(vblk, buffers, total, request);
	else if (request->op == BLOCK_GET_ID)
		total = virtio_blk_add_buffer(buffers, total, wire->id, sizeof(wire->id));
	total = virtio_blk_add_buffer(buffers, total, &wire->status, sizeof(wire->status));
	return virtqueue_add(vblk->vqs[queue], buffers, out, total - out, request);
}

static void virtio_blk_kick(struct block_device *disk, unsigned int queue)
{
	struct virtio_blk *vblk = to_virtio_blk(disk);

	if (vblk->vqs[queue])
		virtqueue_kick(vblk->vqs[queue]);
}

/* ---- from the device ------------------------------------------------------------------------- */

/* Converts the status. 5.2.6 defines three; after any other, the device may have done anything. */
static int virtio_blk_status_error(u8 status)
{
	switch (status) {
	case VIRTIO_BLK_S_OK:
		return 0;
	case VIRTIO_BLK_S_IOERR:
		return -EIO;
	case VIRTIO_BLK_S_UNSUPP:
		return -EOPNOTSUPP;
	default:
		return -EPROTO;
	}
}

/* True if the used length covers the data of a read. A legacy device may report any length
 * (2.7.8.3), and so may one that uses chains in batches. */
static bool virtio_blk_is_whole(const struct virtio_blk *vblk, const struct virtqueue *vq,
				const struct block_request *request, u32 written)
{
	u32 wanted = sizeof(u8);

	if (!virtio_has_feature(vblk->vdev, VIRTIO_F_VERSION_1) || virtqueue_is_in_order(vq))
		return true;
	if (request->op == BLOCK_READ)
		wanted += request->sectors << SECTOR_SHIFT;
	return request->op != BLOCK_READ || written >= wanted;
}

/* Copies the id as terminated text, without unprintable characters. */
static void copy_id(struct block_request *request)
{
	char *id = request->data;

	memcpy(id, wire_of(request)->id, VIRTIO_BLK_ID_BYTES);
	id[VIRTIO_BLK_ID_BYTES] = 0;
	for (; *id; id++)
		if (*id < ' ' || *id > '~')
			*id = '?';
}

static void virtio_blk_finish(struct virtio_blk *vblk, const struct virtqueue *vq,
			      struct block_request *request, u32 written)
{
	request->status = READ_ONCE(wire_of(request)->status);
	request->error = virtio_blk_status_error((u8)request->status);
	if (!request->error && !virtio_blk_is_whole(vblk, vq, request, written))
		request->error = -EPROTO;
	if (!request->error && request->op == BLOCK_GET_ID)
		copy_id(request);
}

struct block_request *virtio_blk_take(struct block_device *disk, unsigned int queue)
{
	struct virtio_blk *vblk = to_virtio_blk(disk);
	struct virtqueue *vq = vblk->vqs[queue];
	struct block_request *request;
	u32 written = 0;

	if (!vq)
		return NULL;
	if (!vblk->stopped) {
		request = virtqueue_get_buf(vq, &written);
		if (request)
			virtio_blk_finish(vblk, vq, request, written);
		return request;
	}
	request = virtqueue_detach_unused_buf(vq);
	if (request) {
		request->error = -EIO;
		request->status = -1;
	}
	return request;
}

/* ---- waiting, failing, and the operations of a disk ----------------------------------------- */

/* Arms the interrupt. It does not test for used requests, which may be fewer than the caller waits
 * for. */
static bool virtio_blk_arm(struct block_device *disk, unsigned int queue, u16 count)
{
	struct virtqueue *vq = to_virtio_blk(disk)->vqs[queue];

	return vq && virtqueue_enable_cb_after(vq, count) && !virtqueue_is_broken(vq);
}

static void virtio_blk_disarm(struct block_device *disk, unsigned int queue)
{
	struct virtqueue *vq = to_virtio_blk(disk)->vqs[queue];

	if (vq)
		virtqueue_disable_cb(vq);
}

static bool virtio_blk_is_broken(struct block_device *disk, unsigned int queue)
{
	const struct virtqueue *vq = to_virtio_blk(disk)->vqs[queue];

	return !vq || virtqueue_is_broken(vq);
}

static bool virtio_blk_can_interrupt(struct block_device *disk, unsigned int queue)
{
	const struct virtqueue *vq = to_virtio_blk(disk)->vqs[queue];

	return vq && virtqueue_can_interrupt(vq);
}

static const char *virtio_blk_interrupt_name(const struct block_device *disk)
{
	const struct virtqueue *vq = to_virtio_blk(disk)->vqs[0];

	return vq ? virtqueue_interrupt_name(vq) : "none";
}

static void virtio_blk_late(struct block_device *disk, unsigned int queue, u64 timeout_ns)
{
	struct virtqueue *vq = to_virtio_blk(disk)->vqs[queue];

	if (vq)
		virtqueue_report_late(vq, timeout_ns);
}

/* Stops the device; after the reset it cannot touch the callers' memory. */
static void virtio_blk_stop(struct block_device *disk)
{
	struct virtio_blk *vblk = to_virtio_blk(disk);

	if (!virtio_reset_device(vblk->vdev))
		dev_printk(disk->dev, "[%s] the device was reset; outstanding requests fail\n",
			   disk->name);
	vblk->stopped = true;
}

static int virtio_blk_restart(struct block_device *disk)
{
	struct virtio_blk *vblk = to_virtio_blk(disk);
	int error = virtio_device_restart(vblk->vdev);

	if (!error)
		return 0;
	/* Without a live device there are no queues to read. */
	vblk->stopped = true;
	memset(vblk->vqs, 0, sizeof(vblk->vqs));
	return error;
}

const struct block_ops virtio_blk_ops = {
	.submit = virtio_blk_submit,
	.kick = virtio_blk_kick,
	.take = virtio_blk_take,
	.arm = virtio_blk_arm,
	.disarm = virtio_blk_disarm,
	.is_broken = virtio_blk_is_broken,
	.can_interrupt = virtio_blk_can_interrupt,
	.interrupt_name = virtio_blk_interrupt_name,
	.late = virtio_blk_late,
	.stop = virtio_blk_stop,
	.restart = virtio_blk_restart,
	.refresh = virtio_blk_read_capacity,
};
