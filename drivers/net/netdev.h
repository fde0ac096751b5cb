/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces, as their users see them: eth0, eth1, ... Ethernet frames go out as lists of
 * pieces and come in by polling. The driver that registered the interface transports them. Nothing
 * here knows a protocol above Ethernet.
 *
 * An interface has one or more queue pairs, numbered from 0, each with a side that sends and one
 * that receives. Only the first `queue_pairs` are in use; a device without several has one.
 *
 * Concurrency. Do not call anything here in an interrupt, or with interrupts off. Several CPUs may
 * send at once, even on one queue. One CPU at a time may poll a queue; another one, or the handler
 * itself, gets -EBUSY. A callback (handler, done, link_changed) runs in the call that is named with
 * it, on its CPU, with interrupts on and without a lock held, so it may send, too.
 *
 * Failures. If the device fails, every outstanding frame ends with done and -EIO, and the next
 * netdev_poll or netdev_reclaim restarts the interface, with a message. After some restarts it is
 * given up, and then each call returns -EIO. The structure stays valid in any case.
 */
#ifndef DRIVERS_NET_NETDEV_H
#define DRIVERS_NET_NETDEV_H

#include <linux/if_ether.h>

#include "kernel/list.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"
#include "kernel/types.h"

#define NETDEV_NAME_SIZE 8
/* The maximum number of pieces per frame; a piece may have any length from 1 on. */
#define NETDEV_SEGMENTS_MAX 32
/* 802.1Q: a tag, four bytes more in front of the type. */
#define VLAN_HLEN 4
/* The longest possible frame: 64 KiB of IP by segmentation offload, behind an Ethernet header with
 * a VLAN tag. */
#define NETDEV_FRAME_MAX (65535 + ETH_HLEN + VLAN_HLEN)

struct netdev;

/* What a device does with frames (netdev.features). */
enum netdev_feature {
	NETDEV_F_CHECKSUM = 1 << 0,	    /* fills in checksums of frames that are sent */
	NETDEV_F_TSO4 = 1 << 1,		    /* cuts TCP over IPv4 into segments; needs CHECKSUM */
	NETDEV_F_TSO6 = 1 << 2,		    /* the same over IPv6 */
	NETDEV_F_TSO_ECN = 1 << 3,	    /* and also when the segment has ECN's CWR set */
	NETDEV_F_RECEIVE_CHECKSUM = 1 << 4, /* may have verified checksums of received frames */
	NETDEV_F_LRO = 1 << 5,		    /* may receive frames longer than the MTU */
	NETDEV_F_SET_MAC = 1 << 6,	    /* netdev_set_mac works */
	NETDEV_F_RECEIVE_MODE = 1 << 7,	    /* netdev_set_receive_mode works */
};

/* One piece of a frame, in memory that a device can use: RAM. */
struct netdev_segment {
	void *address;
	u32 length; /* bytes, at least 1 */
};

enum netdev_gso { NETDEV_GSO_NONE, NETDEV_GSO_TCP4, NETDEV_GSO_TCP6 };

/*
 * What the device has to do to a sent frame, or what is missing in a received one. All zeroes:
 * nothing. Positions are bytes from the start of the Ethernet header.
 */
struct netdev_offload {
	/* The Internet checksum of all bytes from checksum_start on goes to checksum_start +
	 * checksum_offset, where the sum of the pseudo header (not complemented) is already. */
	bool needs_checksum;
	u16 checksum_start, checksum_offset;
	/* Cuts TCP into pieces of gso_size bytes of payload; repeats header_length bytes of headers
	 * (Ethernet, IP and TCP) in each. Requires needs_checksum, of TCP. */
	enum netdev_gso gso;
	bool gso_ecn; /* CWR is set: only the first piece keeps it */
	u16 gso_size, header_length;
};

/* ---- sending --------------------------------------------------------------------------------- */

/*
 * One frame to send, without its frame check sequence. The caller fills the first part and owns all
 * the memory. This structure and the segments' memory belong to the device from a netdev_send that
 * returned 0 until done is called, and must not move or change in between. The array of segments
 * itself is not kept.
 */
struct netdev_tx {
	const struct netdev_segment *segments;
	unsigned int segment_count;
	struct netdev_offload offload;
	/* Called when the frame is the caller's again. `error` is 0 (the device took it, which does
	 * not mean that anyone received it) or -EIO. netdev_reclaim and netdev_poll call it on this
	 * queue, netdev_send never does. It may send again, even this frame. May be NULL. */
	void (*done)(struct netdev *dev, struct netdev_tx *tx);
	void *context; /* for the caller's use in done */

	/* For the driver. */
	int error;
	u32 length;
	u8 header[24]; /* the device reads it */
	struct netdev_tx *next;
};

