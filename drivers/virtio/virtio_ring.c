/* SPDX-License-Identifier: MIT */
/*
 * Virtqueues above their ring layout: arguments checked, what the device says checked, waiting,
 * counting. Section numbers are those of virtio 1.2.
 */
#include "drivers/virtio/virtqueue_priv.h"

#include <linux/errno.h>
#include <linux/virtio_config.h>

#include "drivers/virtio/virtio.h"
#include "kernel/barrier.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/time.h"

/* 2.7.5.2: a chain may not hold more than 2^32 bytes. */
#define CHAIN_BYTES_MAX (1ULL << 32)

/* ---- handing over --------------------------------------------------------------------------- */

/* Bytes of the buffers, or 0 when one is empty or missing. */
static u64 total_bytes(const struct virtqueue_buffer *buffers, unsigned int count)
{
	u64 bytes = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (!buffers[i].address || !buffers[i].length)
			return 0;
		bytes += buffers[i].length;
	}
	return bytes;
}

int virtqueue_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned int out,
		  unsigned int in, void *token)
{
	unsigned int total = out + in;
	/* A chain of more than one buffer goes into a table of its own, if one is large enough. */
	bool indirect = vq->indirect && total > 1 && total <= VRING_INDIRECT_MAX;
	struct vring_chain *chain;
	u64 readable, writable;
	u16 id;

	if (vq->broken)
		return -EIO;
	/* 2.7.5.3.1: a chain is never longer than the queue, not even in an indirect table. */
	if (!token || !total || out > vq->num || in > vq->num || total > vq->num)
		return -EINVAL;
	readable = total_bytes(buffers, out);
	writable = total_bytes(buffers + out, in);
	if ((out && !readable) || (in && !writable) || readable + writable > CHAIN_BYTES_MAX)
		return -EINVAL;
	if ((indirect ? 1 : total) > vq->num_free)
		return -ENOSPC;
	id = vq->ops->add(vq, buffers, out, in, indirect);
	chain = &vq->chain[id];
	chain->token = token;
	chain->writable = (u32)min(writable, (u64)UINT32_MAX);
	if (vq->order)
		vring_order_add(vq->order, id);
	vq->in_flight++;
	vq->counters.added++;
	return 0;
}

/* 3.1.1: no notification before DRIVER_OK. Prints why, where the queue is not just broken. */
static bool refuse_notification(const struct virtqueue *vq)
{
	if (!vq->broken)
		dev_printk(&vq->vdev->dev,
			   "E06 notify of queue %u (%s) before DRIVER_OK: dropped\n", vq->index,
			   vq->name);
	return false;
}

bool virtqueue_notify(struct virtqueue *vq)
{
	if (vq->broken || !vq->vdev->driver_ok)
		return refuse_notification(vq);
	vq->counters.notifications++;
	vq->notify(vq);
	return true;
}

bool virtqueue_kick(struct virtqueue *vq)
{
	if (vq->broken || !vq->vdev->driver_ok)
		return refuse_notification(vq);
	if (vq->ops->kick_prepare(vq)) {
		vq->counters.notifications++;
		vq->notify(vq);
	}
	return true;
}

/* ---- taking back ---------------------------------------------------------------------------- */

bool vring_used_id_is_valid(struct virtqueue *vq, u32 id)
{
	if (id >= vq->num || !vq->chain[id].token) {
		virtqueue_break(vq, "used id %u names nothing outstanding", id);
		return false;
	}
	return true;
}

/* Holds the length that the device claims against the chain's room; in `length` what is believed.
 * False after the queue was broken. */
static bool used_length_is_valid(struct virtqueue *vq, const struct vring_used_entry *used,
				 u32 *length)
{
	u32 writable = vq->chain[used->id].writable;

	*length = used->length;
	if (used->length <= writable)
		return true;
	/* Harmless, and seen on real devices: a length where there is nothing to write. */
	if (!writable) {
		vq->counters.length_on_read_only++;
		*length = 0;
		return true;
	}
	virtqueue_break(vq, "used length %u for a chain of %u writable bytes", used->length,
			writable);
	return false;
}

void *virtqueue_get_buf(struct virtqueue *vq, u32 *length)
{
	struct vring_used_entry used;
	u16 pending;
	void *token;

	if (vq->broken)
		return NULL;
	pending = vq->ops->peek_used(vq, &used);
	if (!pending)
		return NULL;
	if (pending > vq->in_flight) {
		virtqueue_break(vq, "used index is %u ahead, %u are outstanding", pending,
				vq->in_flight);
		return NULL;
	}
	if (vq->order && !vring_order_next(vq, pending, &used))
		return NULL;
	if (!vring_used_id_is_valid(vq, used.id) || !used_length_is_valid(vq, &used, length))
		return NULL;
	token = vq->chain[used.id].token;
	vq->chain[used.id].token = NULL;
	vq->in_flight--;
	vq->counters.used++;
	vq->ops->release(vq, (u16)used.id);
	return token;
}

bool virtqueue_has_used(struct virtqueue *vq)
{
	return READ_ONCE(vq->broken) || vq->ops->has_used(vq);
}

void *virtqueue_detach_unused_buf(struct virtqueue *vq)
{
	for (; vq->detach_next < vq->num; vq->detach_next++) {
		void *token = vq->chain[vq->detach_next].token;

		if (!token)
			continue;
		vq->chain[vq->detach_next].token = NULL;
		vq->in_flight--;
		return token;
	}
	return NULL;
}

/* ---- interrupts and waiting ----------------------------------------------------------------- */

void virtqueue_disable_cb(struct virtqueue *vq)
{
	vq->callbacks = false;
	vq->ops->disable_cb(vq);
}

