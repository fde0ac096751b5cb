/* SPDX-License-Identifier: MIT */
/*
 * Receives frames for virtio-net (virtio 1.2, 5.1.6.3 and 5.1.6.4). A queue keeps all the buffers
 * that it can hold posted. Each goes back as soon as the handler has seen its frame, so the ring
 * runs dry only if frames come faster than they are polled, never because an app holds on to them.
 * If memory was short, each poll tries to allocate the rest.
 */
#include <linux/errno.h>

#include "drivers/net/virtio_net_priv.h"
#include "kernel/memory.h"
#include "kernel/string.h"

/* How many buffers go back before the device is notified; it may have run out of them. */
#define BUFFERS_A_KICK 32
/* All receive buffers of a queue together take at most this fraction of the free memory. */
#define MEMORY_SHARE 8

/* ---- buffers --------------------------------------------------------------------------------- */

static int post_rx_buffer(struct virtio_net *net, struct virtio_net_rx *side, u8 *memory)
{
	u32 header = net->header_bytes;
	struct virtqueue_buffer whole = { memory, net->buffer_bytes };
	struct virtqueue_buffer parts[2] = { { memory, header },
					     { memory + header, net->buffer_bytes - header } };

	if (net->split_header)
		return virtqueue_add(side->vq, parts, 0, 2, memory);
	return virtqueue_add(side->vq, &whole, 0, 1, memory);
}

/* Returns how many buffers the ring and the memory allow. */
static unsigned int count_wanted_buffers(const struct virtio_net *net,
					 const struct virtio_net_rx *side)
{
	u64 pages_each = ALIGN_UP(net->buffer_bytes, PAGE_SIZE) / PAGE_SIZE;
	unsigned int wanted = virtqueue_get_vring_size(side->vq);
	struct memory_counters memory;

	memory_count(&memory);
	wanted = min(wanted, (unsigned int)VIRTIO_NET_BUFFERS_MAX);
	return (unsigned int)min((u64)wanted,
				 max(memory.pages_free / MEMORY_SHARE / pages_each, 1ULL));
}

/* Allocates one more buffer and posts it. 0, -ENOSPC if the ring is full, -ENOMEM, -EIO. */
static int make_rx_buffer(struct virtio_net *net, struct virtio_net_rx *side)
{
	u8 *memory = alloc_pages_exact(net->buffer_bytes);
	int error = memory ? post_rx_buffer(net, side, memory) : -ENOMEM;

	if (!error)
		side->buffers[side->made++] = memory;
	else
		free_pages_exact(memory, net->buffer_bytes);
	return error;
}

/* Allocates the missing buffers. If the ring is full before that, it holds no more. */
static int make_missing_buffers(struct virtio_net *net, struct virtio_net_rx *side)
{
	int error = 0;

	while (side->made < side->wanted && !error)
		error = make_rx_buffer(net, side);
	if (error == -ENOSPC)
		side->wanted = side->made;
	return error == -ENOSPC ? 0 : error;
}

static void say_starved(struct virtio_net *net, struct virtio_net_rx *side, unsigned int queue)
{
	if (side->starved_said)
		return;
	side->starved_said = true;
	dev_printk(
		&net->vdev->dev,
		"E52 [%s] queue %u has %u of %u receive buffers: out of memory; retried per poll\n",
		net->net.name, queue, side->made, side->wanted);
}

/* Posts buffers from before a restart; the ring may be smaller now. */
static int post_made(struct virtio_net *net, struct virtio_net_rx *side)
{
	int error = 0;

	for (unsigned int i = 0; i < side->made && !error; i++)
		error = post_rx_buffer(net, side, side->buffers[i]);
	return error == -ENOSPC ? 0 : error;
}

int virtio_net_fill(struct virtio_net *net, unsigned int queue)
{
	struct virtio_net_rx *side = &net->rx[queue];
	int error = post_made(net, side);

	side->wanted = max(side->made, count_wanted_buffers(net, side));
	if (!error)
		error = make_missing_buffers(net, side);
	if (error == -ENOMEM)
		say_starved(net, side, queue);
	virtqueue_kick(side->vq);
	return error == -ENOMEM && side->made ? 0 : error;
}

