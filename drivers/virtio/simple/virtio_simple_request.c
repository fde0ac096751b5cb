/* SPDX-License-Identifier: MIT */
/* Requests of virtio-simple: on the wire, out and back, and what is believed of the answer. */
#include <linux/errno.h>

#include "drivers/virtio/simple/virtio_simple_priv.h"
#include "kernel/string.h"

#define REQUEST_TIMEOUT_NS (2 * NSEC_PER_SEC)

static bool virtio_simple_is_idle(const struct virtio_simple *simple)
{
	for (unsigned int i = 0; i < simple->request_queues; i++)
		if (simple->requestq[i] && virtqueue_outstanding(simple->requestq[i]))
			return false;
	return true;
}

/* Once all requests have been reaped after a failure, the device is brought up again. */
static int virtio_simple_recover(struct virtio_simple *simple)
{
	int error;

	if (!virtio_simple_is_idle(simple))
		return -EBUSY;
	virtqueue_forget(simple->eventq);
	error = virtio_device_restart(simple->vdev);
	if (!error)
		return 0;
	/* Without a device that is up there are no queues to look at. */
	simple->failed = true;
	simple->eventq = NULL;
	memset(simple->requestq, 0, sizeof(simple->requestq));
	return error;
}

int virtio_simple_submit(struct virtio_simple *simple, unsigned int queue,
			 struct virtio_simple_request *request)
{
	struct virtqueue_buffer buffers[VIRTIO_SIMPLE_REQUEST_BUFFERS];
	unsigned int out, total;
	int error;

	if (queue >= simple->request_queues)
		return -EINVAL;
	if (simple->failed && virtio_simple_recover(simple))
		return -EIO;
	/* Queues may be used by several CPUs. */
	request->cookie = __atomic_add_fetch(&simple->last_cookie, 1, __ATOMIC_RELAXED);
	request->header.op = cpu_to_le32(request->op);
	request->header.arg = cpu_to_le32(request->arg);
	request->header.cookie = cpu_to_le64(request->cookie);
	out = virtqueue_append(buffers, 0, &request->header, sizeof(request->header));
	out = virtqueue_append(buffers, out, request->payload, request->payload_length);
	total = virtqueue_append(buffers, out, &request->response, sizeof(request->response));
	total = virtqueue_append(buffers, total, request->answer, request->answer_size);
	error = virtqueue_add(simple->requestq[queue], buffers, out, total - out, request);
	/* It broke while nobody waited: this one is refused, the next one restarts the device. */
	if (error && virtqueue_is_broken(simple->requestq[queue]))
		virtio_simple_fail(simple);
	return error;
}

bool virtio_simple_kick(struct virtio_simple *simple, unsigned int queue)
{
	if (queue >= simple->request_queues || simple->failed)
		return false;
	return virtqueue_kick(simple->requestq[queue]);
}

/* The answer is the device's word: its header is copied once and must fit what was asked, and what
 * the queue says was written. */
static void virtio_simple_check_answer(struct virtio_simple_request *request, u32 written,
				       bool exactly)
{
	const volatile struct virtio_simple_resp_hdr *response = &request->response;
	u32 status = le32_to_cpu(response->status);
	u32 length = le32_to_cpu(response->len);
	u64 cookie = le64_to_cpu(response->cookie);

	request->error = -EIO;
	request->status = status;
	request->answer_length = 0;
	if (written < sizeof(*response) || cookie != request->cookie)
		return;
	if (length > written - sizeof(*response) || length > request->answer_size)
		return;
	if (exactly && length != written - sizeof(*response))
		return;
	request->answer_length = length;
	request->error = 0;
}

/* A request that will not be answered any more; the queue may be gone with a failed restart. */
static struct virtio_simple_request *virtio_simple_take_back(struct virtqueue *vq)
{
	struct virtio_simple_request *request = vq ? virtqueue_detach_unused_buf(vq) : NULL;

	if (request)
		request->error = -EIO;
	return request;
}

struct virtio_simple_request *virtio_simple_reap(struct virtio_simple *simple, unsigned int queue)
{
	struct virtio_simple_request *request;
	u32 written = 0;

	if (queue >= simple->request_queues)
		return NULL;
	if (simple->failed)
		return virtio_simple_take_back(simple->requestq[queue]);
	request = virtqueue_get_buf(simple->requestq[queue], &written);
	if (request)
		virtio_simple_check_answer(request, written, simple->exact_lengths);
	return request;
}

/* After the reset the device cannot touch what callers still own. */
void virtio_simple_fail(struct virtio_simple *simple)
{
	if (simple->failed)
		return;
	simple->failed = true;
	if (!virtio_reset_device(simple->vdev))
		dev_printk(&simple->vdev->dev, "the device was reset; outstanding requests fail\n");
}

int virtio_simple_wait(struct virtio_simple *simple, unsigned int queue, enum virtqueue_wait how,
		       u16 count, u64 timeout_ns)
{
	int error = simple->failed ? -EIO : 0;

	if (queue >= simple->request_queues)
		return -EINVAL;
	if (!error)
		error = virtqueue_wait(simple->requestq[queue], how, count, timeout_ns);
	if (error)
		virtio_simple_fail(simple);
	return error;
}

/* When something else comes back than the one request that is outstanding on queue 0: a reset makes
 * its memory safe again. */
static int take_back_all(struct virtio_simple *simple)
{
	virtio_simple_fail(simple);
	while (virtio_simple_reap(simple, 0))
		;
	return -EIO;
}

int virtio_simple_call(struct virtio_simple *simple, enum virtqueue_wait how,
		       struct virtio_simple_request *request)
{
	int error = virtio_simple_submit(simple, 0, request);

	if (error)
		return error;
	virtqueue_kick(simple->requestq[0]);
	error = virtqueue_wait(simple->requestq[0], how, 1, REQUEST_TIMEOUT_NS);
	if (error)
		virtio_simple_fail(simple);
	if (virtio_simple_reap(simple, 0) != request)
		return take_back_all(simple);
	return error ? error : request->error;
}

int virtio_simple_say_hello(struct virtio_simple *simple)
{
	struct virtio_simple_request request = { .op = VIRTIO_SIMPLE_OP_NOP };
	struct virtqueue *vq = simple->requestq[0];
	int error;

	virtqueue_enable_cb(vq);
	error = virtio_simple_submit(simple, 0, &request);
	if (error)
		return error;
	virtqueue_kick(vq);
	virtqueue_await_interrupt(vq);
	virtqueue_disable_cb(vq);
	error = virtio_simple_wait(simple, 0, VIRTQUEUE_POLL, 1, REQUEST_TIMEOUT_NS);
	if (virtio_simple_reap(simple, 0) != &request)
		return take_back_all(simple);
	return error ? error : request.error;
}

/* ---- resetting a queue ----------------------------------------------------------------------- */

static void cancel_request(struct virtqueue *vq, void *token)
{
	struct virtio_simple_request *request = token;

	(void)vq;
	request->error = -ECANCELED;
}

int virtio_simple_reset_queue(struct virtio_simple *simple, unsigned int queue)
{
	int error;

	if (queue >= simple->request_queues)
		return -EINVAL;
	if (simple->failed)
		return -EIO;
	error = virtqueue_reset(simple->requestq[queue], cancel_request);
	if (error && error != -EOPNOTSUPP)
		virtio_simple_fail(simple);
	return error;
}
