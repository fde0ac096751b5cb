// SPDX-License-Identifier: MIT
/* Listing a tar archive; see tar.h. The layout is that of POSIX.1-1988, 10.1.1. */
#include "apps/httpd/tar.h"

#include <linux/errno.h>

#include "kernel/memory.h"
#include "kernel/string.h"

/* Bytes of a long name or of a pax record that are looked at. */
#define EXTENDED_MAX 4096

struct header {
	char name[100];
	char mode[8], uid[8], gid[8];
	char size[12], mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6]; /* "ustar\0", of GNU tar "ustar " */
	char version[2];
	char user[32], group[32];
	char major[8], minor[8];
	char prefix[155];
	char unused[12];
};

_Static_assert(sizeof(struct header) == TAR_BLOCK, "a header is one block");

struct scan {
	struct tar *tar;
	tar_read_t *read;
	void *context;
	u64 sectors, sector; /* of the disk; of the header that is read now */
	u64 size;	     /* of that header's content, in bytes */
	union {
		struct header header;
		u8 block[TAR_BLOCK];
	};
	char name[TAR_NAME_MAX + 1];
	/* What a header before says about the next file; empty and ~0: nothing. */
	char long_name[EXTENDED_MAX + 1];
	u64 long_size;
	char extended[EXTENDED_MAX + 1];
};

/* ---- fields ---------------------------------------------------------------------------------- */

/* Octal digits between blanks; or, with the highest bit set, 256 to the power of the rest. */
static bool read_tar_number(const char *field, size_t length, u64 *number)
{
	size_t i = 0;

	*number = 0;
	if ((u8)field[0] == 0x80) {
		for (i = 1; i < length; i++) {
			if (*number >> 55)
				return false;
			*number = *number << 8 | (u8)field[i];
		}
		return true;
	}
	while (i < length && field[i] == ' ')
		i++;
	for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
		*number = *number << 3 | (u64)(field[i] - '0');
	for (; i < length; i++)
		if (field[i] != ' ' && field[i])
			return false;
	return true;
}

/* The sum of all bytes, with blanks in the place of the sum itself. */
static bool checksum_fits(const u8 *block, const struct header *header)
{
	size_t at = offsetof(struct header, checksum);
	u64 sum = 0, said;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= at && i < at + sizeof(header->checksum) ? ' ' : block[i];
	return read_tar_number(header->checksum, sizeof(header->checksum), &said) && said == sum;
}

