/* SPDX-License-Identifier: MIT */
/*
 * The packed virtqueue (virtio 1.2, 2.8): one ring of descriptors, in which both sides go round;
 * two flag bits against a wrap counter say whose a descriptor is. Called by virtio_ring.c, which
 * has checked the arguments.
 *
 * A descriptor that was made available is never read for what we wrote there: lengths and tokens
 * live in arrays of our own, by the id of the chain.
 */
#include "drivers/virtio/shared_memory.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/barrier.h"
#include "kernel/memory.h"
#include "kernel/printk.h"

#define DESC_F_AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define DESC_F_USED (1u << VRING_PACKED_DESC_F_USED)
#define EVENT_WRAP (1u << VRING_PACKED_EVENT_F_WRAP_CTR)

/* 2.8.10: each event suppression structure is 4 bytes, aligned to 4. */
static size_t packed_bytes(u16 num)
{
	return num * sizeof(struct vring_packed_desc) + 2 * sizeof(struct vring_packed_desc_event);
}

/* 2.8.1: both wrap counters start at 1. */
static void packed_place(struct virtqueue *vq, void *memory)
{
	vq->packed = (struct vring_packed){ .desc = memory };
	vq->packed.driver = (void *)(vq->packed.desc + vq->num);
	vq->packed.device = vq->packed.driver + 1;
	vq->packed.avail_wrap = vq->packed.used_wrap = vq->packed.seen_wrap = true;
}

/* Moves a position on by `count` descriptors, at most one lap; the counter turns with the lap. */
static void packed_advance(const struct virtqueue *vq, u16 *position, bool *wrap, u16 count)
{
	u32 next = (u32)*position + count;

	if (next >= vq->num) {
		next -= vq->num;
		*wrap = !*wrap;
	}
	*position = (u16)next;
}

/* ---- handing over --------------------------------------------------------------------------- */

/* Everything but the flags, which make it available. */
static void write_body(struct vring_packed_desc *desc, const struct virtqueue_buffer *buffer,
		       u16 id)
{
	desc->addr = cpu_to_le64(virt_to_phys(buffer->address));
	desc->len = cpu_to_le32(buffer->length);
	desc->id = cpu_to_le16(id);
}

/* 2.8.1: available is AVAIL equal to the wrap counter and USED unequal to it. */
static u16 packed_ownership(bool wrap)
{
	return wrap ? DESC_F_AVAIL : DESC_F_USED;
}

/* 2.8.6 and 2.8.17: what the device writes comes after all that it reads. */
static u16 chain_flags(unsigned int i, unsigned int out, unsigned int total)
{
	u16 flags = i >= out ? VRING_DESC_F_WRITE : 0;

	return i + 1 < total ? flags | VRING_DESC_F_NEXT : flags;
}

/* Writes the chain from next_avail on, all but the flags of its first descriptor, and returns
 * those: 2.8.17, the first descriptor is made available last. */
static u16 write_chain(struct virtqueue *vq, const struct virtqueue_buffer *buffers,
		       unsigned int out, unsigned int total, u16 id)
{
	struct vring_packed *ring = &vq->packed;
	u16 position = ring->next_avail, first = 0;
	bool wrap = ring->avail_wrap;

	for (unsigned int i = 0; i < total; i++) {
		u16 flags = chain_flags(i, out, total) | packed_ownership(wrap);

		write_body(&ring->desc[position], &buffers[i], id);
		if (i)
			ring->desc[position].flags = cpu_to_le16(flags);
		else
			first = flags;
		packed_advance(vq, &position, &wrap, 1);
	}
	return first;
}

/* 2.8.7: in a table only WRITE has a meaning, and the ids are reserved. */
static u16 write_indirect(struct virtqueue *vq, const struct virtqueue_buffer *buffers,
			  unsigned int out, unsigned int total, u16 id)
{
	struct vring_packed_desc *table = vring_indirect_table(vq, id);
	struct virtqueue_buffer whole = { table, total * sizeof(*table) };

	for (unsigned int i = 0; i < total; i++) {
		write_body(&table[i], &buffers[i], 0);
		table[i].flags = cpu_to_le16(i >= out ? VRING_DESC_F_WRITE : 0);
	}
	write_body(&vq->packed.desc[vq->packed.next_avail], &whole, id);
	return VRING_DESC_F_INDIRECT | packed_ownership(vq->packed.avail_wrap);
}

/* Ids need only be unique among what is outstanding; they come from a free list of their own. */
static u16 take_id(struct virtqueue *vq)
{
	u16 id = vq->free_head;

	vq->free_head = vq->chain[id].next;
	return id;
}

