// SPDX-License-Identifier: MIT
/* A report in JSON or HTML; see report.h. The forms for people are those of page.html's script. */
#include "apps/httpd/report.h"

#include "kernel/printk.h"
#include "kernel/string.h"

#define VALUE_MAX 256
#define WORD_MAX 64

static const char *const kind_names[] = {
	[REPORT_TEXT] = "text",	  [REPORT_CODE] = "code",   [REPORT_LIST] = "list",
	[REPORT_COUNT] = "count", [REPORT_BYTES] = "bytes", [REPORT_DURATION] = "duration",
	[REPORT_INDEX] = "index",
};

static bool is_json(const struct report *report)
{
	return report->form == REPORT_JSON;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* "12 345 678": groups of three, apart by a narrow blank that does not break. */
static void put_count(struct text *text, u64 value)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%llu", value);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text_puts(text, "\xe2\x80\xaf");
		text_add(text, &digits[i], 1);
	}
}

/* One place behind the point below ten of a unit. */
static void put_bytes(struct text *text, u64 value)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;
	u64 tenths = value * 10;

	if (value > ~0ULL / 10)
		tenths = ~0ULL;
	while (tenths >= 10240 && unit + 1 < ARRAY_SIZE(units)) {
		tenths /= 1024;
		unit++;
	}
	if (unit && tenths < 100)
		text_printf(text, "%llu.%llu %s", tenths / 10, tenths % 10, units[unit]);
	else
		text_printf(text, "%llu %s", tenths / 10, units[unit]);
}

static void put_duration(struct text *text, u64 ms)
{
	u64 seconds = ms / 1000;

	if (seconds >= 86400)
		text_printf(text, "%llu d ", seconds / 86400);
	if (seconds >= 3600)
		text_printf(text, "%llu h ", seconds / 3600 % 24);
	if (seconds >= 60)
		text_printf(text, "%llu min ", seconds / 60 % 60);
	text_printf(text, "%llu s", seconds % 60);
}

static void put_number(struct report *report, enum report_kind kind, u64 value)
{
	if (is_json(report) || kind == REPORT_INDEX)
		text_printf(report->text, "%llu", value);
	else if (kind == REPORT_BYTES)
		put_bytes(report->text, value);
	else if (kind == REPORT_DURATION)
		put_duration(report->text, value);
	else
		put_count(report->text, value);
}

/* The words of a list: strings in an array, or a chip each. */
static void put_words(struct report *report, const char *words)
{
	bool json = is_json(report), first = true;
	char word[WORD_MAX];

	while (*words) {
		size_t length = 0;

		while (*words == ' ')
			words++;
		while (words[length] && words[length] != ' ')
			length++;
		if (!length)
			break;
		memcpy(word, words, min(length, sizeof(word) - 1));
		word[min(length, sizeof(word) - 1)] = '\0';
		words += length;
		text_puts(report->text, json ? (first ? "\"" : ",\"") : "<i>");
		if (json)
			text_json(report->text, word);
		else
			text_html(report->text, word);
		text_puts(report->text, json ? "\"" : "</i> ");
		first = false;
	}
}

static void put_text(struct report *report, enum report_kind kind, const char *value)
{
	if (kind == REPORT_LIST) {
		text_puts(report->text, is_json(report) ? "[" : "");
		put_words(report, value);
		text_puts(report->text, is_json(report) ? "]" : "");
	} else if (is_json(report)) {
		text_puts(report->text, "\"");
		text_json(report->text, value);
		text_puts(report->text, "\"");
	} else {
		text_html(report->text, value);
	}
}

/* ---- sections -------------------------------------------------------------------------------- */

static void end_row(struct report *report)
{
	if (report->in_row)
		text_puts(report->text, is_json(report) ? "}" : "</tr>\n");
	report->in_row = false;
}

static void end_section(struct report *report)
{
	if (!report->any_section)
		return;
	end_row(report);
	if (is_json(report))
		text_puts(report->text, report->in_table ? "]" : "}");
	else
		text_puts(report->text, report->in_table ? "</tbody></table></div></section>\n"
							 : "</dl></section>\n");
}

