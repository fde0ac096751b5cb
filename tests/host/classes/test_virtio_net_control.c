// SPDX-License-Identifier: MIT
/* virtio-net's control queue, several queue pairs, and the link. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/time.h"
#include "net_fixture.h"
#include "world.h"

#define F(name) (1ULL << VIRTIO_NET_F_##name)
#define PLAIN (F(MAC) | F(STATUS) | F(MRG_RXBUF))
#define CONTROL (PLAIN | F(CTRL_VQ) | F(CTRL_RX) | F(CTRL_MAC_ADDR))

/* ---- the control queue ----------------------------------------------------------------------- */

TEST(virtio_net_commands)
{
	static const u8 mac[ETH_ALEN] = { 2, 3, 4, 5, 6, 7 }, groups[12] = { 1, 2, 3, 4, 5, 6, 3 };
	static const u8 table[] = { 0, 0, 0, 0, 2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 3, 0, 0, 0, 0, 0 };
	struct netdev *dev = net_boot(CONTROL, 1);

	CHECK_EQ(netdev_set_mac(dev, mac), 0);
	CHECK(net.command_class == 1 && net.command == 1 && !memcmp(net.command_data, mac, 6));
	CHECK(!memcmp(dev->mac, mac, 6));
	CHECK_EQ(netdev_set_multicast(dev, groups, 2), 0);
	CHECK(net.command_class == 1 && net.command == 0);
	CHECK_EQ(net.command_bytes, sizeof(table));
	CHECK(!memcmp(net.command_data, table, sizeof(table)));
	CHECK_EQ(netdev_set_receive_mode(dev, false, true), 0);
	CHECK(net.command_class == 0 && net.command == 1 && net.command_data[0] == 1);
	CHECK_EQ(net.commands, 4);
	/* A restart tells the device all of it anew. */
	net_need_reset();
	CHECK_EQ(net_poll(dev), 0);
	CHECK_EQ(net.commands, 8);
	CHECK(!memcmp(dev->mac, mac, 6));
	CHECK_EQ(modern.config_writes, 0); /* 5.1.4.2 */
}

TEST(virtio_net_command_that_is_refused)
{
	static const u8 mac[ETH_ALEN] = { 2, 3, 4, 5, 6, 7 };
	struct netdev *dev = net_boot(CONTROL, 1);

	net.command_ack = VIRTIO_NET_ERR;
	CHECK_EQ(netdev_set_mac(dev, mac), -EIO);
	CHECK(memcmp(dev->mac, mac, 6));
	CHECK_LOG("E53 [eth0] control command 1.1");
	net.command_ack = VIRTIO_NET_OK;
	CHECK_EQ(netdev_set_mac(dev, mac), 0);
}

TEST(virtio_net_command_that_is_not_answered)
{
	struct netdev *dev = net_boot(CONTROL, 1);

	net.silent = true;
	CHECK_EQ(netdev_set_receive_mode(dev, true, true), -ETIMEDOUT);
	CHECK_LOG("E07 queue 2 (controlq)");
	net.silent = false;
	CHECK_EQ(net_poll(dev), 0);
	CHECK_LOG("restart 1 of at most 3");
	CHECK_EQ(netdev_set_receive_mode(dev, true, false), 0);
}

TEST(virtio_net_commands_without_their_features)
{
	static const u8 mac[ETH_ALEN] = { 2, 3, 4, 5, 6, 7 };
	struct netdev *dev = net_boot(PLAIN, 1);

	CHECK_EQ(netdev_set_mac(dev, mac), -EOPNOTSUPP);
	CHECK_EQ(netdev_set_receive_mode(dev, true, true), -EOPNOTSUPP);
	CHECK_EQ(netdev_set_multicast(dev, mac, 0), -EOPNOTSUPP);
	CHECK_EQ(netdev_set_queue_pairs(dev, 2), -EINVAL);
}

