/* SPDX-License-Identifier: MIT */
/* Between the files of net/: an interface, its lease, the seed. Same context as net.h. */
#ifndef NET_INTERFACE_H
#define NET_INTERFACE_H

#include "net/net.h"

/* Frames of one interface that one round takes in. */
#define NET_BUDGET 64

/* Joins lwIP to a device: netif, link, IPv6. 0 or -ENOMEM. */
int interface_add(struct net_interface *interface, struct netdev *dev);

/* Takes in at most NET_BUDGET frames; returns how many. */
int interface_receive(struct net_interface *interface);

/* Tells the device of what was handed over. */
void interface_flush(struct net_interface *interface);

/* Gives it an address as net.ip= says: text such as "10.0.2.15/24,gw=10.0.2.2,dns=10.0.2.3", or
 * "none". 0, or -EINVAL with a line. */
int interface_configure(struct net_interface *interface, const char *text);

/* Starts DHCP, and from then on says what becomes of the lease. 0 or -ENOMEM. */
int lease_start(struct net_interface *interface);

/* From now on each address that comes or goes is told in a line. */
void lease_init(void);

/* Seeds net_random and the sequence numbers. */
void random_init(void);

#endif
