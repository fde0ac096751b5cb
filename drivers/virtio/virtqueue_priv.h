/* SPDX-License-Identifier: MIT */
/*
 * Inside a virtqueue: for the ring layouts and for the transports that make, find and free queues.
 * Class drivers see virtqueue.h only.
 */
#ifndef DRIVERS_VIRTIO_VIRTQUEUE_PRIV_H
#define DRIVERS_VIRTIO_VIRTQUEUE_PRIV_H

#include <linux/virtio_ring.h>

#include "drivers/virtio/virtqueue.h"
#include "kernel/list.h"
#include "kernel/time.h"

/* A used entry as the device wrote it. */
struct vring_used_entry {
	u32 id;
	u32 length; /* bytes it says it wrote */
};

/*
 * A ring layout: split or packed. Each call works on private state and on its own shared memory;
 * virtio_ring.c has checked the arguments, and checks what comes back.
 */
struct vring_ops {
	/* Bytes of the ring for `num` entries, and where its parts lie in that memory. */
	size_t (*bytes)(u16 num);
	void (*place)(struct virtqueue *vq, void *memory);
	/* The descriptors are there: writes the chain, in a table of its own where `indirect`,
	 * makes it available, returns its id. */
	u16 (*add)(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned int out,
		   unsigned int in, bool indirect);
	/* Whether the device wants to hear of what was added since the last call. */
	bool (*kick_prepare)(struct virtqueue *vq);
	/* Chains used and not yet taken, in the device's word, unchecked; counts to `limit` at
	 * least when there are that many. */
	u16 (*used_pending)(struct virtqueue *vq, u16 limit);
	/* Whether any is, in the device's word. Changes nothing, so that an interrupt may ask while
	 * the code it interrupted is in the middle of another call. */
	bool (*has_used)(const struct virtqueue *vq);
	/* Reads the next used entry, unchecked, and returns how many chains are pending; 0: none,
	 * and nothing was read. */
	u16 (*peek_used)(struct virtqueue *vq, struct vring_used_entry *used);
	/* Takes back the descriptors of a chain and moves past its used entry. */
	void (*release)(struct virtqueue *vq, u16 id);
	void (*disable_cb)(struct virtqueue *vq);
	/* Asks for an interrupt when `count` chains are used, then looks: as used_pending. */
	u16 (*enable_cb)(struct virtqueue *vq, u16 count);
	/* Where the next chain will start, as NOTIFICATION_DATA wants it (2.9 and 2.8.16). */
	u16 (*next_offset)(const struct virtqueue *vq);
	void (*dump)(struct virtqueue *vq);
};

/* Buffers in one indirect table; longer chains use the ring's own descriptors. */
#define VRING_INDIRECT_MAX 8

/* Split: what is published and taken, as free-running 16-bit indices (2.7). */
struct vring_split {
	struct vring vring;
	u16 avail_idx;
	u16 last_used;
	u16 used_event; /* what we last published there (EVENT_IDX) */
};

/* Packed: positions in the one ring, each with the wrap counter of its lap (2.8.1). */
struct vring_packed {
	struct vring_packed_desc *desc;
	struct vring_packed_desc_event *driver, *device;
	u16 next_avail, next_used;
	bool avail_wrap, used_wrap;
	/* How far used_pending has looked ahead of next_used, and how many chains it saw. */
	u16 seen_position, seen;
	bool seen_wrap;
};

/* What we know of a chain, by its id. Ours alone: what the device says is checked against it. */
struct vring_chain {
	void *token;  /* NULL: not outstanding */
	u32 writable; /* bytes the device may write, cut at 2^32 - 1 */
	u16 count;    /* descriptors of the ring it takes */
	u16 tail;     /* its last descriptor; packed: the position after it */
	u16 next;     /* the free list, and the chains in it */
};

/* IN_ORDER (2.7.9): the ids in the order they were added, and how far they are taken. A used entry
 * may stand for a whole batch, of which it names the last. */
struct vring_order {
	u32 batch_length; /* what the entry says of its own chain */
	u16 batch_left;
	u16 added, taken; /* free-running */
	u16 mask;	  /* of `ids`: a power of two less one, as num may be any size */
	u16 *sequence;	  /* by id: its place among the added */
	u16 ids[];
};

