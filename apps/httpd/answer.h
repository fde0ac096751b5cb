/* SPDX-License-Identifier: MIT */
/* An answer to a request: what it consists of, before anyone sends it. */
#ifndef APPS_HTTPD_ANSWER_H
#define APPS_HTTPD_ANSWER_H

#include <lwip/tcp.h>

#include "apps/httpd/request.h"
#include "apps/httpd/tar.h"
#include "apps/httpd/text.h"

struct answer {
	int status;
	const char *type; /* of the body, as Content-Type has it */
	struct text head; /* written last, by answer_finish */
	struct text body; /* unless it is a file's */
	/* The body is `count` bytes of this file, from `first` on. */
	const struct tar_file *file;
	u64 first, count;
	struct text location; /* of a redirection */

	/* How far it is sent; the chunk of the file that is read, in bytes of the body. */
	size_t head_sent;
	u64 body_sent;
	u8 *chunk; /* kzalloc'd */
	u64 chunk_first, chunk_end;
};

/* What the server answers, whatever was asked for. Fill an answer of zeroes, then answer_finish it;
 * answer_free frees it at any time. */
void answer_request(const struct http_request *request, struct answer *answer);

/* A page that says what is wrong, and why in a sentence; `status` is not 200. */
void answer_error(struct answer *answer, int status);

/* Writes the head. Without memory for the body it turns the answer into a 503, and when there is
 * none for that either returns false: nothing can be sent. */
bool answer_finish(struct answer *answer, bool keep_alive);

/* Queues as much as the connection takes. 1 when that was all of it, 0 when there is no more room
 * for now, -errno when the answer breaks off in the middle. */
int answer_send(struct answer *answer, struct tcp_pcb *pcb, bool with_body);

/* Has the part of the file that is sent next read: 0, also when there is none, or -errno. */
int answer_read(struct answer *answer);

/* Bytes of the body. */
u64 answer_length(const struct answer *answer);

void answer_free(struct answer *answer);

/* Answers that were given, by the hundreds of their status: 2 to 5. */
u64 answers_given(unsigned int hundreds);

#endif
