/* SPDX-License-Identifier: MIT */
/*
 * The driver for virtio-simple, docs/virtio-simple.md: requests on queue 0 (and 2.. with MQ),
 * events on queue 1. It knows virtio.h and nothing of PCI, rings or vectors.
 */
#include "drivers/virtio/simple/virtio_simple.h"

#include <linux/errno.h>

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/shared_memory.h"
#include "drivers/virtio/simple/virtio_simple_priv.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define SHM_ID 0 /* docs/virtio-simple.md */
#define SERVED_TRIES 100

static struct list_head devices = LIST_HEAD_INIT(devices);

/* ---- bring-up -------------------------------------------------------------------------------- */

static const struct virtio_device_id virtio_simple_id_table[] = {
	{ VIRTIO_ID_SIMPLE },
	{},
};
MODULE_DEVICE_TABLE(virtio, virtio_simple_id_table);

static const unsigned int features[] = { VIRTIO_SIMPLE_F_EVENTQ, VIRTIO_SIMPLE_F_MQ };

static const struct virtio_feature_name feature_names[] = {
	{ VIRTIO_SIMPLE_F_EVENTQ, "EVENTQ" },
	{ VIRTIO_SIMPLE_F_MQ, "MQ" },
	{},
};

static const char *const request_names[VIRTIO_SIMPLE_REQUEST_QUEUES_MAX] = {
	"requestq0", "requestq1", "requestq2", "requestq3",
	"requestq4", "requestq5", "requestq6", "requestq7",
};

/* 2.5.1: an optional field counts only with its feature. */
static int read_queue_count(struct virtio_simple *simple)
{
	u16 count = 1;
	int error = 0;

	if (virtio_has_feature(simple->vdev, VIRTIO_SIMPLE_F_MQ))
		error = virtio_cread(simple->vdev, struct virtio_simple_config, num_request_queues,
				     &count);
	simple->request_queues = min(max(count, 1), VIRTIO_SIMPLE_REQUEST_QUEUES_MAX);
	return error;
}

static int virtio_simple_read_config(struct virtio_simple *simple)
{
	u32 magic = 0;
	int error = virtio_cread(simple->vdev, struct virtio_simple_config, magic, &magic);

	if (!error && magic != VIRTIO_SIMPLE_MAGIC) {
		dev_printk(&simple->vdev->dev, "E17 magic 0x%08x, 0x%08x wanted: not this device\n",
			   magic, VIRTIO_SIMPLE_MAGIC);
		error = -EIO;
	}
	if (!error)
		error = virtio_cread(simple->vdev, struct virtio_simple_config, max_payload,
				     &simple->max_payload);
	if (!error)
		error = virtio_cread(simple->vdev, struct virtio_simple_config, tag, simple->tag);
	if (!error)
		error = read_queue_count(simple);
	return error;
}

/* The device's index of a request queue: the event queue keeps index 1 even where it is absent. */
static unsigned int device_index(unsigned int queue)
{
	return queue ? VIRTIO_SIMPLE_REQUESTQ_MORE + queue - 1 : VIRTIO_SIMPLE_REQUESTQ;
}

/* 2.7.5.3.1: a chain is never longer than its queue, and a request is up to four buffers. */
static int check_queue_sizes(const struct virtio_simple *simple)
{
	for (unsigned int i = 0; i < simple->request_queues; i++) {
		u16 size = virtqueue_get_vring_size(simple->requestq[i]);

		if (size >= VIRTIO_SIMPLE_REQUEST_BUFFERS)
			continue;
		dev_printk(&simple->vdev->dev,
			   "E08 queue %s: %u entries, a request needs %u (queue-size=)\n",
			   request_names[i], size, VIRTIO_SIMPLE_REQUEST_BUFFERS);
		return -ENOSPC;
	}
	return 0;
}

