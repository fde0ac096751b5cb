/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of the virtio-net driver (virtio 1.2, 5.1): bring-up (virtio_net.c), its
 * features (_features), sending (_tx), receiving (_rx), the control queue (_ctrl), and what happens
 * beside the data: link, sleeping, failure and recovery (_events).
 *
 * Concurrency, beside what drivers/net/netdev.h promises. Each direction of each pair has a lock,
 * which is held for a few instructions around its virtqueue, and is never taken in an interrupt.
 * `failed` is set first and the locks are passed once after that; from then on nobody touches a
 * virtqueue but the one call that recovers, until that call clears it again.
 */
#ifndef DRIVERS_NET_VIRTIO_NET_PRIV_H
#define DRIVERS_NET_VIRTIO_NET_PRIV_H

#include <linux/virtio_net.h>

#include "drivers/net/netdev.h"
#include "drivers/virtio/virtio.h"
#include "kernel/time.h"

/* Receive buffers of a queue, at most; each is a page or, without MRG_RXBUF, holds a frame. */
#define VIRTIO_NET_BUFFERS_MAX 256

/* A mergeable frame of 64 KiB needs 17 of them, each buffer being a page. */
_Static_assert(NETDEV_SEGMENTS_MAX >= 17, "a 64 KiB frame in pages");

struct virtio_net_rx {
	struct virtqueue *vq; /* NULL while the device is down */
	spinlock_t lock;      /* of vq and counters */
	spinlock_t polling;   /* of who is in poll; nobody waits for it */
	bool starved_said;
	unsigned int wanted; /* buffers: as many as the ring holds, and memory allows */
	unsigned int made;   /* of those there are so many */
	u8 *buffers[VIRTIO_NET_BUFFERS_MAX];
	struct netdev_counters counters;
};

struct virtio_net_tx {
	struct virtqueue *vq; /* NULL while the device is down */
	spinlock_t lock;      /* of all of it */
	struct netdev_counters counters;
	u64 progress_ns; /* when something was taken last, or came to an empty queue */
	u64 nudged_ns;	 /* when it was notified for want of progress */
	bool stall_said;
};

/* Memory of the control queue's commands, in a page of its own. */
struct virtio_net_ctrl_page {
	struct virtio_net_ctrl_hdr header;
	u8 ack;
	u8 bytes[1024];
};

struct virtio_net {
	struct netdev net;
	struct virtio_device *vdev;
	struct virtio_net_rx rx[NETDEV_QUEUE_PAIRS_MAX];
	struct virtio_net_tx tx[NETDEV_QUEUE_PAIRS_MAX];
	u32 header_bytes;  /* in front of each frame (5.1.6.1) */
	u32 buffer_bytes;  /* of a receive buffer */
	bool mergeable;	   /* MRG_RXBUF */
	bool split_header; /* 5.1.6.6: legacy, the header has a descriptor of its own */
	u16 device_pairs;  /* that the device has: where the control queue is */

	bool failed;	       /* see above (atomic) */
	bool dead;	       /* given up */
	spinlock_t recovering; /* of who is in recover; nobody waits for it */
	u64 looked_ns;	       /* when the configuration was looked at, for a polled device */

	spinlock_t link_lock; /* of these; taken in the configuration interrupt, too */
	bool link_event;
	bool announce_event;

	struct virtqueue *ctrl; /* NULL without */
	spinlock_t ctrl_busy;	/* of who is in a command; nobody waits for it */
	bool ctrl_unanswered;	/* the last one: the device still has its memory */
	struct virtio_net_ctrl_page *ctrl_page;

	/* What a restart has to tell the device anew. */
	bool mac_set, mode_set, multicast_set;
	bool promiscuous, all_multicast;
	unsigned int multicast_count;
	u8 multicast[NETDEV_MULTICAST_MAX * ETH_ALEN];
};

#define to_virtio_net(dev) container_of(dev, struct virtio_net, net)

static inline bool virtio_net_has_failed(const struct virtio_net *net)
{
	return __atomic_load_n(&net->failed, __ATOMIC_ACQUIRE);
}

/* ---- virtio_net_features.c ------------------------------------------------------------------- */

#define VIRTIO_NET_FEATURES 18
extern const unsigned int virtio_net_features[VIRTIO_NET_FEATURES];

/* Drops features whose conditions are not met, or whose field makes no sense. 0. */
int virtio_net_validate(struct virtio_device *vdev);
/* Reads address, MTU and number of queues as negotiated, and says what follows of it all. */
int virtio_net_read_config(struct virtio_net *net);

/* ---- virtio_net_rx.c ------------------------------------------------------------------------- */

/* Makes receive buffers for a queue and posts them; also those from before a restart. 0, also when
 * there is less memory than wanted, -ENOMEM when there is none, or -EIO. */
int virtio_net_fill(struct virtio_net *net, unsigned int queue);
/* Frees them, unless the device may still write there. */
void virtio_net_free_buffers(struct virtio_net *net, unsigned int queue);
/* Hands on what came in; as netdev_poll. The caller has rx->polling. */
int virtio_net_receive(struct virtio_net *net, unsigned int queue, unsigned int budget,
		       netdev_handler_t *handler, void *context);

/* ---- virtio_net_tx.c ------------------------------------------------------------------------- */

int virtio_net_send(struct netdev *dev, unsigned int queue, struct netdev_tx *tx);
void virtio_net_flush(struct netdev *dev, unsigned int queue);
/* Takes back what was sent and calls done; how many. */
int virtio_net_take_sent(struct virtio_net *net, unsigned int queue);
/* After a reset: everything outstanding ends with -EIO. */
void virtio_net_end_all(struct virtio_net *net);
/* Notifies a queue again that has something and takes nothing; when that lasts, says so, once. */
void virtio_net_watch(struct virtio_net *net, unsigned int queue);

/* ---- virtio_net_ctrl.c ----------------------------------------------------------------------- */

int virtio_net_set_mac(struct netdev *dev, const u8 mac[ETH_ALEN]);
int virtio_net_set_receive_mode(struct netdev *dev, bool promiscuous, bool all_multicast);
int virtio_net_set_multicast(struct netdev *dev, const u8 *addresses, unsigned int count);
int virtio_net_set_queue_pairs(struct netdev *dev, unsigned int pairs);
int virtio_net_ack_announce(struct virtio_net *net);
/* After a restart: the device forgot what it had been told. 0 or -errno. */
int virtio_net_tell_again(struct virtio_net *net);

/* ---- virtio_net_events.c --------------------------------------------------------------------- */

/* Reads link and speed; says a change in a line. Any context. */
void virtio_net_read_link(struct virtio_net *net, bool say);
/* Resets the device, once; no lock is held. */
void virtio_net_fail(struct virtio_net *net);
int virtio_net_reclaim(struct netdev *dev, unsigned int queue);
int virtio_net_poll(struct netdev *dev, unsigned int queue, unsigned int budget,
		    netdev_handler_t *handler, void *context);
void virtio_net_watch_all(struct netdev *dev);
bool virtio_net_arm(struct netdev *dev, unsigned int events);
void virtio_net_disarm(struct netdev *dev);
bool virtio_net_can_interrupt(const struct netdev *dev);
u64 virtio_net_interrupts(const struct netdev *dev);
void virtio_net_give_up_interrupts(struct netdev *dev);
void virtio_net_abort(struct netdev *dev);

#endif
