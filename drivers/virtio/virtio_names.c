/* SPDX-License-Identifier: MIT */
/* Numbers of the specification as words: device types (section 5), feature bits (section 6). */
#include <linux/virtio_ring.h>

#include "drivers/virtio/uapi/virtio_simple.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_newer.h"
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

static const char *find_name(const struct virtio_feature_name *names, unsigned int bit)
{
	for (; names && names->name; names++)
		if (names->bit == bit)
			return names->name;
	return NULL;
}

void virtio_format_features(char *buffer, size_t size, u64 features,
			    const struct virtio_feature_name *names)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (unsigned int bit = 0; bit < 64 && used + 1 < size; bit++) {
		const char *name = find_name(names, bit);

		if (!(features & BIT_ULL(bit)))
			continue;
		if (!name)
			name = find_name(transport_names, bit);
		used += (size_t)snprintf(buffer + used, size - used, used ? " " : "");
		if (name)
			used += (size_t)snprintf(buffer + used, size - used, "%s", name);
		else
			used += (size_t)snprintf(buffer + used, size - used, "bit%u", bit);
	}
}
