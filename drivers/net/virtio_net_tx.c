/* SPDX-License-Identifier: MIT */
/* Sends frames for virtio-net (virtio 1.2, 5.1.6.2): the header, and taking frames back. */
#include <linux/errno.h>

#include "drivers/net/virtio_net_priv.h"
#include "kernel/string.h"

_Static_assert(sizeof(struct virtio_net_hdr_v1) <= sizeof(((struct netdev_tx *)0)->header),
	       "room for the header");

/* A queue that takes nothing for this long is reported as stalled. */
#define STALL_NS (5 * NSEC_PER_SEC)
/* A queue that has frames and takes none for this long is notified again. */
#define NUDGE_NS (10 * NSEC_PER_MSEC)

static u8 gso_type(const struct netdev_offload *offload)
{
	u8 type = VIRTIO_NET_HDR_GSO_NONE;

	if (offload->gso == NETDEV_GSO_TCP4)
		type = VIRTIO_NET_HDR_GSO_TCPV4;
	if (offload->gso == NETDEV_GSO_TCP6)
		type = VIRTIO_NET_HDR_GSO_TCPV6;
	return offload->gso && offload->gso_ecn ? type | VIRTIO_NET_HDR_GSO_ECN : type;
}

/*
 * Fills in the header. 5.1.6.2.1: num_buffers is 0, and so are unused fields. netdev_send has let
 * through only offloads whose features were negotiated, and segmentation only together with a
 * checksum.
 */
static void fill_header(struct netdev_tx *tx)
{
	const struct netdev_offload *offload = &tx->offload;
	struct virtio_net_hdr_v1 header = { .gso_type = gso_type(offload) };

	if (offload->needs_checksum) {
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.csum_start = cpu_to_le16(offload->checksum_start);
		header.csum_offset = cpu_to_le16(offload->checksum_offset);
	}
	if (offload->gso) {
		header.gso_size = cpu_to_le16(offload->gso_size);
		header.hdr_len = cpu_to_le16(offload->header_length);
	}
	memcpy(tx->header, &header, sizeof(header));
}

/* Adds a frame. The header has a separate descriptor, which a legacy device needs (5.1.6.6) and
 * others allow. */
static int add_tx_frame(struct virtio_net *net, struct virtio_net_tx *queue, struct netdev_tx *tx)
{
	struct virtqueue_buffer buffers[1 + NETDEV_SEGMENTS_MAX];

	fill_header(tx);
	buffers[0] = (struct virtqueue_buffer){ tx->header, net->header_bytes };
	for (unsigned int i = 0; i < tx->segment_count; i++)
		buffers[1 + i] = (struct virtqueue_buffer){ tx->segments[i].address,
							    tx->segments[i].length };
	return virtqueue_add(queue->vq, buffers, 1 + tx->segment_count, 0, tx);
}

int virtio_net_send(struct netdev *dev, unsigned int queue, struct netdev_tx *tx)
{
	struct virtio_net *net = to_virtio_net(dev);
	struct virtio_net_tx *side = &net->tx[queue];
	int error = -EIO;

	spin_lock(&side->lock);
	if (!virtio_net_has_failed(net)) {
		if (!virtqueue_outstanding(side->vq))
			side->progress_ns = ktime_get_ns();
		error = add_tx_frame(net, side, tx);
	}
	spin_unlock(&side->lock);
	return error;
}

void virtio_net_flush(struct netdev *dev, unsigned int queue)
{
	struct virtio_net *net = to_virtio_net(dev);
	struct virtio_net_tx *side = &net->tx[queue];

	spin_lock(&side->lock);
	if (!virtio_net_has_failed(net))
		virtqueue_kick(side->vq);
	spin_unlock(&side->lock);
}

static void finish_tx_frame(struct virtio_net *net, struct netdev_tx *tx, int error)
{
	tx->error = error;
	if (tx->done)
		tx->done(&net->net, tx);
}

/* Takes the next frame that the device has finished, or NULL. */
static struct netdev_tx *take_sent_frame(struct virtio_net *net, struct virtio_net_tx *side)
{
	struct netdev_tx *tx = NULL;
	u32 written;

	spin_lock(&side->lock);
	if (!virtio_net_has_failed(net))
		tx = virtqueue_get_buf(side->vq, &written);
	if (tx) {
		side->counters.packets++;
		side->counters.bytes += tx->length;
		side->progress_ns = ktime_get_ns();
		side->stall_said = false;
	}
	spin_unlock(&side->lock);
	return tx;
}

int virtio_net_take_sent(struct virtio_net *net, unsigned int queue)
{
	struct netdev_tx *tx;
	int count = 0;

	while ((tx = take_sent_frame(net, &net->tx[queue]))) {
		finish_tx_frame(net, tx, 0);
		count++;
	}
	return count;
}

static struct netdev_tx *detach_tx_frame(struct virtio_net_tx *side)
{
	struct netdev_tx *tx = NULL;

	spin_lock(&side->lock);
	if (side->vq)
		tx = virtqueue_detach_unused_buf(side->vq);
	side->counters.errors += !!tx;
	spin_unlock(&side->lock);
	return tx;
}

void virtio_net_end_all(struct virtio_net *net)
{
	struct netdev_tx *tx;

	for (unsigned int i = 0; i < net->net.max_queue_pairs; i++)
		while ((tx = detach_tx_frame(&net->tx[i])))
			finish_tx_frame(net, tx, -EIO);
}

/* Notifies the device again, in case a notification was lost (QEMU 7.2 with packed rings and
 * EVENT_IDX loses one when a full socket takes frames again). */
static void nudge_tx_queue(struct virtio_net_tx *side, u64 now)
{
	if (now - max(side->progress_ns, side->nudged_ns) < NUDGE_NS)
		return;
	side->nudged_ns = now;
	virtqueue_notify(side->vq);
}

/* Watches a queue. A peer that takes nothing is not the device's fault, so nothing is reset. */
void virtio_net_watch(struct virtio_net *net, unsigned int queue)
{
	struct virtio_net_tx *side = &net->tx[queue];
	u64 now = ktime_get_ns();
	unsigned int outstanding = 0;
	bool stalled;

	spin_lock(&side->lock);
	if (!virtio_net_has_failed(net))
		outstanding = virtqueue_outstanding(side->vq);
	if (outstanding)
		nudge_tx_queue(side, now);
	stalled = outstanding && !side->stall_said && now - side->progress_ns >= STALL_NS;
	side->stall_said |= stalled;
	spin_unlock(&side->lock);
	if (stalled)
		dev_printk(&net->vdev->dev,
			   "E51 [%s] queue %u sent nothing for %llu s; %u frames waiting\n",
			   net->net.name, queue, STALL_NS / NSEC_PER_SEC, outstanding);
}
