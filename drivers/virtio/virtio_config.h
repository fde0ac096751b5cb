/* SPDX-License-Identifier: MIT */
/*
 * What a transport does for a virtio device, as one table of operations, and the reading of
 * configuration fields on top of it. Section numbers are those of virtio 1.2.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_CONFIG_H
#define DRIVERS_VIRTIO_VIRTIO_CONFIG_H

#include <linux/virtio_config.h>

#include "drivers/virtio/virtqueue.h"
#include "kernel/time.h"
#include "kernel/types.h"

struct virtio_device;

/* Features that the installed <linux/virtio_config.h> may be too old for. */
#ifndef VIRTIO_F_IN_ORDER
#define VIRTIO_F_IN_ORDER 35
#endif
#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA 38
#endif
#ifndef VIRTIO_F_NOTIF_CONFIG_DATA
#define VIRTIO_F_NOTIF_CONFIG_DATA 39
#endif
#ifndef VIRTIO_F_RING_RESET
#define VIRTIO_F_RING_RESET 40
#endif
#ifndef VIRTIO_F_ADMIN_VQ
#define VIRTIO_F_ADMIN_VQ 41
#endif

/* One queue asked of find_vqs. It is given interrupts when there is someone to tell: a callback,
 * CPUs that wait, or both; otherwise it is polled. Name and waiters must outlive the queue. */
struct virtqueue_info {
	const char *name; /* NULL: this index is not used */
	vq_callback_t *callback;
	struct wait_queue *waiters; /* woken at each interrupt; queues may share one */
};

static inline bool virtqueue_wants_interrupts(const struct virtqueue_info *info)
{
	return info->name && (info->callback || info->waiters);
}

/* Memory of the device that the driver may use as memory; the device may change it at any time. */
struct virtio_shm_region {
	volatile void *address;
	u64 length; /* bytes */
};

struct virtio_config_ops {
	/* Device-specific configuration, `length` bytes at `offset`: 0, or -EINVAL when the range
	 * does not lie in what the device has. A field of 1, 2 or 4 bytes is one access; 8 are two
	 * (4.1.3.1), so use virtio_config_read, which notices a change in between. */
	int (*get)(struct virtio_device *vdev, u32 offset, void *buffer, u32 length);
	int (*set)(struct virtio_device *vdev, u32 offset, const void *buffer, u32 length);
	/* Changes whenever the configuration does (2.5.1); NULL for legacy devices (2.5.4). */
	u32 (*generation)(struct virtio_device *vdev);

	u8 (*get_status)(struct virtio_device *vdev);
	void (*set_status)(struct virtio_device *vdev, u8 status);
	/* Resets the device and waits until it says so (4.1.4.3.2): 0, or -ETIMEDOUT, after which
	 * it can no longer reach memory. */
	int (*reset)(struct virtio_device *vdev);

	/* Makes the first `count` queues into `vqs` (NULL where unnamed) and routes their
	 * interrupts. 0 or -errno; in both cases the bus resets the device and calls del_vqs
	 * before it forgets the driver. -EBUSY when queues were found already. */
	int (*find_vqs)(struct virtio_device *vdev, unsigned int count, struct virtqueue *vqs[],
			const struct virtqueue_info infos[]);
	/* Frees all queues; the device has been reset. */
	void (*del_vqs)(struct virtio_device *vdev);
	/*
	 * Makes the administration queue into vdev->admin_vq where ADMIN_VQ was negotiated, before
	 * the driver's probe: 0, also without the feature, or -errno. destroy_avq frees it; the
	 * device has been reset.
	 */
	int (*create_avq)(struct virtio_device *vdev);
	void (*destroy_avq)(struct virtio_device *vdev);

	/* Chooses which CPUs (bit n: CPU n) may take a queue's interrupt: 0, -EINVAL when none of
	 * them runs, -EOPNOTSUPP when the queue has no vector of its own. get_vq_affinity says
	 * which they are, 0 when there is no such vector. */
	int (*set_vq_affinity)(struct virtqueue *vq, u64 cpus);
	u64 (*get_vq_affinity)(struct virtio_device *vdev, unsigned int index);

	/* Maps shared memory region `id` (2.10): 0, or -ENODEV when there is no usable one. */
	int (*get_shm_region)(struct virtio_device *vdev, struct virtio_shm_region *region, u8 id);

	/* Returns when no callback is running and none will start for what happened before. */
	void (*synchronize_cbs)(struct virtio_device *vdev);

	/*
	 * Resets one queue (2.6.1): from here on it is broken, and once this returned 0 the device
	 * has forgotten it. -EOPNOTSUPP without RING_RESET, -ETIMEDOUT when the device does not
	 * confirm. enable_vq_after_reset makes it anew, empty: 0 or -errno.
	 */
	int (*disable_vq_and_reset)(struct virtqueue *vq);
	int (*enable_vq_after_reset)(struct virtqueue *vq);

	/* What the device offers (2.2). */
	u64 (*get_features)(struct virtio_device *vdev);
	/* Writes vdev->features: 0, or -EINVAL when the transport cannot live with them. */
	int (*finalize_features)(struct virtio_device *vdev);

	/* Where the device is, for people: "0000:00:04.0". */
	const char *(*bus_name)(struct virtio_device *vdev);
};

/*
 * Reads `length` bytes at `offset` so that they belong together: again while the generation changes
 * (2.5.1). 0, -EINVAL beyond the configuration, -EAGAIN when it never holds still.
 */
int virtio_config_read(struct virtio_device *vdev, u32 offset, void *buffer, u32 length);
int virtio_config_write(struct virtio_device *vdev, u32 offset, const void *buffer, u32 length);

/* Reads one field of a configuration structure into the variable that `value` points to. */
#define virtio_cread(vdev, structure, member, value)                 \
	virtio_config_read(vdev, offsetof(structure, member), value, \
			   sizeof(((structure *)0)->member))

#endif
