/* SPDX-License-Identifier: MIT */
/*
 * TCP/IP for apps: this header brings the network up and turns its loop; what runs over it is
 * lwIP's raw API itself, from <lwip/tcp.h>, <lwip/udp.h> and so on (docs/api.md has an example). An
 * app says LIBS = lwip in apps/NAME/app.mk.
 *
 * One context, outside interrupts, on one CPU: lwIP calls the app back inside net_poll, net_wait
 * and net_resolve, and the app calls lwIP there or between them. So nothing needs a lock.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <lwip/ip_addr.h>
#include <lwip/netif.h>

#include "drivers/net/netdev.h"
#include "kernel/types.h"

#define NET_INTERFACES_MAX 4

/*
 * Brings up every network device there is: DHCP on each, or on the first what the boot option
 * net.ip= says (docs/api.md), and IPv6 by the routers' advertisements. Returns at once, before
 * there is an address; lines tell of each address, and of a link or a DHCP server that is lost. 0;
 * -ENODEV without a device and -EINVAL for a net.ip= that makes no sense, both with a line;
 * -ENOMEM.
 */
int net_init(void);

/* Handles what has come in and the timers that are due; then, if there was nothing, sleeps until
 * something comes or `timeout_ns` have passed. The loop of a server is this call. */
void net_poll(u64 timeout_ns);

/* Calls net_poll until `condition(context)` holds: 0, or -ETIMEDOUT. */
int net_wait(bool (*condition)(void *context), void *context, u64 timeout_ns);

/* Waits until an interface has an IPv4 address that can be used: 0, or -ETIMEDOUT. */
int net_wait_address(u64 timeout_ns);

/* Finds the address of a host by DNS, or reads it where `name` is one. 0; -ENOENT when there is no
 * such name or no server answers; -ETIMEDOUT; -EINVAL for a name that is none. */
int net_resolve(const char *name, ip_addr_t *address, u64 timeout_ns);

/* How an interface came by its IPv4 address. */
enum net_configuration { NET_CONFIGURED_BY_DHCP, NET_CONFIGURED_BY_OPTION, NET_CONFIGURED_NOT };

/* One interface: lwIP's side and the device's. Read only, for apps. */
struct net_interface {
	struct netif netif;
	struct netdev *dev;
	enum net_configuration configuration;
	u64 no_buffer; /* frames dropped: the receive pool was empty, or they were too long */

	/* net's own. */
	bool flush;	      /* frames were handed over and the device was not told yet */
	bool had_address;     /* as the last line said */
	u8 lease_state;	      /* of DHCP, as the last look found it */
	bool lease_told;      /* that no server answers, since the last lease */
	unsigned int seconds; /* in that state */
};

/* The interface brought up `index`-th, from 0; NULL when there are fewer. */
struct net_interface *net_interface(unsigned int index);

/* A pool of lwIP's: memory set aside for one kind of object. */
struct net_pool {
	const char *name;
	u32 used, most, size; /* objects: now, at most since the start, in all */
	u32 refused;	      /* times that it was empty */
	u32 object_size;      /* bytes */
};

/* Fills in the `index`-th pool, from 0; false when there are fewer. */
bool net_pool(unsigned int index, struct net_pool *pool);

/* What is allocated by kzalloc for data that waits to be sent: objects and bytes. */
void net_memory(u64 *objects, u64 *bytes);

/* An IPv6 address as text, in the small letters of RFC 5952; valid until the next call. */
const char *net_ip6_text(const ip6_addr_t *address);

/* 32 random bits, as unpredictable as the seed: from the first entropy device, else from RDRAND and
 * the time stamp counter. Any context outside interrupts, after net_init. */
u32 net_random(void);

#endif
