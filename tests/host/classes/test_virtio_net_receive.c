// SPDX-License-Identifier: MIT
/* Frames of virtio-net that come in, and headers that lie. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/time.h"
#include "net_fixture.h"
#include "world.h"

#define F(name) (1ULL << VIRTIO_NET_F_##name)
#define PLAIN (F(MAC) | F(STATUS) | F(MRG_RXBUF))
#define OFFLOADS                                                                               \
	(F(CSUM) | F(HOST_TSO4) | F(HOST_TSO6) | F(HOST_ECN) | F(GUEST_CSUM) | F(GUEST_TSO4) | \
	 F(GUEST_TSO6) | F(GUEST_ECN))
#define GUEST (F(GUEST_CSUM) | F(GUEST_TSO4))

/* ---- receiving ------------------------------------------------------------------------------- */

TEST(virtio_net_frame_comes_in)
{
	struct netdev *dev = net_boot(PLAIN, 1);

	net_fill();
	CHECK_EQ(net_poll(dev), 0);
	net_receive(0, (struct virtio_net_hdr_v1){}, user.frame, 1514);
	net_receive(0, (struct virtio_net_hdr_v1){}, user.frame + 1, 60);
	CHECK_EQ(net_poll(dev), 2);
	CHECK_EQ(user.frames, 2);
	CHECK_EQ(user.last.length, 60);
	CHECK_EQ(user.last.checksum, NETDEV_CHECKSUM_NONE);
	CHECK(!memcmp(user.bytes, user.frame + 1, 60));
	CHECK_EQ(net.posted_count[0], 64);
}

TEST(virtio_net_budget_is_kept)
{
	struct netdev *dev = net_boot(PLAIN, 1);

	for (unsigned int i = 0; i < 10; i++)
		net_receive(0, (struct virtio_net_hdr_v1){}, user.frame, 60);
	CHECK_EQ(netdev_poll(dev, 0, 4, net_handle, NULL), 4);
	CHECK_EQ(netdev_poll(dev, 0, 64, net_handle, NULL), 6);
}

/* 64 KiB in 17 buffers. */
TEST(virtio_net_merged_frame_comes_in)
{
	struct netdev *dev = net_boot(PLAIN | OFFLOADS, 1);
	struct virtio_net_hdr_v1 header = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
					    .csum_start = 34,
					    .csum_offset = 16,
					    .gso_size = 1448,
					    .hdr_len = 9999 };

	net_fill();
	net_receive(0, header, user.frame, 65549);
	CHECK_EQ(net_poll(dev), 1);
	CHECK_EQ(user.last.length, 65549);
	CHECK(!memcmp(user.bytes, user.frame, 65549));
	CHECK_EQ(user.last.checksum, NETDEV_CHECKSUM_PARTIAL);
	CHECK_EQ(user.last.offload.gso, NETDEV_GSO_TCP4);
	CHECK_EQ(user.last.offload.gso_size, 1448);
	CHECK_EQ(user.last.offload.header_length, 9999); /* a hint, possible */
	CHECK_EQ(net.posted_count[0], 64);
}

TEST(virtio_net_checksum_is_said_to_be_right)
{
	struct netdev *dev = net_boot(PLAIN | F(GUEST_CSUM), 1);
	struct virtio_net_hdr_v1 header = { .flags = VIRTIO_NET_HDR_F_DATA_VALID | 0xf0 };

	net_receive(0, header, user.frame, 100);
	CHECK_EQ(net_poll(dev), 1);
	CHECK_EQ(user.last.checksum, NETDEV_CHECKSUM_VALID);
}

/* 5.1.6.4.2: without GUEST_CSUM a flag means nothing. */
TEST(virtio_net_flags_without_guest_csum)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	struct virtio_net_hdr_v1 header = { .flags = 3, .csum_start = 9000 };

	net_receive(0, header, user.frame, 100);
	CHECK_EQ(net_poll(dev), 1);
	CHECK_EQ(user.frames, 1);
	CHECK_EQ(user.last.checksum, NETDEV_CHECKSUM_NONE);
}

/* Not a byte of the ring is lost over many frames, merged or not. */
TEST(virtio_net_ring_stays_full)
{
	struct netdev *dev = net_boot(PLAIN, 1);

	net_fill();
	for (unsigned int i = 0; i < 5000; i++) {
		u32 length = 14 + i % 1501;

		net_receive(0, (struct virtio_net_hdr_v1){}, user.frame + i % 99, length);
		if (i % 60 == 0)
			CHECK(net_poll(dev) > 0);
	}
	net_poll(dev);
	CHECK_EQ(user.frames, 5000);
	CHECK_EQ(net.posted_count[0], 64);
}

/* A handler may send, and may not poll. */
static void nosy_handler(struct netdev *dev, const struct netdev_frame *received, void *context)
{
	(void)received;
	CHECK_EQ(netdev_poll(dev, 0, 1, net_handle, NULL), -EBUSY);
	CHECK_EQ(net_send(dev, 0, context, 60), 0);
}

TEST(virtio_net_handler_sends)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	struct netdev_tx tx = {};

	net_receive(0, (struct virtio_net_hdr_v1){}, user.frame, 60);
	CHECK_EQ(netdev_poll(dev, 0, 64, nosy_handler, &tx), 1);
	CHECK_EQ(net.sent[1], 1);
	CHECK_EQ(netdev_reclaim(dev, 0), 1);
}

