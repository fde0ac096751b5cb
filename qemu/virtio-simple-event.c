/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-simple's event queue, and the chardev whose bytes arrive on it. */
#include "qemu/osdep.h"
#include "hw/virtio/virtio-access.h"
#include "migration/qemu-file-types.h"
#include "qemu/error-report.h"
#include "qemu/iov.h"
#include "qemu/units.h"
#include "trace/trace-hw_virtio.h"
#include "virtio-simple.h"

/* Typed text comes in small pieces, each an event that a modest buffer can hold. */
#define CHARDEV_EVENT_MAX 256

struct SimpleEvent {
	QSIMPLEQ_ENTRY(SimpleEvent) next;
	uint32_t type;
	uint32_t len;
	uint8_t data[];
};

static void event_append(VirtIOSimple *s, uint32_t type, const void *data, uint32_t len)
{
	SimpleEvent *event = g_malloc(sizeof(*event) + len);

	event->type = type;
	event->len = len;
	memcpy(event->data, data, len);
	QSIMPLEQ_INSERT_TAIL(&s->events, event, next);
	s->last_event = event;
	s->num_events++;
}

static void event_drop_first(VirtIOSimple *s)
{
	SimpleEvent *event = QSIMPLEQ_FIRST(&s->events);

	QSIMPLEQ_REMOVE_HEAD(&s->events, next);
	if (event == s->last_event) {
		s->last_event = NULL;
	}
	s->num_events--;
	g_free(event);
}

/* What is lost one after the other is one event, in the place in the order where it was lost. */
static void event_lost(VirtIOSimple *s)
{
	SimpleEvent *last = s->last_event;
	uint8_t one[4];
	uint32_t count = 1;

	if (last && last->type == VIRTIO_SIMPLE_EVENT_OVERRUN) {
		count = ldl_le_p(last->data);
		count += count < UINT32_MAX;
		stl_le_p(last->data, count);
	} else {
		stl_le_p(one, count);
		event_append(s, VIRTIO_SIMPLE_EVENT_OVERRUN, one, sizeof(one));
	}
	trace_virtio_simple_event_lost(count);
}

void virtio_simple_send_event(VirtIOSimple *s, uint32_t type, const void *data, uint32_t len)
{
	if (s->num_events < s->conf.max_events) {
		event_append(s, type, data, len);
	} else {
		event_lost(s);
	}
	virtio_simple_flush_events(s);
}

/* A buffer too small takes the part that fits; the header's len then tells that more was sent. */
static bool event_write(VirtIOSimple *s, SimpleEvent *event, VirtQueueElement *elem)
{
	struct virtio_simple_event_hdr hdr = { cpu_to_le32(event->type), cpu_to_le32(event->len) };
	size_t room = iov_size(elem->in_sg, elem->in_num);
	size_t used;

	if (room < sizeof(hdr)) {
		virtio_error(VIRTIO_DEVICE(s),
			     "virtio-simple: event buffer of %zu writable bytes has no room for "
			     "the header (%zu)", room, sizeof(hdr));
		virtqueue_detach_element(s->eventq, elem, 0);
		return false;
	}
	used = MIN(room, sizeof(hdr) + event->len);
	iov_from_buf(elem->in_sg, elem->in_num, 0, &hdr, sizeof(hdr));
	iov_from_buf(elem->in_sg, elem->in_num, sizeof(hdr), event->data, used - sizeof(hdr));
	virtio_simple_push(VIRTIO_DEVICE(s), s->eventq, elem, used);
	trace_virtio_simple_event(event->type, event->len, used);
	return true;
}

static bool events_usable(VirtIOSimple *s)
{
	return s->eventq && virtio_simple_running(s) && virtio_queue_ready(s->eventq) &&
	       virtio_vdev_has_feature(VIRTIO_DEVICE(s), VIRTIO_SIMPLE_F_EVENTQ);
}

static bool flush_one(VirtIOSimple *s)
{
	SimpleEvent *event = QSIMPLEQ_FIRST(&s->events);
	VirtQueueElement *elem = event ? virtqueue_pop(s->eventq, sizeof(*elem)) : NULL;
	bool written;

	if (!elem) {
		return false;
	}
	written = event_write(s, event, elem);
	if (written) {
		event_drop_first(s);
	}
	g_free(elem);
	return written;
}

void virtio_simple_flush_events(VirtIOSimple *s)
{
	bool any = false;

	if (!events_usable(s)) {
		return;
	}
	while (flush_one(s)) {
		any = true;
	}
	if (any) {
		virtio_notify(VIRTIO_DEVICE(s), s->eventq);
	}
}

/* The driver posted buffers: what waits goes out, and the chardev may send again. */
void virtio_simple_handle_eventq(VirtIODevice *vdev, VirtQueue *vq)
{
	VirtIOSimple *s = VIRTIO_SIMPLE(vdev);

	virtio_simple_flush_events(s);
	qemu_chr_fe_accept_input(&s->conf.chardev);
}

void virtio_simple_drop_events(VirtIOSimple *s)
{
	while (!QSIMPLEQ_EMPTY(&s->events)) {
		event_drop_first(s);
	}
}

/* Bytes that the driver has no room for stay in the chardev: it never causes an OVERRUN. */
static int chardev_can_read(void *opaque)
{
	VirtIOSimple *s = opaque;

	if (!events_usable(s) || s->num_events >= s->conf.max_events) {
		return 0;
	}
	return MIN(CHARDEV_EVENT_MAX, s->conf.max_payload);
}

static void chardev_read(void *opaque, const uint8_t *buf, int size)
{
	virtio_simple_send_event(opaque, VIRTIO_SIMPLE_EVENT_CHARDEV, buf, size);
}

void virtio_simple_open_chardev(VirtIOSimple *s)
{
	qemu_chr_fe_set_handlers(&s->conf.chardev, chardev_can_read, chardev_read, NULL, NULL, s,
				 NULL, true);
}

void virtio_simple_close_chardev(VirtIOSimple *s)
{
	qemu_chr_fe_set_handlers(&s->conf.chardev, NULL, NULL, NULL, NULL, NULL, NULL, false);
}

void virtio_simple_save_events(VirtIOSimple *s, QEMUFile *f)
{
	SimpleEvent *event;

	qemu_put_be32(f, s->num_events);
	QSIMPLEQ_FOREACH(event, &s->events, next) {
		qemu_put_be32(f, event->type);
		qemu_put_be32(f, event->len);
		qemu_put_buffer(f, event->data, event->len);
	}
}

/* A saved state is input like any other: its counts are held against our own limits. */
int virtio_simple_load_events(VirtIOSimple *s, QEMUFile *f)
{
	uint32_t count = qemu_get_be32(f);

	if (count > s->conf.max_events + 1) {
		error_report("virtio-simple: %u saved events, max-events is %u", count,
			     s->conf.max_events);
		return -EINVAL;
	}
	while (count--) {
		uint32_t type = qemu_get_be32(f);
		uint32_t len = qemu_get_be32(f);
		g_autofree uint8_t *data = NULL;

		if (len > s->conf.max_payload) {
			error_report("virtio-simple: saved event of %u bytes", len);
			return -EINVAL;
		}
		data = g_malloc(len);
		qemu_get_buffer(f, data, len);
		event_append(s, type, data, len);
	}
	return 0;
}
