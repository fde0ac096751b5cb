/* SPDX-License-Identifier: MIT */
/* The operations of a modern virtio-pci device (virtio 1.2, 4.1.4.3 and 4.1.4.6). */
#include <linux/errno.h>

#include "drivers/virtio/virtio_pci.h"
#include "kernel/io.h"
#include "kernel/irq.h"
#include "kernel/time.h"

/* Devices may take their time, but not for ever; what we wait for is QEMU's main loop at worst. */
#define RESET_TIMEOUT_NS (1000 * NSEC_PER_MSEC)

/* ---- device configuration -------------------------------------------------------------------- */

static bool config_range_is_valid(const struct virtio_pci_device *vp, u32 offset, u32 length)
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

	if (!config_range_is_valid(vp, offset, length))
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

	if (!config_range_is_valid(vp, offset, length))
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

static bool is_reset(void *context)
{
	return modern_get_status(context) == 0;
}

/* 4.1.4.3.2: 0 is written, and the reset is done when 0 reads back; but registers that nobody
 * decodes read 0 as well. A device that does not get there may go on writing to memory it was
 * given, so its bus mastering goes. */
static int modern_reset(struct virtio_device *vdev)
{
	struct pci_dev *dev = to_vp_device(vdev)->pci_dev;
	int error;

	modern_set_status(vdev, 0);
	error = poll_until(is_reset, vdev, RESET_TIMEOUT_NS);
	if (!error && !pci_decodes_memory(dev))
		error = -EIO;
	if (error)
		pci_clear_master(dev);
	return error;
}

/* ---- features -------------------------------------------------------------------------------- */

static u64 modern_get_features(struct virtio_device *vdev)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);
	u64 features;

	vp_write(vp, device_feature_select, 0);
	features = vp_read(vp, device_feature);
	vp_write(vp, device_feature_select, 1);
	return features | (u64)vp_read(vp, device_feature) << 32;
}

/* 6.1: a modern device is driven with VERSION_1 or not at all. */
static int modern_finalize_features(struct virtio_device *vdev)
{
	const struct virtio_pci_device *vp = to_vp_device(vdev);

	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1)) {
		dev_printk(&vdev->dev, "E05 the device does not offer VERSION_1 (bit 32)\n");
		return -EINVAL;
	}
	vp_write(vp, guest_feature_select, 0);
	vp_write(vp, guest_feature, (u32)vdev->features);
	vp_write(vp, guest_feature_select, 1);
	vp_write(vp, guest_feature, (u32)(vdev->features >> 32));
	return 0;
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* Handlers run with interrupts off on this one CPU, so none runs while we are here; what was sent
 * before is taken when the flag is next on, and a read makes sure that it was sent. */
static void modern_synchronize_cbs(struct virtio_device *vdev)
{
	u64 flags;

	modern_get_status(vdev);
	flags = local_irq_save();
	local_irq_enable();
	__asm__ volatile("nop" : : : "memory"); /* sti takes effect one instruction later */
	local_irq_disable();
	local_irq_restore(flags);
}

static const char *modern_bus_name(struct virtio_device *vdev)
{
	return dev_name(&to_vp_device(vdev)->pci_dev->dev);
}

const struct virtio_config_ops virtio_pci_modern_ops = {
	.get = modern_get,
	.set = modern_set,
	.generation = modern_generation,
	.get_status = modern_get_status,
	.set_status = modern_set_status,
	.reset = modern_reset,
	.find_vqs = virtio_pci_find_vqs,
	.del_vqs = virtio_pci_del_vqs,
	.synchronize_cbs = modern_synchronize_cbs,
	.get_features = modern_get_features,
	.finalize_features = modern_finalize_features,
	.bus_name = modern_bus_name,
};
