/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-simple, a virtio device for learning and for tests: its state, and what its files share.
 * docs/virtio-simple.md is the datasheet; the wire format is the header shared with drivers.
 */
#ifndef VIRTIO_SIMPLE_H
#define VIRTIO_SIMPLE_H

#include "chardev/char-fe.h"
#include "hw/virtio/virtio.h"
#include "qom/object.h"
#include "qemu/queue.h"
#include "standard-headers/linux/virtio_simple.h"

#define TYPE_VIRTIO_SIMPLE "virtio-simple-device"
OBJECT_DECLARE_SIMPLE_TYPE(VirtIOSimple, VIRTIO_SIMPLE)

#define VIRTIO_SIMPLE_MAX_REQUEST_QUEUES 64
#define VIRTIO_SIMPLE_MAX_QUEUES (VIRTIO_SIMPLE_MAX_REQUEST_QUEUES + 2) /* events, commands */
#define VIRTIO_SIMPLE_MIN_PAYLOAD 16 /* MULTIPLY must fit */
#define VIRTIO_SIMPLE_MAX_PAYLOAD (1 * MiB)

typedef struct SimpleEvent SimpleEvent;
typedef struct SimpleRequest SimpleRequest;
typedef QTAILQ_HEAD(SimpleRequests, SimpleRequest) SimpleRequests;

typedef struct VirtIOSimpleConf {
	uint16_t num_request_queues;
	uint16_t queue_size;
	uint32_t max_payload;
	uint32_t max_events;
	OnOffAuto mq;
	bool in_order_batch;
	char *tag;
	CharBackend chardev;
} VirtIOSimpleConf;

struct VirtIOSimple {
	VirtIODevice parent_obj;
	VirtIOSimpleConf conf;
	uint64_t offered; /* our own feature bits; QEMU's core adds the others */
	VirtQueue *eventq; /* NULL when EVENTQ is not offered */
	VirtQueue *adminq; /* the last one; NULL when ADMIN_VQ is not offered */
	uint64_t admin_used; /* opcodes that the driver said it uses, as a set of bits */
	uint32_t writable;
	uint64_t counter;
	/* For each queue what was popped and not handed back: a DELAY whose timer runs, and with
	 * IN_ORDER those that it holds up. */
	SimpleRequests in_flight[VIRTIO_SIMPLE_MAX_QUEUES];
	QSIMPLEQ_HEAD(, SimpleEvent) events; /* waiting for the driver to post buffers */
	SimpleEvent *last_event;
	uint32_t num_events;
	uint64_t served; /* requests handed back */
	MemoryRegion *shm; /* where the driver sees that; or NULL */
	uint64_t notifications_with_data;
	uint64_t bad_notification_data;
	QEMUBH *resume; /* work that waits until DRIVER_OK, or until the machine runs on */
};

/* The driver is there and the machine runs: the rings may be touched. */
static inline bool virtio_simple_running(VirtIOSimple *s)
{
	VirtIODevice *vdev = VIRTIO_DEVICE(s);

	return vdev->vm_running && (vdev->status & VIRTIO_CONFIG_S_DRIVER_OK);
}

/* virtio-simple.c */
bool virtio_simple_may_use(VirtIODevice *vdev, VirtQueue *vq);

/* virtio-simple-request.c */
void virtio_simple_handle_requests(VirtIODevice *vdev, VirtQueue *vq);

/* virtio-simple-flight.c */
void virtio_simple_push(VirtIODevice *vdev, VirtQueue *vq, VirtQueueElement *elem, size_t written);
void virtio_simple_drop_requests(VirtIOSimple *s, int index);
void virtio_simple_save_requests(VirtIOSimple *s, QEMUFile *f);
int virtio_simple_load_requests(VirtIOSimple *s, QEMUFile *f);

/* virtio-simple-notify.c: `size` bytes were written to the bell of queue `index`. */
void virtio_simple_check_notification(VirtIOSimple *s, unsigned int index, uint64_t value,
				      unsigned int size);

/* virtio-simple-admin.c */
void virtio_simple_handle_admin(VirtIODevice *vdev, VirtQueue *vq);
void virtio_simple_reset_admin(VirtIOSimple *s);

/* virtio-simple-event.c */
void virtio_simple_handle_eventq(VirtIODevice *vdev, VirtQueue *vq);
void virtio_simple_send_event(VirtIOSimple *s, uint32_t type, const void *data, uint32_t len);
void virtio_simple_flush_events(VirtIOSimple *s);
void virtio_simple_drop_events(VirtIOSimple *s);
void virtio_simple_open_chardev(VirtIOSimple *s);
void virtio_simple_close_chardev(VirtIOSimple *s);
void virtio_simple_save_events(VirtIOSimple *s, QEMUFile *f);
int virtio_simple_load_events(VirtIOSimple *s, QEMUFile *f);

#endif
