// SPDX-License-Identifier: MIT
/* The archive on the first disk: what is in it, a folder's list, a file's bytes. */
#include "apps/httpd/files.h"

#include <linux/errno.h>

#include "apps/httpd/page.h"
#include "drivers/block/block.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define READ_TIMEOUT_NS BLOCK_TIMEOUT_NS

static struct block_device *disk;
static struct tar tar;
static u8 *block; /* one logical block of the disk, and which one: headers lie close together */
static u32 block_sectors_each;
static u64 block_first;
static bool block_valid;

/* ---- reading --------------------------------------------------------------------------------- */

/* Brings the logical block that holds `sector` into `block`. */
static int read_block_of(u64 sector)
{
	u64 first = sector - sector % block_sectors_each;
	int err;

	if (block_valid && block_first == first)
		return 0;
	block_valid = false;
	err = block_read(disk, first, block_sectors_each, block, READ_TIMEOUT_NS, NULL);
	if (err)
		return err;
	block_first = first;
	block_valid = true;
	return 0;
}

static int read_header(void *context, u64 sector, u8 header[TAR_BLOCK])
{
	int err = read_block_of(sector);

	(void)context;
	if (!err)
		memcpy(header, block + sector % block_sectors_each * TAR_BLOCK, TAR_BLOCK);
	return err;
}

/* Whole logical blocks go where they belong at once; what is left at both ends through `block`. */
int files_read(const struct tar_file *file, u64 offset, void *to, u32 length)
{
	u32 each = block_sectors_each * SECTOR_SIZE;
	u64 at = file->sector * SECTOR_SIZE + offset;
	u8 *target = to;
	int err;

	while (length) {
		u32 inside = (u32)(at % each), count;

		if (!inside && length >= each) {
			count = length - length % each;
			err = block_read(disk, at / SECTOR_SIZE, count / SECTOR_SIZE, target,
					 READ_TIMEOUT_NS, NULL);
		} else {
			count = min(length, each - inside);
			err = read_block_of(at / SECTOR_SIZE);
			if (!err)
				memcpy(target, block + inside, count);
		}
		if (err)
			return err;
		at += count;
		target += count;
		length -= count;
	}
	return 0;
}

/* ---- the list -------------------------------------------------------------------------------- */

static void tell(int err)
{
	const char *name = disk->name;

	if (err == -ENOENT)
		printk("httpd: no tar archive on %s; /files/ is empty\n", name);
	else if (err)
		printk("httpd: E63 the archive on %s cannot be listed: %d; /files/ is empty\n",
		       name, err);
	else
		printk("httpd: %s: %u files and folders under /files/, %u entries left out\n", name,
		       tar.count, tar.skipped);
	if (tar.problem && tar.problem_sector)
		printk("httpd: E64 the archive on %s ends at sector %llu: %s\n", name,
		       tar.problem_sector, tar.problem);
}

void files_init(void)
{
	int err;

	disk = block_device_get(0);
	if (!disk) {
		printk("httpd: no disk; /files/ is empty\n");
		return;
	}
	block_sectors_each = disk->properties.logical_block_size / SECTOR_SIZE;
	block = kzalloc(disk->properties.logical_block_size);
	err = block ? tar_scan(&tar, read_header, NULL, block_sectors(disk)) : -ENOMEM;
	tell(err);
	if (err)
		tar_free(&tar);
}

/* ---- answers --------------------------------------------------------------------------------- */

static const char *type_of(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".htm", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".mjs", "text/javascript; charset=utf-8" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".md", "text/markdown; charset=utf-8" },
		{ ".csv", "text/csv; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".xml", "application/xml" },
		{ ".pdf", "application/pdf" },
		{ ".wasm", "application/wasm" },
		{ ".gz", "application/gzip" },
		{ ".zip", "application/zip" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".jpg", "image/jpeg" },
		{ ".jpeg", "image/jpeg" },
		{ ".gif", "image/gif" },
		{ ".webp", "image/webp" },
		{ ".ico", "image/x-icon" },
		{ ".woff2", "font/woff2" },
		{ ".mp3", "audio/mpeg" },
		{ ".mp4", "video/mp4" },
		{ ".webm", "video/webm" },
	};
	size_t length = strlen(name);

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		size_t suffix = strlen(types[i].suffix);

		if (length > suffix && !strcmp(name + length - suffix, types[i].suffix))
			return types[i].type;
	}
	return "application/octet-stream";
}

