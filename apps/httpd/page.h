/* SPDX-License-Identifier: MIT */
/* The page's fixed parts, from page.html, and the pages that are written around them. */
#ifndef APPS_HTTPD_PAGE_H
#define APPS_HTTPD_PAGE_H

#include "apps/httpd/text.h"

/* The page that shows the machine: before the report, and after it. */
void page_status_begin(struct text *text);
void page_status_end(struct text *text);

/* A page in the same clothes, with a headline; what is written between the two is HTML. */
void page_begin(struct text *text, const char *headline);
void page_end(struct text *text);

#endif
