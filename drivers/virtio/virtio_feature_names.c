/* SPDX-License-Identifier: MIT */
/*
 * Feature bits by device type (virtio 1.2, 5.1.3 to 5.6.3; those of legacy devices from the
 * sections beside). By number where the installed headers may be too old for the name.
 */
#include "drivers/virtio/virtio_feature_names.h"

#include <linux/virtio_balloon.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_console.h>
#include <linux/virtio_net.h>
#include <linux/virtio_scsi.h>

#include "drivers/virtio/uapi/virtio_simple.h"

#define NAMED(type, name)                       \
	{                                       \
		VIRTIO_##type##_F_##name, #name \
	}

static const struct virtio_feature_name net_names[] = {
	NAMED(NET, CSUM),
	NAMED(NET, GUEST_CSUM),
	NAMED(NET, CTRL_GUEST_OFFLOADS),
	NAMED(NET, MTU),
	NAMED(NET, MAC),
	{ 6, "GSO" }, /* legacy */
	NAMED(NET, GUEST_TSO4),
	NAMED(NET, GUEST_TSO6),
	NAMED(NET, GUEST_ECN),
	NAMED(NET, GUEST_UFO),
	NAMED(NET, HOST_TSO4),
	NAMED(NET, HOST_TSO6),
	NAMED(NET, HOST_ECN),
	NAMED(NET, HOST_UFO),
	NAMED(NET, MRG_RXBUF),
	NAMED(NET, STATUS),
	NAMED(NET, CTRL_VQ),
	NAMED(NET, CTRL_RX),
	NAMED(NET, CTRL_VLAN),
	{ 20, "CTRL_RX_EXTRA" }, /* legacy */
	NAMED(NET, GUEST_ANNOUNCE),
	NAMED(NET, MQ),
	NAMED(NET, CTRL_MAC_ADDR),
	{ 53, "NOTF_COAL" },
	{ 54, "GUEST_USO4" },
	{ 55, "GUEST_USO6" },
	{ 56, "HOST_USO" },
	{ 57, "HASH_REPORT" },
	{ 59, "GUEST_HDRLEN" },
	{ 60, "RSS" },
	{ 61, "RSC_EXT" },
	NAMED(NET, STANDBY),
	NAMED(NET, SPEED_DUPLEX),
	{},
};

static const struct virtio_feature_name blk_names[] = {
	{ 0, "BARRIER" }, /* legacy */
	NAMED(BLK, SIZE_MAX), NAMED(BLK, SEG_MAX),    NAMED(BLK, GEOMETRY),
	NAMED(BLK, RO),	      NAMED(BLK, BLK_SIZE),   { 7, "SCSI" }, /* legacy */
	{ 9, "FLUSH" },	      NAMED(BLK, TOPOLOGY),   { 11, "CONFIG_WCE" },
	NAMED(BLK, MQ),	      NAMED(BLK, DISCARD),    NAMED(BLK, WRITE_ZEROES),
	{ 15, "LIFETIME" },   { 16, "SECURE_ERASE" }, {},
};

static const struct virtio_feature_name console_names[] = {
	NAMED(CONSOLE, SIZE),
	NAMED(CONSOLE, MULTIPORT),
	NAMED(CONSOLE, EMERG_WRITE),
	{},
};

static const struct virtio_feature_name balloon_names[] = {
	NAMED(BALLOON, MUST_TELL_HOST),
	NAMED(BALLOON, STATS_VQ),
	NAMED(BALLOON, DEFLATE_ON_OOM),
	NAMED(BALLOON, FREE_PAGE_HINT),
	NAMED(BALLOON, PAGE_POISON),
	{ 5, "PAGE_REPORTING" },
	{},
};

static const struct virtio_feature_name scsi_names[] = {
	NAMED(SCSI, INOUT), NAMED(SCSI, HOTPLUG), NAMED(SCSI, CHANGE), NAMED(SCSI, T10_PI), {},
};

static const struct virtio_feature_name simple_names[] = {
	NAMED(SIMPLE, EVENTQ),
	NAMED(SIMPLE, MQ),
	{},
};

const struct virtio_feature_name *virtio_feature_names(u32 device)
{
	switch (device) {
	case VIRTIO_ID_NET:
		return net_names;
	case VIRTIO_ID_BLOCK:
		return blk_names;
	case VIRTIO_ID_CONSOLE:
		return console_names;
	case VIRTIO_ID_BALLOON:
		return balloon_names;
	case VIRTIO_ID_SCSI:
		return scsi_names;
	case VIRTIO_ID_SIMPLE:
		return simple_names;
	default:
		return NULL; /* rng (5.4.3) has none */
	}
}
