/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-simple holds what comes with a notification (NOTIFICATION_DATA, 2.9) against the ring. */
#include "qemu/osdep.h"
#include "hw/virtio/virtio-access.h"
#include "qemu/log.h"
#include "compat.h"
#include "virtio-simple.h"

#define WRAP_COUNTER 0x8000
#define PACKED_DESC_SIZE 16
#define PACKED_DESC_FLAGS 14
#define PACKED_AVAIL (1 << 7)
#define PACKED_USED (1 << 15)

/* 2.7.6: where the driver will put the next entry, all sixteen bits of it. */
static uint16_t split_next(VirtIODevice *vdev, int index)
{
	return virtio_lduw_phys(vdev, virtio_queue_get_avail_addr(vdev, index) + 2);
}

/* 2.8.1: as seen by a device whose wrap counter is `wrap`. */
static bool packed_available(VirtIODevice *vdev, int index, unsigned int at, bool wrap)
{
	hwaddr desc = virtio_queue_get_desc_addr(vdev, index) + at * PACKED_DESC_SIZE;
	uint16_t flags = virtio_lduw_phys(vdev, desc + PACKED_DESC_FLAGS);

	return !!(flags & PACKED_AVAIL) == wrap && !!(flags & PACKED_USED) != wrap;
}

/* Behind the last descriptor that is available, counted from where the device has got to. */
static uint16_t packed_next(VirtIODevice *vdev, int index)
{
	unsigned int size = virtio_queue_get_num(vdev, index);
	unsigned int next = virtio_queue_get_last_avail_idx(vdev, index) & 0xffff;
	unsigned int at = next & ~WRAP_COUNTER;
	bool wrap = next & WRAP_COUNTER;

	for (unsigned int i = 0; i < size && packed_available(vdev, index, at, wrap); i++) {
		if (++at >= size) {
			at = 0;
			wrap = !wrap;
		}
	}
	return at | (wrap ? WRAP_COUNTER : 0);
}

/* What the driver should have written: the queue's index below, the next place above. */
static uint32_t wanted_value(VirtIODevice *vdev, int index)
{
	bool packed = virtio_vdev_has_feature(vdev, VIRTIO_F_RING_PACKED);
	uint32_t next = packed ? packed_next(vdev, index) : split_next(vdev, index);

	return next << 16 | index;
}

static bool has_ring(VirtIODevice *vdev, unsigned int index)
{
	return index < virtio_get_num_queues(vdev) && virtio_queue_get_desc_addr(vdev, index);
}

/* Only counts and says so: the data is a hint, and the ring is what the device goes by. */
void virtio_simple_check_notification(VirtIOSimple *s, unsigned int index, uint64_t value,
				      unsigned int size)
{
	VirtIODevice *vdev = VIRTIO_DEVICE(s);
	uint32_t wanted;

	if (!virtio_vdev_has_feature(vdev, VIRTIO_F_NOTIFICATION_DATA) || !has_ring(vdev, index)) {
		return;
	}
	wanted = wanted_value(vdev, index);
	s->notifications_with_data += size == 4;
	if (size != 4 || value != wanted) {
		s->bad_notification_data++;
		qemu_log_mask(LOG_GUEST_ERROR,
			      "virtio-simple: queue %u notified with %u bytes 0x%" PRIx64
			      ", not 0x%08x\n", index, size, value, wanted);
	}
}
