/* SPDX-License-Identifier: MIT */
/* Text that grows while it is written: the body of an answer. One context, outside interrupts. */
#ifndef APPS_HTTPD_TEXT_H
#define APPS_HTTPD_TEXT_H

#include "kernel/types.h"

/* No answer is longer, whatever the machine has in it. */
#define TEXT_MAX (2U << 20)

/* All zeroes is an empty text. */
struct text {
	char *bytes; /* kzalloc'd, NULL while empty; no NUL at the end */
	size_t length, room;
	bool failed; /* no memory, or beyond TEXT_MAX: what is there is cut off */
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_puts(struct text *text, const char *string);
void text_printf(struct text *text, const char *format, ...) __printf(2, 3);

/* As the inside of a JSON string (RFC 8259, 7); bytes that are not ASCII become "?". */
void text_json(struct text *text, const char *string);
/* As text or an attribute's value in HTML: & < > " ' escaped, control characters "?", and what is
 * not ASCII as it is, which a browser takes for UTF-8. */
void text_html(struct text *text, const char *string);
/* As a part of a URL's path: all but unreserved characters and '/' as %XX (RFC 3986, 2.3). */
void text_url(struct text *text, const char *string);

/* Frees it; the text is empty again. */
void text_free(struct text *text);

#endif
