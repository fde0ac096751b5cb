/* SPDX-License-Identifier: MIT */
/*
 * The device end of virtio-net for tests (virtio 1.2, 5.1), which holds what a driver does against
 * the specification's demands, and lies when told to.
 */
#ifndef TESTS_HOST_NET_FIXTURE_H
#define TESTS_HOST_NET_FIXTURE_H

#include <linux/virtio_net.h>

#include "drivers/net/netdev.h"
#include "modern.h"

#define NET_RINGS 8 /* receive and transmit queues, of 4 pairs */
#define NET_HEADER sizeof(struct virtio_net_hdr_v1)

/* A receive buffer that the device has. */
struct net_buffer {
	u16 head;
	u8 *address;
	u32 length;
};

struct net_device {
	struct virtio_net_config config;

	/* Faults. */
	bool held;	/* frames that are sent stay with the device until net_release */
	bool silent;	/* commands are not answered */
	u8 command_ack; /* what they are answered with */

	/* What happened. */
	struct net_buffer posted[NET_RINGS][256]; /* the oldest first */
	unsigned int posted_count[NET_RINGS];
	u64 sent[NET_RINGS]; /* frames */
	struct virtio_net_hdr_v1 last_header;
	u8 last_frame[NETDEV_FRAME_MAX];
	u32 last_length;
	u8 command_class, command;
	u8 command_data[1024];
	u32 command_bytes;
	unsigned int commands;
};
extern struct net_device net;

/* A modern device with these feature bits and max_virtqueue_pairs; then modern_boot. */
void net_make(u64 features, u16 pairs);
/* The same, and boots: the interface, NULL when it did not come up. */
struct netdev *net_boot(u64 features, u16 pairs);
/* The test wrote to net.config: the device tells of it. */
void net_change(void);
/* Gives back what is held. */
void net_release(void);

/* What the interface's user sees: frames handed on, the last one and its bytes, frames that were
 * taken back, and how many of those with an error. */
struct net_user {
	u8 frame[2 * NETDEV_FRAME_MAX]; /* what is sent and received; see net_fill */
	unsigned int frames, done, failed;
	struct netdev_frame last;
	u8 bytes[NETDEV_FRAME_MAX];
};
extern struct net_user user;
void net_fill(void);
/* Polls queue 0. */
int net_poll(struct netdev *dev);
void net_handle(struct netdev *dev, const struct netdev_frame *received, void *context);
/* Sends the first bytes of user.frame as one piece, and flushes. */
int net_send(struct netdev *dev, unsigned int queue, struct netdev_tx *tx, u32 length);
/* The device asks for its reset. */
void net_need_reset(void);

/* Fills the oldest buffers of a receive queue with a frame, as many as it takes; what the header
 * says of their number is the test's to write, 0 means the truth. */
void net_receive(unsigned int pair, struct virtio_net_hdr_v1 header, const void *frame, u32 length);
/* Gives the oldest buffer back as it is; the used entry says `written`. */
void net_use_raw(unsigned int pair, u32 written);

#endif
