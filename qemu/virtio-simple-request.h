/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request of virtio-simple, and the way it goes: read, run, in flight, handed back. */
#ifndef VIRTIO_SIMPLE_REQUEST_H
#define VIRTIO_SIMPLE_REQUEST_H

#include "virtio-simple.h"

/* No answer yet: a timer will give it. */
#define SIMPLE_STATUS_LATER UINT32_MAX

struct SimpleRequest {
	VirtQueueElement elem; /* first: virtqueue_pop() allocates the whole */
	VirtIOSimple *s;
	VirtQueue *vq;
	uint32_t op;
	uint32_t arg;
	uint64_t cookie;
	uint8_t *payload; /* our copy: the guest's memory is read once */
	uint32_t payload_len;
	uint8_t *answer;
	uint32_t answer_len;
	uint32_t status;
	QEMUTimer *timer;
	QTAILQ_ENTRY(SimpleRequest) next; /* in VirtIOSimple.in_flight */
};

/* virtio-simple-op.c: the status, with the answer in place, or SIMPLE_STATUS_LATER. */
uint32_t virtio_simple_run(SimpleRequest *req, size_t payload);

/* virtio-simple-flight.c: true when the driver got something back, of which it is to be told. */
void virtio_simple_answer_at(SimpleRequest *req, int64_t expiry_ns);
bool virtio_simple_settle(SimpleRequest *req, uint32_t status);
bool virtio_simple_end_batch(VirtIOSimple *s, VirtQueue *vq);
void virtio_simple_free_request(SimpleRequest *req);

#endif
