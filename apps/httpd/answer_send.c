// SPDX-License-Identifier: MIT
/* An answer on its way: as much of it as the connection takes, a file piece by piece. */
#include <linux/errno.h>

#include "apps/httpd/answer.h"
#include "apps/httpd/connection.h"
#include "apps/httpd/files.h"
#include "kernel/memory.h"

#define CHUNK_SIZE 32768 /* of a file, read at once */

/* Queues what there is room for; returns how much that was. */
static size_t queue_bytes(struct tcp_pcb *pcb, const void *bytes, u64 length)
{
	u64 room = min((u64)tcp_sndbuf(pcb), (u64)CHUNK_SIZE);
	u16 some = (u16)min(length, room);

	if (!some || tcp_write(pcb, bytes, some, TCP_WRITE_FLAG_COPY) != ERR_OK)
		return 0;
	server.bytes += some;
	return some;
}

int answer_read(struct answer *answer)
{
	u64 left = answer->count - answer->body_sent;
	u32 length = (u32)min(left, (u64)CHUNK_SIZE);
	int err;

	if (answer->body_sent < answer->chunk_end)
		return 0;
	if (!answer->chunk)
		answer->chunk = kzalloc(CHUNK_SIZE);
	if (!answer->chunk)
		return -ENOMEM;
	err = files_read(answer->file, answer->first + answer->body_sent, answer->chunk, length);
	answer->chunk_first = answer->body_sent;
	answer->chunk_end = answer->body_sent + length;
	return err;
}

/* Where the bytes are that come next, and how many of them are there now. */
static int next_bytes(struct answer *answer, const char **bytes, u64 *length)
{
	int err;

	if (!answer->file) {
		*bytes = answer->body.bytes + answer->body_sent;
		*length = answer->body.length - answer->body_sent;
		return 0;
	}
	err = answer_read(answer);
	if (err)
		return err;
	*bytes = (char *)answer->chunk + (answer->body_sent - answer->chunk_first);
	*length = answer->chunk_end - answer->body_sent;
	return 0;
}

int answer_send(struct answer *answer, struct tcp_pcb *pcb, bool with_body)
{
	u64 body = with_body ? answer_length(answer) : 0;
	const char *bytes;
	u64 length;
	size_t some;
	int err;

	while (answer->head_sent < answer->head.length) {
		some = queue_bytes(pcb, answer->head.bytes + answer->head_sent,
				   answer->head.length - answer->head_sent);
		if (!some)
			return 0;
		answer->head_sent += some;
	}
	while (answer->body_sent < body) {
		err = next_bytes(answer, &bytes, &length);
		if (err)
			return err;
		some = queue_bytes(pcb, bytes, length);
		if (!some)
			return 0;
		answer->body_sent += some;
	}
	return 1;
}
