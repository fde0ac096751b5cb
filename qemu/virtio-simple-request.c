/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-simple's request queues: from a chain of the driver's to a request that was run. */
#include "qemu/osdep.h"
#include "hw/virtio/virtio-access.h"
#include "qemu/iov.h"
#include "trace/trace-hw_virtio.h"
#include "virtio-simple-request.h"

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

/* False when the request ended all work on the queue. */
static bool request_handle(SimpleRequest *req, bool *answered)
{
	size_t readable = iov_size(req->elem.out_sg, req->elem.out_num);

	if (!request_has_headers(req, readable)) {
		virtqueue_detach_element(req->vq, &req->elem, 0);
		virtio_simple_free_request(req);
		return false;
	}
	readable -= sizeof(struct virtio_simple_req_hdr);
	request_read_header(req);
	trace_virtio_simple_request(virtio_get_queue_index(req->vq), req->op, req->arg,
				    req->cookie, readable);
	*answered |= virtio_simple_settle(req, virtio_simple_run(req, readable));
	return true;
}

/* Takes what is there; true if the driver has an answer to be told of. */
static bool drain(VirtIOSimple *s, VirtQueue *vq)
{
	bool answered = false;
	SimpleRequest *req;

	do {
		req = request_pop(s, vq);
	} while (req && request_handle(req, &answered));
	return virtio_simple_end_batch(s, vq) || answered;
}

/* Works the queue empty with notifications off, then interrupts once for all of it. */
void virtio_simple_handle_requests(VirtIODevice *vdev, VirtQueue *vq)
{
	bool answered = false;

	if (!virtio_simple_may_use(vdev, vq)) {
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
