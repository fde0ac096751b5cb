/* SPDX-License-Identifier: MIT */
/*
 * The split virtqueue (virtio 1.2, 2.7): a table of descriptors, a ring of what is available, a
 * ring of what is used. Called by virtio_ring.c, which has checked the arguments.
 *
 * The descriptors and the available ring are written and never read back: free lists, indices and
 * tokens live in arrays of our own, so a device that scribbles there changes nothing here.
 */
#include "drivers/virtio/shared_memory.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/barrier.h"
#include "kernel/memory.h"
#include "kernel/printk.h"

/* How far used_event is put behind while interrupts are unwanted, and how far it may fall behind:
 * see split_release. */
#define EVENT_DISTANCE 0x1000
#define EVENT_DISTANCE_MAX 0x4000

static size_t split_bytes(u16 num)
{
	return vring_size(num, PAGE_SIZE);
}

/* 2.6.1: after a queue's own reset both sides begin again at 0. */
static void split_place(struct virtqueue *vq, void *memory)
{
	vq->split = (struct vring_split){};
	vring_init(&vq->split.vring, vq->num, memory, PAGE_SIZE);
}

static void write_desc(struct vring_desc *desc, u64 address, u32 length, u16 flags, u16 next)
{
	desc->addr = cpu_to_le64(address);
	desc->len = cpu_to_le32(length);
	desc->flags = cpu_to_le16(flags);
	desc->next = cpu_to_le16(next);
}

/* 2.7.4.2: what the device writes comes after all that it reads. */
static u16 flags_for(unsigned int i, unsigned int out, unsigned int total)
{
	u16 flags = i >= out ? VRING_DESC_F_WRITE : 0;

	return i + 1 < total ? flags | VRING_DESC_F_NEXT : flags;
}

/* Takes the first free descriptors for the chain; returns how many. */
static u16 split_fill_direct(struct virtqueue *vq, const struct virtqueue_buffer *buffers,
			     unsigned int out, unsigned int total)
{
	u16 head = vq->free_head, position = head;

	for (unsigned int i = 0; i < total; i++) {
		write_desc(&vq->split.vring.desc[position], virt_to_phys(buffers[i].address),
			   buffers[i].length, flags_for(i, out, total), vq->chain[position].next);
		vq->chain[head].tail = position;
		position = vq->chain[position].next;
	}
	vq->free_head = position;
	return (u16)total;
}

/* 2.7.5.3: the chain lies in a table of its own and takes one descriptor of the ring. */
static u16 fill_indirect(struct virtqueue *vq, const struct virtqueue_buffer *buffers,
			 unsigned int out, unsigned int total)
{
	u16 head = vq->free_head;
	struct vring_desc *table = vring_indirect_table(vq, head);

	for (unsigned int i = 0; i < total; i++)
		write_desc(&table[i], virt_to_phys(buffers[i].address), buffers[i].length,
			   flags_for(i, out, total), (u16)(i + 1));
	/* 2.7.5.3.1: never together with NEXT. */
	write_desc(&vq->split.vring.desc[head], virt_to_phys(table), total * sizeof(*table),
		   VRING_DESC_F_INDIRECT, 0);
	vq->chain[head].tail = head;
	vq->free_head = vq->chain[head].next;
	return 1;
}

static u16 split_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned int out,
		     unsigned int in, bool indirect)
{
	u16 head = vq->free_head;
	u16 count = indirect ? fill_indirect(vq, buffers, out, out + in)
			     : split_fill_direct(vq, buffers, out, out + in);

	vq->chain[head].count = count;
	vq->num_free -= count;

	vq->split.vring.avail->ring[vq->split.avail_idx & (vq->num - 1)] = cpu_to_le16(head);
	/* 2.7.13.3.1: the descriptors and the entry are there before idx says so. Pairs with the
	 * device's read of idx before it reads the entry. */
	virtio_wmb();
	vq->split.avail_idx++;
	vq->num_added++;
	WRITE_ONCE(vq->split.vring.avail->idx, cpu_to_le16(vq->split.avail_idx));
	return head;
}

static bool split_kick_prepare(struct virtqueue *vq)
{
	u16 old = (u16)(vq->split.avail_idx - vq->num_added);
	u32 added = vq->num_added;

	vq->num_added = 0;
	if (!added)
		return false;
	/* 2.7.13.4.1: idx is visible before flags or avail_event is read, else both sides may
	 * think the other one looks. Pairs with the device's barrier after writing avail_event. */
	virtio_mb();
	if (!vq->event)
		return !(shared_read16(&vq->split.vring.used->flags) & VRING_USED_F_NO_NOTIFY);
	/* After a whole lap without a kick the 16-bit distance says nothing any more. */
	return added > UINT16_MAX ||
	       vring_need_event(shared_read16(&vring_avail_event(&vq->split.vring)),
				vq->split.avail_idx, old);
}

