/* SPDX-License-Identifier: MIT */
/* Hooks that lwIP offers to a port; included by lwIP alone (LWIP_HOOK_FILENAME). */
#ifndef NET_HOOKS_H
#define NET_HOOKS_H

#include <lwip/ip_addr.h>

/* Returns the first sequence number of a connection: unpredictable, but rising for one pair of
 * ends, so that a late segment of an earlier connection can be told from a new one's (RFC 6528,
 * 3). */
u32_t net_tcp_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip,
		  u16_t remote_port);
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) \
	net_tcp_isn(local_ip, local_port, remote_ip, remote_port)

#endif
