/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What virtio-simple does beside the core of QEMU when a driver reads or writes the registers of
 * the PCI transport. It stands in front of the core's operations, so it also sees what comes
 * through the window in configuration space (4.1.4.9).
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "standard-headers/linux/virtio_pci.h"
#include "virtio-simple-pci.h"

/* Virtio 1.3, 4.1.4.3: behind the fields that the core knows. */
#define COMMON_ADMIN_QUEUE_INDEX 60
#define COMMON_ADMIN_QUEUE_NUM 62

/* The core counts every queue; administration queues come after those that num_queues counts. */
static uint64_t common_read(void *opaque, hwaddr addr, unsigned int size)
{
	VirtIOSimplePCI *dev = VIRTIO_SIMPLE_PCI(opaque);
	VirtQueue *adminq = dev->vdev.adminq;

	if (adminq) {
		switch (addr) {
		case VIRTIO_PCI_COMMON_NUMQ:
		case COMMON_ADMIN_QUEUE_INDEX:
			return virtio_get_queue_index(adminq);
		case COMMON_ADMIN_QUEUE_NUM:
			return 1;
		}
	}
	return dev->common.core->read(opaque, addr, size);
}

/* The core believes any size at any time: one larger than the queue was made with, for which some
 * versions have no memory, and one that comes when the ring is mapped, with its old size. */
static bool queue_size_ok(VirtIOSimplePCI *dev, uint64_t size)
{
	unsigned int selected = VIRTIO_DEVICE(&dev->vdev)->queue_sel;
	bool enabled = VIRTIO_PCI(dev)->vqs[selected].enabled;

	if (size <= dev->vdev.conf.queue_size && !enabled) {
		return true;
	}
	qemu_log_mask(LOG_GUEST_ERROR, "virtio-simple: queue_size %" PRIu64 " ignored: %s\n", size,
		      enabled ? "the queue is enabled" : "larger than the device has");
	return false;
}

/* The size that the driver had chosen goes too: the core would bring it back unseen with the next
 * queue_enable (2.6.1: a queue that was reset is as it was before the driver touched it). Other
 * versions of the core make it as large as they can. */
static void reset_queue(VirtIOSimplePCI *dev, uint64_t value, unsigned int size)
{
	VirtIOPCIProxy *proxy = VIRTIO_PCI(dev);
	VirtIODevice *vdev = VIRTIO_DEVICE(&dev->vdev);

	if (!virtio_vdev_has_feature(vdev, VIRTIO_F_RING_RESET)) {
		qemu_log_mask(LOG_GUEST_ERROR, "virtio-simple: queue_reset written without "
					       "RING_RESET: ignored\n");
		return;
	}
	dev->common.core->write(proxy, VIRTIO_PCI_COMMON_Q_RESET, value, size);
	if (value == 1) {
		proxy->vqs[vdev->queue_sel].num = 0;
		virtio_queue_set_num(vdev, vdev->queue_sel, dev->vdev.conf.queue_size);
	}
}

static void common_write(void *opaque, hwaddr addr, uint64_t value, unsigned int size)
{
	VirtIOSimplePCI *dev = VIRTIO_SIMPLE_PCI(opaque);

	if (addr == VIRTIO_PCI_COMMON_Q_RESET) {
		reset_queue(dev, value, size);
	} else if (addr != VIRTIO_PCI_COMMON_Q_SIZE || queue_size_ok(dev, value)) {
		dev->common.core->write(opaque, addr, value, size);
	}
}

static void notify_write(void *opaque, hwaddr addr, uint64_t value, unsigned int size)
{
	VirtIOSimplePCI *dev = VIRTIO_SIMPLE_PCI(opaque);
	unsigned int multiplier = VIRTIO_PCI(dev)->notify.size / VIRTIO_QUEUE_MAX;

	virtio_simple_check_notification(&dev->vdev, addr / multiplier, value, size);
	dev->notify.core->write(opaque, addr, value, size);
}

/* The one address for all queues: the core takes the whole value for the queue's index. */
static void notify_pio_write(void *opaque, hwaddr addr, uint64_t value, unsigned int size)
{
	VirtIOSimplePCI *dev = VIRTIO_SIMPLE_PCI(opaque);
	uint16_t index = value;

	virtio_simple_check_notification(&dev->vdev, index, value, size);
	dev->notify_pio.core->write(opaque, addr, index, size);
}

static void take(SimpleRegisters *registers, VirtIOPCIRegion *region)
{
	registers->core = region->mr.ops;
	registers->ours = *region->mr.ops;
	region->mr.ops = &registers->ours;
}

void virtio_simple_take_registers(VirtIOSimplePCI *dev)
{
	VirtIOPCIProxy *proxy = VIRTIO_PCI(dev);

	take(&dev->common, &proxy->common);
	dev->common.ours.read = common_read;
	dev->common.ours.write = common_write;
	take(&dev->notify, &proxy->notify);
	dev->notify.ours.write = notify_write;
	take(&dev->notify_pio, &proxy->notify_pio);
	dev->notify_pio.ours.write = notify_pio_write;
}
