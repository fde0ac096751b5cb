// SPDX-License-Identifier: MIT
/* The virtio devices and their queues. The indices are read while the machine runs on, so those of
 * one queue need not be of one moment. */
#include "apps/httpd/status.h"
#include "drivers/virtio/shared_memory.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/pci/virtio_pci.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/printk.h"
#include "kernel/string.h"

static const char *status_words(u8 status, char *text, size_t size)
{
	static const struct {
		u8 bit;
		const char *name;
	} bits[] = {
		{ VIRTIO_CONFIG_S_ACKNOWLEDGE, "ACKNOWLEDGE" },
		{ VIRTIO_CONFIG_S_DRIVER, "DRIVER" },
		{ VIRTIO_CONFIG_S_FEATURES_OK, "FEATURES_OK" },
		{ VIRTIO_CONFIG_S_DRIVER_OK, "DRIVER_OK" },
		{ VIRTIO_CONFIG_S_NEEDS_RESET, "DEVICE_NEEDS_RESET" },
		{ VIRTIO_CONFIG_S_FAILED, "FAILED" },
	};
	size_t length = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++)
		if (status & bits[i].bit)
			length +=
				(size_t)snprintf(text + length, size - length, "%s ", bits[i].name);
	return text;
}

static void show_features(struct report *report, const struct virtio_device *vdev, u64 features)
{
	char names[1024];

	virtio_format_features(vdev, features, names, sizeof(names));
	report_text(report, names);
}

/* A device that would not reset is not touched any more. */
static int show_device(struct device *device, void *data)
{
	struct virtio_device *vdev = to_virtio_device(device);
	const struct device_driver *driver = device->driver;
	struct report *report = data;
	u64 offered, taken = driver ? vdev->features : 0;
	char words[128];

	report_row(report, 0);
	report_text(report, dev_name(device));
	report_text(report, virtio_id_name(vdev->id.device));
	report_text(report, vdev->config->bus_name(vdev));
	report_text(report, driver ? driver->name : "");
	report_text(report, to_vp_device(vdev)->common.base ? "modern" : "legacy");
	if (vdev->failed) {
		report_text(report, "FAILED");
		report_text(report, "");
		report_text(report, "");
		return 0;
	}
	offered = driver ? vdev->device_features : vdev->config->get_features(vdev);
	report_text(report, status_words(vdev->config->get_status(vdev), words, sizeof(words)));
	show_features(report, vdev, taken);
	show_features(report, vdev, offered & ~taken);
	return 0;
}

static void show_indices(struct report *report, const struct virtqueue *vq)
{
	if (vq->ops == &vring_packed_ops) {
		report_text(report, "packed");
		report_number(report, vq->packed.next_avail);
		report_no_number(report);
		report_number(report, vq->packed.next_used);
		return;
	}
	report_text(report, "split");
	report_number(report, vq->split.avail_idx);
	report_number(report, shared_read16(&vq->split.vring.used->idx));
	report_number(report, vq->split.last_used);
}

static void show_queue(struct report *report, const struct virtio_pci_vq *queue)
{
	struct virtqueue_counters counters;
	const struct virtqueue *vq = queue->vq;

	virtqueue_count(vq, &counters);
	report_row(report, 0);
	report_text(report, dev_name(&vq->vdev->dev));
	report_number(report, virtqueue_index(vq));
	report_text(report, virtqueue_name(vq));
	report_number(report, virtqueue_get_vring_size(vq));
	show_indices(report, vq);
	report_number(report, virtqueue_outstanding(vq));
	report_number(report, counters.used);
	report_number(report, counters.notifications);
	report_number(report, counters.interrupts);
	if (queue->vector > 0)
		report_format(report, "%s 0x%02x", virtqueue_interrupt_name(vq), queue->vector);
	else
		report_text(report, virtqueue_interrupt_name(vq));
}

static int show_queues(struct device *device, void *data)
{
	struct virtio_pci_device *vp = to_vp_device(to_virtio_device(device));

	for (unsigned int i = 0; i < vp->vq_count; i++)
		if (vp->vqs[i].vq)
			show_queue(data, &vp->vqs[i]);
	if (vp->admin.vq)
		show_queue(data, &vp->admin);
	return 0;
}

void status_virtio(struct report *report)
{
	static const struct report_column devices[] = {
		{ "device", "Device", REPORT_CODE },
		{ "type", "Type", REPORT_TEXT },
		{ "at", "At", REPORT_CODE },
		{ "driver", "Driver", REPORT_TEXT },
		{ "interface", "Interface", REPORT_TEXT },
		{ "status", "Status", REPORT_LIST },
		{ "features", "Features accepted", REPORT_LIST },
		{ "features_refused", "Offered, not accepted", REPORT_LIST },
	};
	static const struct report_column queues[] = {
		{ "device", "Device", REPORT_CODE },
		{ "index", "Queue", REPORT_INDEX },
		{ "name", "Name", REPORT_TEXT },
		{ "size", "Entries", REPORT_COUNT },
		{ "ring", "Ring", REPORT_TEXT },
		{ "available", "avail idx", REPORT_INDEX },
		{ "used", "used idx", REPORT_INDEX },
		{ "taken", "taken", REPORT_INDEX },
		{ "outstanding", "With the device", REPORT_COUNT },
		{ "completed", "Completed", REPORT_COUNT },
		{ "notifications", "Notified", REPORT_COUNT },
		{ "interrupts", "Interrupts", REPORT_COUNT },
		{ "by", "Told by", REPORT_TEXT },
	};

	report_table(report, "virtio", "Virtio devices", devices, ARRAY_SIZE(devices));
	bus_for_each_dev(&virtio_bus_type, report, show_device);
	report_table(report, "queues", "Virtqueues", queues, ARRAY_SIZE(queues));
	bus_for_each_dev(&virtio_bus_type, report, show_queues);
}
