/* SPDX-License-Identifier: MIT */
/* The files of the tar archive on the first disk. */
#ifndef APPS_HTTPD_FILES_H
#define APPS_HTTPD_FILES_H

#include "apps/httpd/answer.h"

/* Lists the archive; a line says what there is. Not having any is no error. */
void files_init(void);

/* Answers for "/files/" and all below it; `path` is what follows that. */
void files_answer(const struct http_request *request, const char *path, struct answer *answer);

/* Reads a file's bytes: 0 or -errno. The range lies in the file. */
int files_read(const struct tar_file *file, u64 offset, void *to, u32 length);

#endif
