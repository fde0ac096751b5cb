/* SPDX-License-Identifier: MIT */
/* The features of virtio-net: which are accepted (virtio 1.2, 5.1.3 and 5.1.4), and what
 * follows. */
#include <linux/errno.h>
#include <linux/virtio_config.h>

#include "drivers/net/virtio_net_priv.h"
#include "kernel/cmdline.h"
#include "kernel/memory.h"
#include "kernel/string.h"

#define MTU_MIN 68 /* 5.1.4.1 */
#define MTU_DEFAULT 1500
/* 5.1.6.3.1: without segmentation or merging, a buffer has at least these bytes, header
 * included. */
#define BUFFER_MIN 1526
/* The control queue comes after all pairs (5.1.2), and a queue's index has 16 bits. */
#define DEVICE_PAIRS_MAX 0x7fff

BOOT_OPTION(offload_option, "net.offload", "on or off");

const unsigned int virtio_net_features[VIRTIO_NET_FEATURES] = {
	VIRTIO_NET_F_CSUM,	VIRTIO_NET_F_GUEST_CSUM,    VIRTIO_NET_F_MTU,
	VIRTIO_NET_F_MAC,	VIRTIO_NET_F_GUEST_TSO4,    VIRTIO_NET_F_GUEST_TSO6,
	VIRTIO_NET_F_GUEST_ECN, VIRTIO_NET_F_HOST_TSO4,	    VIRTIO_NET_F_HOST_TSO6,
	VIRTIO_NET_F_HOST_ECN,	VIRTIO_NET_F_MRG_RXBUF,	    VIRTIO_NET_F_STATUS,
	VIRTIO_NET_F_CTRL_VQ,	VIRTIO_NET_F_CTRL_RX,	    VIRTIO_NET_F_GUEST_ANNOUNCE,
	VIRTIO_NET_F_MQ,	VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_SPEED_DUPLEX,
};

/* ---- which are accepted ---------------------------------------------------------------------- */

/*
 * 5.1.3.1: a bit is accepted only with one of those that it needs; a bit with several rows needs
 * one of each. Beyond that section: frames longer than a buffer are accepted only if buffers are
 * merged (otherwise 5.1.6.3.1 wants 64 KiB per buffer), the announcement is a bit of the status
 * field, and 5.1.6.5.2.2 allows no MAC command without CTRL_RX.
 */
static const struct {
	unsigned int bit;
	u64 needs;
} needs[] = {
	{ VIRTIO_NET_F_GUEST_TSO4, BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) },
	{ VIRTIO_NET_F_GUEST_TSO4, BIT_ULL(VIRTIO_NET_F_MRG_RXBUF) },
	{ VIRTIO_NET_F_GUEST_TSO6, BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) },
	{ VIRTIO_NET_F_GUEST_TSO6, BIT_ULL(VIRTIO_NET_F_MRG_RXBUF) },
	{ VIRTIO_NET_F_GUEST_ECN,
	  BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) | BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) },
	{ VIRTIO_NET_F_HOST_TSO4, BIT_ULL(VIRTIO_NET_F_CSUM) },
	{ VIRTIO_NET_F_HOST_TSO6, BIT_ULL(VIRTIO_NET_F_CSUM) },
	{ VIRTIO_NET_F_HOST_ECN,
	  BIT_ULL(VIRTIO_NET_F_HOST_TSO4) | BIT_ULL(VIRTIO_NET_F_HOST_TSO6) },
	{ VIRTIO_NET_F_CTRL_RX, BIT_ULL(VIRTIO_NET_F_CTRL_VQ) },
	{ VIRTIO_NET_F_MQ, BIT_ULL(VIRTIO_NET_F_CTRL_VQ) },
	{ VIRTIO_NET_F_GUEST_ANNOUNCE, BIT_ULL(VIRTIO_NET_F_CTRL_VQ) },
	{ VIRTIO_NET_F_GUEST_ANNOUNCE, BIT_ULL(VIRTIO_NET_F_STATUS) },
	{ VIRTIO_NET_F_CTRL_MAC_ADDR, BIT_ULL(VIRTIO_NET_F_CTRL_VQ) },
	{ VIRTIO_NET_F_CTRL_MAC_ADDR, BIT_ULL(VIRTIO_NET_F_CTRL_RX) },
};

