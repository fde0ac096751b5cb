/* SPDX-License-Identifier: MIT */
/*
 * What the machine is and does, said once and written in two forms: as JSON, or as HTML with the
 * same keys in data-key, by which the page's script puts newer JSON in the same places. A report is
 * a row of sections; a section is a list of facts, or a table whose rows have the columns' values.
 */
#ifndef APPS_HTTPD_REPORT_H
#define APPS_HTTPD_REPORT_H

#include "apps/httpd/text.h"

enum report_form { REPORT_JSON, REPORT_HTML };

/* What a value is, and how people are shown it; JSON has it plain. */
enum report_kind {
	REPORT_TEXT,
	REPORT_CODE,	 /* text that is an address, an id or the like */
	REPORT_LIST,	 /* words with a blank between two; in JSON an array */
	REPORT_COUNT,	 /* a number, thousands apart */
	REPORT_INDEX,	 /* a number, as it is */
	REPORT_BYTES,	 /* a number of bytes: KiB and so on */
	REPORT_DURATION, /* a number of milliseconds */
};

struct report_column {
	const char *key, *title;
	enum report_kind kind;
};

struct report {
	struct text *text;
	enum report_form form;

	/* The report's own. */
	const struct report_column *columns;
	unsigned int column_count, column; /* of a table; the one that comes next */
	bool any_section, any_row, in_row, in_table;
};

/* `form` into `text`; nothing is allocated but the text. */
void report_begin(struct report *report, enum report_form form, struct text *text);
void report_end(struct report *report);

/* A section ends where the next one begins. `key` names it, `title` is for people. */
void report_facts(struct report *report, const char *key, const char *title);
void report_fact_text(struct report *report, const char *key, const char *title,
		      enum report_kind kind, const char *value);
void report_fact(struct report *report, const char *key, const char *title, enum report_kind kind,
		 u64 value);

/* The columns must stay until the section ends. */
void report_table(struct report *report, const char *key, const char *title,
		  const struct report_column *columns, unsigned int count);
/* `depth` is how far the row stands behind a bridge or the like; 0 if not at all. */
void report_row(struct report *report, unsigned int depth);
/* The row's next column. */
void report_text(struct report *report, const char *value);
void report_format(struct report *report, const char *format, ...) __printf(2, 3);
void report_number(struct report *report, u64 value);
/* A number that there is none of: null, or an empty cell. */
void report_no_number(struct report *report);

#endif
