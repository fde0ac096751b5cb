/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of the virtio-net driver (virtio 1.2, 5.1): bring-up (virtio_net.c), its
 * features (_features), sending (_tx), receiving (_rx), the control queue (_ctrl), and everything
 * besides the data: link, sleeping, failure and recovery (_events).
 *
 * Concurrency, in addition to drivers/net/netdev.h. Each direction of each pair has a lock, which
 * is held for a few instructions around its virtqueue, and is never taken in an interrupt. `failed`
 * is set first, and then every lock is passed once. From then on only the one call that recovers
 * touches a virtqueue, until that call clears `failed` again.
 */
#ifndef DRIVERS_NET_VIRTIO_NET_PRIV_H
#define DRIVERS_NET_VIRTIO_NET_PRIV_H

#include <linux/virtio_net.h>

#include "drivers/net/netdev.h"
#include "drivers/virtio/virtio.h"
#include "kernel/time.h"

/* The maximum of receive buffers per queue; each is a page or, without MRG_RXBUF, holds a frame. */
#define VIRTIO_NET_BUFFERS_MAX 256

/* A mergeable frame of 64 KiB needs 17 buffers of a page each. */
_Static_assert(NETDEV_SEGMENTS_MAX >= 17, "a 64 KiB frame in pages");

struct virtio_net_rx {
	struct virtqueue *vq; /* NULL while the device is down */
	spinlock_t lock;      /* protects vq and counters */
	spinlock_t polling;   /* held while polling; no one waits for it */
	bool starved_said;
	unsigned int wanted; /* buffers that the ring and the memory allow */
	unsigned int made;   /* buffers that exist */
	u8 *buffers[VIRTIO_NET_BUFFERS_MAX];
	struct netdev_counters counters;
};

struct virtio_net_tx {
	struct virtqueue *vq; /* NULL while the device is down */
	spinlock_t lock;      /* protects all of it */
	struct netdev_counters counters;
	u64 progress_ns; /* last time a frame was taken, or added to an empty */
	u64 nudged_ns;	 /* last notification for lack of progress */
	bool stall_said;
};

/* Memory of the control queue's commands, in a separate page. */
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
	u32 header_bytes;  /* before each frame (5.1.6.1) */
	u32 buffer_bytes;  /* of a receive buffer */
	bool mergeable;	   /* MRG_RXBUF */
	bool split_header; /* 5.1.6.6: legacy, the header has a descriptor of its own */
	u16 device_pairs;  /* the device's; the control queue follows them */

	bool failed;	       /* see above (atomic) */
	bool dead;	       /* given up */
	spinlock_t recovering; /* held while recovering; no one waits for it */
	u64 looked_ns;	       /* last read of the configuration, for a polled */

	spinlock_t link_lock; /* protects these; taken in the configuration interrupt, too */
	bool link_event;
	bool announce_event;

	struct virtqueue *ctrl; /* NULL without one */
	spinlock_t ctrl_busy;	/* held during a command; no one waits for it */
	bool ctrl_unanswered;	/* the last one: the device still has its memory */
	struct virtio_net_ctrl_page *ctrl_page;

	/* Settings that a restart has to repeat. */
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

/* Drops features whose conditions are not met, or whose field is invalid. 0. */
int virtio_net_validate(struct virtio_device *vdev);
/* Reads address, MTU and number of queues, as negotiated, and sets what follows. */
int virtio_net_read_config(struct virtio_net *net);

/* ---- virtio_net_rx.c ------------------------------------------------------------------------- */

/* Allocates receive buffers for a queue and posts them, including those from before a restart. 0,
 * even if there is less memory than wanted; -ENOMEM if there is none; -EIO. */
int virtio_net_fill(struct virtio_net *net, unsigned int queue);
/* Frees the buffers, unless the device may still write there. */
void virtio_net_free_buffers(struct virtio_net *net, unsigned int queue);
/* Passes received frames on; as netdev_poll. The caller holds rx->polling. */
int virtio_net_receive(struct virtio_net *net, unsigned int queue, unsigned int budget,
		       netdev_handler_t *handler, void *context);

/* ---- virtio_net_tx.c ------------------------------------------------------------------------- */

int virtio_net_send(struct netdev *dev, unsigned int queue, struct netdev_tx *tx);
void virtio_net_flush(struct netdev *dev, unsigned int queue);
/* Takes back sent frames and calls done; returns their number. */
int virtio_net_take_sent(struct virtio_net *net, unsigned int queue);
/* After a reset: ends all outstanding frames with -EIO. */
void virtio_net_end_all(struct virtio_net *net);
/* Notifies a queue again that has frames but makes no progress; if that lasts, prints it once. */
void virtio_net_watch(struct virtio_net *net, unsigned int queue);

/* ---- virtio_net_ctrl.c ----------------------------------------------------------------------- */

int virtio_net_set_mac(struct netdev *dev, const u8 mac[ETH_ALEN]);
int virtio_net_set_receive_mode(struct netdev *dev, bool promiscuous, bool all_multicast);
int virtio_net_set_multicast(struct netdev *dev, const u8 *addresses, unsigned int count);
int virtio_net_set_queue_pairs(struct netdev *dev, unsigned int pairs);
int virtio_net_ack_announce(struct virtio_net *net);
/* After a restart: repeats the settings, which the device has forgotten. 0 or -errno. */
int virtio_net_tell_again(struct virtio_net *net);

/* ---- virtio_net_events.c --------------------------------------------------------------------- */

/* Reads link and speed; prints a change. Any context. */
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
