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

static u16 descriptors_for(const struct virtqueue *vq, unsigned int total)
{
	return vring_uses_indirect(vq, total) ? 1 : (u16)total;
}

int virtqueue_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned int out,
		  unsigned int in, void *token)
{
	unsigned int total = out + in;
	u64 readable, writable;
	u16 id;

	if (vq->broken)
		return -EIO;
	/* 2.7.5.3.1: a chain is never longer than the queue, in a table of its own neither. */
	if (!token || !total || out > vq->num || in > vq->num || total > vq->num)
		return -EINVAL;
	readable = total_bytes(buffers, out);
	writable = total_bytes(buffers + out, in);
	if ((out && !readable) || (in && !writable) || readable + writable > CHAIN_BYTES_MAX)
		return -EINVAL;
	if (descriptors_for(vq, total) > vq->num_free)
		return -ENOSPC;
	id = vq->ops->add(vq, buffers, out, in);
	vq->token[id] = token;
	vq->writable[id] = (u32)min(writable, (u64)UINT32_MAX);
	vq->order[vq->order_added & vq->order_mask] = id;
	vq->sequence[id] = vq->order_added++;
	vq->in_flight++;
	vq->counters.added++;
	return 0;
}

/* 3.1.1: no notification before DRIVER_OK. */
static bool may_notify(const struct virtqueue *vq)
{
	if (!vq->broken && !vq->vdev->driver_ok)
		dev_printk(&vq->vdev->dev,
			   "E06 notify of queue %u (%s) before DRIVER_OK: dropped\n", vq->index,
			   vq->name);
	return !vq->broken && vq->vdev->driver_ok;
}

bool virtqueue_notify(struct virtqueue *vq)
{
	if (!may_notify(vq))
		return false;
	vq->counters.notifications++;
	vq->transport->notify(vq);
	return true;
}

bool virtqueue_kick(struct virtqueue *vq)
{
	return may_notify(vq) && (!vq->ops->kick_prepare(vq) || virtqueue_notify(vq));
}

/* ---- taking back ---------------------------------------------------------------------------- */

/* What the device wrote, or UINT32_MAX + 1 when it claims more than the chain has room for. */
static u64 check_length(struct virtqueue *vq, u32 id, u32 length)
{
	if (length <= vq->writable[id])
		return length;
	/* Harmless, and seen on real devices: a length where there is nothing to write. */
	if (!vq->writable[id]) {
		vq->counters.length_on_read_only++;
		return 0;
	}
	virtqueue_break(vq, "used length %u for a chain of %u writable bytes", length,
			vq->writable[id]);
	return CHAIN_BYTES_MAX;
}

/*
 * Reads the next used entry and finds how many chains it stands for: one, or with IN_ORDER all up
 * to the one it names (2.7.9). False when it names nothing outstanding, or more than the `pending`
 * ones that the ring shows.
 */
static bool start_batch(struct virtqueue *vq, u16 pending, u32 *id)
{
	vq->ops->read_used(vq, id, &vq->batch_length);
	if (*id >= vq->num || !vq->token[*id]) {
		virtqueue_break(vq, "used id %u names nothing outstanding", *id);
		return false;
	}
	vq->batch_left = vq->in_order ? (u16)(vq->sequence[*id] - vq->order_taken + 1) : 1;
	if (vq->batch_left > pending) {
		virtqueue_break(vq, "used id %u stands for %u chains, of %u used", *id,
				vq->batch_left, pending);
		return false;
	}
	return true;
}

/* The id of the chain to take and what the device says it wrote there. 2.7.9: the chains that an
 * entry skips are used completely. */
static bool next_used(struct virtqueue *vq, u16 pending, u32 *id, u32 *claimed)
{
	if (!vq->batch_left && !start_batch(vq, pending, id))
		return false;
	if (vq->in_order)
		*id = vq->order[vq->order_taken & vq->order_mask];
	vq->batch_left--;
	*claimed = vq->batch_left ? vq->writable[*id] : vq->batch_length;
	return true;
}

