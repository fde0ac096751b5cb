/* SPDX-License-Identifier: MIT */
/* A queue's own reset, shared memory, the administration queue, affinity: where the device has
 * them. */
#include <linux/errno.h>

#include "tests/guests/check/check.h"
#include "drivers/virtio/virtio_admin.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/time.h"

#define LATE_US 20000

static bool nop_is_answered(struct virtio_simple *simple)
{
	struct virtio_simple_request nop = { .op = VIRTIO_SIMPLE_OP_NOP };

	return !virtio_simple_call(simple, VIRTQUEUE_INTERRUPT, &nop) &&
	       nop.status == VIRTIO_SIMPLE_S_OK;
}

/* Two requests are on their way when the queue is reset: both end, and never come back. */
static void check_queue_reset(struct virtio_simple *simple)
{
	struct virtio_simple_request late[2] = {
		{ .op = VIRTIO_SIMPLE_OP_DELAY, .arg = LATE_US },
		{ .op = VIRTIO_SIMPLE_OP_DELAY, .arg = LATE_US },
	};
	bool sent = !virtio_simple_submit(simple, 0, &late[0]) &&
		    !virtio_simple_submit(simple, 0, &late[1]);
	int error;

	virtio_simple_kick(simple, 0);
	error = virtio_simple_reset_queue(simple, 0);
	if (error == -EOPNOTSUPP) {
		printk("check: no RING_RESET\n");
		virtio_simple_wait(simple, 0, VIRTQUEUE_INTERRUPT, 2, NSEC_PER_SEC);
		while (virtio_simple_reap(simple, 0))
			;
		return;
	}
	check(sent && !error && late[0].error == -ECANCELED && late[1].error == -ECANCELED,
	      "a queue's own reset ends what was outstanding");
	check(nop_is_answered(simple), "and the queue works again");
	udelay(2 * LATE_US);
	check(!virtio_simple_reap(simple, 0) && nop_is_answered(simple),
	      "and nothing comes back from before");
}

static void check_shared_memory(struct virtio_simple *simple)
{
	u64 before, after;
	bool more = true;

	if (virtio_simple_read_served(simple, &before)) {
		printk("check: no shared memory\n");
		return;
	}
	for (unsigned int i = 0; i < 10; i++)
		more &= nop_is_answered(simple);
	check(more && !virtio_simple_read_served(simple, &after) && after == before + 10,
	      "shared memory counts the requests served");
}

static void check_admin(struct virtio_simple *simple)
{
	struct virtio_device *vdev = virtio_simple_vdev(simple);
	u64 opcodes = virtio_admin_opcodes(vdev);
	struct virtio_admin_cmd unknown = { .opcode = 2, .group_type = ADMIN_GROUP_TYPE_SELF };
	struct virtio_admin_cmd astray = { .opcode = ADMIN_CMD_LIST_QUERY, .group_type = 1 };

	if (!opcodes) {
		printk("check: no administration queue\n");
		return;
	}
	check(opcodes == 3, "LIST_QUERY and LIST_USE are what the administration queue knows");
	check(virtio_admin_exec(vdev, &unknown) == -EINVAL &&
		      unknown.status_qualifier == ADMIN_STATUS_Q_INVALID_OPCODE,
	      "another opcode is INVALID_OPCODE");
	check(virtio_admin_exec(vdev, &astray) == -EINVAL &&
		      astray.status_qualifier == ADMIN_STATUS_Q_INVALID_GROUP,
	      "another group is INVALID_GROUP");
	check(nop_is_answered(simple), "and requests go on");
}

static u64 get_cpus(struct virtio_simple *simple)
{
	struct virtio_device *vdev = virtio_simple_vdev(simple);

	return vdev->config->get_vq_affinity(vdev, 0);
}

static int set_cpus(struct virtio_simple *simple, u64 cpus)
{
	struct virtio_device *vdev = virtio_simple_vdev(simple);

	return vdev->config->set_vq_affinity(virtio_simple_queue(simple, 0), cpus);
}

static void check_affinity(struct virtio_simple *simple)
{
	u64 cpus = get_cpus(simple), online = cpu_online_mask();
	unsigned int last;

	if (!cpus) {
		printk("check: queue 0 has no vector of its own\n");
		return;
	}
	check(cpus == 1 && !set_cpus(simple, 3) && nop_is_answered(simple),
	      "the interrupt goes to CPU 0, and still comes when that is said again");
	last = 63u - (unsigned int)__builtin_clzll(online);
	check(!set_cpus(simple, BIT_ULL(last)) && get_cpus(simple) == BIT_ULL(last) &&
		      nop_is_answered(simple) && !set_cpus(simple, 1),
	      "and to the last CPU that runs");
	check(set_cpus(simple, ~online) == -EINVAL, "and to no CPU that does not run");
}

void check_extras(struct virtio_simple *simple)
{
	check_queue_reset(simple);
	check_shared_memory(simple);
	check_admin(simple);
	check_affinity(simple);
}
