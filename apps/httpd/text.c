// SPDX-License-Identifier: MIT
/* Text that grows; see text.h. */
#include "apps/httpd/text.h"

#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define FIRST_ROOM 960 /* of a head; larger texts double it */
#define PRINTF_MAX 512

static bool make_room(struct text *text, size_t more)
{
	size_t room = text->room ? text->room : FIRST_ROOM;
	char *bytes;

	if (text->failed || more > TEXT_MAX - text->length)
		return false;
	if (text->length + more <= text->room)
		return true;
	while (room < text->length + more)
		room *= 2;
	bytes = kzalloc(room);
	if (!bytes)
		return false;
	if (text->bytes)
		memcpy(bytes, text->bytes, text->length);
	kfree(text->bytes);
	text->bytes = bytes;
	text->room = room;
	return true;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
	if (!make_room(text, length)) {
		text->failed = true;
		return;
	}
	if (length)
		memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

void text_puts(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...)
{
	char buffer[PRINTF_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, sizeof(buffer), format, arguments);
	va_end(arguments);
	text_add(text, buffer, min((size_t)length, sizeof(buffer) - 1));
}

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

void text_json(struct text *text, const char *string)
{
	for (; *string; string++) {
		if (*string == '"' || *string == '\\')
			text_add(text, "\\", 1);
		if ((u8)*string < ' ')
			text_printf(text, "\\u%04x", (u8)*string);
		else
			text_add(text, is_printable(*string) ? string : "?", 1);
	}
}

static const char *html_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void text_html(struct text *text, const char *string)
{
	for (; *string; string++) {
		const char *entity = html_entity(*string);

		if (entity)
			text_puts(text, entity);
		else
			text_add(text, is_printable(*string) || *string & 0x80 ? string : "?", 1);
	}
}

static bool is_unreserved(char c)
{
	char lower = (char)(c | 0x20);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~/", c));
}

void text_url(struct text *text, const char *string)
{
	for (; *string; string++) {
		if (is_unreserved(*string))
			text_add(text, string, 1);
		else
			text_printf(text, "%%%02X", (u8)*string);
	}
}

void text_free(struct text *text)
{
	kfree(text->bytes);
	*text = (struct text){};
}
