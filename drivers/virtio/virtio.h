/* SPDX-License-Identifier: MIT */
/*
 * The virtio bus: devices that a transport registers, drivers that are matched by virtio id, and
 * the life cycle between them (virtio 1.2, 3.1.1), which belongs to the bus alone. A class driver
 * includes this header and never writes the status register.
 *
 * Runs on the boot CPU outside interrupts, unless a comment says otherwise.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_H
#define DRIVERS_VIRTIO_VIRTIO_H

#include <linux/virtio_ids.h>

#include "drivers/virtio/virtio_config.h"
#include "drivers/virtio/virtqueue.h"
#include "kernel/device.h"
#include "kernel/step.h"
#include "kernel/types.h"

struct virtio_device_id {
	u32 device; /* virtio id (section 5), 0 ends a table */
};

/* Embedded in the transport's own device, which owns the memory. */
struct virtio_device {
	struct device dev;
	struct virtio_device_id id;		/* set by the transport */
	const struct virtio_config_ops *config; /* set by the transport */
	/* Set by the transport: prints what a queue's device and interrupt look like now. */
	void (*report)(struct virtqueue *vq);
	u64 device_features;	    /* offered, as read when the driver was probed */
	u64 features;		    /* negotiated */
	bool driver_ok;		    /* queues may be notified (3.1.1, step 8) */
	bool failed;		    /* a reset was not confirmed: it is not touched again */
	unsigned int restarts;	    /* since it was bound */
	struct list_head vqs;	    /* struct virtqueue, vdev_node */
	struct virtqueue *admin_vq; /* where ADMIN_VQ was negotiated; see virtio_admin.h */
	u64 admin_opcodes;
};

struct virtio_feature_name {
	unsigned int bit;
	const char *name;
};

struct virtio_driver {
	struct device_driver driver;
	const struct virtio_device_id *id_table;
	/* The bits of this device type that the driver knows; no other is accepted (2.2.1). */
	const unsigned int *feature_table;
	unsigned int feature_table_size;
	/* Names of its feature bits, where virtio_names.c has none for the device type; ends with a
	 * NULL name. Optional. */
	const struct virtio_feature_name *feature_names;
	/* May clear bits of vdev->features; -errno when what is left is not enough. Optional. */
	int (*validate)(struct virtio_device *vdev);
	/* Sets up: allocates, finds queues. No notification yet. 0 or -errno, all undone. */
	int (*probe)(struct virtio_device *vdev);
	/* After DRIVER_OK: posts buffers, talks to the device. Optional. 0 or -errno. */
	int (*scan)(struct virtio_device *vdev);
	/* The device has been reset and will not touch memory: takes back buffers and frees what
	 * probe made. The queues themselves are freed by the bus afterwards. */
	void (*remove)(struct virtio_device *vdev);
	/* Optional: makes virtio_device_restart possible. Like probe, for a driver that keeps
	 * what it allocated and whose queues are gone: finds them again. 0, or -errno and then
	 * without. */
	int (*restore)(struct virtio_device *vdev);
	/* The configuration has changed. In the interrupt; optional. */
	void (*config_changed)(struct virtio_device *vdev);
};

#define to_virtio_device(device) container_of(device, struct virtio_device, dev)
#define to_virtio_driver(device_driver) container_of(device_driver, struct virtio_driver, driver)

extern struct bus_type virtio_bus_type;

/* Adds the driver to the virtio bus. -EINVAL when it lacks an id table, probe or remove. */
int register_virtio_driver(struct virtio_driver *driver);
void unregister_virtio_driver(struct virtio_driver *driver);
#define module_virtio_driver(driver) module_driver(driver, register_virtio_driver)

/*
 * Takes a device from its transport: names it virtioN and offers it to the drivers. One that no
 * driver takes is reset and acknowledged, for the firmware may have used it before: also 0.
 * -ETIMEDOUT when a reset was not confirmed; then it is not on the bus any more.
 */
int register_virtio_device(struct virtio_device *vdev);

/* Undoes it; the memory stays the transport's. */
void unregister_virtio_device(struct virtio_device *vdev);

/* For the transport, in the configuration interrupt (4.1.5.5): tells the driver, or, when the
 * device says NEEDS_RESET (2.1.2), breaks its queues. */
void virtio_config_changed(struct virtio_device *vdev);

/* For a driver whose device went wrong: resets it, so that it no longer touches memory, and breaks
 * its queues; their tokens can then be detached. 0, or -ETIMEDOUT (see virtio_config_ops.reset). */
int virtio_reset_device(struct virtio_device *vdev);

/*
 * For a driver whose device was reset by virtio_reset_device and whose tokens are all detached:
 * brings the device up again, through every step, with restore in the place of probe, and scan. 0,
 * or -errno with the device reset and without queues; -EIO also when VIRTIO_RESTARTS_MAX are used
 * up.
 */
#define VIRTIO_RESTARTS_MAX 3
int virtio_device_restart(struct virtio_device *vdev);

/* Whether a bit was negotiated; bits of 64 and beyond never are. */
static inline bool virtio_has_feature(const struct virtio_device *vdev, unsigned int bit)
{
	return bit < 64 && vdev->features & BIT_ULL(bit);
}

/* Finds the queues through the transport; for a driver's probe. See virtio_config_ops. */
static inline int virtio_find_vqs(struct virtio_device *vdev, unsigned int count,
				  struct virtqueue *vqs[], const struct virtqueue_info infos[])
{
	step_detail("find_vqs");
	return vdev->config->find_vqs(vdev, count, vqs, infos);
}

/* "net" for 1 and so on, "unknown" for an id without a name here. */
const char *virtio_id_name(u32 device);

/* Writes the names of the set bits of a device's features, a blank between two; unnamed ones as
 * "bit40". What does not fit in `size` bytes is cut off. Any CPU, any context. */
void virtio_format_features(const struct virtio_device *vdev, u64 features, char *buffer,
			    size_t size);

/* The bits that belong to rings and transports, and that this kernel understands (section 6). */
u64 virtio_transport_features(void);

#endif
