/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces, as whoever uses them sees them: eth0, eth1, ... Ethernet frames go out as
 * lists of pieces and come in by polling; who carries them is the business of the driver that
 * registered the interface. Nothing here knows a protocol above Ethernet.
 *
 * An interface has 1 or more queue pairs, each with a side that sends and one that receives,
 * numbered from 0; only the first `queue_pairs` are in use, and a device without several has one.
 *
 * Concurrency. Nothing here may be called in an interrupt, or with interrupts off. The calls for
 * sending may be made by several CPUs at once, on one queue too. A queue is polled by one CPU at a
 * time; another, or the handler itself, gets -EBUSY. What is called back (handler, done,
 * link_changed) runs in the call that is named with it, on its CPU, with interrupts on and without
 * a lock held, so it may send, too.
 *
 * Trouble. When the device fails, every frame that it had ends with done and -EIO, and the
 * interface is brought up again by the next netdev_poll or netdev_reclaim, with a line; after some
 * restarts it is given up, and then each call says -EIO. The structure stays valid in any case.
 */
#ifndef DRIVERS_NET_NETDEV_H
#define DRIVERS_NET_NETDEV_H

#include <linux/if_ether.h>

#include "kernel/list.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"
#include "kernel/types.h"

#define NETDEV_NAME_SIZE 8
/* Pieces that a frame may consist of; any of them may have any length from 1 on. */
#define NETDEV_SEGMENTS_MAX 32
/* 802.1Q: a tag, four bytes more in front of the type. */
#define VLAN_HLEN 4
/* The longest frame that can come or go at all: 64 KiB of IP by segmentation offload, behind an
 * Ethernet header with a VLAN tag. */
#define NETDEV_FRAME_MAX (65535 + ETH_HLEN + VLAN_HLEN)

struct netdev;

/* What a device does for the frames, netdev.features. */
enum netdev_feature {
	NETDEV_F_CHECKSUM = 1 << 0,	    /* fills in checksums of frames that are sent */
	NETDEV_F_TSO4 = 1 << 1,		    /* cuts TCP over IPv4 into segments; needs CHECKSUM */
	NETDEV_F_TSO6 = 1 << 2,		    /* the same over IPv6 */
	NETDEV_F_TSO_ECN = 1 << 3,	    /* and also when the segment has ECN's CWR set */
	NETDEV_F_RECEIVE_CHECKSUM = 1 << 4, /* may have checked what comes in */
	NETDEV_F_LRO = 1 << 5,		    /* frames longer than the MTU may come in */
	NETDEV_F_SET_MAC = 1 << 6,	    /* netdev_set_mac works */
	NETDEV_F_RECEIVE_MODE = 1 << 7,	    /* netdev_set_receive_mode works */
};

/* One piece of a frame, in memory that a device may be told of: RAM. */
struct netdev_segment {
	void *address;
	u32 length; /* bytes, at least 1 */
};

enum netdev_gso { NETDEV_GSO_NONE, NETDEV_GSO_TCP4, NETDEV_GSO_TCP6 };

/*
 * What is to be done to a frame on its way out, or is still to be done to one that came in. All
 * zeroes: nothing. Positions are bytes from the start of the Ethernet header.
 */
struct netdev_offload {
	/* The Internet checksum of everything from checksum_start on goes to checksum_start +
	 * checksum_offset, where that of the pseudo header (not complemented) stands already. */
	bool needs_checksum;
	u16 checksum_start, checksum_offset;
	/* TCP that is cut into pieces of gso_size bytes of payload; header_length bytes of headers
	 * (Ethernet, IP and TCP) are repeated in each. Needs needs_checksum, of TCP. */
	enum netdev_gso gso;
	bool gso_ecn; /* CWR is set: only the first piece keeps it */
	u16 gso_size, header_length;
};

/* ---- sending --------------------------------------------------------------------------------- */

/*
 * One frame on its way out, without its frame check sequence. The caller fills the first part and
 * owns all the memory; this structure and what the segments point to are the device's from a
 * netdev_send that returned 0 until done is called, and must not move or change in between. The
 * array of segments itself is not kept.
 */
struct netdev_tx {
	const struct netdev_segment *segments;
	unsigned int segment_count;
	struct netdev_offload offload;
	/* The frame is the caller's again; error says how it ended: 0 (the device took it, which
	 * does not say that anyone received it) or -EIO. Called by netdev_reclaim and netdev_poll
	 * on this queue, never by netdev_send. May send again, also this frame. May be NULL. */
	void (*done)(struct netdev *dev, struct netdev_tx *tx);
	void *context; /* the caller's, for done */

	/* The driver's. */
	int error;
	u32 length;
	u8 header[24]; /* the device reads it */
	struct netdev_tx *next;
};

