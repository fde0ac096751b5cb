/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-simple's requests from when they were run until the driver has them back. */
#include "qemu/osdep.h"
#include "hw/virtio/virtio-access.h"
#include "migration/qemu-file-types.h"
#include "qemu/error-report.h"
#include "qemu/iov.h"
#include "qemu/timer.h"
#include "trace/trace-hw_virtio.h"
#include "virtio-simple-request.h"

/* Buffers that become one used entry (2.7.9, 2.8.9). */
typedef struct Batch {
	unsigned int buffers;
	unsigned int descriptors;
} Batch;

static SimpleRequests *line_of(VirtIOSimple *s, VirtQueue *vq)
{
	return &s->in_flight[virtio_get_queue_index(vq)];
}

static bool in_order(VirtIOSimple *s)
{
	return virtio_vdev_has_feature(VIRTIO_DEVICE(s), VIRTIO_F_IN_ORDER);
}

void virtio_simple_free_request(SimpleRequest *req)
{
	timer_free(req->timer);
	g_free(req->payload);
	g_free(req->answer);
	g_free(req);
}

/*
 * Adds one buffer to a batch, and with the last one writes the used entry. In a split ring each of
 * them is written to the same place, where the last one stays, and the index moves by all of them;
 * in a packed ring an entry skips as many descriptors as the core thinks that its buffer has.
 *
 * A core that knows IN_ORDER itself would write an entry for each, so here it does not know.
 */
static void use_buffer(VirtQueue *vq, VirtIODevice *vdev, VirtQueueElement *elem, size_t written,
		       Batch *batch, bool last)
{
	bool packed = virtio_vdev_has_feature(vdev, VIRTIO_F_RING_PACKED);
	uint64_t in_order = vdev->guest_features & (1ULL << VIRTIO_F_IN_ORDER);

	RCU_READ_LOCK_GUARD();
	batch->buffers++;
	batch->descriptors += elem->ndescs;
	if (last && packed) {
		elem->ndescs = batch->descriptors;
	}
	vdev->guest_features &= ~in_order;
	virtqueue_fill(vq, elem, written, 0);
	if (last) {
		virtqueue_flush(vq, packed ? 1 : batch->buffers);
		*batch = (Batch){ 0 };
	}
	vdev->guest_features |= in_order;
}

void virtio_simple_push(VirtIODevice *vdev, VirtQueue *vq, VirtQueueElement *elem, size_t written)
{
	Batch alone = { 0 };

	use_buffer(vq, vdev, elem, written, &alone, true);
}

/* A buffer without a used entry counts as written to its end (2.7.9), and so it is. */
static void fill_up(SimpleRequest *req, size_t written)
{
	VirtQueueElement *elem = &req->elem;

	iov_memset(elem->in_sg, elem->in_num, written, 0, -1);
}

/* Filling up must not cost more than an answer can. */
static bool may_be_skipped(SimpleRequest *req)
{
	return iov_size(req->elem.in_sg, req->elem.in_num) <=
	       sizeof(struct virtio_simple_resp_hdr) + req->s->conf.max_payload;
}

/* Shown before the driver has the request back. What it writes there itself counts for nothing. */
static void count_served(VirtIOSimple *s)
{
	s->served++;
	if (s->shm) {
		qatomic_set((uint64_t *)memory_region_get_ram_ptr(s->shm), cpu_to_le64(s->served));
		memory_region_set_dirty(s->shm, 0, sizeof(s->served));
	}
}