static void add_row(struct text *text, const char *folder, const char *name, size_t length,
		    bool is_folder, u64 size)
{
	char part[TAR_NAME_MAX + 1];

	memcpy(part, name, length);
	part[length] = '\0';
	text_puts(text, "<tr><td class=\"text\" data-title=\"\"><a href=\"/files/");
	text_url(text, folder);
	text_url(text, part);
	text_puts(text, is_folder ? "/\">" : "\">");
	text_html(text, part);
	text_puts(text, is_folder ? "/" : "");
	text_puts(text, "</a></td><td class=\"count\" data-title=\"Bytes\">");
	if (!is_folder)
		text_printf(text, "%llu", size);
	text_puts(text, "</td></tr>\n");
}

/* Whether an entry nearer to the head of the list has the same name: then that one counts. */
static bool shown_before(const struct tar_file *file, size_t skip, size_t length)
{
	for (const struct tar_file *other = tar.files; other != file; other = other->next)
		if (!strncmp(other->name, file->name, skip + length) &&
		    (other->name[skip + length] == '/' || !other->name[skip + length]))
			return true;
	return false;
}

/* What lies directly in the folder, also where the archive names only what is deeper inside. */
static bool list_folder(struct text *text, const char *folder)
{
	size_t skip = strlen(folder), length;
	bool any = false;

	for (const struct tar_file *file = tar.files; file; file = file->next) {
		if (strncmp(file->name, folder, skip) || !file->name[skip])
			continue;
		for (length = 0; file->name[skip + length]; length++)
			if (file->name[skip + length] == '/')
				break;
		any = true;
		if (!shown_before(file, skip, length))
			add_row(text, folder, file->name + skip, length,
				file->name[skip + length] || file->is_directory, file->size);
	}
	return any;
}

/* `folder` is empty or ends with '/'. */
static void answer_folder(struct answer *answer, const char *folder)
{
	char headline[80];
	bool any;

	snprintf(headline, sizeof(headline), "/files/%s", folder);
	page_begin(&answer->body, headline);
	text_puts(&answer->body, "<section><div class=\"scroll\"><table>\n"
				 "<thead><tr><th scope=\"col\">Name</th>\n"
				 "<th scope=\"col\" class=\"count\">Bytes</th></tr></thead>\n"
				 "<tbody>\n");
	any = list_folder(&answer->body, folder);
	text_puts(&answer->body, "</tbody></table></div></section>\n");
	if (!any)
		text_puts(&answer->body,
			  "<p>Empty. To serve files: make run APP=httpd DISK=site.tar</p>\n");
	page_end(&answer->body);
	answer->status = 200;
	answer->type = "text/html; charset=utf-8";
}

static void answer_file(const struct http_request *request, const struct tar_file *file,
			struct answer *answer)
{
	if (!http_range_of(request, file->size, &answer->first, &answer->count)) {
		answer_error(answer, 416);
		answer->first = file->size;
		return;
	}
	answer->file = file;
	answer->status = request->range == HTTP_RANGE_NONE ? 200 : 206;
	answer->type = type_of(file->name);
}

/* A folder is one by its own entry, or because something lies in it. */
static bool is_folder(const char *name, const struct tar_file *file)
{
	size_t length = strlen(name);

	if (file)
		return file->is_directory;
	for (file = tar.files; file; file = file->next)
		if (!strncmp(file->name, name, length) && file->name[length] == '/')
			return true;
	return false;
}

void files_answer(const struct http_request *request, const char *path, struct answer *answer)
{
	size_t length = strlen(path);
	const struct tar_file *file;
	char name[TAR_NAME_MAX + 1];

	if (!length) {
		answer_folder(answer, "");
		return;
	}
	if (length > TAR_NAME_MAX) {
		answer_error(answer, 404);
		return;
	}
	memcpy(name, path, length + 1);
	if (name[length - 1] == '/')
		name[length - 1] = '\0';
	file = tar_find(&tar, name);
	if (is_folder(name, file)) {
		if (path[length - 1] == '/') {
			answer_folder(answer, path);
			return;
		}
		answer_error(answer, 301);
		text_puts(&answer->location, "/files/");
		text_url(&answer->location, path);
		text_puts(&answer->location, "/");
	} else if (file && path[length - 1] != '/') {
		answer_file(request, file, answer);
	} else {
		answer_error(answer, 404);
	}
}
