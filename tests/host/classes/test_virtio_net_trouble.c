// SPDX-License-Identifier: MIT
/* virtio-net when its device fails, or memory is short. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/memory.h"
#include "kernel/time.h"
#include "net_fixture.h"
#include "world.h"

#define F(name) (1ULL << VIRTIO_NET_F_##name)
#define PLAIN (F(MAC) | F(STATUS) | F(MRG_RXBUF))
#define CONTROL (PLAIN | F(CTRL_VQ) | F(CTRL_RX) | F(CTRL_MAC_ADDR))

/* ---- devices that fail ----------------------------------------------------------------------- */

TEST(virtio_net_T21_needs_reset_ends_what_is_under_way)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	static struct netdev_tx txs[3];

	net.held = true;
	for (unsigned int i = 0; i < 3; i++)
		CHECK_EQ(net_send(dev, 0, &txs[i], 60), 0);
	net_need_reset();
	net.held = false;
	CHECK_EQ(netdev_reclaim(dev, 0), 0);
	CHECK_EQ(user.done, 3);
	CHECK_EQ(user.failed, 3);
	CHECK_EQ(net_send(dev, 0, &txs[0], 60), 0);
	CHECK_EQ(netdev_reclaim(dev, 0), 1);
	CHECK_EQ(user.done, 4);
	CHECK_EQ(net.posted_count[0], 64);
}

TEST(virtio_net_T21_given_up_after_three_restarts)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	struct netdev_tx tx = {};

	for (unsigned int i = 0; i < 3; i++) {
		net_need_reset();
		CHECK_EQ(net_poll(dev), 0);
	}
	net_need_reset();
	CHECK_EQ(net_poll(dev), -EIO);
	CHECK_EQ(world_log_count("E54 [eth0] given up"), 1);
	CHECK_EQ(net_poll(dev), -EIO);
	CHECK_EQ(netdev_reclaim(dev, 0), -EIO);
	CHECK(net_send(dev, 0, &tx, 60) < 0);
	CHECK(!dev->link_up);
	CHECK_EQ(netdev_wait(dev, NETDEV_RECEIVED, NSEC_PER_SEC), 0);
}

/* The frame is on the caller's stack: the device forgets it before the call returns. */
TEST(virtio_net_R26_frame_that_is_never_taken)
{
	struct netdev *dev = net_boot(PLAIN, 1);

	net.held = true;
	CHECK_EQ(netdev_send_sync(dev, 0, user.frame, 60, NULL, NSEC_PER_SEC), -ETIMEDOUT);
	CHECK_LOG("the device was reset");
	net.held = false;
	CHECK_EQ(netdev_send_sync(dev, 0, user.frame, 60, NULL, NSEC_PER_SEC), 0);
}

TEST(virtio_net_R13_lost_notification_is_made_up_for)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	struct netdev_tx tx = {};
	u64 notified;

	net.held = true;
	CHECK_EQ(net_send(dev, 0, &tx, 60), 0);
	notified = modern.queues[1].notified;
	world_now += 20 * NSEC_PER_MSEC;
	netdev_reclaim(dev, 0);
	CHECK_EQ(modern.queues[1].notified, notified + 1);
	netdev_reclaim(dev, 0);
	CHECK_EQ(modern.queues[1].notified, notified + 1);
	CHECK_NO_LOG("E51");
	world_now += 6 * NSEC_PER_SEC;
	netdev_reclaim(dev, 0);
	netdev_reclaim(dev, 0);
	CHECK_EQ(world_log_count("E51 [eth0] queue 0 sent nothing"), 1);
	net_release();
	CHECK_EQ(netdev_reclaim(dev, 0), 1);
}

TEST(virtio_net_device_that_came_back_as_another)
{
	struct netdev *dev = net_boot(PLAIN | F(MTU), 1);

	modern.config[offsetof(struct virtio_net_config, mtu)] += 1;
	net_need_reset();
	CHECK_EQ(net_poll(dev), -EIO);
	CHECK_LOG("E50 MTU, queues or features changed by a reset");
}

/* ---- memory that is short -------------------------------------------------------------------- */

TEST(virtio_net_little_memory_gives_few_buffers)
{
	world_pages_free = 80;
	CHECK(net_boot(PLAIN, 1));
	CHECK(net.posted_count[0] >= 5 && net.posted_count[0] <= 10);
}

/* Each allocation of a boot fails in turn: the interface is there and works, or it is not. */
static void check_allocation(u64 nth)
{
	struct netdev *dev;

	net_make(CONTROL, 1);
	memory_fail_nth(nth);
	modern_boot();
	memory_fail_nth(0);
	dev = netdev_get(0);
	if (!dev)
		return;
	net_receive(0, (struct virtio_net_hdr_v1){}, user.frame, 100);
	CHECK(net_poll(dev) >= 0);
	CHECK_EQ(user.frames, 1);
	CHECK_EQ(net_poll(dev), 0);
	CHECK_EQ(net.posted_count[0], 64);
}

#define ALLOCATION(nth)                       \
	TEST(virtio_net_X04_allocation_##nth) \
	{                                     \
		check_allocation(nth);        \
	}
ALLOCATION(4)
ALLOCATION(8)
ALLOCATION(12)
ALLOCATION(16)
ALLOCATION(20)
ALLOCATION(24)
ALLOCATION(28)
ALLOCATION(32)
ALLOCATION(36)
ALLOCATION(40)
ALLOCATION(50)
ALLOCATION(60)
ALLOCATION(80)
