/* SPDX-License-Identifier: MIT */
/*
 * One HTTP/1.1 request head (RFC 9112), read out of the bytes that have come so far. Pure: no
 * network, no memory of its own. Nothing in it is believed before it is checked.
 */
#ifndef APPS_HTTPD_REQUEST_H
#define APPS_HTTPD_REQUEST_H

#include "kernel/types.h"

#define HTTP_HEAD_MAX 8192   /* bytes of a head, with the empty line: 431 beyond */
#define HTTP_TARGET_MAX 1024 /* bytes of the request's target: 414 beyond */
#define HTTP_BODY_MAX 65536  /* bytes of a body, which nothing here wants: 413 beyond */

enum http_method { HTTP_GET, HTTP_HEAD };

/* What "Range: bytes=" asked for (RFC 9110, 14.1.2). */
enum http_range {
	HTTP_RANGE_NONE,
	HTTP_RANGE_FROM,   /* first to last, or to the end where last is ~0 */
	HTTP_RANGE_SUFFIX, /* the last `last` bytes */
};

struct http_request {
	enum http_method method;
	char path[HTTP_TARGET_MAX + 1]; /* decoded, begins with '/', no "." or ".." in it */
	bool version_1_1;
	bool keep_alive; /* the client wants the connection to stay */
	u64 body;	 /* bytes that follow the head, to be skipped */
	enum http_range range;
	u64 range_first, range_last;
};

/*
 * Reads the request at the start of `bytes`. Returns the bytes of its head when that is whole (1 to
 * HTTP_HEAD_MAX), 0 when more are needed, or a negated status, with which the connection ends: 400,
 * 405, 413, 414, 431, 501, 505. After a status only `method`, if it is HTTP_HEAD, means anything.
 */
int http_parse(const char *bytes, size_t length, struct http_request *request);

/* Cuts a range down to a file of `size` bytes: true with the first byte and how many, false when
 * nothing of it is there (416). */
bool http_range_of(const struct http_request *request, u64 size, u64 *first, u64 *count);

#endif
