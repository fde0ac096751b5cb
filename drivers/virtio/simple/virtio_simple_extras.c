/* SPDX-License-Identifier: MIT */
/* What virtio-simple offers beside requests and events, where the device has it. */
#include <linux/errno.h>

#include "drivers/virtio/shared_memory.h"
#include "drivers/virtio/virtio_admin.h"
#include "drivers/virtio/simple/virtio_simple_priv.h"

#define SHM_ID 0 /* docs/virtio-simple.md */
#define SERVED_TRIES 100

bool virtio_simple_is_in_order(const struct virtio_simple *simple)
{
	return simple->requestq[0] && virtqueue_is_in_order(simple->requestq[0]);
}

static void recycle(struct virtqueue *vq, void *token)
{
	struct virtio_simple_request *request = token;

	(void)vq;
	request->error = -ECANCELED;
}

int virtio_simple_reset_queue(struct virtio_simple *simple, unsigned int queue)
{
	int error;

	if (queue >= simple->request_queues)
		return -EINVAL;
	if (simple->failed)
		return -EIO;
	error = virtqueue_reset(simple->requestq[queue], recycle);
	if (error && error != -EOPNOTSUPP)
		virtio_simple_fail(simple);
	return error;
}

/* The device changes the count while we read it: the same upper half twice is whole. */
int virtio_simple_read_served(struct virtio_simple *simple, u64 *served)
{
	struct virtio_device *vdev = simple->vdev;
	struct virtio_shm_region region;
	int error = -ENODEV;
	const __le32 *words;
	u32 low, high;

	if (vdev->config->get_shm_region)
		error = vdev->config->get_shm_region(vdev, &region, SHM_ID);
	if (error)
		return error;
	if (region.length < sizeof(*served))
		return -EINVAL;
	words = (const __le32 *)region.address;
	for (unsigned int i = 0; i < SERVED_TRIES; i++) {
		high = shared_read32(&words[1]);
		low = shared_read32(&words[0]);
		*served = (u64)high << 32 | low;
		if (shared_read32(&words[1]) == high)
			return 0;
	}
	return -EAGAIN;
}

u64 virtio_simple_admin_opcodes(const struct virtio_simple *simple)
{
	return virtio_admin_opcodes(simple->vdev);
}

int virtio_simple_admin(struct virtio_simple *simple, u16 opcode, u16 group_type, u16 *qualifier)
{
	struct virtio_admin_cmd command = { .opcode = opcode, .group_type = group_type };
	int error = virtio_admin_exec(simple->vdev, &command);

	*qualifier = command.status_qualifier;
	return error;
}

int virtio_simple_set_cpus(struct virtio_simple *simple, unsigned int queue, u64 cpus)
{
	if (queue >= simple->request_queues || !simple->requestq[queue])
		return -EINVAL;
	return simple->vdev->config->set_vq_affinity(simple->requestq[queue], cpus);
}

u64 virtio_simple_cpus(const struct virtio_simple *simple, unsigned int queue)
{
	if (queue >= simple->request_queues || !simple->requestq[queue])
		return 0;
	return simple->vdev->config->get_vq_affinity(simple->vdev,
						     virtqueue_index(simple->requestq[queue]));
}
