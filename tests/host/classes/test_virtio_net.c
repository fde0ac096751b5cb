// SPDX-License-Identifier: MIT
/*
 * virtio-net over the real transport: what is negotiated, what goes out (the device of
 * net_fixture.c holds it against virtio 1.2, 5.1), and what comes in.
 */
#include "test.h"

#include <linux/errno.h>

#include "kernel/time.h"
#include "net_fixture.h"
#include "world.h"

#define F(name) (1ULL << VIRTIO_NET_F_##name)
#define PLAIN (F(MAC) | F(STATUS) | F(MRG_RXBUF))
#define CONTROL (PLAIN | F(CTRL_VQ) | F(CTRL_RX) | F(CTRL_MAC_ADDR))
#define OFFLOADS                                                                               \
	(F(CSUM) | F(HOST_TSO4) | F(HOST_TSO6) | F(HOST_ECN) | F(GUEST_CSUM) | F(GUEST_TSO4) | \
	 F(GUEST_TSO6) | F(GUEST_ECN))

/* ---- what is negotiated ---------------------------------------------------------------------- */

TEST(virtio_net_greets)
{
	struct netdev *dev = net_boot(PLAIN, 1);

	CHECK_LOG(
		"virtio_net virtio0: [eth0] MAC 52:54:00:01:02:03, link up, MTU 1500, 1 queue pair");
	CHECK(netdev_find("eth0") == dev && !netdev_find("eth1") && !netdev_get(1));
	CHECK_EQ(net.posted_count[0], 64);
	CHECK_NO_LOG("E5");
}

/* 5.1.3.1: what is accepted of an offer, transport features aside. */
static void check_accepted(u64 offered, u64 accepted)
{
	CHECK(net_boot(offered, 1));
	CHECK_EQ(modern.accepted & ~(7ULL << 28) & ~(1ULL << 32), accepted);
}

TEST(virtio_net_all_of_them)
{
	check_accepted(OFFLOADS | F(MRG_RXBUF), OFFLOADS | F(MRG_RXBUF));
}

TEST(virtio_net_segments_come_only_into_merged_buffers)
{
	check_accepted(OFFLOADS, OFFLOADS & ~(F(GUEST_TSO4) | F(GUEST_TSO6) | F(GUEST_ECN)));
}

TEST(virtio_net_segmentation_needs_a_checksum)
{
	check_accepted((OFFLOADS & ~F(CSUM)) | F(MRG_RXBUF),
		       F(GUEST_CSUM) | F(GUEST_TSO4) | F(GUEST_TSO6) | F(GUEST_ECN) | F(MRG_RXBUF));
}

TEST(virtio_net_segments_that_come_need_a_checksum)
{
	check_accepted(F(GUEST_TSO4) | F(GUEST_TSO6) | F(GUEST_ECN) | F(MRG_RXBUF), F(MRG_RXBUF));
}

TEST(virtio_net_ecn_needs_segmentation)
{
	check_accepted(F(CSUM) | F(HOST_ECN), F(CSUM));
}

TEST(virtio_net_commands_need_a_control_queue)
{
	check_accepted(F(CTRL_RX) | F(MQ) | F(GUEST_ANNOUNCE) | F(CTRL_MAC_ADDR) | F(STATUS),
		       F(STATUS));
}

TEST(virtio_net_mac_commands_need_ctrl_rx)
{
	check_accepted(F(CTRL_VQ) | F(CTRL_MAC_ADDR), F(CTRL_VQ));
}

TEST(virtio_net_announcements_need_a_status)
{
	check_accepted(F(CTRL_VQ) | F(GUEST_ANNOUNCE), F(CTRL_VQ));
}

TEST(virtio_net_what_is_never_accepted)
{
	const u64 bits_50_to_62 = 0x1fffULL << 50; /* DEVICE_STATS to STANDBY */

	check_accepted(F(GUEST_UFO) | F(HOST_UFO) | F(CTRL_VLAN) | F(CTRL_RX_EXTRA) |
			       F(CTRL_GUEST_OFFLOADS) | bits_50_to_62,
		       0);
}

TEST(virtio_net_mtu_is_taken)
{
	CHECK_EQ(net_boot(PLAIN | F(MTU), 1)->mtu, 1400);
}

TEST(virtio_net_mtu_below_68_is_refused)
{
	net_make(PLAIN | F(MTU), 1);
	modern.config[offsetof(struct virtio_net_config, mtu)] = 67;
	modern.config[offsetof(struct virtio_net_config, mtu) + 1] = 0;
	modern_boot();
	CHECK_EQ(netdev_get(0)->mtu, 1500);
	CHECK(!(modern.accepted & F(MTU)));
	CHECK_LOG("E50 the MTU is 67");
}

TEST(virtio_net_no_queue_pairs_is_refused)
{
	net_make(CONTROL | F(MQ), 1);
	memset(modern.config + offsetof(struct virtio_net_config, max_virtqueue_pairs), 0, 2);
	modern_boot();
	CHECK_EQ(netdev_get(0)->max_queue_pairs, 1);
	CHECK(!(modern.accepted & F(MQ)));
}

/* 5.1.4.2: without an address of its own the interface gets a locally administered one. */
static void check_made_up(struct netdev *dev)
{
	CHECK_EQ(dev->mac[0], 0x02);
	CHECK(memcmp(dev->mac, net.config.mac, ETH_ALEN));
}

TEST(virtio_net_without_mac)
{
	check_made_up(net_boot(F(STATUS), 1));
}

TEST(virtio_net_mac_of_a_group_is_refused)
{
	net_make(PLAIN, 1);
	modern.config[0] |= 1;
	modern_boot();
	check_made_up(netdev_get(0));
	CHECK_LOG("E50 the MAC address is not unicast");
}

