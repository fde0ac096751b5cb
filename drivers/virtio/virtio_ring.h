/* SPDX-License-Identifier: MIT */
/*
 * Inside a virtqueue: for the ring layouts and for the transports that make, find and free queues.
 * Class drivers see virtqueue.h only.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_RING_H
#define DRIVERS_VIRTIO_VIRTIO_RING_H

#include <linux/virtio_ring.h>

#include "drivers/virtio/virtqueue.h"
#include "kernel/list.h"

/* What a queue needs of whoever carries its notifications. */
struct virtqueue_transport {
	/* Tells the device that the queue has something new. */
	void (*notify)(struct virtqueue *vq);
	/* Prints, as one or more lines, what the device and its interrupt look like now. */
	void (*report)(struct virtqueue *vq);
};

/* A ring layout. Split is one; each call works on private state and its own shared memory. */
struct vring_ops {
	/* The descriptors are there; needs `needed` of num_free. Returns the head. */
	u16 (*add)(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned int out,
		   unsigned int in);
	bool (*kick_prepare)(struct virtqueue *vq);
	/* Used and not yet taken, in the device's word, unchecked. */
	u16 (*used_pending)(struct virtqueue *vq);
	void (*read_used)(struct virtqueue *vq, u32 *id, u32 *length);
	void (*release)(struct virtqueue *vq, u16 head);
	void (*disable_cb)(struct virtqueue *vq);
	void (*enable_cb)(struct virtqueue *vq, u16 count);
	void (*dump)(struct virtqueue *vq);
};

/* Buffers in one indirect table; longer chains use the ring's own descriptors. */
#define VRING_INDIRECT_MAX 8

struct virtqueue {
	struct virtio_device *vdev;
	const char *name;
	unsigned int index;
	u16 num; /* entries, a power of two up to 32768 */
	vq_callback_t *callback;
	const struct virtqueue_transport *transport;
	void *transport_data; /* the transport's own, for this queue */
	const struct vring_ops *ops;
	struct list_head vdev_node;
	bool can_interrupt;
	bool broken;
	bool indirect, event; /* negotiated */
	struct virtqueue_counters counters;

	/* Ours alone: what the device says is checked against these, never the other way round.
	 * Separate arrays, `num` entries each, indexed by the head of a chain. */
	u16 in_flight; /* chains the device has */
	u16 num_free;
	u16 detach_next;
	void **token;	  /* NULL: not outstanding */
	u32 *writable;	  /* bytes the device may write, cut at 2^32 - 1 */
	u16 *chain_count; /* descriptors of the ring it takes */
	u16 *chain_tail;
	u16 *next; /* free descriptors and chains alike */
	u16 free_head;

	/* Shared with the device; what it wrote there is read through shared_memory.h. */
	struct vring vring;
	size_t ring_bytes;
	struct vring_desc *indirect_tables; /* VRING_INDIRECT_MAX for each head, NULL without */
	u16 avail_idx;			    /* what we last published */
	u32 num_added;			    /* since the last kick */
	u16 last_used;			    /* how far we took */
	u16 used_event;			    /* what we last published there (EVENT_IDX) */
	bool callbacks;
};

extern const struct vring_ops vring_split_ops;

/* Whether a chain of `total` buffers goes into a table of its own. */
static inline bool vring_uses_indirect(const struct virtqueue *vq, unsigned int total)
{
	return vq->indirect && total > 1 && total <= VRING_INDIRECT_MAX;
}

/* Asked of vring_create_virtqueue. */
struct vring_request {
	struct virtio_device *vdev;
	unsigned int index;
	u16 num;		 /* power of two, 1 to 32768 */
	const char *name;	 /* must stay valid */
	vq_callback_t *callback; /* may be NULL */
	const struct virtqueue_transport *transport;
	void *transport_data;
};

/* Makes a queue with its ring, all zero, and puts it on the device's list; interrupts are asked not
 * to come until virtqueue_enable_cb. NULL for a bad size or without memory. */
struct virtqueue *vring_create_virtqueue(const struct vring_request *request);

/* Frees it. The device must have been reset: it could still write to the ring. */
void vring_del_virtqueue(struct virtqueue *vq);

/* Forgets the queue but leaves its ring memory alone for ever: the device would not reset. */
void vring_quarantine_virtqueue(struct virtqueue *vq);

/* The transport calls this in the queue's interrupt; counts it and runs the callback. */
void vring_interrupt(struct virtqueue *vq);

/* Where the device finds the three parts (2.7.1). */
u64 virtqueue_get_desc_addr(const struct virtqueue *vq);
u64 virtqueue_get_avail_addr(const struct virtqueue *vq);
u64 virtqueue_get_used_addr(const struct virtqueue *vq);

#endif