#define OFFLOADS                                                               \
	(BIT_ULL(VIRTIO_NET_F_CSUM) | BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) |       \
	 BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) | BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) | \
	 BIT_ULL(VIRTIO_NET_F_GUEST_ECN) | BIT_ULL(VIRTIO_NET_F_HOST_TSO4) |   \
	 BIT_ULL(VIRTIO_NET_F_HOST_TSO6) | BIT_ULL(VIRTIO_NET_F_HOST_ECN))

static void apply_offload_option(struct virtio_device *vdev)
{
	const char *value = offload_option.value;

	if (!value || !strcmp(value, "on"))
		return;
	if (!strcmp(value, "off"))
		vdev->features &= ~OFFLOADS;
	else
		dev_printk(&vdev->dev, "net.offload=%s ignored: want %s\n", value,
			   offload_option.values);
}

static void refuse_value_of(struct virtio_device *vdev, unsigned int bit, const char *name,
			    unsigned int value)
{
	dev_printk(&vdev->dev, "E50 %s is %u, which is not allowed: feature not used\n", name,
		   value);
	vdev->features &= ~BIT_ULL(bit);
}

/* Checks the fields that come with a feature, before it is accepted (3.1.1, step 4, allows
 * reading). If the field is missing, the feature is dropped. */
static void check_mtu(struct virtio_device *vdev)
{
	u16 mtu = 0;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MTU))
		return;
	if (virtio_cread(vdev, struct virtio_net_config, mtu, &mtu) || mtu < MTU_MIN)
		refuse_value_of(vdev, VIRTIO_NET_F_MTU, "the MTU", mtu);
}

static void check_pairs(struct virtio_device *vdev)
{
	u16 pairs = 0;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MQ))
		return;
	if (virtio_cread(vdev, struct virtio_net_config, max_virtqueue_pairs, &pairs) || !pairs ||
	    pairs > DEVICE_PAIRS_MAX)
		refuse_value_of(vdev, VIRTIO_NET_F_MQ, "the number of queue pairs", pairs);
}

static void check_link(struct virtio_device *vdev)
{
	u16 status;
	u32 speed;

	if (virtio_has_feature(vdev, VIRTIO_NET_F_STATUS) &&
	    virtio_cread(vdev, struct virtio_net_config, status, &status))
		vdev->features &= ~BIT_ULL(VIRTIO_NET_F_STATUS);
	if (virtio_has_feature(vdev, VIRTIO_NET_F_SPEED_DUPLEX) &&
	    virtio_cread(vdev, struct virtio_net_config, speed, &speed))
		vdev->features &= ~BIT_ULL(VIRTIO_NET_F_SPEED_DUPLEX);
}

int virtio_net_validate(struct virtio_device *vdev)
{
	apply_offload_option(vdev);
	check_mtu(vdev);
	check_pairs(vdev);
	check_link(vdev);
	for (unsigned int i = 0; i < ARRAY_SIZE(needs); i++)
		if (!(vdev->features & needs[i].needs))
			vdev->features &= ~BIT_ULL(needs[i].bit);
	return 0;
}

/* ---- what follows ---------------------------------------------------------------------------- */

