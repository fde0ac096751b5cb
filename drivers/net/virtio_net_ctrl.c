/* SPDX-License-Identifier: MIT */
/*
 * Commands of virtio-net's control queue (virtio 1.2, 5.1.6.5), one at a time: receive filters,
 * address, number of queue pairs, and the acknowledgement of an announcement.
 */
#include <linux/errno.h>

#include "drivers/net/virtio_net_priv.h"
#include "kernel/cpu.h"
#include "kernel/string.h"

#define COMMAND_TIMEOUT_NS (2 * NSEC_PER_SEC)
#define ACK_NONE 0xff
/* How long queue pairs that go out of use may take to send their frames. */
#define DRAIN_TIMEOUT_NS (1 * NSEC_PER_SEC)

_Static_assert(2 * sizeof(__le32) + NETDEV_MULTICAST_MAX * ETH_ALEN <=
		       sizeof(((struct virtio_net_ctrl_page *)0)->bytes),
	       "room for the filter table");

/* Submits header, `parts` pieces of the page's bytes and the acknowledgement as one chain. */
static int virtio_net_submit_command(struct virtio_net *net, const u32 *part_bytes,
				     unsigned int parts)
{
	struct virtio_net_ctrl_page *page = net->ctrl_page;
	struct virtqueue_buffer buffers[4] = { { &page->header, sizeof(page->header) } };
	u8 *position = page->bytes;
	unsigned int out = 1;
	int error;

	for (unsigned int i = 0; i < parts; i++) {
		buffers[out++] = (struct virtqueue_buffer){ position, part_bytes[i] };
		position += part_bytes[i];
	}
	buffers[out] = (struct virtqueue_buffer){ &page->ack, sizeof(page->ack) };
	error = virtqueue_add(net->ctrl, buffers, out, 1, page);
	if (!error)
		virtqueue_kick(net->ctrl);
	return error;
}

/* Executes a command whose data is in the page already, in `parts` pieces: 0, -EIO if the answer is
 * negative, -ETIMEDOUT or -EIO if there is none. Does not reset the device: the caller may be the
 * restart itself. */
static int virtio_net_send_command(struct virtio_net *net, u8 class, u8 command,
				   const u32 *part_bytes, unsigned int parts)
{
	struct virtio_net_ctrl_page *page = net->ctrl_page;
	u32 written = 0;
	int error;

	page->header = (struct virtio_net_ctrl_hdr){ class, command };
	page->ack = ACK_NONE;
	error = virtio_net_submit_command(net, part_bytes, parts);
	if (!error)
		error = virtqueue_wait(net->ctrl, VIRTQUEUE_POLL, 1, COMMAND_TIMEOUT_NS);
	net->ctrl_unanswered = error || !virtqueue_get_buf(net->ctrl, &written);
	if (net->ctrl_unanswered)
		return error ? error : -EIO;
	if (written && READ_ONCE(page->ack) == VIRTIO_NET_OK)
		return 0;
	dev_printk(&net->vdev->dev,
		   "E53 [%s] control command %u.%u rejected: the device answers %u\n",
		   net->net.name, class, command, READ_ONCE(page->ack));
	return -EIO;
}

/* ---- the commands, for the caller that holds ctrl_busy -------------------------------------- */

static int tell_rx_switch(struct virtio_net *net, u8 command, bool on)
{
	u32 bytes = 1;

	net->ctrl_page->bytes[0] = on;
	return virtio_net_send_command(net, VIRTIO_NET_CTRL_RX, command, &bytes, 1);
}

static int tell_mode(struct virtio_net *net)
{
	int error = tell_rx_switch(net, VIRTIO_NET_CTRL_RX_PROMISC, net->promiscuous);

	if (error)
		return error;
	return tell_rx_switch(net, VIRTIO_NET_CTRL_RX_ALLMULTI, net->all_multicast);
}

/* Sends the filter. 5.1.6.5.2.2: two tables, each a count and that many addresses. The first is for
 * unicast addresses besides our own; it is empty. */
static int tell_multicast(struct virtio_net *net)
{
	u32 table_bytes = net->multicast_count * ETH_ALEN;
	u32 part_bytes[2] = { sizeof(__le32), (u32)sizeof(__le32) + table_bytes };
	__le32 counts[2] = { 0, cpu_to_le32(net->multicast_count) };

	memcpy(net->ctrl_page->bytes, counts, sizeof(counts));
	memcpy(net->ctrl_page->bytes + sizeof(counts), net->multicast, table_bytes);
	return virtio_net_send_command(net, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET,
				       part_bytes, 2);
}

static int tell_mac(struct virtio_net *net, const u8 *mac)
{
	u32 bytes = ETH_ALEN;

	memcpy(net->ctrl_page->bytes, mac, ETH_ALEN);
	return virtio_net_send_command(net, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
				       &bytes, 1);
}

/* Sets the number of pairs. 5.1.6.5.6.1: from 1 to the device's maximum, with the queues
 * configured. */
