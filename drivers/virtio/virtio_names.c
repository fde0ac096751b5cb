/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the specification as words: device types (section 5), feature bits by device type
 * (virtio 1.2, 5.1.3 to 5.6.3; those of legacy devices from the sections beside) and of rings and
 * transports (section 6). By number where the installed headers may be too old for the name.
 */
#include <linux/virtio_balloon.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_console.h>
#include <linux/virtio_iommu.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_scsi.h>

#include "drivers/virtio/uapi/virtio_simple.h"
#include "drivers/virtio/virtio.h"
#include "kernel/printk.h"

static const struct {
	u32 id;
	const char *name;
} id_names[] = {
	{ VIRTIO_ID_NET, "net" },	  { VIRTIO_ID_BLOCK, "blk" },
	{ VIRTIO_ID_CONSOLE, "console" }, { VIRTIO_ID_RNG, "rng" },
	{ VIRTIO_ID_BALLOON, "balloon" }, { VIRTIO_ID_SCSI, "scsi" },
	{ VIRTIO_ID_9P, "9p" },		  { VIRTIO_ID_GPU, "gpu" },
	{ VIRTIO_ID_INPUT, "input" },	  { VIRTIO_ID_VSOCK, "vsock" },
	{ VIRTIO_ID_CRYPTO, "crypto" },	  { VIRTIO_ID_IOMMU, "iommu" },
	{ VIRTIO_ID_MEM, "mem" },	  { VIRTIO_ID_SOUND, "sound" },
	{ VIRTIO_ID_FS, "fs" },		  { VIRTIO_ID_PMEM, "pmem" },
	{ VIRTIO_ID_SIMPLE, "simple" },
};

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
	{ VIRTIO_ID_PMEM, pmem_names },
};

/* Section 6. */
static const struct virtio_feature_name transport_names[] = {
	{ VIRTIO_F_NOTIFY_ON_EMPTY, "NOTIFY_ON_EMPTY" },
	{ VIRTIO_F_ANY_LAYOUT, "ANY_LAYOUT" },
	{ VIRTIO_RING_F_INDIRECT_DESC, "INDIRECT_DESC" },
	{ VIRTIO_RING_F_EVENT_IDX, "EVENT_IDX" },
	{ VIRTIO_F_VERSION_1, "VERSION_1" },
	{ VIRTIO_F_ACCESS_PLATFORM, "ACCESS_PLATFORM" },
	{ VIRTIO_F_RING_PACKED, "RING_PACKED" },
	{ VIRTIO_F_IN_ORDER, "IN_ORDER" },
	{ VIRTIO_F_ORDER_PLATFORM, "ORDER_PLATFORM" },
	{ VIRTIO_F_SR_IOV, "SR_IOV" },
	{ VIRTIO_F_NOTIFICATION_DATA, "NOTIFICATION_DATA" },
	{ VIRTIO_F_NOTIF_CONFIG_DATA, "NOTIF_CONFIG_DATA" },
	{ VIRTIO_F_RING_RESET, "RING_RESET" },
	{ VIRTIO_F_ADMIN_VQ, "ADMIN_VQ" },
	{ 0, NULL },
};

/* ACCESS_PLATFORM: the addresses we give are physical, which is what it asks for without an
 * IOMMU in the way, and a device that offers it may refuse to work otherwise (6.1).
 * ORDER_PLATFORM: our barriers hold for hardware too (kernel/barrier.h). */
u64 virtio_transport_features(void)
{
	return BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |
	       BIT_ULL(VIRTIO_RING_F_EVENT_IDX) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |
	       BIT_ULL(VIRTIO_F_RING_PACKED) | BIT_ULL(VIRTIO_F_IN_ORDER) |
	       BIT_ULL(VIRTIO_F_ORDER_PLATFORM) | BIT_ULL(VIRTIO_F_NOTIFICATION_DATA) |
	       BIT_ULL(VIRTIO_F_NOTIF_CONFIG_DATA) | BIT_ULL(VIRTIO_F_RING_RESET) |
	       BIT_ULL(VIRTIO_F_ADMIN_VQ);
}

const char *virtio_id_name(u32 device)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(id_names); i++)
		if (id_names[i].id == device)
			return id_names[i].name;
	return "unknown";
}

static const char *find_feature_name(const struct virtio_feature_name *names, unsigned int bit)
{
	for (; names && names->name; names++)
		if (names->bit == bit)
			return names->name;
	return NULL;
}

/* Others have no bits of their own: rng (5.4.3), input (5.8.3), sound (5.14.3). */
static const struct virtio_feature_name *feature_names(const struct virtio_device *vdev)
{
	const struct virtio_driver *driver =
		vdev->dev.driver ? to_virtio_driver(vdev->dev.driver) : NULL;

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].device == vdev->id.device)
			return types[i].names;
	return driver ? driver->feature_names : NULL;
}

void virtio_format_features(const struct virtio_device *vdev, u64 features, char *buffer,
			    size_t size)
{
	const struct virtio_feature_name *names = feature_names(vdev);
	size_t used = 0;

	buffer[0] = '\0';
	for (unsigned int bit = 0; bit < 64 && used + 1 < size; bit++) {
		const char *name = find_feature_name(names, bit);

		if (!(features & BIT_ULL(bit)))
			continue;
		if (!name)
			name = find_feature_name(transport_names, bit);
		used += (size_t)snprintf(buffer + used, size - used, used ? " " : "");
		if (name)
			used += (size_t)snprintf(buffer + used, size - used, "%s", name);
		else
			used += (size_t)snprintf(buffer + used, size - used, "bit%u", bit);
	}
}