TEST(virtio_net_without_status_the_link_is_up)
{
	net_make(F(MAC), 1);
	modern.config[offsetof(struct virtio_net_config, status)] = 0;
	modern_boot();
	CHECK(netdev_get(0)->link_up);
}

TEST(virtio_net_speed_that_is_unknown)
{
	net_make(PLAIN | F(SPEED_DUPLEX), 1);
	memset(modern.config + offsetof(struct virtio_net_config, speed), 0xff, 4);
	modern_boot();
	CHECK_EQ(netdev_get(0)->speed, 0);
}

/* ---- sending --------------------------------------------------------------------------------- */

TEST(virtio_net_frame_goes_out)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	struct netdev_tx tx = {};
	struct netdev_counters sent, received;

	net_fill();
	CHECK_EQ(net_send(dev, 0, &tx, 1514), 0);
	CHECK_EQ(user.done, 0);
	CHECK_EQ(netdev_reclaim(dev, 0), 1);
	CHECK_EQ(user.done, 1);
	CHECK_EQ(tx.error, 0);
	CHECK_EQ(net.last_length, 1514);
	CHECK(!memcmp(net.last_frame, user.frame, 1514));
	netdev_count(dev, 0, &sent, &received);
	CHECK_EQ(sent.packets, 1);
	CHECK_EQ(sent.bytes, 1514);
}

TEST(virtio_net_lengths_that_are_refused)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	struct netdev_tx tx = {}, nothing = {};

	CHECK_EQ(net_send(dev, 0, &tx, 13), -EMSGSIZE);
	CHECK_EQ(net_send(dev, 0, &tx, 1515), -EMSGSIZE);
	user.frame[12] = 0x81;
	user.frame[13] = 0x00;
	CHECK_EQ(net_send(dev, 0, &tx, 1518), 0);
	CHECK_EQ(net_send(dev, 0, &tx, 1519), -EMSGSIZE);
	CHECK_EQ(netdev_send(dev, 0, &nothing), -EINVAL);
	CHECK_EQ(netdev_send(dev, 1, &tx), -EINVAL);
	CHECK_EQ(net.sent[1], 1);
}

TEST(virtio_net_full_queue)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	static struct netdev_tx txs[65];
	unsigned int count = 0;

	net.held = true;
	while (count < 65 && !net_send(dev, 0, &txs[count], 60))
		count++;
	CHECK_EQ(count, 64); /* INDIRECT_DESC: one descriptor each */
	CHECK_EQ(net_send(dev, 0, &txs[64], 60), -ENOSPC);
	net_release();
	CHECK_EQ(netdev_reclaim(dev, 0), 64);
	CHECK_EQ(net_send(dev, 0, &txs[64], 60), 0);
}

TEST(virtio_net_offloads_without_their_features)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	struct netdev_tx tx = {
		.offload = { .needs_checksum = true, .checksum_start = 34, .checksum_offset = 16 }
	};

	CHECK_EQ(net_send(dev, 0, &tx, 100), -EOPNOTSUPP);
	tx.offload = (struct netdev_offload){ .gso = NETDEV_GSO_TCP4, .gso_size = 1000 };
	CHECK_EQ(net_send(dev, 0, &tx, 100), -EOPNOTSUPP);
}

TEST(virtio_net_checksum_and_segmentation_go_out)
{
	struct netdev *dev = net_boot(PLAIN | OFFLOADS, 1);
	struct netdev_tx tx = { .offload = { .needs_checksum = true,
					     .checksum_start = 34,
					     .checksum_offset = 16,
					     .gso = NETDEV_GSO_TCP6,
					     .gso_ecn = true,
					     .gso_size = 1400,
					     .header_length = 74 } };

	CHECK_EQ(net_send(dev, 0, &tx, 60000), 0);
	CHECK_EQ(net.last_length, 60000);
	CHECK_EQ(net.last_header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	CHECK_EQ(net.last_header.gso_type, VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN);
	CHECK_EQ(net.last_header.gso_size, 1400);
	CHECK_EQ(net.last_header.hdr_len, 74);
	CHECK_EQ(net.last_header.csum_start, 34);
	CHECK_EQ(net.last_header.csum_offset, 16);
}

TEST(virtio_net_offloads_that_make_no_sense)
{
	struct netdev *dev = net_boot(PLAIN | OFFLOADS, 1);
	struct netdev_offload good = { .needs_checksum = true,
				       .checksum_start = 34,
				       .checksum_offset = 16,
				       .gso = NETDEV_GSO_TCP4,
				       .gso_size = 1000,
				       .header_length = 54 };
	struct netdev_tx tx = { .offload = good };

	CHECK_EQ(net_send(dev, 0, &tx, 5000), 0);
	tx.offload.checksum_start = 4983;
	CHECK_EQ(net_send(dev, 0, &tx, 5000), -EINVAL);
	tx.offload = good;
	tx.offload.gso_size = 0;
	CHECK_EQ(net_send(dev, 0, &tx, 5000), -EINVAL);
	tx.offload = good;
	tx.offload.header_length = 34;
	CHECK_EQ(net_send(dev, 0, &tx, 5000), -EINVAL);
	tx.offload = good;
	tx.offload.needs_checksum = false;
	CHECK_EQ(net_send(dev, 0, &tx, 5000), -EINVAL);
}

TEST(virtio_net_sent_and_waited_for)
{
	struct netdev *dev = net_boot(PLAIN, 1);

	CHECK_EQ(netdev_send_sync(dev, 0, user.frame, 100, NULL, NSEC_PER_SEC), 0);
	CHECK_EQ(net.last_length, 100);
}
