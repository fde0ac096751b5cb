/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-simple's request queues: one chain in, one answer out. */
#include "qemu/osdep.h"
#include <zlib.h>
#include "hw/virtio/virtio-access.h"
#include "migration/qemu-file-types.h"
#include "qemu/error-report.h"
#include "qemu/host-utils.h"
#include "qemu/iov.h"
#include "qemu/log.h"
#include "qemu/timer.h"
#include "trace/trace-hw_virtio.h"
#include "virtio-simple.h"

/* An operation returns this when a timer will answer. */
#define STATUS_LATER UINT32_MAX

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
	QEMUTimer *timer;
	QTAILQ_ENTRY(SimpleRequest) next; /* in VirtIOSimple.delayed */
};

static void request_free(SimpleRequest *req)
{
	timer_free(req->timer);
	g_free(req->payload);
	g_free(req->answer);
	g_free(req);
}

static void *request_answer(SimpleRequest *req, uint32_t len)
{
	req->answer = g_malloc(len);
	req->answer_len = len;
	return req->answer;
}

static uint32_t op_nop(SimpleRequest *req)
{
	return VIRTIO_SIMPLE_S_OK;
}

static uint32_t op_echo(SimpleRequest *req)
{
	memcpy(request_answer(req, req->payload_len), req->payload, req->payload_len);
	return VIRTIO_SIMPLE_S_OK;
}

static uint32_t op_multiply(SimpleRequest *req)
{
	uint64_t low, high;
	uint8_t *product;

	if (req->payload_len != 16) {
		return VIRTIO_SIMPLE_S_INVALID;
	}
	mulu64(&low, &high, ldq_le_p(req->payload), ldq_le_p(req->payload + 8));
	product = request_answer(req, 16);
	stq_le_p(product, low);
	stq_le_p(product + 8, high);
	return VIRTIO_SIMPLE_S_OK;
}

static uint32_t op_crc32(SimpleRequest *req)
{
	stl_le_p(request_answer(req, 4), crc32(0, req->payload, req->payload_len));
	return VIRTIO_SIMPLE_S_OK;
}

static uint32_t op_fill(SimpleRequest *req)
{
	uint8_t *fill;

	if (req->arg > req->s->conf.max_payload) {
		return VIRTIO_SIMPLE_S_TOO_LARGE;
	}
	fill = request_answer(req, req->arg);
	for (uint32_t i = 0; i < req->arg; i++) {
		fill[i] = req->cookie + i;
	}
	return VIRTIO_SIMPLE_S_OK;
}

static void delay_over(void *opaque);

static void delay_until(SimpleRequest *req, int64_t expiry_ns)
{
	req->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, delay_over, req);
	QTAILQ_INSERT_TAIL(&req->s->delayed, req, next);
	timer_mod(req->timer, expiry_ns);
}

static uint32_t op_delay(SimpleRequest *req)
{
	delay_until(req, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + (int64_t)req->arg * SCALE_US);
	return STATUS_LATER;
}

static uint32_t op_event(SimpleRequest *req)
{
	virtio_simple_send_event(req->s, VIRTIO_SIMPLE_EVENT_PAYLOAD, req->payload,
				 req->payload_len);
	return VIRTIO_SIMPLE_S_OK;
}

static uint32_t (*const ops[])(SimpleRequest *req) = {
	[VIRTIO_SIMPLE_OP_NOP] = op_nop,
	[VIRTIO_SIMPLE_OP_ECHO] = op_echo,
	[VIRTIO_SIMPLE_OP_MULTIPLY] = op_multiply,
	[VIRTIO_SIMPLE_OP_CRC32] = op_crc32,
	[VIRTIO_SIMPLE_OP_FILL] = op_fill,
	[VIRTIO_SIMPLE_OP_DELAY] = op_delay,
	[VIRTIO_SIMPLE_OP_EVENT] = op_event,
};

