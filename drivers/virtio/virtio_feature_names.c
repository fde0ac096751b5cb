/* SPDX-License-Identifier: MIT */
/*
 * Feature bits by device type (virtio 1.2, 5.1.3 to 5.6.3; those of legacy devices from the
 * sections beside). By number where the installed headers may be too old for the name.
 */
#include "drivers/virtio/virtio_feature_names.h"

#include <linux/virtio_balloon.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_console.h>
#include <linux/virtio_iommu.h>
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

static const struct virtio_feature_name gpu_names[] = {
	{ 0, "VIRGL" },		{ 1, "EDID" },	       { 2, "RESOURCE_UUID" },
	{ 3, "RESOURCE_BLOB" }, { 4, "CONTEXT_INIT" }, {},
};

static const struct virtio_feature_name iommu_names[] = {
	NAMED(IOMMU, INPUT_RANGE), NAMED(IOMMU, DOMAIN_RANGE),
	NAMED(IOMMU, MAP_UNMAP),   NAMED(IOMMU, BYPASS),
	NAMED(IOMMU, PROBE),	   NAMED(IOMMU, MMIO),
	{ 6, "BYPASS_CONFIG" },	   {},
};

static const struct virtio_feature_name crypto_names[] = {
	{ 0, "REVISION_1" },
	{ 1, "CIPHER_STATELESS_MODE" },
	{ 2, "HASH_STATELESS_MODE" },
	{ 3, "MAC_STATELESS_MODE" },
	{ 4, "AEAD_STATELESS_MODE" },
	{ 5, "AKCIPHER_STATELESS_MODE" },
	{},
};

static const struct virtio_feature_name mem_names[] = {
	{ 0, "ACPI_PXM" },
	{ 1, "UNPLUGGED_INACCESSIBLE" },
	{ 2, "PERSISTENT_SUSPEND" },
	{},
};

static const struct virtio_feature_name vsock_names[] = {
	{ 0, "STREAM" },
	{ 1, "SEQPACKET" },
	{ 2, "NO_IMPLIED_STREAM" },
	{},
};

static const struct virtio_feature_name fs_names[] = { { 0, "NOTIFICATION" }, {} };
static const struct virtio_feature_name pmem_names[] = { { 0, "SHMEM_REGION" }, {} };
static const struct virtio_feature_name p9_names[] = { { 0, "MOUNT_TAG" }, {} };

static const struct virtio_feature_name simple_names[] = {
	NAMED(SIMPLE, EVENTQ),
	NAMED(SIMPLE, MQ),
	{},
};

static const struct {
	u32 device;
	const struct virtio_feature_name *names;
} types[] = {
	{ VIRTIO_ID_NET, net_names },	      { VIRTIO_ID_BLOCK, blk_names },
	{ VIRTIO_ID_CONSOLE, console_names }, { VIRTIO_ID_BALLOON, balloon_names },
	{ VIRTIO_ID_SCSI, scsi_names },	      { VIRTIO_ID_9P, p9_names },
	{ VIRTIO_ID_GPU, gpu_names },	      { VIRTIO_ID_VSOCK, vsock_names },
	{ VIRTIO_ID_CRYPTO, crypto_names },   { VIRTIO_ID_IOMMU, iommu_names },
	{ VIRTIO_ID_MEM, mem_names },	      { VIRTIO_ID_FS, fs_names },
	{ VIRTIO_ID_PMEM, pmem_names },	      { VIRTIO_ID_SIMPLE, simple_names },
};

/* Others have no bits of their own: rng (5.4.3), input (5.8.3), sound (5.14.3). */
const struct virtio_feature_name *virtio_feature_names(u32 device)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].device == device)
			return types[i].names;
	return NULL;
}