static void begin_section(struct report *report, const char *key, const char *title, bool table)
{
	end_section(report);
	if (is_json(report))
		text_printf(report->text, "%s\n\"%s\":%s", report->any_section ? "," : "", key,
			    table ? "[" : "{");
	else
		text_printf(report->text, "<section id=\"%s\"><h2>%s</h2>\n", key, title);
	report->any_section = true;
	report->in_table = table;
	report->any_row = false;
}

void report_begin(struct report *report, enum report_form form, struct text *text)
{
	*report = (struct report){ .text = text, .form = form };
	text_puts(text, is_json(report) ? "{" : "");
}

void report_end(struct report *report)
{
	end_section(report);
	text_puts(report->text, is_json(report) ? "\n}\n" : "");
}

/* ---- facts ----------------------------------------------------------------------------------- */

void report_facts(struct report *report, const char *key, const char *title)
{
	begin_section(report, key, title, false);
	if (!is_json(report))
		text_printf(report->text, "<dl data-key=\"%s\">\n", key);
}

static void begin_fact(struct report *report, const char *key, const char *title,
		       enum report_kind kind)
{
	if (is_json(report))
		text_printf(report->text, "%s\"%s\":", report->any_row ? "," : "", key);
	else
		text_printf(report->text, "<div><dt>%s</dt><dd data-key=\"%s\" class=\"%s\">",
			    title, key, kind_names[kind]);
	report->any_row = true;
}

static void end_fact(struct report *report)
{
	text_puts(report->text, is_json(report) ? "" : "</dd></div>\n");
}

void report_fact_text(struct report *report, const char *key, const char *title,
		      enum report_kind kind, const char *value)
{
	begin_fact(report, key, title, kind);
	put_text(report, kind, value);
	end_fact(report);
}

void report_fact(struct report *report, const char *key, const char *title, enum report_kind kind,
		 u64 value)
{
	begin_fact(report, key, title, kind);
	put_number(report, kind, value);
	end_fact(report);
}

/* ---- tables ---------------------------------------------------------------------------------- */

void report_table(struct report *report, const char *key, const char *title,
		  const struct report_column *columns, unsigned int count)
{
	begin_section(report, key, title, true);
	report->columns = columns;
	report->column_count = count;
	if (is_json(report))
		return;
	text_printf(report->text, "<div class=\"scroll\"><table data-key=\"%s\"><thead><tr>", key);
	for (unsigned int i = 0; i < count; i++)
		text_printf(report->text, "<th scope=\"col\" data-key=\"%s\" class=\"%s\">%s</th>",
			    columns[i].key, kind_names[columns[i].kind], columns[i].title);
	text_puts(report->text, "</tr></thead>\n<tbody>\n");
}

void report_row(struct report *report, unsigned int depth)
{
	end_row(report);
	if (is_json(report))
		text_printf(report->text, "%s\n {\"depth\":%u", report->any_row ? "," : "", depth);
	else
		text_printf(report->text, "<tr data-depth=\"%u\">", depth);
	report->column = 0;
	report->any_row = report->in_row = true;
}

static enum report_kind begin_cell(struct report *report)
{
	const struct report_column *column = &report->columns[report->column++];

	if (is_json(report))
		text_printf(report->text, ",\"%s\":", column->key);
	else
		text_printf(report->text, "<td class=\"%s\" data-key=\"%s\" data-title=\"%s\">",
			    kind_names[column->kind], column->key, column->title);
	return column->kind;
}

static void end_cell(struct report *report)
{
	text_puts(report->text, is_json(report) ? "" : "</td>");
}

void report_text(struct report *report, const char *value)
{
	if (report->column == report->column_count)
		return;
	put_text(report, begin_cell(report), value ? value : "");
	end_cell(report);
}

void report_format(struct report *report, const char *format, ...)
{
	char value[VALUE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	report_text(report, value);
}

void report_number(struct report *report, u64 value)
{
	if (report->column == report->column_count)
		return;
	put_number(report, begin_cell(report), value);
	end_cell(report);
}

void report_no_number(struct report *report)
{
	if (report->column == report->column_count)
		return;
	begin_cell(report);
	text_puts(report->text, is_json(report) ? "null" : "");
	end_cell(report);
}