bool virtqueue_enable_cb_after(struct virtqueue *vq, u16 count)
{
	vq->callbacks = true;
	return vq->ops->enable_cb(vq, count) < count;
}

bool virtqueue_enable_cb(struct virtqueue *vq)
{
	return virtqueue_enable_cb_after(vq, 1);
}

void vring_interrupt(struct virtqueue *vq)
{
	vq->counters.interrupts++;
	wake_up(vq->waiters);
	if (vq->callback && !vq->broken && vq->ops->has_used(vq))
		vq->callback(vq);
}

struct wait_for_used {
	struct virtqueue *vq;
	u16 count;
};

static bool vring_enough_used(void *context)
{
	const struct wait_for_used *wait = context;

	return READ_ONCE(wait->vq->broken) ||
	       wait->vq->ops->used_pending(wait->vq, wait->count) >= wait->count;
}

/*
 * The same, and asks for the interrupt that will tell. It is asked again at each wake: a device
 * that cannot count to `wait->count` interrupts for the first chain used after the wish. Once the
 * queue has lost its interrupts, halting is over.
 */
static bool vring_enough_used_or_armed(void *context)
{
	const struct wait_for_used *wait = context;
	struct virtqueue *vq = wait->vq;

	vq->callbacks = true;
	return READ_ONCE(vq->broken) || !READ_ONCE(vq->can_interrupt) ||
	       vq->ops->enable_cb(vq, wait->count) >= wait->count;
}

void virtqueue_report_late(struct virtqueue *vq, u64 timeout_ns)
{
	dev_printk(&vq->vdev->dev, "E07 queue %u (%s): no answer within %llu ms; %u outstanding\n",
		   vq->index, vq->name, timeout_ns / NSEC_PER_MSEC, vq->in_flight);
	vq->ops->dump(vq);
	vq->vdev->report(vq);
}

int virtqueue_wait(struct virtqueue *vq, enum virtqueue_wait how, u16 count, u64 timeout_ns)
{
	struct wait_for_used wait = { vq, count };
	int error = 0;

	if (vq->broken)
		return -EIO;
	if (how == VIRTQUEUE_INTERRUPT && vq->can_interrupt) {
		error = wait_event(vq->waiters, vring_enough_used_or_armed, &wait, timeout_ns);
		virtqueue_disable_cb(vq);
	}
	if (how == VIRTQUEUE_POLL || !READ_ONCE(vq->can_interrupt))
		error = poll_until(vring_enough_used, &wait, timeout_ns);
	if (vq->broken)
		return -EIO;
	if (error)
		virtqueue_report_late(vq, timeout_ns);
	return error;
}

/* ---- the end of a queue, and looking at it -------------------------------------------------- */

void __virtqueue_break(struct virtqueue *vq)
{
	WRITE_ONCE(vq->broken, true);
	wake_up(vq->waiters);
}

void virtqueue_break(struct virtqueue *vq, const char *format, ...)
{
	va_list arguments;
	u64 flags;

	if (vq->broken)
		return;
	__virtqueue_break(vq); /* first, for the line may have to go out by this very queue */
	flags = printk_lock();
	dev_printk(&vq->vdev->dev, "E12 queue %u (%s) is broken: ", vq->index, vq->name);
	va_start(arguments, format);
	vprintk(format, arguments);
	va_end(arguments);
	printk("; it takes no more requests\n");
	printk_unlock(flags);
}

bool virtqueue_is_broken(const struct virtqueue *vq)
{
	return READ_ONCE(vq->broken);
}

void virtqueue_dump(struct virtqueue *vq)
{
	dev_printk(&vq->vdev->dev, "queue %u (%s): %u entries, %u free, %u outstanding%s\n",
		   vq->index, vq->name, vq->num, vq->num_free, vq->in_flight,
		   vq->broken ? ", broken" : "");
	vq->ops->dump(vq);
	for (u16 i = 0; i < vq->num; i++)
		if (vq->chain[i].token)
			printk("  chain at %u: %u descriptors, %u writable bytes\n", i,
			       vq->chain[i].count, vq->chain[i].writable);
}

const char *virtqueue_name(const struct virtqueue *vq)
{
	return vq->name;
}

unsigned int virtqueue_index(const struct virtqueue *vq)
{
	return vq->index;
}

u16 virtqueue_get_vring_size(const struct virtqueue *vq)
{
	return vq->num;
}

u16 virtqueue_num_free(const struct virtqueue *vq)
{
	return vq->num_free;
}

bool virtqueue_is_in_order(const struct virtqueue *vq)
{
	return vq->order;
}

u16 virtqueue_outstanding(const struct virtqueue *vq)
{
	return vq->in_flight;
}

struct virtio_device *virtqueue_device(const struct virtqueue *vq)
{
	return vq->vdev;
}

bool virtqueue_can_interrupt(const struct virtqueue *vq)
{
	return vq->can_interrupt;
}

const char *virtqueue_interrupt_name(const struct virtqueue *vq)
{
	return vq->can_interrupt && vq->interrupt_name ? vq->interrupt_name : "polled";
}

void virtqueue_give_up_interrupts(struct virtqueue *vq)
{
	struct virtqueue *each;

	dev_printk(&vq->vdev->dev,
		   "E11 queue %u (%s): no interrupt came; the device is polled from now on\n",
		   vq->index, vq->name);
	vq->vdev->report(vq);
	list_for_each_entry(each, &vq->vdev->vqs, struct virtqueue, vdev_node)
		vring_lose_interrupts(each);
}

bool virtqueue_has_event_idx(const struct virtqueue *vq)
{
	return vq->event;
}

void virtqueue_count(const struct virtqueue *vq, struct virtqueue_counters *counters)
{
	*counters = vq->counters;
}

u16 vring_next_offset(const struct virtqueue *vq)
{
	return vq->ops->next_offset(vq);
}