/*
 * Submits a frame; netdev_flush notifies the device, so that several can go at once. Returns 0;
 * -ENOSPC if the queue is full for now: flush, reclaim, and send again later (or drop it);
 * -EMSGSIZE if it is shorter than an Ethernet header, or longer than the MTU allows without
 * segmentation; -EINVAL for no or too many segments, an empty one, positions outside the frame, or
 * a queue that is not in use; -EOPNOTSUPP for an offload that the device does not have; -ENETDOWN
 * while the link is down; -EIO if the device failed. After any error the frame is still the
 * caller's.
 */
int netdev_send(struct netdev *dev, unsigned int queue, struct netdev_tx *tx);
void netdev_flush(struct netdev *dev, unsigned int queue);

/* Takes back sent frames and calls done for each; returns their number, or -EIO if the interface
 * was given up. An app that only sends has to call it now and then. */
int netdev_reclaim(struct netdev *dev, unsigned int queue);

/*
 * Sends one frame in one piece, and waits until the device has taken it. 0, -ENOSPC if the queue
 * stays full, -ETIMEDOUT (then the device has been reset, and the memory is the caller's again), or
 * as netdev_send. `offload` may be NULL.
 */
int netdev_send_sync(struct netdev *dev, unsigned int queue, void *frame, u32 length,
		     const struct netdev_offload *offload, u64 timeout_ns);

/* ---- receiving ------------------------------------------------------------------------------- */

enum netdev_checksum {
	NETDEV_CHECKSUM_NONE,	 /* not verified */
	NETDEV_CHECKSUM_VALID,	 /* the device has verified it (TCP or UDP) */
	NETDEV_CHECKSUM_PARTIAL, /* missing, in a frame from this host; see offload */
};

/*
 * A received frame, valid while the handler runs. The memory belongs to the device before and
 * after, and a bad device could write to it even meanwhile. So copy what you keep or parse, once
 * (netdev_copy), and trust no length inside it.
 */
struct netdev_frame {
	const struct netdev_segment *segments;
	unsigned int segment_count;
	u32 length; /* total: ETH_HLEN to NETDEV_FRAME_MAX, */
	enum netdev_checksum checksum;
	struct netdev_offload offload; /* checked: positions are inside the frame */
};

typedef void netdev_handler_t(struct netdev *dev, const struct netdev_frame *frame, void *context);

/*
 * Calls `handler` for the received frames of a queue, at most `budget`, oldest first. The buffer of
 * each goes back to the device as soon as the handler returns. Also takes back sent frames of this
 * queue, and reports a changed link. Returns the number of frames; less than `budget` means that
 * there are no more for now. -EIO if the interface was given up, -EBUSY if the queue is being
 * polled already, -EINVAL for a queue that is not in use.
 */
int netdev_poll(struct netdev *dev, unsigned int queue, unsigned int budget,
		netdev_handler_t *handler, void *context);

/* Copies `length` bytes of the frame from `offset` on; returns how many bytes there were. */
u32 netdev_copy(const struct netdev_frame *frame, u32 offset, void *to, u32 length);

/* ---- sleeping -------------------------------------------------------------------------------- */

enum netdev_event {
	NETDEV_RECEIVED = 1 << 0, /* a frame was received, on any queue in use */
	NETDEV_SENT = 1 << 1,	  /* netdev_reclaim would find a frame, on any */
};

/*
 * Halts the CPU until one of `events` (bits of netdev_event) occurs, the link changes, or the
 * device fails; then call netdev_poll. 0, or -ETIMEDOUT. Spins if the device cannot interrupt. Only
 * one CPU at a time may wait for an interface.
 */
int netdev_wait(struct netdev *dev, unsigned int events, u64 timeout_ns);

/* CPUs that wait for any network device; what a device announces wakes them. */
extern struct wait_queue netdev_waiters;

/*
 * The same in two parts, for code that waits for several events at once. netdev_arm requests
 * interrupts, and returns false if there is work already. Call it in the condition of a wait_event
 * on netdev_waiters (interrupts off), each time that is tested, and netdev_disarm once after the
 * wait. If netdev_can_interrupt is false, nothing wakes such a wait; use poll_until.
 */
bool netdev_arm(struct netdev *dev, unsigned int events);
void netdev_disarm(struct netdev *dev);
bool netdev_can_interrupt(const struct netdev *dev);

/* ---- the interface --------------------------------------------------------------------------- */

/* Returns the `index`-th interface, from 0, or the one with this name, or NULL. */
struct netdev *netdev_get(unsigned int index);
struct netdev *netdev_find(const char *name);

