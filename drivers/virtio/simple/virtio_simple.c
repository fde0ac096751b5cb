/* SPDX-License-Identifier: MIT */
/*
 * The driver for virtio-simple, docs/virtio-simple.md: requests on queue 0 (and 2.. with MQ),
 * events on queue 1. It knows virtio.h and nothing of PCI, rings or vectors.
 */
#include "drivers/virtio/simple/virtio_simple.h"

#include <linux/errno.h>

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/simple/virtio_simple_priv.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define HELLO_TIMEOUT_NS (500 * NSEC_PER_MSEC)

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

static int read_config(struct virtio_simple *simple)
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

/* A callback asks for interrupts; whoever waits looks at the ring itself when it wakes. */
static void wake_waiter(struct virtqueue *vq)
{
	(void)vq;
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

static int find_queues(struct virtio_simple *simple)
{
	struct virtqueue_info infos[VIRTIO_SIMPLE_REQUEST_QUEUES_MAX + 1] = {};
	struct virtqueue *vqs[VIRTIO_SIMPLE_REQUEST_QUEUES_MAX + 1];
	bool events = virtio_has_feature(simple->vdev, VIRTIO_SIMPLE_F_EVENTQ);
	unsigned int count = device_index(simple->request_queues - 1) + 1;
	int error;

	for (unsigned int i = 0; i < simple->request_queues; i++)
		infos[device_index(i)] = (struct virtqueue_info){ request_names[i], wake_waiter };
	if (events) {
		infos[VIRTIO_SIMPLE_EVENTQ] = (struct virtqueue_info){ "eventq", wake_waiter };
		count = max(count, VIRTIO_SIMPLE_EVENTQ + 1u);
	}
	error = virtio_find_vqs(simple->vdev, count, vqs, infos);
	if (error)
		return error;
	for (unsigned int i = 0; i < simple->request_queues; i++)
		simple->requestq[i] = vqs[device_index(i)];
	simple->eventq = events ? vqs[VIRTIO_SIMPLE_EVENTQ] : NULL;
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
	error = simple->event_buffers ? read_config(simple) : -ENOMEM;
	if (!error)
		error = find_queues(simple);
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
	error = read_config(simple);
	if (!error)
		error = find_queues(simple);
	simple->failed = error;
	return error;
}

static bool interrupt_came(void *context)
{
	struct virtqueue_counters counters;

	virtqueue_count(context, &counters);
	return counters.interrupts || virtqueue_is_broken(context);
}

/*
 * The first request shows, before anyone relies on it, that requests are answered and interrupts
 * arrive. It is the interrupt that is waited for here, not the answer: the ring may show that
 * earlier. When only the interrupt is missing the queues are polled from then on.
 */
static int say_hello(struct virtio_simple *simple)
{
	struct virtio_simple_request request = { .op = VIRTIO_SIMPLE_OP_NOP };
	struct virtqueue *vq = simple->requestq[0];
	int error = 0;

	if (virtqueue_can_interrupt(vq)) {
		virtqueue_enable_cb(vq);
		error = virtio_simple_submit(simple, 0, &request);
		virtio_simple_kick(simple, 0);
		if (!error && wait_until(interrupt_came, vq, HELLO_TIMEOUT_NS))
			virtqueue_give_up_interrupts(vq);
		virtqueue_disable_cb(vq);
		return error ? error : virtio_simple_finish(simple, VIRTQUEUE_POLL, &request);
	}
	return virtio_simple_call(simple, VIRTQUEUE_POLL, &request);
}

static int virtio_simple_scan(struct virtio_device *vdev)
{
	struct virtio_simple *simple = vdev->dev.driver_data;
	int error = virtio_simple_post_events(simple);

	if (!error)
		error = say_hello(simple);
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
		virtio_simple_detach(simple->requestq[i]);
	virtio_simple_detach(simple->eventq);
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

const char *virtio_simple_tag(const struct virtio_simple *simple)
{
	return simple->tag;
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

int virtio_simple_read_writable(struct virtio_simple *simple, u32 *value)
{
	return virtio_cread(simple->vdev, struct virtio_simple_config, writable, value);
}

int virtio_simple_write_writable(struct virtio_simple *simple, u32 value)
{
	return virtio_config_write(simple->vdev, offsetof(struct virtio_simple_config, writable),
				   &value, sizeof(value));
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

u16 virtio_simple_queue_size(const struct virtio_simple *simple, unsigned int queue)
{
	if (queue >= simple->request_queues || !simple->requestq[queue])
		return 0;
	return virtqueue_get_vring_size(simple->requestq[queue]);
}

void virtio_simple_dump(struct virtio_simple *simple, unsigned int queue)
{
	if (queue < simple->request_queues && simple->requestq[queue])
		virtqueue_dump(simple->requestq[queue]);
}