/*
 * Hands a frame over; the device is told by netdev_flush, so that several can go at once.
 * 0; -ENOSPC when the queue is full for now: flush, reclaim, and send again later (dropping is
 * right, too); -EMSGSIZE when it is shorter than an Ethernet header or longer than the MTU and that
 * allow, without segmentation; -EINVAL for no or too many segments, an empty one, positions outside
 * the frame, or a queue that is not in use; -EOPNOTSUPP for an offload that the device has not;
 * -ENETDOWN while the link is down; -EIO when the device failed. After any error the frame is still
 * the caller's.
 */
int netdev_send(struct netdev *dev, unsigned int queue, struct netdev_tx *tx);
void netdev_flush(struct netdev *dev, unsigned int queue);

/* Takes back what the device has sent and calls done for each; returns how many, or -EIO when the
 * interface was given up. To be called now and then by whoever only sends. */
int netdev_reclaim(struct netdev *dev, unsigned int queue);

/*
 * Sends one frame that is in one piece, and waits until the device has taken it. 0, -ENOSPC when
 * the queue stays full, -ETIMEDOUT (then the device has been reset, and the memory is the caller's
 * again), or as netdev_send. `offload` may be NULL.
 */
int netdev_send_sync(struct netdev *dev, unsigned int queue, void *frame, u32 length,
		     const struct netdev_offload *offload, u64 timeout_ns);

/* ---- receiving ------------------------------------------------------------------------------- */

enum netdev_checksum {
	NETDEV_CHECKSUM_NONE,	 /* nobody has checked it */
	NETDEV_CHECKSUM_VALID,	 /* the device says that it is right (of TCP or UDP) */
	NETDEV_CHECKSUM_PARTIAL, /* it is not there: offload says where it would go. The frame
				  * comes from this host and cannot be damaged */
};

/*
 * A frame that came in, for as long as the handler runs. The memory is the device's before and
 * after, and a bad one could write to it even meanwhile: copy what is kept or parsed, once
 * (netdev_copy), and trust no length inside it.
 */
struct netdev_frame {
	const struct netdev_segment *segments;
	unsigned int segment_count;
	u32 length; /* bytes in all: ETH_HLEN to NETDEV_FRAME_MAX, more than MTU only with LRO */
	enum netdev_checksum checksum;
	struct netdev_offload offload; /* checked: positions lie in the frame */
};

typedef void netdev_handler_t(struct netdev *dev, const struct netdev_frame *frame, void *context);

/*
 * Calls `handler` for the frames that have come in on a queue, at most `budget`, oldest first; the
 * buffer of each goes back to the device as soon as the handler returns. Also takes back what was
 * sent on this queue, and tells of a changed link. Returns how many frames there were; less than
 * `budget` means that there are no more for now. -EIO when the interface was given up, -EBUSY when
 * the queue is being polled already, -EINVAL for a queue that is not in use.
 */
int netdev_poll(struct netdev *dev, unsigned int queue, unsigned int budget,
		netdev_handler_t *handler, void *context);

/* Copies `length` bytes of the frame from `offset` on; returns how many there were. */
u32 netdev_copy(const struct netdev_frame *frame, u32 offset, void *to, u32 length);

/* ---- sleeping -------------------------------------------------------------------------------- */

enum netdev_event {
	NETDEV_RECEIVED = 1 << 0, /* a frame came in, on any queue in use */
	NETDEV_SENT = 1 << 1,	  /* netdev_reclaim would find something, on any queue in use */
};

/*
 * Halts the CPU until one of `events` (bits of netdev_event) is there, the link changed, or the
 * device failed; then it is time for netdev_poll. 0, or -ETIMEDOUT. Where the device cannot
 * interrupt this spins. One CPU at a time waits for an interface.
 */
int netdev_wait(struct netdev *dev, unsigned int events, u64 timeout_ns);

/* CPUs that wait for any network device; what a device announces wakes them. */
extern struct wait_queue netdev_waiters;

/*
 * The same in two parts, for whoever waits for several things at once. netdev_arm asks for
 * interrupts, and returns false when there is something to do already; it is made to be called in
 * the condition of a wait_event on netdev_waiters (interrupts off), each time that is tested, and
 * netdev_disarm once behind the wait. Where netdev_can_interrupt is false nothing wakes such a
 * wait: poll_until then.
 */
bool netdev_arm(struct netdev *dev, unsigned int events);
void netdev_disarm(struct netdev *dev);
bool netdev_can_interrupt(const struct netdev *dev);

/* ---- the interface --------------------------------------------------------------------------- */

/* The interface that was registered `index`-th, from 0, or that has this name; NULL without. */
struct netdev *netdev_get(unsigned int index);
struct netdev *netdev_find(const char *name);

