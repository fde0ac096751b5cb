// SPDX-License-Identifier: MIT
/* See net_fixture.h. */
#include "net_fixture.h"

#include "test.h"

#include <linux/errno.h>

#include "world.h"

#define ACCEPTED(name) (modern.accepted & 1ULL << VIRTIO_NET_F_##name)
#define BUFFER_MIN 1526	     /* 5.1.6.3.1 */
#define BUFFER_MIN_BIG 65562 /* with segmentation and without merging */

struct net_device net;

static struct held {
	u16 head;
	unsigned int queue;
} held[256];
static unsigned int held_count;

static u32 gather(const struct ring_segment *segments, unsigned int count, u8 *to, u32 room)
{
	u32 length = 0;

	for (unsigned int i = 0; i < count; i++) {
		CHECK(segments[i].length <= room - length);
		memcpy(to + length, segments[i].address, segments[i].length);
		length += segments[i].length;
	}
	return length;
}

/* ---- what a driver must keep to -------------------------------------------------------------- */

/* 5.1.6.2.1. */
static void check_header(const struct virtio_net_hdr_v1 *header, u32 length)
{
	u8 gso = header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;

	CHECK_EQ(header->num_buffers, 0);
	CHECK(!(header->flags & ~VIRTIO_NET_HDR_F_NEEDS_CSUM));
	if (!ACCEPTED(CSUM))
		CHECK_EQ(header->flags, 0);
	if (header->flags)
		CHECK(header->csum_start + header->csum_offset + 2u <= length);
	CHECK(gso == 0 || gso == VIRTIO_NET_HDR_GSO_TCPV4 || gso == VIRTIO_NET_HDR_GSO_TCPV6);
	CHECK(gso != VIRTIO_NET_HDR_GSO_TCPV4 || ACCEPTED(HOST_TSO4));
	CHECK(gso != VIRTIO_NET_HDR_GSO_TCPV6 || ACCEPTED(HOST_TSO6));
	CHECK(!(header->gso_type & VIRTIO_NET_HDR_GSO_ECN) || ACCEPTED(HOST_ECN));
	CHECK(!gso || (header->flags && header->gso_size && header->hdr_len > header->csum_start));
	/* 5.1.4.2 */
	if (ACCEPTED(MTU) && !gso)
		CHECK(length <= net.config.mtu + ETH_HLEN + 4u);
}

static void take_sent(unsigned int queue, const struct ring_chain *chain)
{
	CHECK_EQ(chain->in, 0);
	CHECK(chain->out >= 2);
	CHECK_EQ(chain->segments[0].length, NET_HEADER);
	memcpy(&net.last_header, chain->segments[0].address, NET_HEADER);
	net.last_length =
		gather(chain->segments + 1, chain->out - 1, net.last_frame, sizeof(net.last_frame));
	check_header(&net.last_header, net.last_length);
	net.sent[queue]++;
	if (!net.held) {
		modern_use(&modern, queue, chain->head, 0);
		return;
	}
	CHECK(held_count < ARRAY_SIZE(held));
	held[held_count++] = (struct held){ chain->head, queue };
}

/* 5.1.6.3.1. */
static void take_posted(unsigned int queue, const struct ring_chain *chain)
{
	bool big = ACCEPTED(GUEST_TSO4) || ACCEPTED(GUEST_TSO6);

	CHECK_EQ(chain->out, 0);
	CHECK_EQ(chain->in, 1);
	if (ACCEPTED(MRG_RXBUF))
		CHECK(chain->writable >= NET_HEADER);
	else
		CHECK(chain->writable >= (big ? BUFFER_MIN_BIG : BUFFER_MIN));
	/* The first one after a reset: what was there before is forgotten. */
	if (modern.queues[queue].ring.last_avail == 1)
		net.posted_count[queue] = 0;
	CHECK(net.posted_count[queue] < 256);
	net.posted[queue][net.posted_count[queue]++] =
		(struct net_buffer){ chain->head, chain->segments[0].address,
				     chain->segments[0].length };
}

/* 5.1.6.5: which commands there are says a feature. */
static void check_command(void)
{
	switch (net.command_class) {
	case VIRTIO_NET_CTRL_RX:
		CHECK(ACCEPTED(CTRL_RX) && net.command <= VIRTIO_NET_CTRL_RX_ALLMULTI);
		CHECK_EQ(net.command_bytes, 1);
		return;
	case VIRTIO_NET_CTRL_MAC:
		CHECK(ACCEPTED(CTRL_RX));
		CHECK(net.command != VIRTIO_NET_CTRL_MAC_ADDR_SET || ACCEPTED(CTRL_MAC_ADDR));
		return;
	case VIRTIO_NET_CTRL_MQ:
		CHECK(ACCEPTED(MQ));
		CHECK(net.command_data[0] >= 1);
		CHECK(net.command_data[0] <= net.config.max_virtqueue_pairs);
		/* The queues are there before they are enabled. */
		for (unsigned int i = 0; i < net.command_data[0]; i++)
			CHECK(modern.queues[2 * i].enable && net.posted_count[2 * i]);
		return;
	default:
		CHECK_EQ(net.command_class, VIRTIO_NET_CTRL_ANNOUNCE);
		CHECK(ACCEPTED(GUEST_ANNOUNCE));
		CHECK_EQ(net.command_bytes, 0);
	}
}