/* Writes the answer and hands the chain back; whoever calls decides when to interrupt. */
static void hand_back(SimpleRequest *req, Batch *batch, bool last)
{
	VirtQueueElement *elem = &req->elem;
	size_t written = sizeof(struct virtio_simple_resp_hdr) + req->answer_len;
	struct virtio_simple_resp_hdr hdr = {
		.status = cpu_to_le32(req->status),
		.len = cpu_to_le32(req->answer_len),
		.cookie = cpu_to_le64(req->cookie),
	};

	iov_from_buf(elem->in_sg, elem->in_num, 0, &hdr, sizeof(hdr));
	iov_from_buf(elem->in_sg, elem->in_num, sizeof(hdr), req->answer, req->answer_len);
	if (!last) {
		fill_up(req, written);
		written = iov_size(elem->in_sg, elem->in_num);
	}
	trace_virtio_simple_answer(virtio_get_queue_index(req->vq), req->cookie, req->status,
				   req->answer_len);
	count_served(req->s);
	use_buffer(req->vq, VIRTIO_DEVICE(req->s), elem, written, batch, last);
	virtio_simple_free_request(req);
}

static SimpleRequest *first_finished(SimpleRequests *line)
{
	SimpleRequest *req = QTAILQ_FIRST(line);

	return req && req->status != SIMPLE_STATUS_LATER ? req : NULL;
}

/* In the order that they came in (6, IN_ORDER): the first that is not finished holds up the rest.
 * Handing back may write to a register of ours and so reset us: nothing is kept across it. */
static bool hand_back_in_order(VirtIOSimple *s, VirtQueue *vq)
{
	SimpleRequests *line = line_of(s, vq);
	Batch batch = { 0 };
	bool any = false;
	SimpleRequest *req;

	while ((req = first_finished(line))) {
		QTAILQ_REMOVE(line, req, next);
		hand_back(req, &batch, !s->conf.in_order_batch || !may_be_skipped(req) ||
				       !first_finished(line));
		any = true;
	}
	return any;
}

/* A batch is what one look at the queue found, or what a DELAY held up. */
bool virtio_simple_end_batch(VirtIOSimple *s, VirtQueue *vq)
{
	return in_order(s) && hand_back_in_order(s, vq);
}

static void finish(SimpleRequest *req, uint32_t status)
{
	size_t room = iov_size(req->elem.in_sg, req->elem.in_num);

	if (sizeof(struct virtio_simple_resp_hdr) + req->answer_len > room) {
		status = VIRTIO_SIMPLE_S_INVALID;
	}
	if (status != VIRTIO_SIMPLE_S_OK) {
		req->answer_len = 0;
	}
	req->status = status;
}

bool virtio_simple_settle(SimpleRequest *req, uint32_t status)
{
	VirtIOSimple *s = req->s;
	VirtQueue *vq = req->vq;
	Batch alone = { 0 };

	if (status == SIMPLE_STATUS_LATER) {
		req->status = status;
		QTAILQ_INSERT_TAIL(line_of(s, vq), req, next);
		return false;
	}
	finish(req, status);
	if (!in_order(s)) {
		hand_back(req, &alone, true);
		return true;
	}
	QTAILQ_INSERT_TAIL(line_of(s, vq), req, next);
	return !s->conf.in_order_batch && hand_back_in_order(s, vq);
}

static void delay_over(void *opaque)
{
	SimpleRequest *req = opaque;
	VirtIOSimple *s = req->s;
	VirtQueue *vq = req->vq;
	Batch alone = { 0 };

	finish(req, VIRTIO_SIMPLE_S_OK);
	if (!in_order(s)) {
		QTAILQ_REMOVE(line_of(s, vq), req, next);
		hand_back(req, &alone, true);
	} else if (!hand_back_in_order(s, vq)) {
		return;
	}
	virtio_notify(VIRTIO_DEVICE(s), vq);
}

void virtio_simple_answer_at(SimpleRequest *req, int64_t expiry_ns)
{
	req->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, delay_over, req);
	timer_mod(req->timer, expiry_ns);
}

/* The driver gets nothing back: it has reset the queue, or the device is going away. */
void virtio_simple_drop_requests(VirtIOSimple *s, int index)
{
	SimpleRequests *line = &s->in_flight[index];
	SimpleRequest *req, *next;

	QTAILQ_FOREACH_SAFE(req, line, next, next) {
		QTAILQ_REMOVE(line, req, next);
		virtqueue_detach_element(req->vq, &req->elem, 0);
		virtio_simple_free_request(req);
	}
}

