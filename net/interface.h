/* SPDX-License-Identifier: MIT */
/* The interface between the files of net/: an interface, its lease, the seed. Same context as
 * net.h. */
#ifndef NET_INTERFACE_H
#define NET_INTERFACE_H

#include "net/net.h"

/* How many frames of one interface one round takes. */
#define NET_BUDGET 64

/* Connects lwIP with a device: netif, link, IPv6. 0 or -ENOMEM. */
int interface_add(struct net_interface *interface, struct netdev *dev);

/* Receives at most NET_BUDGET frames; returns their number. */
int interface_receive(struct net_interface *interface);

/* Notifies the device of submitted frames. */
void interface_flush(struct net_interface *interface);

/* Sets the address from net.ip=: text such as "10.0.2.15/24,gw=10.0.2.2,dns=10.0.2.3", or "none".
 * 0, or -EINVAL with a message. */
int interface_configure(struct net_interface *interface, const char *text);

/* Starts DHCP, and from then on prints changes of the lease. 0 or -ENOMEM. */
int lease_start(struct net_interface *interface);

/* From now on, prints each address that is set or removed. */
void lease_init(void);

/* Seeds net_random and the sequence numbers. */
void random_init(void);

#endif