static int virtio_simple_find_vqs(struct virtio_simple *simple)
{
	struct virtqueue_info infos[VIRTIO_SIMPLE_REQUEST_QUEUES_MAX + 1] = {};
	struct virtqueue *vqs[VIRTIO_SIMPLE_REQUEST_QUEUES_MAX + 1];
	bool events = virtio_has_feature(simple->vdev, VIRTIO_SIMPLE_F_EVENTQ);
	unsigned int count = device_index(simple->request_queues - 1) + 1;
	int error;

	for (unsigned int i = 0; i < simple->request_queues; i++)
		infos[device_index(i)] = (struct virtqueue_info){ .name = request_names[i],
								  .waiters = &simple->waiters[i] };
	if (events) {
		infos[VIRTIO_SIMPLE_EVENTQ] = (struct virtqueue_info){
			.name = "eventq",
			.waiters = &simple->waiters[VIRTIO_SIMPLE_REQUEST_QUEUES_MAX],
		};
		count = max(count, VIRTIO_SIMPLE_EVENTQ + 1u);
	}
	error = virtio_find_vqs(simple->vdev, count, vqs, infos);
	if (error)
		return error;
	for (unsigned int i = 0; i < simple->request_queues; i++)
		simple->requestq[i] = vqs[device_index(i)];
	simple->eventq = events ? vqs[VIRTIO_SIMPLE_EVENTQ] : NULL;
	simple->exact_lengths = !virtqueue_is_in_order(simple->requestq[0]);
	return check_queue_sizes(simple);
}

static void free_simple(struct virtio_simple *simple)
{
	/* A device that would not reset may still write to them, so nobody else gets them. */
	if (!simple->vdev->failed)
		free_pages_exact(simple->event_buffers, VIRTIO_SIMPLE_EVENT_BYTES);
	kfree(simple);
}

static int virtio_simple_probe(struct virtio_device *vdev)
{
	struct virtio_simple *simple = kzalloc(sizeof(*simple));
	int error;

	if (!simple)
		return -ENOMEM;
	simple->vdev = vdev;
	INIT_LIST_HEAD(&simple->node);
	simple->event_buffers = alloc_pages_exact(VIRTIO_SIMPLE_EVENT_BYTES);
	error = simple->event_buffers ? virtio_simple_read_config(simple) : -ENOMEM;
	if (!error)
		error = virtio_simple_find_vqs(simple);
	if (error) {
		free_simple(simple);
		return error;
	}
	vdev->dev.driver_data = simple;
	return 0;
}

/* The queues went with the reset: whatever fails from here on must not find the old ones. */
static int virtio_simple_restore(struct virtio_device *vdev)
{
	struct virtio_simple *simple = vdev->dev.driver_data;
	int error;

	memset(simple->requestq, 0, sizeof(simple->requestq));
	simple->eventq = NULL;
	error = virtio_simple_read_config(simple);
	if (!error)
		error = virtio_simple_find_vqs(simple);
	simple->failed = error;
	return error;
}

static int virtio_simple_scan(struct virtio_device *vdev)
{
	struct virtio_simple *simple = vdev->dev.driver_data;
	int error = virtio_simple_post_events(simple);

	if (!error)
		error = virtio_simple_say_hello(simple);
	if (error)
		return error;
	if (list_empty(&simple->node))
		list_add_tail(&simple->node, &devices);
	dev_printk(&vdev->dev, "ready: tag \"%s\", %u request queue%s, payload up to %u bytes\n",
		   simple->tag, simple->request_queues, simple->request_queues == 1 ? "" : "s",
		   simple->max_payload);
	return 0;
}

/* The bus has reset the device: what it had is ours again. */
static void virtio_simple_remove(struct virtio_device *vdev)
{
	struct virtio_simple *simple = vdev->dev.driver_data;

	list_del_init(&simple->node);
	for (unsigned int i = 0; i < simple->request_queues; i++)
		virtqueue_forget(simple->requestq[i]);
	virtqueue_forget(simple->eventq);
	free_simple(simple);
}

