// SPDX-License-Identifier: MIT
/*
 * One connection: bytes come in, a request is read out of them, its answer goes out as fast as the
 * peer takes it; then the next one (RFC 9112, 9.3). All of it is driven by lwIP's callbacks, and
 * `advance` does whatever can be done now. What has come and not been read is not given back to the
 * window, so a peer that sends ahead or does not read is held up. Every state ends in time.
 */
#include "apps/httpd/connection.h"

#include <linux/errno.h>

#include "apps/httpd/answer.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define POLL_PERIOD 1 /* halves of a second */

#define IDLE_NS (30 * NSEC_PER_SEC)    /* between two requests */
#define REQUEST_NS (10 * NSEC_PER_SEC) /* from a request's first byte to its last */
#define STALL_NS (30 * NSEC_PER_SEC)   /* without the peer taking anything */
#define LINGER_NS (3 * NSEC_PER_SEC)   /* for the peer to end its side, too */

enum state {
	READING,   /* a request's head */
	SKIPPING,  /* its body */
	SENDING,   /* the answer */
	LINGERING, /* all is sent; what still comes is thrown away, or the end of the answer may be
		    * lost with it (RFC 9112, 9.6) */
};

struct connection {
	struct list_head node;
	struct tcp_pcb *pcb;
	enum state state;
	u64 since;	    /* ktime_get_ns, when the wait began that the state may take */
	bool peer_ended;    /* it sends no more */
	bool keep_alive;    /* after this answer */
	bool send_body;	    /* not for HEAD */
	struct pbuf *input; /* has come, not read */
	u64 skip;	    /* bytes of the request's body still to come */
	struct answer answer;
	size_t have; /* bytes of the next request */
	char request[HTTP_HEAD_MAX];
};

static struct list_head connections = LIST_HEAD_INIT(connections);

/* ---- ends ------------------------------------------------------------------------------------ */

static void connection_drop(struct connection *connection)
{
	list_del_init(&connection->node);
	server.now--;
	if (connection->input)
		pbuf_free(connection->input);
	answer_free(&connection->answer);
	kfree(connection);
}

static void connection_detach(struct tcp_pcb *pcb)
{
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
	tcp_err(pcb, NULL);
}

