/* SPDX-License-Identifier: MIT */
/* Events of virtio-simple: the driver posts buffers, the device fills one for each event. */
#include <linux/errno.h>

#include "drivers/virtio/simple/virtio_simple_priv.h"
#include "kernel/string.h"

static int virtio_simple_post_event(struct virtio_simple *simple, void *memory)
{
	struct virtqueue_buffer buffer = { memory, VIRTIO_SIMPLE_EVENT_BUFFER_SIZE };

	return virtqueue_add(simple->eventq, &buffer, 0, 1, memory);
}

int virtio_simple_post_events(struct virtio_simple *simple)
{
	int error = 0;

	if (!simple->eventq)
		return 0;
	for (unsigned int i = 0; i < VIRTIO_SIMPLE_EVENT_BUFFERS && !error; i++)
		error = virtio_simple_post_event(
			simple, simple->event_buffers + i * VIRTIO_SIMPLE_EVENT_BUFFER_SIZE);
	/* A shorter queue than we have buffers for is no failure. */
	if (error == -ENOSPC)
		error = 0;
	virtqueue_kick(simple->eventq);
	return error;
}

/* The event is copied out once and checked; what the device says it wrote bounds what is used. */
static int virtio_simple_take_event(struct virtio_simple_event *event, const u8 *memory,
				    u32 written)
{
	struct virtio_simple_event_hdr header;
	u32 whole;

	if (written < sizeof(header))
		return -EIO;
	memcpy(&header, memory, sizeof(header));
	event->type = le32_to_cpu(header.type);
	event->length = written - sizeof(header);
	whole = le32_to_cpu(header.len);
	if (event->length > sizeof(event->data) || whole < event->length)
		return -EIO;
	/* Only what a full buffer did not hold may be missing. */
	event->cut = whole - event->length;
	if (event->cut && event->length < sizeof(event->data))
		return -EIO;
	memcpy(event->data, memory + sizeof(header), event->length);
	return 0;
}

static bool event_is_there(void *context)
{
	return virtqueue_has_used(context);
}

/* No event is no failure, so this waits by itself: virtqueue_wait would report it as one. */
static int wait_for_event(struct virtio_simple *simple, u64 timeout_ns)
{
	struct virtqueue *vq = simple->eventq;
	int error = 0;

	if (!virtqueue_can_interrupt(vq))
		return poll_until(event_is_there, vq, timeout_ns);
	if (virtqueue_enable_cb(vq))
		error = wait_event(&simple->waiters[VIRTIO_SIMPLE_REQUEST_QUEUES_MAX],
				   event_is_there, vq, timeout_ns);
	virtqueue_disable_cb(vq);
	return error;
}

int virtio_simple_next_event(struct virtio_simple *simple, struct virtio_simple_event *event,
			     u64 timeout_ns)
{
	u32 written = 0;
	void *memory;
	int error;

	if (!simple->eventq)
		return -ENODEV;
	if (simple->failed)
		return -EIO;
	error = wait_for_event(simple, timeout_ns);
	if (error)
		return error;
	memory = virtqueue_get_buf(simple->eventq, &written);
	if (!memory) {
		virtio_simple_fail(simple);
		return -EIO;
	}
	error = virtio_simple_take_event(event, memory, written);
	if (virtio_simple_post_event(simple, memory) || !virtqueue_kick(simple->eventq))
		return -EIO;
	return error;
}