/* In the interrupt. */
static void virtio_simple_config_changed(struct virtio_device *vdev)
{
	struct virtio_simple *simple = vdev->dev.driver_data;
	u64 counter;

	WRITE_ONCE(simple->config_changes, simple->config_changes + 1);
	if (!virtio_simple_read_counter(simple, &counter))
		dev_printk(&vdev->dev, "configuration changed: counter %llu\n", counter);
}

static struct virtio_driver virtio_simple_driver = {
	.driver = { .name = "virtio_simple" },
	.id_table = virtio_simple_id_table,
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.feature_names = feature_names,
	.probe = virtio_simple_probe,
	.scan = virtio_simple_scan,
	.restore = virtio_simple_restore,
	.remove = virtio_simple_remove,
	.config_changed = virtio_simple_config_changed,
};
module_virtio_driver(virtio_simple_driver);

/* ---- asking the device ----------------------------------------------------------------------- */

struct virtio_simple *virtio_simple_get(unsigned int index)
{
	struct virtio_simple *simple;

	list_for_each_entry(simple, &devices, struct virtio_simple, node)
		if (!index--)
			return simple;
	return NULL;
}

const char *virtio_simple_name(const struct virtio_simple *simple)
{
	return dev_name(&simple->vdev->dev);
}

const char *virtio_simple_bus_name(const struct virtio_simple *simple)
{
	return simple->vdev->config->bus_name(simple->vdev);
}

unsigned int virtio_simple_request_queues(const struct virtio_simple *simple)
{
	return simple->request_queues;
}

u32 virtio_simple_max_payload(const struct virtio_simple *simple)
{
	return simple->max_payload;
}

bool virtio_simple_has_events(const struct virtio_simple *simple)
{
	return simple->eventq;
}

bool virtio_simple_can_interrupt(const struct virtio_simple *simple)
{
	return simple->requestq[0] && virtqueue_can_interrupt(simple->requestq[0]);
}

const char *virtio_simple_interrupt_name(const struct virtio_simple *simple)
{
	return simple->requestq[0] ? virtqueue_interrupt_name(simple->requestq[0]) : "none";
}

bool virtio_simple_has_event_idx(const struct virtio_simple *simple)
{
	return simple->requestq[0] && virtqueue_has_event_idx(simple->requestq[0]);
}

int virtio_simple_read_counter(struct virtio_simple *simple, u64 *counter)
{
	return virtio_cread(simple->vdev, struct virtio_simple_config, counter, counter);
}

/* The device changes the count while we read it: the same upper half twice is whole. */
int virtio_simple_read_served(struct virtio_simple *simple, u64 *served)
{
	struct virtio_device *vdev = simple->vdev;
	struct virtio_shm_region region;
	int error = -ENODEV;
	const __le32 *words;
	u32 low, high;

	if (vdev->config->get_shm_region)
		error = vdev->config->get_shm_region(vdev, &region, SHM_ID);
	if (error)
		return error;
	if (region.length < sizeof(*served))
		return -EINVAL;
	words = (const __le32 *)region.address;
	for (unsigned int i = 0; i < SERVED_TRIES; i++) {
		high = shared_read32(&words[1]);
		low = shared_read32(&words[0]);
		*served = (u64)high << 32 | low;
		if (shared_read32(&words[1]) == high)
			return 0;
	}
	return -EAGAIN;
}

u64 virtio_simple_config_changes(const struct virtio_simple *simple)
{
	return READ_ONCE(simple->config_changes);
}

void virtio_simple_settle(struct virtio_simple *simple)
{
	simple->vdev->config->synchronize_cbs(simple->vdev);
}

void virtio_simple_count(const struct virtio_simple *simple, unsigned int queue,
			 struct virtqueue_counters *counters)
{
	*counters = (struct virtqueue_counters){};
	if (queue < simple->request_queues && simple->requestq[queue])
		virtqueue_count(simple->requestq[queue], counters);
}

struct virtio_device *virtio_simple_vdev(struct virtio_simple *simple)
{
	return simple->vdev;
}

struct virtqueue *virtio_simple_queue(struct virtio_simple *simple, unsigned int queue)
{
	return queue < simple->request_queues ? simple->requestq[queue] : NULL;
}
