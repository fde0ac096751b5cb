// SPDX-License-Identifier: MIT
/* Which answer belongs to which path, and its head (RFC 9110 and 9112). */
#include "apps/httpd/answer.h"

#include "apps/httpd/files.h"
#include "apps/httpd/page.h"
#include "apps/httpd/status.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define HTML "text/html; charset=utf-8"

static u64 given[10]; /* by the hundreds of the status */

static const struct {
	int status;
	const char *reason, *why;
} statuses[] = {
	{ 200, "OK", "" },
	{ 206, "Partial Content", "" },
	{ 301, "Moved Permanently", "A folder's name ends with a slash." },
	{ 400, "Bad Request", "The server does not understand this request." },
	{ 404, "Not Found", "No page or file has this name." },
	{ 405, "Method Not Allowed", "This server only answers GET and HEAD." },
	{ 408, "Request Timeout", "The request was not complete in time." },
	{ 413, "Content Too Large", "This server does not accept a request body of this size." },
	{ 414, "URI Too Long", "The address is longer than 1024 bytes." },
	{ 416, "Range Not Satisfiable", "The file is shorter than that." },
	{ 431, "Request Header Fields Too Large", "The request's head is longer than 8192 bytes." },
	{ 500, "Internal Server Error", "The disk could not be read." },
	{ 501, "Not Implemented", "This server does not know this method or encoding." },
	{ 503, "Service Unavailable", "No memory is left for the answer." },
	{ 505, "HTTP Version Not Supported", "This server speaks HTTP/1.1." },
};

static unsigned int find_status(int status)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return i;
	return 0;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

void answer_error(struct answer *answer, int status)
{
	unsigned int index = find_status(status);
	char headline[64];

	text_free(&answer->body);
	answer->file = NULL;
	answer->status = status;
	answer->type = HTML;
	snprintf(headline, sizeof(headline), "%d %s", status, statuses[index].reason);
	page_begin(&answer->body, headline);
	text_printf(&answer->body, "<p>%s</p>\n", statuses[index].why);
	page_end(&answer->body);
}

static void answer_status(struct answer *answer, enum report_form form)
{
	struct memory_counters memory;
	struct report report;

	memory_count(&memory); /* before the answer itself takes some */
	answer->status = 200;
	answer->type = form == REPORT_JSON ? "application/json" : HTML;
	if (form == REPORT_HTML)
		page_status_begin(&answer->body);
	report_begin(&report, form, &answer->body);
	status_report(&report, &memory);
	report_end(&report);
	if (form == REPORT_HTML)
		page_status_end(&answer->body);
}

void answer_request(const struct http_request *request, struct answer *answer)
{
	static const char files[] = "/files/";

	if (!strcmp(request->path, "/") || !strcmp(request->path, "/index.html"))
		answer_status(answer, REPORT_HTML);
	else if (!strcmp(request->path, "/status.json"))
		answer_status(answer, REPORT_JSON);
	else if (!strncmp(request->path, files, sizeof(files) - 1))
		files_answer(request, request->path + sizeof(files) - 1, answer);
	else if (!strcmp(request->path, "/files"))
		files_answer(request, "", answer);
	else
		answer_error(answer, 404);
}

/* ---- the head -------------------------------------------------------------------------------- */

u64 answer_length(const struct answer *answer)
{
	return answer->file ? answer->count : answer->body.length;
}

static void add_special_fields(struct answer *answer)
{
	struct text *head = &answer->head;

	if (answer->status == 405)
		text_puts(head, "Allow: GET, HEAD\r\n");
	if (answer->status == 416)
		text_printf(head, "Content-Range: bytes */%llu\r\n", answer->first);
	if (answer->status == 206)
		text_printf(head, "Content-Range: bytes %llu-%llu/%llu\r\n", answer->first,
			    answer->first + answer->count - 1, answer->file->size);
	if (answer->file)
		text_puts(head, "Accept-Ranges: bytes\r\n");
	if (answer->location.length) {
		text_puts(head, "Location: ");
		text_add(head, answer->location.bytes, answer->location.length);
		text_puts(head, "\r\n");
	}
}

bool answer_finish(struct answer *answer, bool keep_alive)
{
	struct text *head = &answer->head;

	if (answer->body.failed || answer->location.failed) {
		text_free(&answer->location);
		answer_error(answer, 503);
	}
	if (answer->file && answer->count && answer_read(answer))
		answer_error(answer, 500);
	text_printf(head, "HTTP/1.1 %d %s\r\nServer: Doorbell\r\nConnection: %s\r\n",
		    answer->status, statuses[find_status(answer->status)].reason,
		    keep_alive ? "keep-alive" : "close");
	text_printf(head, "Content-Type: %s\r\nContent-Length: %llu\r\n", answer->type,
		    answer_length(answer));
	text_puts(head, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
	add_special_fields(answer);
	text_puts(head, "\r\n");
	given[answer->status / 100]++;
	return !head->failed && !answer->body.failed;
}

void answer_free(struct answer *answer)
{
	text_free(&answer->head);
	text_free(&answer->body);
	text_free(&answer->location);
	kfree(answer->chunk);
	*answer = (struct answer){};
}

u64 answers_given(unsigned int hundreds)
{
	return hundreds < ARRAY_SIZE(given) ? given[hundreds] : 0;
}
