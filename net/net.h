/* SPDX-License-Identifier: MIT */
/*
 * TCP/IP for apps. This header brings the network up and runs its loop; the rest is lwIP's raw API
 * itself, from <lwip/tcp.h>, <lwip/udp.h> and so on (docs/api.md has an example). An app requests
 * it with LIBS = lwip in apps/NAME/app.mk.
 *
 * There is one context, outside interrupts, on one CPU: lwIP calls the app back inside net_poll,
 * net_wait and net_resolve, and the app calls lwIP there or between them. So nothing needs a lock.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <lwip/ip_addr.h>
#include <lwip/netif.h>

#include "drivers/net/netdev.h"
#include "kernel/types.h"

#define NET_INTERFACES_MAX 4

/*
 * Brings up every network device: with DHCP, or, on the first one, as the boot option net.ip=
 * selects (docs/api.md); and with IPv6 from the routers' advertisements. Returns at once, before
 * there is an address. Each address is printed, and each loss of a link or a DHCP server. 0;
 * -ENODEV without a device and -EINVAL for an invalid net.ip=, both with a message; -ENOMEM.
 */
int net_init(void);

/* Handles received frames and due timers. If there were none, sleeps until a frame comes or
 * `timeout_ns` have passed. A server's loop consists of this call. */
void net_poll(u64 timeout_ns);

/* Calls net_poll until `condition(context)` is true: 0, or -ETIMEDOUT. */
int net_wait(bool (*condition)(void *context), void *context, u64 timeout_ns);

/* Waits until an interface has a usable IPv4 address: 0, or -ETIMEDOUT. */
int net_wait_address(u64 timeout_ns);

/* Finds the address of a host by DNS, or reads it if `name` is one. 0; -ENOENT if there is no such
 * name or no server answers; -ETIMEDOUT; -EINVAL for an invalid name. */
int net_resolve(const char *name, ip_addr_t *address, u64 timeout_ns);

/* Where an interface's IPv4 address comes from. */
enum net_configuration { NET_CONFIGURED_BY_DHCP, NET_CONFIGURED_BY_OPTION, NET_CONFIGURED_NOT };

/* One interface: lwIP's side and the device's. Read only, for apps. */
struct net_interface {
	struct netif netif;
	struct netdev *dev;
	enum net_configuration configuration;
	u64 no_buffer; /* frames dropped: the receive pool was empty, or they were too long */

	/* For net/ only. */
	bool flush;	      /* frames were submitted, and the device was not */
	bool had_address;     /* as last printed */
	u8 lease_state;	      /* of DHCP, when last read */
	bool lease_told;      /* printed since the last lease: no server answers */
	unsigned int seconds; /* in that state */
};

/* Returns the `index`-th interface, from 0, or NULL. */
struct net_interface *net_interface(unsigned int index);

/* A pool of lwIP's: memory reserved for one kind of object. */
struct net_pool {
	const char *name;
	u32 used, most, size; /* objects: now, maximum so far, total */
	u32 refused;	      /* how often it was empty */
	u32 object_size;      /* bytes */
};

/* Fills in the `index`-th pool, from 0; false if there are fewer. */
bool net_pool(unsigned int index, struct net_pool *pool);

/* Returns the memory from kzalloc for data that waits to be sent: objects and bytes. */
void net_memory(u64 *objects, u64 *bytes);

/* Returns an IPv6 address as text, in lower case (RFC 5952); valid until the next call. */
const char *net_ip6_text(const ip6_addr_t *address);

/* Returns 32 random bits, as unpredictable as the seed: from the first entropy device, else from
 * RDRAND and the time stamp counter. Any context outside interrupts, after net_init. */
u32 net_random(void);

#endif