/* ---- several queues -------------------------------------------------------------------------- */

TEST(virtio_net_several_queue_pairs)
{
	struct netdev *dev = net_boot(CONTROL | F(MQ), 3);
	static struct netdev_tx txs[3];

	CHECK_EQ(dev->max_queue_pairs, 3);
	CHECK_EQ(dev->queue_pairs, 1);
	CHECK_EQ(net.posted_count[2], 0);
	CHECK_EQ(net_send(dev, 1, &txs[1], 60), -EINVAL);
	CHECK_EQ(netdev_set_queue_pairs(dev, 4), -EINVAL);
	CHECK_EQ(netdev_set_queue_pairs(dev, 3), 0);
	CHECK(net.command_class == 4 && net.command == 0 && net.command_data[0] == 3);
	for (unsigned int i = 0; i < 3; i++) {
		CHECK_EQ(net_send(dev, i, &txs[i], 60), 0);
		net_receive(i, (struct virtio_net_hdr_v1){}, user.frame, 100);
		CHECK_EQ(netdev_poll(dev, i, 64, net_handle, NULL), 1);
		CHECK_EQ(net.sent[2 * i + 1], 1);
		CHECK_EQ(net.posted_count[2 * i], 64);
	}
	net_need_reset();
	CHECK_EQ(net_poll(dev), 0);
	CHECK_EQ(net.command_data[0], 3);
	CHECK_EQ(net.posted_count[4], 64);
	CHECK_EQ(netdev_set_queue_pairs(dev, 1), 0);
	CHECK_EQ(net.command_data[0], 1);
}

TEST(virtio_net_queue_that_goes_out_of_use_is_drained)
{
	struct netdev *dev = net_boot(CONTROL | F(MQ), 2);
	struct netdev_tx tx = {};

	CHECK_EQ(netdev_set_queue_pairs(dev, 2), 0);
	net.held = true;
	CHECK_EQ(net_send(dev, 1, &tx, 60), 0);
	CHECK_EQ(netdev_set_queue_pairs(dev, 1), -EBUSY);
	CHECK_EQ(dev->queue_pairs, 2);
	net_release();
	CHECK_EQ(netdev_set_queue_pairs(dev, 1), 0);
	CHECK_EQ(user.done, 1);
}

/* ---- the link -------------------------------------------------------------------------------- */

static unsigned int told, announced;

static void link_changed(struct netdev *dev, void *context)
{
	CHECK(context == &told);
	announced += dev->announce;
	told += !dev->announce;
}

TEST(virtio_net_link_goes_and_comes)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	struct netdev_tx tx = {};

	netdev_on_link_change(dev, link_changed, &told);
	net.config.status = 0;
	net_change();
	CHECK_LOG("virtio_net virtio0: [eth0] link is down");
	CHECK_EQ(told, 0); /* not in the interrupt */
	CHECK_EQ(netdev_wait(dev, NETDEV_RECEIVED, NSEC_PER_SEC), 0);
	CHECK_EQ(net_poll(dev), 0);
	CHECK_EQ(told, 1);
	CHECK_EQ(net_send(dev, 0, &tx, 60), -ENETDOWN);
	net.config.status = VIRTIO_NET_S_LINK_UP;
	net_change();
	CHECK_EQ(net_poll(dev), 0);
	CHECK_EQ(told, 2);
	CHECK_EQ(net_send(dev, 0, &tx, 60), 0);
}

TEST(virtio_net_announcement_is_acknowledged)
{
	struct netdev *dev = net_boot(CONTROL | F(GUEST_ANNOUNCE), 1);

	netdev_on_link_change(dev, link_changed, &told);
	net.config.status = VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE;
	net_change();
	CHECK_EQ(net_poll(dev), 0);
	CHECK_EQ(announced, 1);
	CHECK(net.command_class == 3 && net.command == 0);
	CHECK_EQ(told, 0);
}
