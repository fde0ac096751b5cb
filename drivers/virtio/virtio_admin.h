/* SPDX-License-Identifier: MIT */
/*
 * Administration commands (virtio 1.4, 2.12): asked of a device about the group it owns. The bus
 * asks which commands there are and says which are used before any driver sends another (C74).
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_ADMIN_H
#define DRIVERS_VIRTIO_VIRTIO_ADMIN_H

#include "drivers/virtio/uapi/virtio_admin.h"
#include "drivers/virtio/virtio.h"

/* A command. The memory is the caller's; lengths are multiples of 8 bytes (2.13.2). */
struct virtio_admin_cmd {
	u16 opcode;
	u16 group_type;
	u64 group_member_id;
	const void *data;
	u32 data_length;
	void *result; /* zeroed first: what the device does not write reads as 0 */
	u32 result_length;

	/* Filled in. */
	u16 status; /* ADMIN_STATUS_* */
	u16 status_qualifier;
};

/*
 * Sends a command and waits for it; again while the device says EAGAIN, a bounded number of times.
 * 0 when the device says OK; -EOPNOTSUPP without an administration queue, -EINVAL for odd lengths,
 * -EAGAIN, -ENOMEM, -EBUSY and -EINVAL as the device's status, -ETIMEDOUT, -EIO.
 */
int virtio_admin_exec(struct virtio_device *vdev, struct virtio_admin_cmd *command);

/* The opcodes below 64 that the device's own group knows and we use; 0 without the queue. */
u64 virtio_admin_opcodes(const struct virtio_device *vdev);

/* For the bus, after DRIVER_OK: LIST_QUERY, then LIST_USE. 0 also without the queue. */
int virtio_admin_start(struct virtio_device *vdev);

#endif
