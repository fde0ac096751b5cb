/* SPDX-License-Identifier: MIT */
/* Shared by the parts of APP=netcheck. */
#ifndef TESTS_GUESTS_NETCHECK_NETCHECK_H
#define TESTS_GUESTS_NETCHECK_NETCHECK_H

#include "drivers/net/netdev.h"
#include "kernel/time.h"

/* The number behind "name=" on the command line, or `otherwise`. */
u64 netcheck_option(const char *name, u64 otherwise);

/* Each mode returns 0 when all is well, and says what is not. */

/* Asks the machine behind -netdev user for its address (ARP), and whether it answers (ICMP). */
int netcheck_ping(struct netdev *dev);
/* Sends numbered frames of all sizes to a peer, and checks those that the peer sends. */
int netcheck_exchange(struct netdev *dev);
/* Tells of the link until it was down and is up again. */
int netcheck_link(struct netdev *dev);
/* Address, receive mode, multicast, queue pairs, one after the other; a peer says when. */
int netcheck_control(struct netdev *dev);

/* TCP frames that the device finishes, and back, with what is said of them. */
int netcheck_offload(struct netdev *dev);

#endif
