/* SPDX-License-Identifier: MIT */
/*
 * The files of a tar archive, found once: ustar (POSIX.1-1988), and the long names of GNU tar and
 * of pax (POSIX.1-2001). The archive may be anyone's: each number and name in it is checked, and
 * where it makes no sense the list ends. Pure: reads through a function, allocates by kzalloc.
 */
#ifndef APPS_HTTPD_TAR_H
#define APPS_HTTPD_TAR_H

#include "kernel/types.h"

#define TAR_BLOCK 512
#define TAR_FILES_MAX 4096
#define TAR_NAME_MAX 1000

struct tar_file {
	struct tar_file *next;
	u64 size;   /* bytes */
	u64 sector; /* of TAR_BLOCK bytes, where its content begins */
	bool is_directory;
	char name[]; /* "folder/name": no leading or trailing '/', no "." or ".." */
};

struct tar {
	struct tar_file *files; /* the last in the archive first, so that it hides its namesakes */
	unsigned int count;
	unsigned int skipped; /* links, devices, names that climb or make no sense, and the like */
	const char *problem;  /* why the list ended early, in words, or NULL */
	u64 problem_sector;
};

/* Reads one block: 0 or -errno. */
typedef int tar_read_t(void *context, u64 sector, u8 block[TAR_BLOCK]);

/* Lists an archive on a disk of `sectors` blocks. 0, also with a `problem`; -ENOENT when there is
 * no archive at all, -ENOMEM, or what `read` returned. tar_free frees it in any case. */
int tar_scan(struct tar *tar, tar_read_t *read, void *context, u64 sectors);
void tar_free(struct tar *tar);

/* The file or directory of that name, or NULL. */
const struct tar_file *tar_find(const struct tar *tar, const char *name);

#endif
