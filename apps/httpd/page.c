// SPDX-License-Identifier: MIT
/* page.html, as it is in the tree, cut into its three parts; see page.h. */
#include "apps/httpd/page.h"

#include "kernel/string.h"

#define SPLIT "<!--split-->\n"

__asm__(".section .rodata.page_html, \"a\"\n"
	"page_html: .incbin \"apps/httpd/page.html\"\n"
	"page_html_end: .byte 0\n"
	".previous\n");

extern const char page_html[], page_html_end[];

/* The start of a part; the length of all but the last ends at the next mark. */
static const char *part(unsigned int index, size_t *length)
{
	const char *start = page_html, *end;

	for (end = start; end < page_html_end; end++) {
		if (strncmp(end, SPLIT, sizeof(SPLIT) - 1))
			continue;
		if (!index--)
			break;
		start = end + sizeof(SPLIT) - 1;
	}
	*length = (size_t)(end - start);
	return start;
}

static void add_part(struct text *text, unsigned int index)
{
	size_t length;
	const char *start = part(index, &length);

	text_add(text, start, length);
}

void page_status_begin(struct text *text)
{
	add_part(text, 0);
	add_part(text, 1);
}

void page_status_end(struct text *text)
{
	add_part(text, 2);
}

void page_begin(struct text *text, const char *headline)
{
	add_part(text, 0);
	text_puts(text, "<div><h1>");
	text_html(text, headline);
	text_puts(text, "</h1></div><nav><a href=\"/\">the machine</a></nav>\n</header>\n<main>\n");
}

void page_end(struct text *text)
{
	text_puts(text, "</main>\n</body>\n</html>\n");
}
