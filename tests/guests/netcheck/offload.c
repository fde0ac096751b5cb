/* SPDX-License-Identifier: MIT */
/* TCP in frames of all kinds that a device can finish, and a peer that sends each of them back with
 * what the device said of it (tests/guests/net/test_virtio_net_tap.py). */
#include <linux/errno.h>

#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "tests/guests/netcheck/netcheck.h"

#define PATIENCE_NS (120 * NSEC_PER_SEC) /* a busy host takes its time */
#define IP_AT 14
#define TCP_AT 34
#define DATA_AT 54
#define CHECKSUM_OFFSET 16
#define GSO_SIZE 1400

static u8 *sent, *seen;
static u32 seen_length;
static struct netdev_offload seen_offload;
static enum netdev_checksum seen_checksum;

static void put16(u8 *to, unsigned int value)
{
	to[0] = (u8)(value >> 8);
	to[1] = (u8)value;
}

static u32 add16(u32 sum, const u8 *data, unsigned int length)
{
	for (unsigned int i = 0; i < length; i += 2)
		sum += (u32)data[i] << 8 | data[i + 1];
	return (sum & 0xffff) + (sum >> 16);
}

/* TCP over IPv4, its checksum left at the sum of the pseudo header. */
static void fill(const struct netdev *dev, u32 length)
{
	static const u8 fixed[] = {
		0x02, 0,  0,	0, 0, 1, 0, 0, 0,  0, 0, 0, 8,	  0, /* Ethernet */
		0x45, 0,  0,	0, 0, 1, 0, 0, 64, 6, 0, 0, 10,	  0,
		2,    15, 10,	0, 2, 2, /* IP */
		0x10, 0,  0x20, 0, 0, 0, 0, 1, 0,  0, 0, 1, 0x50, 0x10,
		0x10, 0,  0,	0, 0, 0,
	};
	u32 sum;

	memcpy(sent, fixed, sizeof(fixed));
	memcpy(sent + ETH_ALEN, dev->mac, ETH_ALEN);
	put16(sent + IP_AT + 2, length - IP_AT);
	put16(sent + IP_AT + 10, ~add16(0, sent + IP_AT, 20) & 0xffff);
	sum = add16(6 + length - TCP_AT, sent + IP_AT + 12, 8);
	put16(sent + TCP_AT + CHECKSUM_OFFSET, (sum & 0xffff) + (sum >> 16));
	for (u32 i = DATA_AT; i < length; i++)
		sent[i] = (u8)(i * 7 + (i >> 8));
}

static void receive(struct netdev *dev, const struct netdev_frame *frame, void *context)
{
	(void)dev;
	(void)context;
	/* The host may say something of its own there. */
	if (frame->length < DATA_AT || netdev_copy(frame, 0, seen, NETDEV_FRAME_MAX) < DATA_AT ||
	    seen[12] != 8 || seen[13] != 0 || seen[IP_AT + 9] != 6)
		return;
	seen_length = frame->length;
	seen_offload = frame->offload;
	seen_checksum = frame->checksum;
}

static bool is_as_sent(u32 length, const struct netdev_offload *offload)
{
	return seen_length == length && !memcmp(seen + IP_AT, sent + IP_AT, length - IP_AT) &&
	       seen_checksum == NETDEV_CHECKSUM_PARTIAL &&
	       seen_offload.checksum_start == offload->checksum_start &&
	       seen_offload.checksum_offset == offload->checksum_offset &&
	       seen_offload.gso == offload->gso && seen_offload.gso_size == offload->gso_size;
}

/* One frame there and back. */
static int echo(struct netdev *dev, u32 length, const struct netdev_offload *offload)
{
	u64 start = ktime_get_ns();
	int error;

	fill(dev, length);
	seen_length = 0;
	error = netdev_send_sync(dev, 0, sent, length, offload, PATIENCE_NS);
	while (!error && !seen_length) {
		netdev_wait(dev, NETDEV_RECEIVED, NSEC_PER_SEC);
		if (netdev_poll(dev, 0, 64, receive, NULL) < 0)
			return -EIO;
		if (ktime_get_ns() - start > PATIENCE_NS)
			return -ETIMEDOUT;
	}
	if (error)
		return error;
	return is_as_sent(length, offload) ? 0 : -EIO;
}

static int echo_all(struct netdev *dev)
{
	struct netdev_offload offload = { .needs_checksum = true,
					  .checksum_start = TCP_AT,
					  .checksum_offset = CHECKSUM_OFFSET };
	int error = 0;

	for (u32 length = DATA_AT + 1; length <= 1514 && !error; length += 97)
		error = echo(dev, length, &offload);
	offload.gso = NETDEV_GSO_TCP4;
	offload.gso_size = GSO_SIZE;
	offload.header_length = DATA_AT;
	for (u32 length = 2000; length <= 65000 && !error; length += 999)
		error = echo(dev, length, &offload);
	return error;
}

int netcheck_offload(struct netdev *dev)
{
	int error;

	sent = alloc_pages_exact(NETDEV_FRAME_MAX);
	seen = alloc_pages_exact(NETDEV_FRAME_MAX);
	error = sent && seen ? echo_all(dev) : -ENOMEM;
	printk("netcheck: offloads both ways: %d, the last frame had %u bytes\n", error,
	       seen_length);
	free_pages_exact(seen, NETDEV_FRAME_MAX);
	free_pages_exact(sent, NETDEV_FRAME_MAX);
	return error;
}
