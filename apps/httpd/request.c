// SPDX-License-Identifier: MIT
/* Reading a request head over pieces that never leave the bytes; see request.h. */
#include "apps/httpd/request.h"

#include "kernel/string.h"

/* A stretch of the head. */
struct piece {
	const char *at;
	size_t length;
};

/* Which fields have been seen: some may come only once. */
struct seen {
	bool host, length, range;
};

/* ---- characters (RFC 9110, 5.6.2) ------------------------------------------------------------ */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_token(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
	return ((u8)c < ' ' && c != '\t') || c == 0x7f;
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool equals(struct piece piece, const char *word)
{
	if (piece.length != strlen(word))
		return false;
	for (size_t i = 0; i < piece.length; i++)
		if (lower(piece.at[i]) != lower(word[i]))
			return false;
	return true;
}

static bool starts(struct piece piece, const char *word)
{
	size_t length = strlen(word);

	return piece.length >= length && equals((struct piece){ piece.at, length }, word);
}

static struct piece skip(struct piece piece, size_t count)
{
	return (struct piece){ piece.at + count, piece.length - count };
}

/* Cuts off what lies before the first `end`, and takes both out of `rest`; false without it. */
static bool cut(struct piece *rest, char end, struct piece *part)
{
	for (size_t i = 0; i < rest->length; i++) {
		if (rest->at[i] != end)
			continue;
		*part = (struct piece){ rest->at, i };
		*rest = skip(*rest, i + 1);
		return true;
	}
	return false;
}

static struct piece trim(struct piece piece)
{
	while (piece.length && is_blank(*piece.at))
		piece = skip(piece, 1);
	while (piece.length && is_blank(piece.at[piece.length - 1]))
		piece.length--;
	return piece;
}

/* Digits only, and not too many of them for 64 bits. */
static bool read_decimal(struct piece piece, u64 *number)
{
	*number = 0;
	for (size_t i = 0; i < piece.length; i++) {
		if (!is_digit(piece.at[i]) || *number > (~0ULL - 9) / 10)
			return false;
		*number = *number * 10 + (u64)(piece.at[i] - '0');
	}
	return piece.length;
}

/* ---- the first line (RFC 9112, 3) ------------------------------------------------------------ */

static int read_method(struct piece word, struct http_request *request)
{
	static const char *const others[] = { "POST",	 "PUT",	  "DELETE", "CONNECT",
					      "OPTIONS", "TRACE", "PATCH" };

	for (size_t i = 0; i < word.length; i++)
		if (!is_token(word.at[i]))
			return -400;
	request->method = word.length == 4 && !memcmp(word.at, "HEAD", 4) ? HTTP_HEAD : HTTP_GET;
	if (request->method == HTTP_HEAD || (word.length == 3 && !memcmp(word.at, "GET", 3)))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (word.length == strlen(others[i]) && !memcmp(word.at, others[i], word.length))
			return -405;
	return word.length ? -501 : -400;
}

/* Writes the path without percent signs; false for one that is wrong or would be a NUL. */
static bool decode(struct piece piece, char *path)
{
	for (size_t i = 0; i < piece.length; i++) {
		char c = piece.at[i];

		if (is_control(c) || c == ' ' || c == '\t')
			return false;
		if (c == '%') {
			int high = i + 2 < piece.length ? digit_value(piece.at[i + 1]) : -1;
			int low = high < 0 ? -1 : digit_value(piece.at[i + 2]);

			if (low < 0 || !(high | low))
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		*path++ = c;
	}
	*path = '\0';
	return true;
}

/* A path that climbs is refused as a whole: there is nothing above. */
static bool climbs(const char *path)
{
	for (; (path = strchr(path, '/')); path++) {
		size_t dots = 0;

		while (path[1 + dots] == '.')
			dots++;
		if (dots && dots <= 2 && (path[1 + dots] == '/' || !path[1 + dots]))
			return true;
	}
	return false;
}

/* "/path?query", or with "http://host" before it (RFC 9112, 3.2). */
static int read_target(struct piece target, struct http_request *request)
{
	struct piece part;

	if (target.length > HTTP_TARGET_MAX)
		return -414;
	if (starts(target, "http://")) {
		target = skip(target, 7);
		while (target.length && *target.at != '/')
			target = skip(target, 1);
		if (!target.length)
			target = (struct piece){ "/", 1 };
	}
	if (cut(&target, '?', &part) || cut(&target, '#', &part))
		target = part;
	if (!target.length || *target.at != '/')
		return -400;
	return decode(target, request->path) && !climbs(request->path) ? 0 : -400;
}

static int read_version(struct piece word, struct http_request *request)
{
	if (word.length != 8 || memcmp(word.at, "HTTP/", 5) || !is_digit(word.at[5]) ||
	    word.at[6] != '.' || !is_digit(word.at[7]))
		return -400;
	if (word.at[5] != '1')
		return -505;
	request->version_1_1 = word.at[7] != '0';
	request->keep_alive = request->version_1_1;
	return 0;
}

static int read_first_line(struct piece line, struct http_request *request)
{
	struct piece method, target;
	int err;

	if (!cut(&line, ' ', &method) || !cut(&line, ' ', &target))
		return -400;
	err = read_method(method, request);
	if (!err)
		err = read_version(line, request);
	return err ? err : read_target(target, request);
}

/* ---- fields (RFC 9110) ----------------------------------------------------------------------- */

static int read_length(struct piece value, struct http_request *request, struct seen *seen)
{
	u64 length;

	/* Two lengths are how one request is smuggled inside another (RFC 9112, 6.3). */
	if (!read_decimal(value, &length) || seen->length)
		return -400;
	seen->length = true;
	request->body = length;
	return length > HTTP_BODY_MAX ? -413 : 0;
}

static void read_connection(struct piece value, struct http_request *request)
{
	struct piece option;
	bool more = true;

	while (more) {
		more = cut(&value, ',', &option);
		if (!more)
			option = value;
		if (equals(trim(option), "close"))
			request->keep_alive = false;
		else if (equals(trim(option), "keep-alive") && !request->version_1_1)
			request->keep_alive = true;
	}
}

/* One range; several, and what makes no sense, are as if nothing had been asked for (14.2). */
static void read_range(struct piece value, struct http_request *request)
{
	struct piece first;
	u64 from = 0, to = ~0ULL;

	request->range = HTTP_RANGE_NONE;
	if (!starts(value, "bytes="))
		return;
	value = trim(skip(value, 6));
	if (!cut(&value, '-', &first))
		return;
	if (value.length && !read_decimal(value, &to))
		return;
	if (!first.length && !value.length)
		return;
	if (first.length && (!read_decimal(first, &from) || to < from))
		return;
	request->range = first.length ? HTTP_RANGE_FROM : HTTP_RANGE_SUFFIX;
	request->range_first = from;
	request->range_last = to;
}

static int read_field(struct piece name, struct piece value, struct http_request *request,
		      struct seen *seen)
{
	if (equals(name, "host")) {
		if (seen->host)
			return -400;
		seen->host = true;
	} else if (equals(name, "content-length")) {
		return read_length(value, request, seen);
	} else if (equals(name, "transfer-encoding")) {
		return -501;
	} else if (equals(name, "connection")) {
		read_connection(value, request);
	} else if (equals(name, "range")) {
		if (!seen->range)
			read_range(value, request);
		else
			request->range = HTTP_RANGE_NONE;
		seen->range = true;
	}
	return 0;
}

static int read_field_line(struct piece line, struct http_request *request, struct seen *seen)
{
	struct piece name;

	if (!cut(&line, ':', &name) || !name.length)
		return -400;
	for (size_t i = 0; i < name.length; i++)
		if (!is_token(name.at[i]))
			return -400;
	for (size_t i = 0; i < line.length; i++)
		if (is_control(line.at[i]))
			return -400;
	return read_field(name, trim(line), request, seen);
}

/* ---- the head -------------------------------------------------------------------------------- */

/* A line ends with LF, and a CR before it is no part of it (RFC 9112, 2.2). */
static bool next_line(struct piece *rest, struct piece *line)
{
	if (!cut(rest, '\n', line))
		return false;
	if (line->length && line->at[line->length - 1] == '\r')
		line->length--;
	return true;
}

/* The fields up to the empty line; 1 when it is there, 0 when it is not, or a negated status. */
static int read_fields(struct piece *rest, struct http_request *request)
{
	struct seen seen = {};
	struct piece line;
	int err;

	while (next_line(rest, &line)) {
		if (!line.length)
			return request->version_1_1 && !seen.host ? -400 : 1;
		err = read_field_line(line, request, &seen);
		if (err)
			return err;
	}
	return 0;
}

/* What to say of a head that is not whole: it may not become so. */
static int incomplete(size_t length)
{
	return length >= HTTP_HEAD_MAX ? -431 : 0;
}

int http_parse(const char *bytes, size_t length, struct http_request *request)
{
	struct piece rest = { bytes, min(length, (size_t)HTTP_HEAD_MAX) }, line;
	int err;

	memset(request, 0, sizeof(*request));
	/* Empty lines before a request are let pass (RFC 9112, 2.2). */
	do {
		if (!next_line(&rest, &line)) {
			if (rest.length > HTTP_TARGET_MAX + 32)
				return -414;
			return incomplete(length);
		}
	} while (!line.length);
	err = read_first_line(line, request);
	if (err)
		return err;
	err = read_fields(&rest, request);
	if (err < 0)
		return err;
	return err ? (int)(rest.at - bytes) : incomplete(length);
}

bool http_range_of(const struct http_request *request, u64 size, u64 *first, u64 *count)
{
	*first = 0;
	*count = size;
	if (request->range == HTTP_RANGE_SUFFIX) {
		*count = min(request->range_last, size);
		*first = size - *count;
		return *count;
	}
	if (request->range == HTTP_RANGE_FROM) {
		if (request->range_first >= size)
			return false;
		*first = request->range_first;
		*count = min(request->range_last, size - 1) - *first + 1;
	}
	return true;
}