static u16 packed_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers,
		      unsigned int out, unsigned int in, bool indirect)
{
	struct vring_packed *ring = &vq->packed;
	unsigned int total = out + in;
	u16 count = indirect ? 1 : (u16)total;
	u16 id = take_id(vq), first = ring->next_avail, flags;

	flags = indirect ? write_indirect(vq, buffers, out, total, id)
			 : write_chain(vq, buffers, out, total, id);
	vq->num_free -= count;
	vq->num_added += count;
	packed_advance(vq, &ring->next_avail, &ring->avail_wrap, count);
	vq->chain[id].count = count;
	vq->chain[id].tail = ring->next_avail;
	/* 2.8.21.1.1: the whole chain is there before the flags say so. Pairs with the device's
	 * read of the flags before the rest. */
	virtio_wmb();
	WRITE_ONCE(ring->desc[first].flags, cpu_to_le16(flags));
	return id;
}

/* The device's event position, as a distance that vring_need_event can compare (2.8.10). */
static bool passes_event(const struct virtqueue *vq, u16 off_wrap, u16 old)
{
	bool wrap = off_wrap & EVENT_WRAP;
	u16 event = off_wrap & ~EVENT_WRAP;

	if (event >= vq->num)
		return true; /* no such place: better told than lost */
	if (wrap != vq->packed.avail_wrap)
		event = (u16)(event - vq->num);
	return vring_need_event(event, vq->packed.next_avail, old);
}

static bool packed_kick_prepare(struct virtqueue *vq)
{
	u16 old = (u16)(vq->packed.next_avail - vq->num_added);
	u32 added = vq->num_added;
	u16 flags, off_wrap;

	vq->num_added = 0;
	if (!added)
		return false;
	/* 2.8.21.3.1: the descriptors are visible before the device's wish is read, else both
	 * sides may think the other one looks. */
	virtio_mb();
	flags = shared_read16(&vq->packed.device->flags);
	/* 2.8.10: a position counts with EVENT_IDX only, and what is reserved loses no request. */
	if (!vq->event || flags != VRING_PACKED_EVENT_FLAG_DESC)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	virtio_rmb();
	off_wrap = shared_read16(&vq->packed.device->off_wrap);
	/* After a whole lap without a kick the distance says nothing any more. */
	return added >= vq->num || passes_event(vq, off_wrap, old);
}

/* ---- taking back ---------------------------------------------------------------------------- */

/* 2.8.1: used is AVAIL and USED both equal to the wrap counter. */
static bool packed_is_used(const struct vring_packed *ring, u16 position, bool wrap)
{
	u16 flags = shared_read16(&ring->desc[position].flags);

	return !(flags & DESC_F_AVAIL) == !wrap && !(flags & DESC_F_USED) == !wrap;
}

/*
 * Looks one used entry further than seen so far. An id that names nothing outstanding ends the
 * look: virtqueue_get_buf will get there, and break the queue.
 */
static bool packed_see_next(struct virtqueue *vq)
{
	struct vring_packed *ring = &vq->packed;
	u16 id, batch;

	if (ring->seen >= vq->in_flight ||
	    !packed_is_used(ring, ring->seen_position, ring->seen_wrap))
		return false;
	/* 2.8.22: the flags were read first. Pairs with the device writing them last. */
	virtio_rmb();
	id = shared_read16(&ring->desc[ring->seen_position].id);
	if (id >= vq->num || !vq->chain[id].token) {
		ring->seen = max(ring->seen, (u16)1);
		return false;
	}
	if (!vq->order) {
		packed_advance(vq, &ring->seen_position, &ring->seen_wrap, vq->chain[id].count);
		ring->seen++;
		return true;
	}
	/* An entry that skips others stands for all up to its own chain (2.8.8); one that names
	 * what an earlier entry stands for is found out when that was taken. */
	batch = vring_order_distance(vq->order, id);
	if (batch <= ring->seen)
		return false;
	if (vq->chain[id].tail <= ring->seen_position)
		ring->seen_wrap = !ring->seen_wrap;
	ring->seen_position = vq->chain[id].tail;
	ring->seen = batch;
	return true;
}

static u16 packed_used_pending(struct virtqueue *vq, u16 limit)
{
	while (vq->packed.seen < limit && packed_see_next(vq))
		;
	return vq->packed.seen;
}

static bool packed_has_used(const struct virtqueue *vq)
{
	const struct vring_packed *ring = &vq->packed;

	return ring->seen ||
	       (vq->in_flight && packed_is_used(ring, ring->next_used, ring->used_wrap));
}

static u16 packed_peek_used(struct virtqueue *vq, struct vring_used_entry *used)
{
	struct vring_packed *ring = &vq->packed;
	const struct vring_packed_desc *desc = &ring->desc[ring->next_used];
	bool is_fresh = !ring->seen;

	if (is_fresh) {
		if (!vq->in_flight || !packed_is_used(ring, ring->next_used, ring->used_wrap))
			return 0;
		packed_see_next(vq);
	}
	/* What was seen by an earlier look may be gone: a device that takes an entry back lies. */
	used->id = UINT32_MAX;
	if (is_fresh || packed_is_used(ring, ring->next_used, ring->used_wrap)) {
		/* 2.8.22: the flags were read first. Pairs with the device writing them last. */
		virtio_rmb();
		used->id = shared_read16(&desc->id);
	}
	used->length = shared_read32(&desc->len);
	return ring->seen;
}

