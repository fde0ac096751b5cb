/* SPDX-License-Identifier: MIT */
/* One connection of the server, from accept to its end; it frees itself. */
#ifndef APPS_HTTPD_CONNECTION_H
#define APPS_HTTPD_CONNECTION_H

#include <lwip/tcp.h>

#include "kernel/types.h"

/* What has happened on all of them: server.c. */
struct server_counters {
	u64 now, most, accepted, refused, timeouts, requests, bytes;
};
extern struct server_counters server;

/* Serves what was accepted, by lwIP's callbacks from then on; false without memory. */
bool connection_start(struct tcp_pcb *pcb);

/* Ends the one that has waited longest for a request; false when each of them is busy. */
bool connection_end_idle(void);

#endif