/* With packed rings the core saves the number of descriptors before the element and looks for it
 * behind: it goes with the request instead, and the core is not told of packed rings. */
static uint64_t hide_packed(VirtIODevice *vdev)
{
	uint64_t packed = vdev->host_features & (1ULL << VIRTIO_F_RING_PACKED);

	vdev->host_features &= ~packed;
	return packed;
}

static void save_element(VirtIODevice *vdev, VirtQueueElement *elem, QEMUFile *f)
{
	uint64_t packed = hide_packed(vdev);

	qemu_put_be32(f, elem->ndescs);
	qemu_put_virtqueue_element(vdev, f, elem);
	vdev->host_features |= packed;
}

static SimpleRequest *load_element(VirtIODevice *vdev, QEMUFile *f)
{
	uint64_t packed = hide_packed(vdev);
	uint32_t ndescs = qemu_get_be32(f);
	SimpleRequest *req = qemu_get_virtqueue_element(vdev, f, sizeof(*req));

	req->elem.ndescs = ndescs;
	vdev->host_features |= packed;
	return req;
}

static void save_request(SimpleRequest *req, QEMUFile *f)
{
	bool later = req->status == SIMPLE_STATUS_LATER;

	qemu_put_byte(f, 1);
	qemu_put_be32(f, virtio_get_queue_index(req->vq));
	qemu_put_be64(f, req->cookie);
	qemu_put_be32(f, req->status);
	qemu_put_be64(f, later ? timer_expire_time_ns(req->timer) : 0);
	qemu_put_be32(f, req->answer_len);
	qemu_put_buffer(f, req->answer, req->answer_len);
	save_element(VIRTIO_DEVICE(req->s), &req->elem, f);
}

void virtio_simple_save_requests(VirtIOSimple *s, QEMUFile *f)
{
	SimpleRequest *req;

	for (int i = 0; i < VIRTIO_SIMPLE_MAX_QUEUES; i++) {
		QTAILQ_FOREACH(req, &s->in_flight[i], next) {
			save_request(req, f);
		}
	}
	qemu_put_byte(f, 0);
}

/* Parsed once, before it was saved: only its answer is still to be made, or to be handed back. */
static int load_request(VirtIOSimple *s, QEMUFile *f)
{
	VirtIODevice *vdev = VIRTIO_DEVICE(s);
	uint32_t index = qemu_get_be32(f);
	SimpleRequest loaded = { .s = s };
	SimpleRequest *req;
	int64_t expiry;

	loaded.cookie = qemu_get_be64(f);
	loaded.status = qemu_get_be32(f);
	expiry = qemu_get_be64(f);
	loaded.answer_len = qemu_get_be32(f);
	if (index >= virtio_get_num_queues(vdev) || loaded.answer_len > s->conf.max_payload) {
		error_report("virtio-simple: saved request on queue %u with an answer of %u bytes",
			     index, loaded.answer_len);
		return -EINVAL;
	}
	loaded.vq = virtio_get_queue(vdev, index);
	loaded.answer = g_malloc(loaded.answer_len);
	qemu_get_buffer(f, loaded.answer, loaded.answer_len);
	req = load_element(vdev, f);
	loaded.elem = req->elem;
	*req = loaded;
	if (req->status == SIMPLE_STATUS_LATER) {
		virtio_simple_answer_at(req, expiry);
	}
	QTAILQ_INSERT_TAIL(line_of(s, req->vq), req, next);
	return 0;
}

int virtio_simple_load_requests(VirtIOSimple *s, QEMUFile *f)
{
	int err = 0;

	while (!err && qemu_get_byte(f)) {
		err = load_request(s, f);
	}
	return err;
}