/* Writes the answer and hands the chain back; whoever calls decides when to interrupt. */
static void request_complete(SimpleRequest *req, uint32_t status)
{
	VirtQueueElement *elem = &req->elem;
	struct virtio_simple_resp_hdr hdr;

	if (sizeof(hdr) + req->answer_len > iov_size(elem->in_sg, elem->in_num)) {
		status = VIRTIO_SIMPLE_S_INVALID;
	}
	if (status != VIRTIO_SIMPLE_S_OK) {
		req->answer_len = 0;
	}
	hdr.status = cpu_to_le32(status);
	hdr.len = cpu_to_le32(req->answer_len);
	hdr.cookie = cpu_to_le64(req->cookie);
	iov_from_buf(elem->in_sg, elem->in_num, 0, &hdr, sizeof(hdr));
	iov_from_buf(elem->in_sg, elem->in_num, sizeof(hdr), req->answer, req->answer_len);
	trace_virtio_simple_answer(virtio_get_queue_index(req->vq), req->cookie, status,
				   req->answer_len);
	virtqueue_push(req->vq, elem, sizeof(hdr) + req->answer_len);
	request_free(req);
}

static void delay_over(void *opaque)
{
	SimpleRequest *req = opaque;
	VirtIOSimple *s = req->s;
	VirtQueue *vq = req->vq;

	QTAILQ_REMOVE(&s->delayed, req, next);
	request_complete(req, VIRTIO_SIMPLE_S_OK);
	virtio_notify(VIRTIO_DEVICE(s), vq);
}

/* Drivers hand over whole headers or are stopped: no answer could carry a status. */
static bool request_has_headers(SimpleRequest *req, size_t readable)
{
	size_t writable = iov_size(req->elem.in_sg, req->elem.in_num);

	if (readable >= sizeof(struct virtio_simple_req_hdr) &&
	    writable >= sizeof(struct virtio_simple_resp_hdr)) {
		return true;
	}
	virtio_error(VIRTIO_DEVICE(req->s),
		     "virtio-simple: queue %d: a chain of %zu readable and %zu writable bytes "
		     "has no room for the headers (%zu and %zu)",
		     virtio_get_queue_index(req->vq), readable, writable,
		     sizeof(struct virtio_simple_req_hdr), sizeof(struct virtio_simple_resp_hdr));
	return false;
}

static void request_read_header(SimpleRequest *req)
{
	struct virtio_simple_req_hdr hdr;

	iov_to_buf(req->elem.out_sg, req->elem.out_num, 0, &hdr, sizeof(hdr));
	req->op = le32_to_cpu(hdr.op);
	req->arg = le32_to_cpu(hdr.arg);
	req->cookie = le64_to_cpu(hdr.cookie);
}

static bool op_supported(SimpleRequest *req)
{
	if (req->op == VIRTIO_SIMPLE_OP_EVENT) {
		return virtio_vdev_has_feature(VIRTIO_DEVICE(req->s), VIRTIO_SIMPLE_F_EVENTQ);
	}
	return req->op < ARRAY_SIZE(ops);
}

/* The first of these that applies: UNSUPPORTED, TOO_LARGE, then what the operation says. */
static uint32_t request_run(SimpleRequest *req, size_t payload)
{
	if (!op_supported(req)) {
		return VIRTIO_SIMPLE_S_UNSUPPORTED;
	}
	if (payload > req->s->conf.max_payload) {
		return VIRTIO_SIMPLE_S_TOO_LARGE;
	}
	req->payload_len = payload;
	req->payload = g_malloc(payload);
	iov_to_buf(req->elem.out_sg, req->elem.out_num, sizeof(struct virtio_simple_req_hdr),
		   req->payload, payload);
	return ops[req->op](req);
}

static SimpleRequest *request_pop(VirtIOSimple *s, VirtQueue *vq)
{
	SimpleRequest *req = virtqueue_pop(vq, sizeof(*req));
	VirtQueueElement elem;

	if (req) {
		elem = req->elem;
		*req = (SimpleRequest){ .elem = elem, .s = s, .vq = vq };
	}
	return req;
}

enum handled { HANDLED_BROKEN, HANDLED_LATER, HANDLED_NOW };

static enum handled request_handle(SimpleRequest *req)
{
	size_t readable = iov_size(req->elem.out_sg, req->elem.out_num);
	uint32_t status;

	if (!request_has_headers(req, readable)) {
		virtqueue_detach_element(req->vq, &req->elem, 0);
		request_free(req);
		return HANDLED_BROKEN;
	}
	readable -= sizeof(struct virtio_simple_req_hdr);
	request_read_header(req);
	trace_virtio_simple_request(virtio_get_queue_index(req->vq), req->op, req->arg,
				    req->cookie, readable);
	status = request_run(req, readable);
	if (status == STATUS_LATER) {
		return HANDLED_LATER;
	}
	request_complete(req, status);
	return HANDLED_NOW;
}