static void take_command(unsigned int queue, const struct ring_chain *chain)
{
	CHECK(chain->out >= 1);
	CHECK_EQ(chain->in, 1);
	CHECK_EQ(chain->segments[0].length, 2);
	CHECK_EQ(chain->segments[chain->out].length, 1);
	net.command_class = chain->segments[0].address[0];
	net.command = chain->segments[0].address[1];
	net.command_bytes = gather(chain->segments + 1, chain->out - 1, net.command_data,
				   sizeof(net.command_data));
	check_command();
	net.commands++;
	if (net.silent)
		return;
	*chain->segments[chain->out].address = net.command_ack;
	modern_use(&modern, queue, chain->head, 1);
}

static void serve(struct modern *device, unsigned int queue, struct ring_chain *chain)
{
	unsigned int pairs = ACCEPTED(MQ) ? net.config.max_virtqueue_pairs : 1;

	(void)device;
	if (queue == 2 * pairs)
		take_command(queue, chain);
	else if (queue % 2)
		take_sent(queue, chain);
	else
		take_posted(queue, chain);
}

void net_release(void)
{
	net.held = false;
	for (unsigned int i = 0; i < held_count; i++)
		modern_use(&modern, held[i].queue, held[i].head, 0);
	held_count = 0;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static struct net_buffer take_buffer(unsigned int queue)
{
	struct net_buffer first = net.posted[queue][0];

	CHECK(net.posted_count[queue]);
	memmove(net.posted[queue], net.posted[queue] + 1,
		--net.posted_count[queue] * sizeof(first));
	return first;
}

void net_receive(unsigned int pair, struct virtio_net_hdr_v1 header, const void *frame, u32 length)
{
	static u8 bytes[NET_HEADER + 2 * NETDEV_FRAME_MAX];
	struct net_buffer parts[64];
	u32 total = NET_HEADER + length, done = 0;
	unsigned int count = 0;

	while (done < total) {
		parts[count] = take_buffer(2 * pair);
		done += parts[count++].length;
	}
	if (!header.num_buffers)
		header.num_buffers = (u16)count;
	memcpy(bytes, &header, NET_HEADER);
	memcpy(bytes + NET_HEADER, frame, length);
	done = 0;
	for (unsigned int i = 0; i < count; i++) {
		u32 part = total - done < parts[i].length ? total - done : parts[i].length;

		memcpy(parts[i].address, bytes + done, part);
		modern_use(&modern, 2 * pair, parts[i].head, part);
		done += part;
	}
}

void net_use_raw(unsigned int pair, u32 written)
{
	struct net_buffer buffer = take_buffer(2 * pair);

	memset(buffer.address, 0, buffer.length);
	modern_use(&modern, 2 * pair, buffer.head, written);
}

/* ---- the interface's user -------------------------------------------------------------------- */

struct net_user user;

static void done(struct netdev *dev, struct netdev_tx *tx)
{
	(void)dev;
	user.done++;
	user.failed += tx->error == -EIO;
}

void net_handle(struct netdev *dev, const struct netdev_frame *received, void *context)
{
	(void)dev;
	(void)context;
	user.last = *received;
	CHECK_EQ(netdev_copy(received, 0, user.bytes, sizeof(user.bytes)), received->length);
	user.frames++;
}

int net_poll(struct netdev *dev)
{
	return netdev_poll(dev, 0, 64, net_handle, NULL);
}

void net_fill(void)
{
	for (unsigned int i = 0; i < sizeof(user.frame); i++)
		user.frame[i] = (u8)(i * 7 + (i >> 8));
}

int net_send(struct netdev *dev, unsigned int queue, struct netdev_tx *tx, u32 length)
{
	struct netdev_segment segment = { user.frame, length };
	int error;

	tx->segments = &segment;
	tx->segment_count = 1;
	tx->done = done;
	error = netdev_send(dev, queue, tx);
	netdev_flush(dev, queue);
	return error;
}

void net_need_reset(void)
{
	modern.status |= 64;
	modern_change(&modern);
}

/* ---- making it ------------------------------------------------------------------------------- */

void net_change(void)
{
	memcpy(modern.config, &net.config, sizeof(net.config));
	modern_change(&modern);
}

void net_make(u64 features, u16 pairs)
{
	static const u8 mac[ETH_ALEN] = { 0x52, 0x54, 0, 1, 2, 3 };

	memcpy(net.config.mac, mac, ETH_ALEN);
	net.config.status = VIRTIO_NET_S_LINK_UP;
	net.config.max_virtqueue_pairs = pairs;
	net.config.mtu = 1400;
	net.config.speed = 1000;
	net.config.duplex = 1;
	memcpy(modern.config, &net.config, sizeof(net.config));
	modern.offered |= features;
	modern.queue_count = (u16)(2 * pairs + 1);
	modern.config_length = sizeof(net.config);
	modern.vectors = 8;
	modern.serve = serve;
	modern_make(0x1041, 1, 0x1100);
}

struct netdev *net_boot(u64 features, u16 pairs)
{
	net_make(features, pairs);
	modern_boot();
	return netdev_get(0);
}