static void write_driver_event(struct virtqueue *vq, u16 flags)
{
	WRITE_ONCE(vq->packed.driver->flags, cpu_to_le16(flags));
}

/* 2.8.10: the position is there before the flag that makes it count. */
static void write_driver_position(struct virtqueue *vq, u16 position, bool wrap)
{
	u16 off_wrap = position | (wrap ? EVENT_WRAP : 0);

	WRITE_ONCE(vq->packed.driver->off_wrap, cpu_to_le16(off_wrap));
	virtio_wmb();
}

static void packed_release(struct virtqueue *vq, u16 id)
{
	struct vring_packed *ring = &vq->packed;
	struct vring_chain *chain = &vq->chain[id];

	packed_advance(vq, &ring->next_used, &ring->used_wrap, chain->count);
	if (ring->seen)
		ring->seen--;
	if (!ring->seen) {
		ring->seen_position = ring->next_used;
		ring->seen_wrap = ring->used_wrap;
	}
	chain->next = vq->free_head;
	vq->free_head = id;
	vq->num_free += chain->count;
	if (vq->event && vq->callbacks) {
		write_driver_position(vq, ring->next_used, ring->used_wrap);
		/* 2.8.22: the position is visible before the caller looks at the ring again. */
		virtio_mb();
	}
}

static void packed_disable_cb(struct virtqueue *vq)
{
	write_driver_event(vq, VRING_PACKED_EVENT_FLAG_DISABLE);
}

/*
 * Where the device is to interrupt when it has used `count` chains, of which `seen` are used. It
 * counts descriptors: when it is all that is outstanding, the last of them is known. Of fewer only
 * that each takes one at least, from where the device was last seen; who waits asks again.
 */
static void write_event_after(struct virtqueue *vq, u16 count, u16 seen)
{
	u16 position = vq->packed.next_used, left = (u16)(vq->num - vq->num_free);
	bool wrap = vq->packed.used_wrap;

	if (count < vq->in_flight) {
		position = vq->packed.seen_position;
		wrap = vq->packed.seen_wrap;
		left = count > seen ? count - seen : 0;
	}
	if (left)
		packed_advance(vq, &position, &wrap, left - 1);
	write_driver_position(vq, position, wrap);
	write_driver_event(vq, VRING_PACKED_EVENT_FLAG_DESC);
}

/* A position that the device has passed by the time it looks is not announced any more, so it is
 * written again when something more was used meanwhile. */
static u16 packed_enable_cb(struct virtqueue *vq, u16 count)
{
	u16 seen, now = packed_used_pending(vq, count);

	do {
		seen = now;
		if (vq->event)
			write_event_after(vq, count, seen);
		else
			write_driver_event(vq, VRING_PACKED_EVENT_FLAG_ENABLE);
		/* 2.8.22: the wish is visible before the ring is looked at. Pairs with the device's
		 * barrier after writing the used flags. */
		virtio_mb();
		now = packed_used_pending(vq, count);
	} while (vq->event && now != seen && now < count);
	return now;
}

/* 2.8.16: the position of the next chain, and the wrap counter in the highest bit. */
static u16 packed_next_offset(const struct virtqueue *vq)
{
	return vq->packed.next_avail | (vq->packed.avail_wrap ? EVENT_WRAP : 0);
}

static void packed_dump(struct virtqueue *vq)
{
	struct vring_packed *ring = &vq->packed;

	printk("  avail: position %u, wrap %u (%u descriptors of it not kicked), driver event 0x%04x flags %u\n",
	       ring->next_avail, ring->avail_wrap, vq->num_added, ring->driver->off_wrap,
	       ring->driver->flags);
	printk("  used:  position %u, wrap %u, flags there 0x%04x, device event 0x%04x flags %u\n",
	       ring->next_used, ring->used_wrap, shared_read16(&ring->desc[ring->next_used].flags),
	       shared_read16(&ring->device->off_wrap), shared_read16(&ring->device->flags));
}

const struct vring_ops vring_packed_ops = {
	.bytes = packed_bytes,
	.place = packed_place,
	.add = packed_add,
	.kick_prepare = packed_kick_prepare,
	.used_pending = packed_used_pending,
	.has_used = packed_has_used,
	.peek_used = packed_peek_used,
	.release = packed_release,
	.disable_cb = packed_disable_cb,
	.enable_cb = packed_enable_cb,
	.next_offset = packed_next_offset,
	.dump = packed_dump,
};