static int tell_pairs(struct virtio_net *net, unsigned int pairs)
{
	struct virtio_net_ctrl_mq mq = { cpu_to_le16(pairs) };
	u32 bytes = sizeof(mq);

	memcpy(net->ctrl_page->bytes, &mq, sizeof(mq));
	return virtio_net_send_command(net, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET,
				       &bytes, 1);
}

int virtio_net_tell_again(struct virtio_net *net)
{
	int error = 0;

	if (net->mac_set)
		error = tell_mac(net, net->net.mac);
	if (!error && net->mode_set)
		error = tell_mode(net);
	if (!error && net->multicast_set)
		error = tell_multicast(net);
	if (!error && net->net.queue_pairs > 1)
		error = tell_pairs(net, net->net.queue_pairs);
	return error;
}

/* ---- the operations of netdev.h -------------------------------------------------------------- */

/* Begins a command: no other one is running, and the device is up. */
static int virtio_net_begin_command(struct virtio_net *net)
{
	if (!net->ctrl_page)
		return -EOPNOTSUPP;
	if (!spin_trylock(&net->ctrl_busy))
		return -EBUSY;
	net->ctrl_unanswered = false;
	if (!virtio_net_has_failed(net))
		return 0;
	spin_unlock(&net->ctrl_busy);
	return -EIO;
}

/* Ends a command. One without an answer still owns its memory, so the device is reset to get that
 * back. */
static int virtio_net_end_command(struct virtio_net *net, int error)
{
	if (net->ctrl_unanswered)
		virtio_net_fail(net);
	spin_unlock(&net->ctrl_busy);
	return error;
}

int virtio_net_set_mac(struct netdev *dev, const u8 mac[ETH_ALEN])
{
	struct virtio_net *net = to_virtio_net(dev);
	int error = virtio_net_begin_command(net);

	if (error)
		return error;
	error = tell_mac(net, mac);
	net->mac_set |= !error;
	return virtio_net_end_command(net, error);
}

int virtio_net_set_receive_mode(struct netdev *dev, bool promiscuous, bool all_multicast)
{
	struct virtio_net *net = to_virtio_net(dev);
	int error = virtio_net_begin_command(net);

	if (error)
		return error;
	net->promiscuous = promiscuous;
	net->all_multicast = all_multicast;
	net->mode_set = true;
	error = tell_mode(net);
	return virtio_net_end_command(net, error);
}

int virtio_net_set_multicast(struct netdev *dev, const u8 *addresses, unsigned int count)
{
	struct virtio_net *net = to_virtio_net(dev);
	int error = virtio_net_begin_command(net);

	if (error)
		return error;
	memcpy(net->multicast, addresses, (size_t)count * ETH_ALEN);
	net->multicast_count = count;
	net->multicast_set = true;
	error = tell_multicast(net);
	return virtio_net_end_command(net, error);
}

/* Posts buffers before more queues are used: a queue must be ready first (5.1.6.5.6.1). */
static int virtio_net_fill_more(struct virtio_net *net, unsigned int pairs)
{
	int error = 0;

	for (unsigned int i = net->net.queue_pairs; i < pairs && !error; i++)
		if (!virtqueue_outstanding(net->rx[i].vq))
			error = virtio_net_fill(net, i);
	return error;
}

static bool virtio_net_is_drained(void *context)
{
	struct virtio_net *net = context;
	bool empty = true;

	for (unsigned int i = 1; i < net->net.max_queue_pairs; i++)
		empty &= !virtqueue_outstanding(net->tx[i].vq);
	return empty;
}

/* Waits for queues that go out of use: the device need not send their frames later. */
static int virtio_net_drain(struct virtio_net *net, unsigned int pairs)
{
	u64 start = ktime_get_ns();

	if (pairs >= net->net.queue_pairs)
		return 0;
	while (!virtio_net_is_drained(net)) {
		if (ktime_get_ns() - start > DRAIN_TIMEOUT_NS)
			return -EBUSY;
		for (unsigned int i = 1; i < net->net.queue_pairs; i++)
			virtio_net_take_sent(net, i);
		cpu_relax();
	}
	return 0;
}

int virtio_net_set_queue_pairs(struct netdev *dev, unsigned int pairs)
{
	struct virtio_net *net = to_virtio_net(dev);
	int error = virtio_net_begin_command(net);

	if (error)
		return error;
	error = virtio_net_drain(net, pairs);
	if (!error)
		error = virtio_net_fill_more(net, pairs);
	if (!error)
		error = tell_pairs(net, pairs);
	if (!error)
		dev->queue_pairs = pairs;
	return virtio_net_end_command(net, error);
}

int virtio_net_ack_announce(struct virtio_net *net)
{
	int error = virtio_net_begin_command(net);

	if (error)
		return error;
	error = virtio_net_send_command(net, VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK,
					NULL, 0);
	return virtio_net_end_command(net, error);
}