static bool is_zero(const u8 *block)
{
	for (size_t i = 0; i < TAR_BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Joins the two halves that a ustar header has of a name; a name before it replaces both. */
static void whole_name(const struct scan *scan, char *name)
{
	const struct header *header = &scan->header;
	size_t length = 0;

	if (*scan->long_name) {
		memcpy(name, scan->long_name, EXTENDED_MAX + 1);
		return;
	}
	if (!memcmp(header->magic, "ustar", 6)) {
		length = strnlen(header->prefix, sizeof(header->prefix));
		memcpy(name, header->prefix, length);
		if (length)
			name[length++] = '/';
	}
	memcpy(name + length, header->name, sizeof(header->name));
	name[length + strnlen(header->name, sizeof(header->name))] = '\0';
}

/* Writes `name` without what means nothing in it; false for one that climbs, has control characters
 * or is too long, or of which nothing is left. */
static bool clean_name(const char *name, char *clean)
{
	size_t length = 0, part;

	while (*name) {
		for (part = 0; name[part] && name[part] != '/'; part++)
			if ((u8)name[part] < ' ' || name[part] == 0x7f)
				return false;
		if (part == 2 && !memcmp(name, "..", 2))
			return false;
		if (part && !(part == 1 && *name == '.')) {
			if (length + part + 1 > TAR_NAME_MAX)
				return false;
			if (length)
				clean[length++] = '/';
			memcpy(clean + length, name, part);
			length += part;
		}
		name += part + (name[part] == '/');
	}
	clean[length] = '\0';
	return length;
}

/* ---- headers before a header ----------------------------------------------------------------- */

/* The content of the header that is read now, as text; false when it is too long for that. */
static int read_extended(struct scan *scan)
{
	u64 first = scan->sector + 1;
	u8 block[TAR_BLOCK];
	int err;

	if (scan->size > EXTENDED_MAX)
		return -E2BIG;
	for (u64 done = 0; done < scan->size; done += TAR_BLOCK) {
		err = scan->read(scan->context, first + done / TAR_BLOCK, block);
		if (err)
			return err;
		memcpy(scan->extended + done, block, min(scan->size - done, (u64)TAR_BLOCK));
	}
	scan->extended[scan->size] = '\0';
	return 0;
}

/* One record of pax: "30 path=folder/name\n", the number counting all of it. */
static size_t read_record(struct scan *scan, const char *record, size_t left)
{
	size_t length = 0, at = 0;

	for (; at < left && record[at] >= '0' && record[at] <= '9' && length <= left; at++)
		length = length * 10 + (size_t)(record[at] - '0');
	if (at >= left || record[at] != ' ' || length > left || length < at + 3 ||
	    record[length - 1] != '\n')
		return 0;
	at++;
	if (length - at > 5 && !memcmp(record + at, "path=", 5)) {
		memcpy(scan->long_name, record + at + 5, length - at - 6);
		scan->long_name[length - at - 6] = '\0';
	} else if (length - at > 5 && !memcmp(record + at, "size=", 5)) {
		scan->long_size = 0;
		for (at += 5; at < length - 1; at++) {
			if (record[at] < '0' || record[at] > '9' || scan->long_size >> 59)
				return 0;
			scan->long_size = scan->long_size * 10 + (u64)(record[at] - '0');
		}
	}
	return length;
}

static void read_records(struct scan *scan)
{
	size_t at = 0, length;

	while (at < scan->size) {
		length = read_record(scan, scan->extended + at, scan->size - at);
		if (!length)
			return;
		at += length;
	}
}

static int read_prologue(struct scan *scan)
{
	int err = read_extended(scan);

	if (err == -E2BIG) {
		scan->tar->skipped++;
		return 0;
	}
	if (err)
		return err;
	if (scan->header.type == 'x')
		read_records(scan);
	else
		memcpy(scan->long_name, scan->extended, scan->size + 1);
	return 0;
}

/* ---- the list -------------------------------------------------------------------------------- */

static int add_file(struct scan *scan, bool is_directory)
{
	struct tar *tar = scan->tar;
	struct tar_file *file;
	char *whole = scan->extended; /* has been read */

	whole_name(scan, whole);
	if (!clean_name(whole, scan->name) || tar->count == TAR_FILES_MAX) {
		/* The archive's own root is no file, and no loss. */
		tar->skipped += strcmp(whole, "./") && strcmp(whole, ".");
		return 0;
	}
	file = kzalloc(sizeof(*file) + strlen(scan->name) + 1);
	if (!file)
		return -ENOMEM;
	file->size = is_directory ? 0 : scan->size;
	file->sector = scan->sector + 1;
	file->is_directory = is_directory;
	memcpy(file->name, scan->name, strlen(scan->name) + 1);
	file->next = tar->files;
	tar->files = file;
	tar->count++;
	return 0;
}

static int take_entry(struct scan *scan)
{
	char type = scan->header.type;
	int err = 0;

	if (type == 'x' || type == 'L')
		return read_prologue(scan);
	if (type == '0' || type == '\0' || type == '7' || type == '5')
		err = add_file(scan, type == '5');
	else
		scan->tar->skipped += type != 'g' && type != 'K';
	scan->long_name[0] = '\0';
	scan->long_size = ~0ULL;
	return err;
}

/* Links, devices and directories have no content, whatever their size says. */
static bool has_content(char type)
{
	return type < '1' || type > '6';
}

/* Why the header cannot be believed, or NULL; finds the size of what follows. */
static const char *check_header(struct scan *scan)
{
	const struct header *header = &scan->header;

	if (memcmp(header->magic, "ustar", 5))
		return "not a tar header";
	if (!checksum_fits(scan->block, header))
		return "a header's checksum is wrong";
	if (!read_tar_number(header->size, sizeof(header->size), &scan->size))
		return "a size is not a number";
	if (header->type != 'x' && header->type != 'L' && scan->long_size != ~0ULL)
		scan->size = scan->long_size;
	if (!has_content(header->type))
		scan->size = 0;
	if (scan->size > (scan->sectors - scan->sector - 1) * TAR_BLOCK)
		return "a file is longer than the disk";
	return NULL;
}

/* 1 at the end of the archive. */
static int scan_entry(struct scan *scan)
{
	int err = scan->read(scan->context, scan->sector, scan->block);

	if (err)
		return err;
	if (is_zero(scan->block))
		return 1;
	scan->tar->problem = check_header(scan);
	if (scan->tar->problem) {
		scan->tar->problem_sector = scan->sector;
		return 1;
	}
	err = take_entry(scan);
	scan->sector += 1 + (scan->size + TAR_BLOCK - 1) / TAR_BLOCK;
	return err;
}

int tar_scan(struct tar *tar, tar_read_t *read, void *context, u64 sectors)
{
	struct scan *scan = kzalloc(sizeof(*scan));
	int err = 0;

	*tar = (struct tar){};
	if (!scan)
		return -ENOMEM;
	scan->tar = tar;
	scan->read = read;
	scan->context = context;
	scan->sectors = min(sectors, ~0ULL / TAR_BLOCK);
	scan->long_size = ~0ULL;
	while (!err && scan->sector < scan->sectors)
		err = scan_entry(scan);
	if (err == 1)
		err = scan->sector ? 0 : -ENOENT;
	kfree(scan);
	return err;
}

void tar_free(struct tar *tar)
{
	while (tar->files) {
		struct tar_file *next = tar->files->next;

		kfree(tar->files);
		tar->files = next;
	}
	*tar = (struct tar){};
}

const struct tar_file *tar_find(const struct tar *tar, const char *name)
{
	const struct tar_file *file = tar->files;

	while (file && strcmp(file->name, name))
		file = file->next;
	return file;
}
