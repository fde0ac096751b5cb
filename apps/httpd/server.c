// SPDX-License-Identifier: MIT
/* The port, the limit of connections, and what became of them all. */
#include "apps/httpd/server.h"

#include <linux/errno.h>

#include "apps/httpd/answer.h"
#include "apps/httpd/connection.h"
#include "apps/httpd/status.h"

#define CONNECTIONS_MAX 64

struct server_counters server;

/* When there are too many, the one that waits longest for a request makes room. */
static err_t on_accept(void *context, struct tcp_pcb *pcb, err_t err)
{
	(void)context;
	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	if ((server.now >= CONNECTIONS_MAX && !connection_end_idle()) || !connection_start(pcb)) {
		server.refused++;
		return ERR_MEM; /* lwIP resets it */
	}
	server.accepted++;
	server.most = max(server.most, server.now);
	return ERR_OK;
}

int server_listen(u16 port)
{
	struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);

	if (!pcb)
		return -ENOMEM;
	if (tcp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK) {
		tcp_abort(pcb);
		return -EADDRINUSE;
	}
	pcb = tcp_listen(pcb);
	if (!pcb)
		return -ENOMEM;
	tcp_accept(pcb, on_accept);
	return 0;
}

void status_server(struct report *report)
{
	report_facts(report, "server", "This server");
	report_fact(report, "connections", "Connections", REPORT_COUNT, server.now);
	report_fact(report, "connections_most", "At most", REPORT_COUNT, server.most);
	report_fact(report, "accepted", "Accepted", REPORT_COUNT, server.accepted);
	report_fact(report, "refused", "Refused", REPORT_COUNT, server.refused);
	report_fact(report, "requests", "Requests", REPORT_COUNT, server.requests);
	report_fact(report, "answers_ok", "Answered", REPORT_COUNT, answers_given(2));
	report_fact(report, "answers_wrong", "Wrong requests", REPORT_COUNT, answers_given(4));
	report_fact(report, "answers_failed", "Failed answers", REPORT_COUNT, answers_given(5));
	report_fact(report, "timeouts", "Timed out", REPORT_COUNT, server.timeouts);
	report_fact(report, "bytes", "Sent", REPORT_BYTES, server.bytes);
}