void *virtqueue_get_buf(struct virtqueue *vq, u32 *length)
{
	u16 pending;
	u32 id, claimed;
	u64 written;
	void *token;

	if (vq->broken)
		return NULL;
	pending = vq->ops->used_pending(vq, 1);
	if (!pending)
		return NULL;
	if (pending > vq->in_flight) {
		virtqueue_break(vq, "used index is %u ahead, %u are outstanding", pending,
				vq->in_flight);
		return NULL;
	}
	if (!next_used(vq, pending, &id, &claimed))
		return NULL;
	written = check_length(vq, id, claimed);
	if (written == CHAIN_BYTES_MAX)
		return NULL;
	token = vq->token[id];
	vq->token[id] = NULL;
	vq->in_flight--;
	vq->order_taken++;
	vq->counters.used++;
	vq->ops->release(vq, (u16)id);
	*length = (u32)written;
	return token;
}

bool virtqueue_has_used(struct virtqueue *vq)
{
	return READ_ONCE(vq->broken) || vq->ops->has_used(vq);
}

void *virtqueue_detach_unused_buf(struct virtqueue *vq)
{
	for (; vq->detach_next < vq->num; vq->detach_next++) {
		void *token = vq->token[vq->detach_next];

		if (!token)
			continue;
		vq->token[vq->detach_next] = NULL;
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
	vq->ops->enable_cb(vq, count);
	/* 2.7.14: the wish is visible before the index is read again, or what was used in between
	 * is never announced. Pairs with the device's barrier after writing used idx. */
	virtio_mb();
	return vq->ops->used_pending(vq, count) < count;
}

bool virtqueue_enable_cb(struct virtqueue *vq)
{
	return virtqueue_enable_cb_after(vq, 1);
}

void vring_interrupt(struct virtqueue *vq)
{
	vq->counters.interrupts++;
	wake_up(&vq->waiters);
	if (vq->callback && !vq->broken && vq->ops->has_used(vq))
		vq->callback(vq);
}

struct wait_for_used {
	struct virtqueue *vq;
	u16 count;
};

static bool enough_used(void *context)
{
	const struct wait_for_used *wait = context;

	return READ_ONCE(wait->vq->broken) ||
	       wait->vq->ops->used_pending(wait->vq, wait->count) >= wait->count;
}

/* Each wake that comes too early asks again: where the device does not know how many to wait for,
 * the next interrupt is only sent for what is used after the wish. A queue may lose its interrupts
 * in one; then there is nothing to halt for. */
static bool enough_used_or_armed(void *context)
{
	const struct wait_for_used *wait = context;

	return READ_ONCE(wait->vq->broken) || !READ_ONCE(wait->vq->can_interrupt) ||
	       !virtqueue_enable_cb_after(wait->vq, wait->count);
}

static int wait_by_interrupt(struct wait_for_used *wait, u64 timeout_ns)
{
	int error = wait_event(&wait->vq->waiters, enough_used_or_armed, wait, timeout_ns);

	virtqueue_disable_cb(wait->vq);
	return error;
}

void virtqueue_report_late(struct virtqueue *vq, u64 timeout_ns)
{
	dev_printk(&vq->vdev->dev, "E07 queue %u (%s): no answer within %llu ms; %u outstanding\n",
		   vq->index, vq->name, timeout_ns / NSEC_PER_MSEC, vq->in_flight);
	vq->ops->dump(vq);
	vq->transport->report(vq);
}

int virtqueue_wait(struct virtqueue *vq, enum virtqueue_wait how, u16 count, u64 timeout_ns)
{
	struct wait_for_used wait = { vq, count };
	int error = 0;

	if (vq->broken)
		return -EIO;
	if (how == VIRTQUEUE_INTERRUPT && vq->can_interrupt)
		error = wait_by_interrupt(&wait, timeout_ns);
	if (how == VIRTQUEUE_POLL || !READ_ONCE(vq->can_interrupt))
		error = poll_until(enough_used, &wait, timeout_ns);
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
	wake_up(&vq->waiters);
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
		if (vq->token[i])
			printk("  chain at %u: %u descriptors, %u writable bytes\n", i,
			       vq->chain_count[i], vq->writable[i]);
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
	return vq->in_order;
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
	vq->transport->report(vq);
	list_for_each_entry(each, &vq->vdev->vqs, struct virtqueue, vdev_node)
		vring_lose_interrupts(each);
}

bool virtqueue_has_event_idx(const struct virtqueue *vq)
{
	return vq->event;
}

bool virtqueue_has_exact_lengths(const struct virtqueue *vq)
{
	return !vq->in_order;
}

void virtqueue_count(const struct virtqueue *vq, struct virtqueue_counters *counters)
{
	*counters = vq->counters;
}

u16 vring_next_offset(const struct virtqueue *vq)
{
	return vq->ops->next_offset(vq);
}