struct virtqueue {
	struct virtio_device *vdev;
	const char *name;
	unsigned int index;
	u16 num; /* entries, a power of two up to 32768 where the ring is split */
	vq_callback_t *callback;
	struct wait_queue *waiters;	      /* CPUs that an interrupt wakes; never NULL */
	struct wait_queue own_waiters;	      /* those, where the driver named none */
	void (*notify)(struct virtqueue *vq); /* the transport's: rings the doorbell */
	void *transport_data;		      /* the transport's own, for this queue */
	const struct vring_ops *ops;
	struct list_head vdev_node;
	const char *interrupt_name; /* what the transport calls its interrupts */
	bool can_interrupt;
	bool broken;
	bool callbacks;	      /* interrupts are wanted */
	bool indirect, event; /* negotiated */
	struct virtqueue_counters counters;

	u16 in_flight; /* chains the device has */
	u16 num_free;  /* descriptors */
	u32 num_added; /* since the last kick: chains, descriptors where the ring is packed */
	u16 detach_next;
	u16 free_head;
	struct vring_chain *chain; /* `num` of them */
	struct vring_order *order; /* NULL without IN_ORDER */

	/* Shared with the device; what it wrote there is read through shared_memory.h. */
	void *ring;
	size_t ring_bytes;
	void *indirect_tables; /* VRING_INDIRECT_MAX descriptors for each id, NULL without */
	union {
		struct vring_split split;
		struct vring_packed packed;
	};
};

extern const struct vring_ops vring_split_ops;
extern const struct vring_ops vring_packed_ops;

/* Both layouts have descriptors of one size, so they share the tables of 2.7.5.3 and 2.8.7. */
_Static_assert(sizeof(struct vring_desc) == sizeof(struct vring_packed_desc), "descriptor size");

static inline void *vring_indirect_table(const struct virtqueue *vq, u16 id)
{
	return (char *)vq->indirect_tables +
	       (size_t)id * VRING_INDIRECT_MAX * sizeof(struct vring_desc);
}

/* Whether a used entry names a chain that is outstanding; false after the queue was broken. */
bool vring_used_id_is_valid(struct virtqueue *vq, u32 id);

/* IN_ORDER, virtqueue_order.c: the state for `num` chains, or NULL without memory; kfree frees it,
 * and reset empties it. */
struct vring_order *vring_order_create(u16 num);
void vring_order_reset(struct vring_order *order);
/* A chain was added. */
void vring_order_add(struct vring_order *order, u16 id);
/* Chains up to and with `id`, which is outstanding, that were not taken yet. */
static inline u16 vring_order_distance(const struct vring_order *order, u16 id)
{
	return (u16)(order->sequence[id] - order->taken + 1);
}
/* Turns a used entry into the chain that is next in order, and what was written there. False after
 * the queue was broken: the entry names nothing outstanding, or more than the `pending` chains. */
bool vring_order_next(struct virtqueue *vq, u16 pending, struct vring_used_entry *used);

/* Asked of vring_create_virtqueue. */
struct vring_request {
	struct virtio_device *vdev;
	unsigned int index;
	u16 num;			   /* vring_size_is_valid */
	const struct virtqueue_info *info; /* read only during the call */
	void (*notify)(struct virtqueue *vq);
	void *transport_data;
};

/* Whether a ring may have `num` entries: 1 to 32768, and a power of two where it is split (2.7,
 * 2.8.10.1). */
bool vring_size_is_valid(const struct virtio_device *vdev, u32 num);

/* Makes a queue with its ring, all zero, and puts it on the device's list; interrupts are asked not
 * to come until virtqueue_enable_cb. NULL for a bad size or without memory. */
struct virtqueue *vring_create_virtqueue(const struct vring_request *request);

/* Frees it. The device must have been reset: it could still write to the ring. */
void vring_del_virtqueue(struct virtqueue *vq);

/* Forgets the queue but leaves its ring memory alone for ever: the device would not reset. */
void vring_quarantine_virtqueue(struct virtqueue *vq);

/* The transport calls this in the queue's interrupt; counts it and runs the callback. */
void vring_interrupt(struct virtqueue *vq);

/* Interrupts do not come any more: who waits for one looks at the ring itself from now on. Any CPU,
 * any interrupt state. */
static inline void vring_lose_interrupts(struct virtqueue *vq)
{
	WRITE_ONCE(vq->can_interrupt, false);
	wake_up(vq->waiters);
}

/* Puts a queue back into the state in which it was made, for enabling it again; nothing is
 * outstanding any more. Its memory, name and transport stay. */
void vring_reset_virtqueue(struct virtqueue *vq);

/* What NOTIFICATION_DATA sends beside the queue's index (4.1.5.2). */
u16 vring_next_offset(const struct virtqueue *vq);

/* Where the device finds the three parts (2.7.1, 2.8). */
u64 virtqueue_get_desc_addr(const struct virtqueue *vq);
u64 virtqueue_get_avail_addr(const struct virtqueue *vq);
u64 virtqueue_get_used_addr(const struct virtqueue *vq);

#endif