/* What a callback that ends its own connection tells lwIP: ERR_ABRT when the pcb is gone. */
static err_t connection_end(struct connection *connection, bool orderly)
{
	struct tcp_pcb *pcb = connection->pcb;

	connection_detach(pcb);
	connection_drop(connection);
	if (orderly && tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void connection_enter(struct connection *connection, enum state state)
{
	connection->state = state;
	connection->since = ktime_get_ns();
}

/* Takes `length` bytes of what has come: they may be sent anew. */
static void connection_consume(struct connection *connection, u16 length)
{
	connection->input = pbuf_free_header(connection->input, length);
	tcp_recved(connection->pcb, length);
}

/* Fills the request's buffer from what has come. */
static void connection_fill(struct connection *connection)
{
	while (connection->input && connection->have < HTTP_HEAD_MAX) {
		size_t room = HTTP_HEAD_MAX - connection->have;
		u16 length = (u16)min((size_t)connection->input->len, room);

		if (!connection->have)
			connection->since = ktime_get_ns();
		memcpy(connection->request + connection->have, connection->input->payload, length);
		connection->have += length;
		connection_consume(connection, length);
	}
}

static void take_from_request(struct connection *connection, size_t length)
{
	connection->have -= length;
	memmove(connection->request, connection->request + length, connection->have);
}

static void start_answer(struct connection *connection, enum state next)
{
	server.requests++;
	connection_enter(connection, next);
}

static void connection_refuse(struct connection *connection, int status)
{
	connection->keep_alive = false;
	answer_error(&connection->answer, status);
	start_answer(connection, SENDING);
}

/* False when there is nothing to do before more comes, or the peer has ended. */
static bool read_request(struct connection *connection)
{
	struct http_request request;
	int length;

	connection_fill(connection);
	length = http_parse(connection->request, connection->have, &request);
	if (!length)
		return false;
	connection->send_body = request.method != HTTP_HEAD;
	if (length < 0) {
		connection_refuse(connection, -length);
		return true;
	}
	take_from_request(connection, (size_t)length);
	connection->keep_alive = request.keep_alive;
	connection->skip = request.body;
	answer_request(&request, &connection->answer);
	start_answer(connection, SKIPPING);
	return true;
}

/* True when the body has come, and gone. */
static bool skip_body(struct connection *connection)
{
	size_t length = min((u64)connection->have, connection->skip);

	take_from_request(connection, length);
	connection->skip -= length;
	while (connection->skip && connection->input) {
		u16 some = (u16)min((u64)connection->input->len, connection->skip);

		connection_consume(connection, some);
		connection->skip -= some;
	}
	if (connection->skip)
		return false;
	connection_enter(connection, SENDING);
	return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* As answer_send, which wants the head to be written first. */
static int send_answer(struct connection *connection)
{
	struct answer *answer = &connection->answer;

	if (!answer->head.length && !answer_finish(answer, connection->keep_alive))
		return -ENOMEM;
	return answer_send(answer, connection->pcb, connection->send_body);
}

/* The answer is queued: for the next request, or for the end. */
static err_t finish_answer(struct connection *connection)
{
	answer_free(&connection->answer);
	if (connection->keep_alive) {
		connection_enter(connection, READING);
		return ERR_OK;
	}
	connection_enter(connection, LINGERING);
	return tcp_shutdown(connection->pcb, 0, 1);
}

static void connection_discard(struct connection *connection)
{
	connection->have = 0;
	while (connection->input)
		connection_consume(connection, connection->input->len);
}

/* Does what can be done now. After ERR_ABRT and at the end of an orderly connection it is gone. */
static err_t connection_advance(struct connection *connection)
{
	int sent;

	for (;;) {
		switch (connection->state) {
		case READING:
			if (read_request(connection))
				break;
			tcp_output(connection->pcb);
			return connection->peer_ended ? connection_end(connection, true) : ERR_OK;
		case SKIPPING:
			if (skip_body(connection))
				break;
			return connection->peer_ended ? connection_end(connection, true) : ERR_OK;
		case SENDING:
			sent = send_answer(connection);
			tcp_output(connection->pcb);
			if (!sent)
				return ERR_OK;
			if (sent < 0 || finish_answer(connection) != ERR_OK)
				return connection_end(connection, false);
			break;
		case LINGERING:
			connection_discard(connection);
			return connection->peer_ended ? connection_end(connection, true) : ERR_OK;
		}
	}
}

static err_t on_receive(void *context, struct tcp_pcb *pcb, struct pbuf *data, err_t err)
{
	struct connection *connection = context;

	(void)pcb;
	(void)err;
	if (!data)
		connection->peer_ended = true;
	else if (connection->input)
		pbuf_cat(connection->input, data);
	else
		connection->input = data;
	return connection_advance(connection);
}

static err_t on_sent(void *context, struct tcp_pcb *pcb, u16_t length)
{
	struct connection *connection = context;

	(void)pcb;
	(void)length;
	if (connection->state == SENDING)
		connection->since = ktime_get_ns();
	return connection_advance(connection);
}

static u64 connection_patience(const struct connection *connection)
{
	switch (connection->state) {
	case READING:
		return connection->have ? REQUEST_NS : IDLE_NS;
	case SKIPPING:
		return REQUEST_NS;
	case SENDING:
		return STALL_NS;
	default:
		return LINGER_NS;
	}
}

static err_t on_poll(void *context, struct tcp_pcb *pcb)
{
	struct connection *connection = context;

	(void)pcb;
	if (ktime_get_ns() - connection->since < connection_patience(connection))
		return connection_advance(connection);
	if (connection->state == READING && connection->have) {
		server.timeouts++;
		connection->send_body = true;
		connection_refuse(connection, 408);
		return connection_advance(connection);
	}
	if (connection->state == READING || connection->state == LINGERING)
		return connection_end(connection, connection->state == READING);
	server.timeouts++;
	return connection_end(connection, false);
}

/* lwIP has freed the pcb already. */
static void on_error(void *context, err_t err)
{
	(void)err;
	connection_drop(context);
}

/* ---- for the server -------------------------------------------------------------------------- */

bool connection_end_idle(void)
{
	struct connection *connection, *idle = NULL;

	list_for_each_entry(connection, &connections, struct connection, node) {
		if (connection->state == READING && !connection->have &&
		    (!idle || connection->since < idle->since))
			idle = connection;
	}
	if (idle)
		connection_end(idle, true);
	return idle;
}

bool connection_start(struct tcp_pcb *pcb)
{
	struct connection *connection = kzalloc(sizeof(*connection));

	if (!connection)
		return false;
	connection->pcb = pcb;
	connection->send_body = true;
	connection_enter(connection, READING);
	list_add_tail(&connection->node, &connections);
	server.now++;
	tcp_arg(pcb, connection);
	tcp_recv(pcb, on_receive);
	tcp_sent(pcb, on_sent);
	tcp_poll(pcb, on_poll, POLL_PERIOD);
	tcp_err(pcb, on_error);
	return true;
}