static u16 split_used_pending(struct virtqueue *vq, u16 limit)
{
	(void)limit;
	return (u16)(shared_read16(&vq->split.vring.used->idx) - vq->split.last_used);
}

static bool split_has_used(const struct virtqueue *vq)
{
	return shared_read16(&vq->split.vring.used->idx) != vq->split.last_used;
}

static u16 split_peek_used(struct virtqueue *vq, struct vring_used_entry *used)
{
	const vring_used_elem_t *element =
		&vq->split.vring.used->ring[vq->split.last_used & (vq->num - 1)];
	u16 pending = split_used_pending(vq, 1);

	if (!pending)
		return 0;
	/* 2.7.8: idx was read first. Pairs with the device's barrier before it writes idx. */
	virtio_rmb();
	used->id = shared_read32(&element->id);
	used->length = shared_read32(&element->len);
	return pending;
}

static void write_used_event(struct virtqueue *vq, u16 event)
{
	vq->split.used_event = event;
	WRITE_ONCE(vring_used_event(&vq->split.vring), cpu_to_le16(event));
}

/* Well behind: a device that has not announced yet what was taken already looks back so far. */
static void write_unwanted_event(struct virtqueue *vq)
{
	write_used_event(vq, (u16)(vq->split.last_used - EVENT_DISTANCE));
}

/*
 * While interrupts are unwanted, used_event stays behind what is used, so that the device never
 * crosses it (2.7.7.2). Indices wrap: left alone, it would come into sight again after 65,536.
 */
static void split_release(struct virtqueue *vq, u16 head)
{
	/* 2.7.5.2: in order, the free descriptors follow one another around the table. */
	if (!vq->order) {
		vq->chain[vq->chain[head].tail].next = vq->free_head;
		vq->free_head = head;
	}
	vq->num_free += vq->chain[head].count;
	vq->split.last_used++;
	if (vq->event && vq->callbacks) {
		write_used_event(vq, vq->split.last_used);
		/* 2.7.14: used_event is visible before the caller looks at idx again. */
		virtio_mb();
	} else if (vq->event &&
		   (u16)(vq->split.last_used - vq->split.used_event) > EVENT_DISTANCE_MAX) {
		write_unwanted_event(vq);
	}
}

/* 2.7.7.1: with EVENT_IDX flags stays 0 and used_event alone speaks. */
static void split_disable_cb(struct virtqueue *vq)
{
	if (vq->event)
		write_unwanted_event(vq);
	else
		WRITE_ONCE(vq->split.vring.avail->flags, cpu_to_le16(VRING_AVAIL_F_NO_INTERRUPT));
}

static u16 split_enable_cb(struct virtqueue *vq, u16 count)
{
	if (vq->event)
		write_used_event(vq, (u16)(vq->split.last_used + count - 1));
	else
		WRITE_ONCE(vq->split.vring.avail->flags, 0);
	/* 2.7.14: the wish is visible before the index is read again, or what was used in between
	 * is never announced. Pairs with the device's barrier after writing used idx. */
	virtio_mb();
	return split_used_pending(vq, count);
}

/* 2.9: the available index that the next chain will have. */
static u16 split_next_offset(const struct virtqueue *vq)
{
	return vq->split.avail_idx;
}

static void split_dump(struct virtqueue *vq)
{
	printk("  avail: flags %u, idx %u (%u of it not kicked), used_event %u\n",
	       vq->split.vring.avail->flags, vq->split.avail_idx, vq->num_added,
	       vq->split.used_event);
	printk("  used:  flags %u, idx %u, taken %u, avail_event %u\n",
	       shared_read16(&vq->split.vring.used->flags),
	       shared_read16(&vq->split.vring.used->idx), vq->split.last_used,
	       shared_read16(&vring_avail_event(&vq->split.vring)));
}

const struct vring_ops vring_split_ops = {
	.bytes = split_bytes,
	.place = split_place,
	.add = split_add,
	.kick_prepare = split_kick_prepare,
	.used_pending = split_used_pending,
	.has_used = split_has_used,
	.peek_used = split_peek_used,
	.release = split_release,
	.disable_cb = split_disable_cb,
	.enable_cb = split_enable_cb,
	.next_offset = split_next_offset,
	.dump = split_dump,
};