void virtio_net_free_buffers(struct virtio_net *net, unsigned int queue)
{
	struct virtio_net_rx *side = &net->rx[queue];

	if (!net->vdev->failed)
		for (unsigned int i = 0; i < side->made; i++)
			free_pages_exact(side->buffers[i], net->buffer_bytes);
	side->made = 0;
}

/* ---- one frame ------------------------------------------------------------------------------- */

/* The buffers of one frame; all of them go back. */
struct received {
	struct virtio_net_hdr_v1 header; /* copied once */
	u8 *memory[NETDEV_SEGMENTS_MAX];
	struct netdev_segment segments[NETDEV_SEGMENTS_MAX];
	unsigned int buffers, segment_count;
	u32 length; /* length of the frame */
	bool bad;
};

/* Keeps a used buffer, of which `used` bytes from `skip` on belong to the frame. A frame of too
 * many buffers is bad, and they go back at once. */
static void keep_rx_buffer(struct virtio_net *net, struct virtio_net_rx *side,
			   struct received *received, u8 *memory, u32 skip, u32 used)
{
	if (received->buffers == NETDEV_SEGMENTS_MAX) {
		received->bad = true;
		post_rx_buffer(net, side, memory);
		return;
	}
	received->memory[received->buffers++] = memory;
	if (used <= skip)
		return;
	received->segments[received->segment_count++] =
		(struct netdev_segment){ memory + skip, used - skip };
	received->length += used - skip;
}

/* Takes the first buffer, with the header. False if there is none. */
static bool take_first_buffer(struct virtio_net *net, struct virtio_net_rx *side,
			      struct received *received)
{
	u32 used = 0;
	u8 *memory = virtqueue_get_buf(side->vq, &used);

	if (!memory)
		return false;
	received->bad = used < net->header_bytes;
	if (!received->bad)
		memcpy(&received->header, memory, net->header_bytes);
	keep_rx_buffer(net, side, received, memory, net->header_bytes, used);
	return true;
}

/*
 * Takes the other buffers. 5.1.6.4.1: with MRG_RXBUF the header gives the number of buffers of the
 * frame; the device uses them together, and each but the last to its end. If some are missing, the
 * next buffer cannot be told from a header, so the queue is broken.
 */
static void take_other_buffers(struct virtio_net *net, struct virtio_net_rx *side,
			       struct received *received)
{
	unsigned int count = le16_to_cpu(received->header.num_buffers);
	u32 used = received->length + net->header_bytes;

	if (!net->mergeable || received->bad)
		return;
	received->bad = !count;
	for (unsigned int taken = 1; taken < count; taken++) {
		u8 *memory;

		received->bad |= used != net->buffer_bytes;
		memory = virtqueue_get_buf(side->vq, &used);
		if (!memory) {
			virtqueue_break(side->vq, "a frame claims %u buffers, %u were used", count,
					taken);
			received->bad = true;
			return;
		}
		keep_rx_buffer(net, side, received, memory, 0, used);
	}
}

/* 5.1.6.4.2: unknown flags are ignored; without GUEST_CSUM there are none at all. */
static u8 known_flags(const struct virtio_net *net, const struct virtio_net_hdr_v1 *header)
{
	if (!(net->net.features & NETDEV_F_RECEIVE_CHECKSUM))
		return 0;
	return header->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID);
}

/* Reads the checksum fields; false if the sum would lie outside the frame. */
static bool read_checksum(const struct virtio_net *net, const struct received *received,
			  struct netdev_frame *frame)
{
	u8 flags = known_flags(net, &received->header);
	u16 start = le16_to_cpu(received->header.csum_start);
	u16 offset = le16_to_cpu(received->header.csum_offset);

	if (flags & VIRTIO_NET_HDR_F_DATA_VALID)
		frame->checksum = NETDEV_CHECKSUM_VALID;
	if (!(flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return true;
	frame->checksum = NETDEV_CHECKSUM_PARTIAL;
	frame->offload.needs_checksum = true;
	frame->offload.checksum_start = start;
	frame->offload.checksum_offset = offset;
	return (u32)start + offset + 2 <= frame->length;
}

/* Reads the kind of segmentation; false unless its feature was negotiated. */
static bool read_gso_type(const struct virtio_net *net, u8 type, struct netdev_offload *offload)
{
	const struct virtio_device *vdev = net->vdev;

	offload->gso_ecn = type & VIRTIO_NET_HDR_GSO_ECN;
	if (offload->gso_ecn && !virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_ECN))
		return false;
	switch (type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		offload->gso = NETDEV_GSO_TCP4;
		return virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_TSO4);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		offload->gso = NETDEV_GSO_TCP6;
		return virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_TSO6);
	default:
		return false;
	}
}

