/* SPDX-License-Identifier: MIT */
/*
 * How lwIP is built here; lwIP's own opt.h documents each name. Raw API only: one CPU, one context
 * (net_poll), no threads, nothing in an interrupt.
 *
 * Memory: control blocks come from pools of a fixed size, so that a flood of connections exhausts a
 * pool and not the machine's memory. Data that waits to be sent comes from kzalloc. Both are
 * counted, and a stack at rest uses none of the second (net_memory in net.h).
 */
#ifndef NET_LWIPOPTS_H
#define NET_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_NETIF_API 0
#define LWIP_HOOK_FILENAME "net/hooks.h"

/* ---- memory ---------------------------------------------------------------------------------- */
#define MEM_ALIGNMENT 16
#define MEM_LIBC_MALLOC 1 /* net/shim/stdlib.h */
#define MEMP_NUM_TCP_PCB 128
#define MEMP_NUM_TCP_PCB_LISTEN 8
#define MEMP_NUM_TCP_SEG 4096
#define MEMP_NUM_UDP_PCB 16
#define MEMP_NUM_RAW_PCB 4
#define MEMP_NUM_PBUF 1024
#define MEMP_NUM_REASSDATA 16
#define MEMP_NUM_FRAG_PBUF 64
#define MEMP_NUM_ARP_QUEUE 32
#define MEMP_NUM_ND6_QUEUE 32
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 8)
#define PBUF_POOL_SIZE 512
#define PBUF_POOL_BUFSIZE 1536 /* a frame of an MTU of 1500 in one piece */

/* ---- addresses and the link ------------------------------------------------------------------ */
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_DHCP 1
/* A probe for the offered address would cost seconds at each start. */
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_AUTOIP 0
#define LWIP_DNS 1
#define DNS_MAX_SERVERS 3
#define LWIP_IPV6_AUTOCONFIG 1
#define LWIP_IPV6_MLD 1
#define LWIP_IPV6_DHCP6 0
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 1
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_NETIF_EXT_STATUS_CALLBACK 1
#define LWIP_NETIF_LINK_CALLBACK 1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_LOOPBACK 0
#define ARP_TABLE_SIZE 32
#define ARP_QUEUEING 1
#define ETHARP_SUPPORT_STATIC_ENTRIES 0
#define LWIP_BROADCAST_PING 0
#define LWIP_MULTICAST_PING 0
#define IP_REASS_MAX_PBUFS 64
#define IPV6_FRAG_COPYHEADER 1	       /* pointers of 64 bits do not fit over a header */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1 /* off where the device computes them: net/netif.c */

/* ---- TCP ------------------------------------------------------------------------------------- */
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 1
#define TCP_WND (88 * TCP_MSS)
#define TCP_SND_BUF (88 * TCP_MSS)
#define TCP_SNDLOWAT (32 * TCP_MSS)
#define TCP_SND_QUEUELEN 360
#define TCP_OVERSIZE TCP_MSS
#define LWIP_TCP_SACK_OUT 1
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_PBUFS(pcb) 64 /* of the receive pool, for one connection */
#define LWIP_TCP_KEEPALIVE 1
#define TCP_LISTEN_BACKLOG 1
#define TCP_DEFAULT_LISTEN_BACKLOG 32
#define LWIP_ALTCP 0

/* ---- counters, for display and for tests ----------------------------------------------------- */
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define LWIP_STATS_DISPLAY 1 /* only for the names of the pools */
#define MEM_STATS 1
#define MEMP_STATS 1
#define SYS_STATS 0

#endif
