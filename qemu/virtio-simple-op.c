/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each of virtio-simple's operations does, from payload to answer. */
#include "qemu/osdep.h"
#include <zlib.h>
#include "hw/virtio/virtio-access.h"
#include "qemu/host-utils.h"
#include "qemu/iov.h"
#include "qemu/timer.h"
#include "virtio-simple-request.h"

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

static uint32_t op_delay(SimpleRequest *req)
{
	virtio_simple_answer_at(req, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
					     (int64_t)req->arg * SCALE_US);
	return SIMPLE_STATUS_LATER;
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

static bool op_supported(SimpleRequest *req)
{
	if (req->op == VIRTIO_SIMPLE_OP_EVENT) {
		return virtio_vdev_has_feature(VIRTIO_DEVICE(req->s), VIRTIO_SIMPLE_F_EVENTQ);
	}
	return req->op < ARRAY_SIZE(ops);
}

/* The first of these that applies: UNSUPPORTED, TOO_LARGE, then what the operation says. */
uint32_t virtio_simple_run(SimpleRequest *req, size_t payload)
{
	uint32_t status;

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
	status = ops[req->op](req);
	g_clear_pointer(&req->payload, g_free);
	return status;
}