/* An address that a station can have: no group's, and not all zeroes. */
static inline bool is_valid_ether_addr(const u8 *mac)
{
	return !(mac[0] & 1) && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

/* Changes the address, in the device too. 0; -EINVAL for a multicast address or all zeroes;
 * -EOPNOTSUPP; -EIO if the device rejects it. */
int netdev_set_mac(struct netdev *dev, const u8 mac[ETH_ALEN]);

/* Sets what the device receives besides its own address and broadcasts: everything, or all
 * multicast. Devices start promiscuous, and filter only as requested, so a frame for another
 * address may come at any time. 0, -EOPNOTSUPP, -EIO. */
int netdev_set_receive_mode(struct netdev *dev, bool promiscuous, bool all_multicast);

/* Sets the multicast addresses to receive, `count` times ETH_ALEN bytes; replaces earlier ones. 0,
 * -EOPNOTSUPP, -EINVAL for more than NETDEV_MULTICAST_MAX or one that is not multicast, -EIO. */
#define NETDEV_MULTICAST_MAX 64
int netdev_set_multicast(struct netdev *dev, const u8 *addresses, unsigned int count);

/* Uses the first `pairs` queue pairs: 0, -EINVAL outside of 1 to max_queue_pairs, -ENOMEM, -EIO. Do
 * not send, poll or wait meanwhile. */
int netdev_set_queue_pairs(struct netdev *dev, unsigned int pairs);

/* Sets a function that netdev_poll and netdev_reclaim call after dev->link_up, speed or the MTU
 * changed, and when this machine was moved to another network, whose switches should learn our
 * address (dev->announce is set then: send an announcement). NULL: none. */
void netdev_on_link_change(struct netdev *dev,
			   void (*link_changed)(struct netdev *dev, void *context), void *context);

/* One direction of one queue since the interface came up. */
struct netdev_counters {
	u64 packets, bytes;
	u64 dropped; /* received, but not passed on: no memory, or */
	u64 errors;  /* received, but invalid; or sent, with an error */
};
void netdev_count(const struct netdev *dev, unsigned int queue, struct netdev_counters *sent,
		  struct netdev_counters *received);

/* ---- for drivers ----------------------------------------------------------------------------- */

#define NETDEV_QUEUE_PAIRS_MAX 8

/* The driver's operations; arguments have been checked as far as netdev.h promises it. An operation
 * that the device lacks is NULL, if a feature or max_queue_pairs shows that. */
struct netdev_ops {
	int (*send)(struct netdev *dev, unsigned int queue, struct netdev_tx *tx);
	void (*flush)(struct netdev *dev, unsigned int queue);
	int (*reclaim)(struct netdev *dev, unsigned int queue);
	int (*poll)(struct netdev *dev, unsigned int queue, unsigned int budget,
		    netdev_handler_t *handler, void *context);
	bool (*arm)(struct netdev *dev, unsigned int events);
	void (*disarm)(struct netdev *dev);
	bool (*can_interrupt)(const struct netdev *dev);
	/* Called now and then while a caller waits: a device that does not work may have missed a
	 * notification. */
	void (*watch)(struct netdev *dev);
	/* Returns the interrupts taken by the queues in use. */
	u64 (*interrupts)(const struct netdev *dev);
	/* Interrupts were lost: do not wait for them from now on. */
	void (*give_up_interrupts)(struct netdev *dev);
	/* Resets the device; every outstanding frame ends with -EIO. */
	void (*abort)(struct netdev *dev);
	int (*set_mac)(struct netdev *dev, const u8 mac[ETH_ALEN]);
	int (*set_receive_mode)(struct netdev *dev, bool promiscuous, bool all_multicast);
	int (*set_multicast)(struct netdev *dev, const u8 *addresses, unsigned int count);
	int (*set_queue_pairs)(struct netdev *dev, unsigned int pairs);
	void (*count)(const struct netdev *dev, unsigned int queue, struct netdev_counters *sent,
		      struct netdev_counters *received);
};

/* Embedded in the driver's own structure. Users may read it, only drivers write it; link_up, speed
 * and mtu may change while they read. */
struct netdev {
	const struct netdev_ops *ops; /* set before it is registered, as the rest */
	const char *device_name;      /* the device: "virtio0" */
	unsigned int features;	      /* NETDEV_F_* */
	unsigned int max_queue_pairs; /* 1 to NETDEV_QUEUE_PAIRS_MAX */
	unsigned int queue_pairs;     /* in use */
	u32 mtu;		      /* bytes behind the Ethernet header, 68 to 65535 */
	u8 mac[ETH_ALEN];
	bool link_up;
	bool announce;		     /* see netdev_on_link_change */
	u32 speed;		     /* Mbit/s, 0 if unknown */
	char name[NETDEV_NAME_SIZE]; /* given by register_netdev */

	void (*link_changed)(struct netdev *dev, void *context);
	void *link_context;
	unsigned int lost_interrupts; /* in a row */
	struct list_head node;
};

/* Names the interface and adds it to the list. -ENFILE if there are 100 already. */
int register_netdev(struct netdev *dev);
/* Removes the interface, which must not be in use. */
void unregister_netdev(struct netdev *dev);

#endif