/* Reads the segmentation fields. 5.1.6.4.2: hdr_len is only a hint, so it is passed on only if it
 * is possible. */
static bool read_gso(const struct virtio_net *net, const struct received *received,
		     struct netdev_frame *frame)
{
	const struct virtio_net_hdr_v1 *header = &received->header;
	struct netdev_offload *offload = &frame->offload;
	u16 header_length = le16_to_cpu(header->hdr_len);

	if (header->gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	offload->gso_size = le16_to_cpu(header->gso_size);
	offload->header_length = header_length <= frame->length ? header_length : 0;
	return read_gso_type(net, header->gso_type, offload) && offload->gso_size;
}

static bool read_rx_header(const struct virtio_net *net, const struct received *received,
			   struct netdev_frame *frame)
{
	if (received->bad || received->length < ETH_HLEN)
		return false;
	*frame = (struct netdev_frame){ .segments = received->segments,
					.segment_count = received->segment_count,
					.length = received->length };
	return read_checksum(net, received, frame) && read_gso(net, received, frame);
}

static bool is_too_long(const struct virtio_net *net, const struct netdev_frame *frame)
{
	u32 limit = frame->offload.gso ? NETDEV_FRAME_MAX : net->net.mtu + ETH_HLEN + VLAN_HLEN;

	return frame->length > limit;
}

/* ---- polling --------------------------------------------------------------------------------- */

/* Takes the buffers of one frame; false if there is none. */
static bool take_frame(struct virtio_net *net, struct virtio_net_rx *side,
		       struct received *received)
{
	bool there = false;

	received->buffers = received->segment_count = 0;
	received->length = 0;
	spin_lock(&side->lock);
	if (!virtio_net_has_failed(net)) {
		there = take_first_buffer(net, side, received);
		if (there)
			take_other_buffers(net, side, received);
	}
	spin_unlock(&side->lock);
	return there;
}

/* Posts the buffers again; if the queue broke meanwhile, the restart does it. */
static void give_back_buffers(struct virtio_net *net, struct virtio_net_rx *side,
			      const struct received *received)
{
	spin_lock(&side->lock);
	if (!virtio_net_has_failed(net))
		for (unsigned int i = 0; i < received->buffers; i++)
			post_rx_buffer(net, side, received->memory[i]);
	spin_unlock(&side->lock);
}

/* Counts a frame; returns whether it can be passed on. */
static bool frame_is_good(struct virtio_net *net, struct virtio_net_rx *side,
			  const struct received *received, struct netdev_frame *frame)
{
	if (!read_rx_header(net, received, frame)) {
		side->counters.errors++;
		return false;
	}
	if (is_too_long(net, frame)) {
		side->counters.dropped++;
		return false;
	}
	side->counters.packets++;
	side->counters.bytes += frame->length;
	return true;
}

/* Notifies the device of the buffers, and allocates missing ones. */
static void refill_rx_ring(struct virtio_net *net, unsigned int queue)
{
	struct virtio_net_rx *side = &net->rx[queue];

	spin_lock(&side->lock);
	if (!virtio_net_has_failed(net)) {
		if (side->made < side->wanted && !make_missing_buffers(net, side))
			side->starved_said = false;
		virtqueue_kick(side->vq);
	}
	spin_unlock(&side->lock);
}

int virtio_net_receive(struct virtio_net *net, unsigned int queue, unsigned int budget,
		       netdev_handler_t *handler, void *context)
{
	struct virtio_net_rx *side = &net->rx[queue];
	unsigned int frames = 0, buffers = 0;
	struct received received;
	struct netdev_frame frame;

	while (frames < budget && take_frame(net, side, &received)) {
		frames++;
		if (frame_is_good(net, side, &received, &frame))
			handler(&net->net, &frame, context);
		give_back_buffers(net, side, &received);
		buffers += received.buffers;
		if (buffers < BUFFERS_A_KICK)
			continue;
		refill_rx_ring(net, queue);
		buffers = 0;
	}
	if (buffers || side->made < side->wanted)
		refill_rx_ring(net, queue);
	return (int)frames;
}