/* Whether the driver may use this queue at this time; a modern one must have said DRIVER_OK. */
static bool queue_in_use(VirtIODevice *vdev, VirtQueue *vq)
{
	int index = virtio_get_queue_index(vq);

	if (virtio_vdev_has_feature(vdev, VIRTIO_F_VERSION_1) &&
	    !(vdev->status & VIRTIO_CONFIG_S_DRIVER_OK)) {
		qemu_log_mask(LOG_GUEST_ERROR,
			      "virtio-simple: queue %d notified with status 0x%02x: ignored "
			      "until DRIVER_OK (0x04)\n", index, vdev->status);
		return false;
	}
	if (index >= VIRTIO_SIMPLE_REQUESTQ_MORE &&
	    !virtio_vdev_has_feature(vdev, VIRTIO_SIMPLE_F_MQ)) {
		virtio_error(vdev, "virtio-simple: queue %d notified, but MQ was not accepted",
			     index);
		return false;
	}
	return true;
}

/* Takes what is there; true if the driver has an answer to be told of. */
static bool drain(VirtIOSimple *s, VirtQueue *vq)
{
	enum handled handled = HANDLED_LATER;
	bool answered = false;
	SimpleRequest *req;

	while (handled != HANDLED_BROKEN && (req = request_pop(s, vq))) {
		handled = request_handle(req);
		answered |= handled == HANDLED_NOW;
	}
	return answered;
}

/* Works the queue empty with notifications off, then interrupts once for all of it. */
void virtio_simple_handle_requests(VirtIODevice *vdev, VirtQueue *vq)
{
	bool answered = false;

	if (!queue_in_use(vdev, vq)) {
		return;
	}
	do {
		virtio_queue_set_notification(vq, 0);
		answered |= drain(VIRTIO_SIMPLE(vdev), vq);
		virtio_queue_set_notification(vq, 1);
	} while (!vdev->broken && !virtio_queue_empty(vq));
	if (answered) {
		virtio_notify(vdev, vq);
	}
}

/* The driver gets nothing back: it has reset the device, or the device is going away. */
void virtio_simple_drop_requests(VirtIOSimple *s)
{
	SimpleRequest *req, *next;

	QTAILQ_FOREACH_SAFE(req, &s->delayed, next, next) {
		QTAILQ_REMOVE(&s->delayed, req, next);
		virtqueue_detach_element(req->vq, &req->elem, 0);
		request_free(req);
	}
}

void virtio_simple_save_requests(VirtIOSimple *s, QEMUFile *f)
{
	SimpleRequest *req;

	QTAILQ_FOREACH(req, &s->delayed, next) {
		qemu_put_byte(f, 1);
		qemu_put_be32(f, virtio_get_queue_index(req->vq));
		qemu_put_be64(f, req->cookie);
		qemu_put_be64(f, timer_expire_time_ns(req->timer));
		qemu_put_virtqueue_element(VIRTIO_DEVICE(s), f, &req->elem);
	}
	qemu_put_byte(f, 0);
}

/* A delayed request is parsed once, before it is saved: only its answer is still to be made. */
int virtio_simple_load_requests(VirtIOSimple *s, QEMUFile *f)
{
	VirtIODevice *vdev = VIRTIO_DEVICE(s);

	while (qemu_get_byte(f)) {
		uint32_t index = qemu_get_be32(f);
		uint64_t cookie = qemu_get_be64(f);
		int64_t expiry = qemu_get_be64(f);
		SimpleRequest *req;
		VirtQueueElement elem;

		if (index >= virtio_get_num_queues(vdev)) {
			error_report("virtio-simple: saved request on queue %u", index);
			return -EINVAL;
		}
		req = qemu_get_virtqueue_element(vdev, f, sizeof(*req));
		elem = req->elem;
		*req = (SimpleRequest){ .elem = elem, .s = s, .cookie = cookie,
					.vq = virtio_get_queue(vdev, index) };
		delay_until(req, expiry);
	}
	return 0;
}