static const struct {
	unsigned int bit;
	unsigned int feature;
} offers[] = {
	{ VIRTIO_NET_F_CSUM, NETDEV_F_CHECKSUM },
	{ VIRTIO_NET_F_HOST_TSO4, NETDEV_F_TSO4 },
	{ VIRTIO_NET_F_HOST_TSO6, NETDEV_F_TSO6 },
	{ VIRTIO_NET_F_HOST_ECN, NETDEV_F_TSO_ECN },
	{ VIRTIO_NET_F_GUEST_CSUM, NETDEV_F_RECEIVE_CHECKSUM },
	{ VIRTIO_NET_F_GUEST_TSO4, NETDEV_F_LRO },
	{ VIRTIO_NET_F_GUEST_TSO6, NETDEV_F_LRO },
	{ VIRTIO_NET_F_CTRL_MAC_ADDR, NETDEV_F_SET_MAC },
	{ VIRTIO_NET_F_CTRL_RX, NETDEV_F_RECEIVE_MODE },
};

/* Makes up a locally administered address (5.1.4.2); the clock is the only randomness here. */
static void make_up_address(u8 *mac)
{
	u64 mixed = ktime_get_ns() * 0x9e3779b97f4a7c15ULL;

	mac[0] = 0x02;
	for (unsigned int i = 1; i < ETH_ALEN; i++)
		mac[i] = (u8)(mixed >> (8 + 8 * i));
}

static int virtio_net_read_mac(struct virtio_net *net)
{
	int error;

	/* An address that was set later, or made up, is kept over */
	if (is_valid_ether_addr(net->net.mac))
		return 0;
	if (virtio_has_feature(net->vdev, VIRTIO_NET_F_MAC)) {
		error = virtio_cread(net->vdev, struct virtio_net_config, mac, net->net.mac);
		if (error || is_valid_ether_addr(net->net.mac))
			return error;
		dev_printk(&net->vdev->dev,
			   "E50 the MAC address is not unicast: feature not used\n");
	}
	make_up_address(net->net.mac);
	return 0;
}

/* Reads fields that were checked before; catches a device that has changed them since. */
static int read_sizes(struct virtio_net *net)
{
	u16 mtu = MTU_DEFAULT, pairs = 1;
	int error = 0;

	if (virtio_has_feature(net->vdev, VIRTIO_NET_F_MTU))
		error = virtio_cread(net->vdev, struct virtio_net_config, mtu, &mtu);
	if (!error && virtio_has_feature(net->vdev, VIRTIO_NET_F_MQ))
		error = virtio_cread(net->vdev, struct virtio_net_config, max_virtqueue_pairs,
				     &pairs);
	if (error)
		return error;
	if (mtu < MTU_MIN || !pairs || pairs > DEVICE_PAIRS_MAX)
		return -EIO;
	net->net.mtu = mtu;
	net->device_pairs = pairs;
	net->net.max_queue_pairs = min(pairs, (u16)NETDEV_QUEUE_PAIRS_MAX);
	return 0;
}

/* Chooses the header. 5.1.6.1: num_buffers exists with VERSION_1 or MRG_RXBUF, else the header is
 * shorter. 5.1.6.6: ANY_LAYOUT, which would let a legacy device find the header anywhere, is not
 * accepted. */
static void lay_out_header(struct virtio_net *net)
{
	bool modern = virtio_has_feature(net->vdev, VIRTIO_F_VERSION_1);
	u32 frame = net->net.mtu + ETH_HLEN + VLAN_HLEN;

	net->mergeable = virtio_has_feature(net->vdev, VIRTIO_NET_F_MRG_RXBUF);
	net->split_header = !modern;
	net->header_bytes = modern || net->mergeable ? sizeof(struct virtio_net_hdr_v1)
						     : sizeof(struct virtio_net_hdr);
	net->buffer_bytes =
		net->mergeable ? (u32)PAGE_SIZE : max(net->header_bytes + frame, (u32)BUFFER_MIN);
}

int virtio_net_read_config(struct virtio_net *net)
{
	int error = virtio_net_read_mac(net);

	if (!error)
		error = read_sizes(net);
	if (error)
		return error;
	net->net.features = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(offers); i++)
		if (virtio_has_feature(net->vdev, offers[i].bit))
			net->net.features |= offers[i].feature;
	lay_out_header(net);
	return 0;
}
