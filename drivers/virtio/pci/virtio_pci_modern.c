/* SPDX-License-Identifier: MIT */
/*
 * A modern virtio-pci device (virtio 1.2, 4.1.4.3 and 4.1.4.6): how it is recognised, its common
 * configuration, and the table of operations. Its queues are in virtio_pci_modern_queue.c.
 */
#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"
#include "kernel/io.h"

/* ---- the common configuration ---------------------------------------------------------------- */

/* Ours only adds to the structure that every <linux/virtio_pci.h> has. */
_Static_assert(offsetof(struct virtio_pci_common_regs, queue_select) ==
			       VIRTIO_PCI_COMMON_Q_SELECT &&
		       offsetof(struct virtio_pci_common_regs, queue_device_hi) ==
			       VIRTIO_PCI_COMMON_Q_USEDHI &&
		       offsetof(struct virtio_pci_common_regs, queue_notif_config_data) ==
			       sizeof(struct virtio_pci_common_cfg),
	       "the common configuration has its own layout");

u32 virtio_pci_common_read(const struct virtio_pci_device *vp, u32 offset, u32 size)
{
	const volatile u8 *address = vp->common.base + offset;

	if (size == 1)
		return readb(address);
	if (size == 2)
		return readw(address);
	return readl(address);
}

void virtio_pci_common_write(const struct virtio_pci_device *vp, u32 offset, u32 size, u32 value)
{
	volatile u8 *address = vp->common.base + offset;

	if (size == 1)
		writeb((u8)value, address);
	else if (size == 2)
		writew((u16)value, address);
	else
		writel(value, address);
}

/* ---- device configuration -------------------------------------------------------------------- */

static bool vp_modern_range_is_valid(const struct virtio_pci_device *vp, u32 offset, u32 length)
{
	return length && length <= vp->device.length && offset <= vp->device.length - length;
}

/* 4.1.3.1: a field is read at its width, 64 bits as two halves; anything else is bytes. */
static u32 access_width(u32 offset, u32 length)
{
	if ((length == 4 || length == 8) && IS_ALIGNED(offset, 4))
		return 4;
	if (length == 2 && IS_ALIGNED(offset, 2))
		return 2;
	return 1;
}

static int modern_get(struct virtio_device *vdev, u32 offset, void *buffer, u32 length)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);
	u32 width = access_width(offset, length);

	if (!vp_modern_range_is_valid(vp, offset, length))
		return -EINVAL;
	for (u32 i = 0; i < length; i += width) {
		const volatile u8 *address = vp->device.base + offset + i;
		u8 *to = (u8 *)buffer + i;

		if (width == 4)
			*(u32 *)to = readl(address);
		else if (width == 2)
			*(u16 *)to = readw(address);
		else
			*to = readb(address);
	}
	return 0;
}

static int modern_set(struct virtio_device *vdev, u32 offset, const void *buffer, u32 length)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);
	u32 width = access_width(offset, length);

	if (!vp_modern_range_is_valid(vp, offset, length))
		return -EINVAL;
	for (u32 i = 0; i < length; i += width) {
		volatile u8 *address = vp->device.base + offset + i;
		const u8 *from = (const u8 *)buffer + i;

		if (width == 4)
			writel(*(const u32 *)from, address);
		else if (width == 2)
			writew(*(const u16 *)from, address);
		else
			writeb(*from, address);
	}
	return 0;
}

static u32 modern_generation(struct virtio_device *vdev)
{
	return vp_read(to_vp_device(vdev), config_generation);
}

/* ---- status ---------------------------------------------------------------------------------- */

static u8 modern_get_status(struct virtio_device *vdev)
{
	return (u8)vp_read(to_vp_device(vdev), device_status);
}

static void modern_set_status(struct virtio_device *vdev, u8 status)
{
	vp_write(to_vp_device(vdev), device_status, status);
}

/* ---- features -------------------------------------------------------------------------------- */

/* Features whose registers come last, and are not there in a shorter structure (4.1.4.3). */
static u64 features_without_registers(const struct virtio_pci_device *vp)
{
	u64 features = 0;

	if (vp->common.length < offsetof(struct virtio_pci_common_regs, queue_reset))
		features |= BIT_ULL(VIRTIO_F_NOTIF_CONFIG_DATA);
	if (vp->common.length < offsetof(struct virtio_pci_common_regs, admin_queue_index))
		features |= BIT_ULL(VIRTIO_F_RING_RESET);
	if (vp->common.length < sizeof(struct virtio_pci_common_regs))
		features |= BIT_ULL(VIRTIO_F_ADMIN_VQ);
	return features;
}

static u64 modern_get_features(struct virtio_device *vdev)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);
	u64 features;

	vp_write(vp, device_feature_select, 0);
	features = vp_read(vp, device_feature);
	vp_write(vp, device_feature_select, 1);
	features |= (u64)vp_read(vp, device_feature) << 32;
	return features & ~features_without_registers(vp);
}

/* 6.1: a modern device is driven with VERSION_1 or not at all. */
static int modern_finalize_features(struct virtio_device *vdev)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);

	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1)) {
		dev_printk(&vdev->dev, "E05 the device does not offer VERSION_1 (bit 32)\n");
		return -EINVAL;
	}
	vp_write(vp, driver_feature_select, 0);
	vp_write(vp, driver_feature, (u32)vdev->features);
	vp_write(vp, driver_feature_select, 1);
	vp_write(vp, driver_feature, (u32)(vdev->features >> 32));
	return 0;
}

static const struct virtio_config_ops virtio_pci_config_ops = {
	.get = modern_get,
	.set = modern_set,
	.generation = modern_generation,
	.get_status = modern_get_status,
	.set_status = modern_set_status,
	.reset = virtio_pci_reset,
	.find_vqs = virtio_pci_find_vqs,
	.del_vqs = virtio_pci_del_vqs,
	.synchronize_cbs = virtio_pci_synchronize_cbs,
	.create_avq = virtio_pci_create_avq,
	.destroy_avq = virtio_pci_destroy_avq,
	.set_vq_affinity = virtio_pci_set_vq_affinity,
	.get_vq_affinity = virtio_pci_get_vq_affinity,
	.get_shm_region = virtio_pci_get_shm_region,
	.disable_vq_and_reset = virtio_pci_modern_disable_vq,
	.enable_vq_after_reset = virtio_pci_modern_enable_vq,
	.get_features = modern_get_features,
	.finalize_features = modern_finalize_features,
	.bus_name = virtio_pci_bus_name,
};

/* ---- probing --------------------------------------------------------------------------------- */

static void print_region(const struct virtio_pci_device *vp, const char *name,
			 const struct virtio_pci_region *region)
{
	if (region->base)
		dev_printk(&vp->pci_dev->dev, "%s: BAR %u + 0x%04x, 0x%x bytes\n", name,
			   region->bar, region->offset, region->length);
}

static void print_regions(const struct virtio_pci_device *vp)
{
	print_region(vp, "common configuration", &vp->common);
	print_region(vp, "notifications", &vp->notify);
	print_region(vp, "ISR status", &vp->isr);
	print_region(vp, "device configuration", &vp->device);
}

int virtio_pci_modern_probe(struct virtio_pci_device *vp)
{
	int error = virtio_pci_find_regions(vp);

	if (error)
		return error;
	print_regions(vp);
	vp->vdev.config = &virtio_pci_config_ops;
	vp->interface = &virtio_pci_modern_interface;
	return 0;
}