/* An address that a station can have: no group's, and not all zeroes. */
static inline bool is_valid_ether_addr(const u8 *mac)
{
	return !(mac[0] & 1) && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

/* Changes the address, in the device too. 0; -EINVAL for a group's or all zeroes; -EOPNOTSUPP; -EIO
 * when the device refuses it. */
int netdev_set_mac(struct netdev *dev, const u8 mac[ETH_ALEN]);

/* What the device lets through beside its own address and broadcasts: everything, and all
 * multicast. Devices start promiscuous, and filter only what they are told to: a frame for somebody
 * else may come at any time. 0, -EOPNOTSUPP, -EIO. */
int netdev_set_receive_mode(struct netdev *dev, bool promiscuous, bool all_multicast);

/* Multicast addresses that are to be let through, `count` times ETH_ALEN bytes; replaces those from
 * before. 0, -EOPNOTSUPP, -EINVAL for more than NETDEV_MULTICAST_MAX or one that is no multicast,
 * -EIO. */
#define NETDEV_MULTICAST_MAX 64
int netdev_set_multicast(struct netdev *dev, const u8 *addresses, unsigned int count);

/* Uses the first `pairs` queue pairs: 0, -EINVAL outside of 1 to max_queue_pairs, -ENOMEM, -EIO.
 * Nothing may be sent, polled or waited for meanwhile. */
int netdev_set_queue_pairs(struct netdev *dev, unsigned int pairs);

/* Calls link_changed(dev, context) in netdev_poll, netdev_reclaim after dev->link_up, speed or the
 * MTU changed, and also when a network that this machine was moved to wants to hear of it
 * (dev->announce is set then: send what tells your neighbours your address). NULL: nobody. */
void netdev_on_link_change(struct netdev *dev,
			   void (*link_changed)(struct netdev *dev, void *context), void *context);

/* One direction of one queue since the interface came up. */
struct netdev_counters {
	u64 packets, bytes;
	u64 dropped; /* came in, and could not be handed on: no memory, or larger than allowed */
	u64 errors;  /* came in, and made no sense; or sent, and came back with an error */
};
void netdev_count(const struct netdev *dev, unsigned int queue, struct netdev_counters *sent,
		  struct netdev_counters *received);

/* ---- for drivers ----------------------------------------------------------------------------- */

#define NETDEV_QUEUE_PAIRS_MAX 8

/* What a driver does; arguments have been checked as far as netdev.h promises it. Calls that the
 * device cannot do are NULL, where a feature or max_queue_pairs says so. */
struct netdev_ops {
	int (*send)(struct netdev *dev, unsigned int queue, struct netdev_tx *tx);
	void (*flush)(struct netdev *dev, unsigned int queue);
	int (*reclaim)(struct netdev *dev, unsigned int queue);
	int (*poll)(struct netdev *dev, unsigned int queue, unsigned int budget,
		    netdev_handler_t *handler, void *context);
	bool (*arm)(struct netdev *dev, unsigned int events);
	void (*disarm)(struct netdev *dev);
	bool (*can_interrupt)(const struct netdev *dev);
	/* Called now and then by whoever waits: a device that does not work on what it has may have
	 * missed a notification. */
	void (*watch)(struct netdev *dev);
	/* Interrupts of the queues in use, taken so far. */
	u64 (*interrupts)(const struct netdev *dev);
	/* No interrupt came for what was there: from now on none is waited for. */
	void (*give_up_interrupts)(struct netdev *dev);
	/* Resets the device; every frame it has ends with -EIO. */
	void (*abort)(struct netdev *dev);
	int (*set_mac)(struct netdev *dev, const u8 mac[ETH_ALEN]);
	int (*set_receive_mode)(struct netdev *dev, bool promiscuous, bool all_multicast);
	int (*set_multicast)(struct netdev *dev, const u8 *addresses, unsigned int count);
	int (*set_queue_pairs)(struct netdev *dev, unsigned int pairs);
	void (*count)(const struct netdev *dev, unsigned int queue, struct netdev_counters *sent,
		      struct netdev_counters *received);
};

/* Embedded in the driver's own structure. Users read, and only drivers write; link_up, speed and
 * mtu change under a reader's eyes. */
struct netdev {
	const struct netdev_ops *ops; /* set before it is registered, as all that follows */
	const char *device_name;      /* "virtio0": the device that it is */
	unsigned int features;	      /* NETDEV_F_* */
	unsigned int max_queue_pairs; /* 1 to NETDEV_QUEUE_PAIRS_MAX */
	unsigned int queue_pairs;     /* in use */
	u32 mtu;		      /* bytes behind the Ethernet header, 68 to 65535 */
	u8 mac[ETH_ALEN];
	bool link_up;
	bool announce;		     /* see netdev_on_link_change */
	u32 speed;		     /* Mbit/s, 0 when it is not known */
	char name[NETDEV_NAME_SIZE]; /* given by register_netdev */

	void (*link_changed)(struct netdev *dev, void *context);
	void *link_context;
	unsigned int lost_interrupts; /* in a row */
	struct list_head node;
};

/* Names the interface and makes it known. -ENFILE when there are 100 already. */
int register_netdev(struct netdev *dev);
/* Takes it away again; nobody may use it any more. */
void unregister_netdev(struct netdev *dev);

#endif
