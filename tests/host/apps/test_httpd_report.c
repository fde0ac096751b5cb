// SPDX-License-Identifier: MIT
/* apps/httpd/report.c and text.c: the two forms, and that no text can break out of them. */
#include "test.h"

#include "apps/httpd/report.h"
#include "kernel/memory.h"
#include "world.h"

static const struct report_column columns[] = {
	{ "name", "Name", REPORT_TEXT },
	{ "bytes", "Size", REPORT_BYTES },
	{ "words", "Words", REPORT_LIST },
};

static const struct report_column indices[] = {
	{ "used", "Used", REPORT_INDEX },
	{ "free", "Free", REPORT_INDEX },
};

static char *make(enum report_form form)
{
	static char copy[4000];
	struct text text = {};
	struct report report;

	report_begin(&report, form, &text);
	report_facts(&report, "facts", "Facts");
	report_fact(&report, "ms", "Time", REPORT_DURATION, 3661000);
	report_fact_text(&report, "evil", "Text", REPORT_TEXT, "<\"&'\\\x01>");
	report_table(&report, "rows", "Rows", columns, 3);
	report_row(&report, 0);
	report_text(&report, "a");
	report_number(&report, 1536);
	report_text(&report, "ONE  TWO ");
	report_text(&report, "one column too many");
	report_row(&report, 2);
	report_format(&report, "%d", 7);
	report_number(&report, 1234567);
	report_text(&report, "");
	report_table(&report, "index", "Index", indices, 2);
	report_row(&report, 0);
	report_number(&report, 65535);
	report_no_number(&report);
	report_no_number(&report);
	report_table(&report, "none", "None", columns, 3);
	report_end(&report);
	snprintf(copy, sizeof(copy), "%.*s", (int)text.length, text.bytes);
	text_free(&text);
	return copy;
}

TEST(httpd_report_as_json)
{
	CHECK_STR(make(REPORT_JSON),
		  "{\n\"facts\":{\"ms\":3661000,\"evil\":\"<\\\"&'\\\\\\u0001>\"},\n\"rows\":[\n"
		  " {\"depth\":0,\"name\":\"a\",\"bytes\":1536,\"words\":[\"ONE\",\"TWO\"]},\n"
		  " {\"depth\":2,\"name\":\"7\",\"bytes\":1234567,\"words\":[]}],\n"
		  "\"index\":[\n {\"depth\":0,\"used\":65535,\"free\":null}],\n"
		  "\"none\":[]\n}\n");
}

TEST(httpd_report_as_html)
{
	const char *html = make(REPORT_HTML);

	CHECK(strstr(html, "<dd data-key=\"ms\" class=\"duration\">1 h 1 min 1 s</dd>"));
	CHECK(strstr(html, ">&lt;&quot;&amp;&#39;\\?&gt;</dd>"));
	CHECK(strstr(html, ">1.5 KiB</td>"));
	CHECK(strstr(html, "<i>ONE</i> <i>TWO</i> </td></tr>"));
	CHECK(strstr(html, ">1.1 MiB</td>"));
	CHECK(strstr(html,
		     ">65535</td><td class=\"index\" data-key=\"free\" data-title=\"Free\"></td>"));
	CHECK(!strstr(html, "too many"));
}

/* Each allocation fails once; the text is then marked, and nothing is lost. */
TEST(httpd_text_without_memory)
{
	struct memory_counters before, after;
	struct text text = {};

	memory_count(&before);
	for (unsigned int nth = 1; nth <= 3; nth++) {
		memory_fail_nth(nth);
		for (unsigned int i = 0; i < 1000; i++)
			text_puts(&text, "some words that will not all fit");
		memory_fail_nth(0);
		CHECK(text.failed);
		text_free(&text);
		CHECK(!text.failed);
	}
	memory_count(&after);
	CHECK_EQ(after.objects, before.objects);
}

TEST(httpd_text_has_a_limit)
{
	struct text text = {};
	static char many[65536];

	for (unsigned int i = 0; i < TEXT_MAX / sizeof(many); i++)
		text_add(&text, many, sizeof(many));
	CHECK(!text.failed);
	text_add(&text, many, 1);
	CHECK(text.failed);
	CHECK_EQ(text.length, TEXT_MAX);
	text_free(&text);
}

TEST(httpd_text_for_urls)
{
	struct text text = {};

	text_url(&text, "a b/%\"\xc3\xa9?.x");
	CHECK_EQ(text.length, strlen("a%20b/%25%22%C3%A9%3F.x"));
	CHECK(!memcmp(text.bytes, "a%20b/%25%22%C3%A9%3F.x", text.length));
	text_free(&text);
}
