// SPDX-License-Identifier: MIT
/*
 * netecho: sends back what it gets, by TCP and by UDP (RFC 862), over IPv4 and IPv6.
 *
 *     make run APP=netecho
 *     make run APP=netecho CMDLINE='7 7777'
 *
 * Words are ports, 7 if there is none. It runs until the machine is stopped.
 */
#include <linux/errno.h>
#include <lwip/tcp.h>
#include <lwip/udp.h>

#include "kernel/bootinfo.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "net/net.h"

#define ECHO_PORT 7
#define PORTS_MAX 4
#define IDLE_POLLS 240 /* of half a second: then a silent connection is ended */

/* ---- UDP ------------------------------------------------------------------------------------- */

static void udp_echo(void *context, struct udp_pcb *pcb, struct pbuf *datagram,
		     const ip_addr_t *from, u16_t port)
{
	(void)context;
	/* A server that answers another one's answer would never end (RFC 862 names none). */
	if (port >= 1024)
		udp_sendto(pcb, datagram, from, port);
	pbuf_free(datagram);
}

static int udp_start(u16 port)
{
	struct udp_pcb *pcb = udp_new_ip_type(IPADDR_TYPE_ANY);

	if (!pcb || udp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK)
		return -EADDRINUSE;
	udp_recv(pcb, udp_echo, NULL);
	return 0;
}

/* ---- TCP ------------------------------------------------------------------------------------- */

/* One connection. What it has received and not yet sent back is what its window lacks, so a peer
 * that does not read is held up, and costs no more than that. */
struct echo {
	struct tcp_pcb *pcb;
	struct pbuf *pending;
	bool ended; /* the peer sends no more */
	unsigned int idle;
};

static void echo_detach(struct echo *echo)
{
	tcp_arg(echo->pcb, NULL);
	tcp_recv(echo->pcb, NULL);
	tcp_sent(echo->pcb, NULL);
	tcp_poll(echo->pcb, NULL, 0);
	tcp_err(echo->pcb, NULL);
}

static void echo_drop(struct echo *echo)
{
	if (echo->pending)
		pbuf_free(echo->pending);
	kfree(echo);
}

/* Ends the connection when all was sent back; ERR_ABRT tells lwIP that its pcb is gone. */
static err_t echo_close(struct echo *echo, bool at_once)
{
	struct tcp_pcb *pcb = echo->pcb;

	echo_detach(echo);
	echo_drop(echo);
	if (!at_once && tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

/* Sends back as much as there is room for now. */
static err_t echo_push(struct echo *echo)
{
	while (echo->pending && tcp_sndbuf(echo->pcb)) {
		u16 length = (u16)min((u32)echo->pending->len, (u32)tcp_sndbuf(echo->pcb));

		if (tcp_write(echo->pcb, echo->pending->payload, length, TCP_WRITE_FLAG_COPY))
			break;
		tcp_recved(echo->pcb, length);
		echo->pending = pbuf_free_header(echo->pending, length);
	}
	tcp_output(echo->pcb);
	return echo->ended && !echo->pending ? echo_close(echo, false) : ERR_OK;
}

static err_t on_receive(void *context, struct tcp_pcb *pcb, struct pbuf *data, err_t err)
{
	struct echo *echo = context;

	(void)pcb;
	(void)err;
	echo->idle = 0;
	if (!data)
		echo->ended = true;
	else if (echo->pending)
		pbuf_cat(echo->pending, data);
	else
		echo->pending = data;
	return echo_push(echo);
}

static err_t on_sent(void *context, struct tcp_pcb *pcb, u16_t length)
{
	struct echo *echo = context;

	(void)pcb;
	(void)length;
	echo->idle = 0;
	return echo_push(echo);
}

static err_t on_poll(void *context, struct tcp_pcb *pcb)
{
	struct echo *echo = context;

	(void)pcb;
	return ++echo->idle > IDLE_POLLS ? echo_close(echo, true) : echo_push(echo);
}

/* lwIP has freed the pcb already. */
static void on_error(void *context, err_t err)
{
	(void)err;
	echo_drop(context);
}

static err_t on_accept(void *context, struct tcp_pcb *pcb, err_t err)
{
	struct echo *echo = pcb ? kzalloc(sizeof(*echo)) : NULL;

	(void)context;
	if (err != ERR_OK || !echo)
		return ERR_MEM;
	echo->pcb = pcb;
	tcp_arg(pcb, echo);
	tcp_recv(pcb, on_receive);
	tcp_sent(pcb, on_sent);
	tcp_poll(pcb, on_poll, 1);
	tcp_err(pcb, on_error);
	return ERR_OK;
}

static int tcp_start(u16 port)
{
	struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);

	if (!pcb || tcp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK)
		return -EADDRINUSE;
	pcb = tcp_listen(pcb);
	if (!pcb)
		return -ENOMEM;
	tcp_accept(pcb, on_accept);
	return 0;
}

/* ---- the app --------------------------------------------------------------------------------- */

/* A port from 1 to 65535, or 0 for a word that is none. */
static u16 parse_port(const char *word)
{
	u64 port;

	return kstrtou64(word, 10, &port) || port > UINT16_MAX ? 0 : (u16)port;
}

static int echo_start(const char *word)
{
	u16 port = word ? parse_port(word) : ECHO_PORT;
	int err;

	if (!port) {
		printk("netecho: %s is not a port\n", word);
		return -EINVAL;
	}
	err = udp_start(port);
	if (!err)
		err = tcp_start(port);
	if (err)
		printk("netecho: port %u cannot be opened: %d\n", port, err);
	else
		printk("netecho: echoing on port %u, TCP and UDP\n", port);
	return err;
}

int main(int argc, char **argv)
{
	int err = net_init();

	if (argc > PORTS_MAX + 1) {
		printk("netecho: at most %d ports\n", PORTS_MAX);
		return 1;
	}
	for (int i = 1; !err && i < argc; i++)
		err = echo_start(argv[i]);
	if (!err && argc == 1)
		err = echo_start(NULL);
	if (err)
		return 1;
	for (;;)
		net_poll(NSEC_PER_SEC);
}