/* ---- headers that lie ------------------------------------------------------------------------ */

/* A frame that is not handed on, and counted; the next one comes, and no buffer is lost. */
static void check_bad(u64 features, struct virtio_net_hdr_v1 header, u32 length, bool too_long)
{
	struct netdev *dev = net_boot(features, 1);
	struct netdev_counters sent, received;

	net_receive(0, header, user.frame, length);
	CHECK_EQ(net_poll(dev), 1);
	CHECK_EQ(user.frames, 0);
	netdev_count(dev, 0, &sent, &received);
	CHECK_EQ(received.errors, !too_long);
	CHECK_EQ(received.dropped, too_long);
	net_receive(0, (struct virtio_net_hdr_v1){}, user.frame, 100);
	CHECK_EQ(net_poll(dev), 1);
	CHECK_EQ(user.frames, 1);
	CHECK_EQ(net.posted_count[0], 64);
	CHECK_NO_LOG("broken");
}

#define BAD(name, features, length, ...)                                                       \
	TEST(virtio_net_bad_##name)                                                            \
	{                                                                                      \
		check_bad(features, (struct virtio_net_hdr_v1){ __VA_ARGS__ }, length, false); \
	}

BAD(frame_shorter_than_ethernet, PLAIN, 13, .flags = 0)
BAD(frame_of_nothing, PLAIN, 0, .flags = 0)
BAD(checksum_outside, PLAIN | GUEST, 100, .flags = 1, .csum_start = 84, .csum_offset = 15)
BAD(checksum_that_wraps, PLAIN | GUEST, 100, .flags = 1, .csum_start = 65535, .csum_offset = 65535)
BAD(gso_of_unknown_kind, PLAIN | GUEST, 100, .gso_type = 3, .gso_size = 10)
BAD(gso_that_was_not_negotiated, PLAIN, 100, .gso_type = 1, .gso_size = 10)
BAD(gso_6_that_was_not_negotiated, PLAIN | GUEST, 100, .gso_type = 4, .gso_size = 10)
BAD(gso_ecn_that_was_not_negotiated, PLAIN | GUEST, 100, .gso_type = 0x81, .gso_size = 10)
BAD(gso_of_size_0, PLAIN | GUEST, 100, .gso_type = 1)

/* virtio 1.4, 5.1.9.4.2: a segment in a tunnel, as IPv4 and IPv6 at once. */
TEST(virtio_net_segments_of_a_tunnel)
{
	check_bad(PLAIN | GUEST,
		  (struct virtio_net_hdr_v1){
			  .flags = 1, .csum_start = 34, .gso_type = 0x61, .gso_size = 10 },
		  100, false);
}

TEST(virtio_net_frame_longer_than_the_mtu)
{
	check_bad(PLAIN, (struct virtio_net_hdr_v1){}, 1519, true);
}

/* 33 buffers, where 17 hold the longest frame. */
TEST(virtio_net_frame_in_too_many_buffers)
{
	check_bad(PLAIN, (struct virtio_net_hdr_v1){}, 32 * 4096, false);
}

static void check_raw(u32 written)
{
	struct netdev *dev = net_boot(PLAIN, 1);
	struct netdev_counters sent, received;

	net_use_raw(0, written);
	CHECK_EQ(net_poll(dev), 1);
	netdev_count(dev, 0, &sent, &received);
	CHECK_EQ(received.errors, 1);
	CHECK_EQ(user.frames, 0);
	CHECK_EQ(net.posted_count[0], 64);
}

TEST(virtio_net_R07_used_length_shorter_than_the_header)
{
	check_raw(11);
}

TEST(virtio_net_R07_used_length_0)
{
	check_raw(0);
}

/* The header is all zeroes: num_buffers 0. */
TEST(virtio_net_num_buffers_0)
{
	check_raw(100);
}

/* Buffers that are not there: what comes next could not be told from a header. */
static void check_num_buffers(u16 number)
{
	struct netdev *dev = net_boot(PLAIN, 1);

	net_receive(0, (struct virtio_net_hdr_v1){ .num_buffers = number }, user.frame, 100);
	CHECK_EQ(net_poll(dev), 1);
	CHECK_EQ(user.frames, 0);
	CHECK_LOG("E12 queue 0 (receiveq1) is broken: a frame claims");
	CHECK_EQ(net_poll(dev), 0);
	CHECK_LOG("restart 1 of at most 3");
	CHECK_EQ(net.posted_count[0], 64);
	net_receive(0, (struct virtio_net_hdr_v1){}, user.frame, 100);
	CHECK_EQ(net_poll(dev), 1);
	CHECK_EQ(user.frames, 1);
}

TEST(virtio_net_num_buffers_too_large_by_1)
{
	check_num_buffers(2);
}

TEST(virtio_net_num_buffers_65535)
{
	check_num_buffers(65535);
}

/* 5.1.6.4.1: all but the last are used to their end. */
TEST(virtio_net_merged_buffer_that_is_not_full)
{
	struct netdev *dev = net_boot(PLAIN, 1);

	net_receive(0, (struct virtio_net_hdr_v1){ .num_buffers = 2 }, user.frame, 100);
	net_receive(0, (struct virtio_net_hdr_v1){}, user.frame, 100);
	CHECK_EQ(net_poll(dev), 1);
	CHECK_EQ(user.frames, 0);
	CHECK_EQ(net.posted_count[0], 64);
}
