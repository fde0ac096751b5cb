// SPDX-License-Identifier: MIT
/* apps/httpd/tar.c: the archives that tar programs write, and those that nobody should. */
#include "test.h"

#include <errno.h>

#include "apps/httpd/tar.h"
#include "kernel/memory.h"

#define BLOCKS 64

static u8 disk[BLOCKS][TAR_BLOCK];
static u64 end; /* blocks written */
static struct tar tar;
static u64 reads;
static u64 fail_at = ~0ULL;

static int read_disk(void *context, u64 sector, u8 block[TAR_BLOCK])
{
	(void)context;
	reads++;
	if (sector == fail_at)
		return -EIO;
	CHECK(sector < BLOCKS);
	memcpy(block, disk[sector], TAR_BLOCK);
	return 0;
}

static void put_checksum(u8 *header)
{
	unsigned int sum = 0;

	memset(header + 148, ' ', 8);
	for (unsigned int i = 0; i < TAR_BLOCK; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
}

/* Appends a header and room for `size` bytes; returns the header. */
static u8 *add(const char *name, char type, u64 size)
{
	u8 *header = disk[end];

	memcpy(header, name, strlen(name) < 100 ? strlen(name) : 100);
	snprintf((char *)header + 124, 12, "%011llo", (unsigned long long)size);
	header[156] = (u8)type;
	memcpy(header + 257, "ustar\00000", 8);
	put_checksum(header);
	end += 1 + (size + TAR_BLOCK - 1) / TAR_BLOCK;
	return header;
}

static int scan(void)
{
	return tar_scan(&tar, read_disk, NULL, BLOCKS);
}

TEST(httpd_tar_files_and_folders)
{
	const struct tar_file *file;
	u8 *header;

	add("./", '5', 0);
	add("./a.txt", '0', 700);
	add("folder/", '5', 0);
	header = add("deep.bin", '\0', 512);
	memcpy(header + 345, "folder/down", 11);
	put_checksum(header);
	CHECK_EQ(scan(), 0);
	CHECK(!tar.problem);
	CHECK_EQ(tar.count, 3);
	CHECK_EQ(tar.skipped, 0);
	file = tar_find(&tar, "a.txt");
	CHECK(file && file->size == 700 && file->sector == 2 && !file->is_directory);
	file = tar_find(&tar, "folder");
	CHECK(file && file->is_directory);
	file = tar_find(&tar, "folder/down/deep.bin");
	CHECK(file && file->size == 512 && file->sector == 6);
	tar_free(&tar);
}

TEST(httpd_tar_the_last_of_a_name_counts)
{
	add("a", '0', 1);
	add("a", '0', 2);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(tar_find(&tar, "a")->size, 2);
	tar_free(&tar);
}

TEST(httpd_tar_long_names_of_gnu_and_pax)
{
	char name[301] = "";

	memset(name, 'n', 300);
	add("././@LongLink", 'L', 301);
	memcpy(disk[1], name, 300);
	add("short", '0', 5);
	add("PaxHeaders/x", 'x', 30);
	memcpy(disk[end - 1], "18 path=dir/p.txt\n10 size=9\n\n\n", 30);
	add("other", '0', 9);
	add("plain", '0', 0);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(tar.count, 3);
	CHECK_EQ(tar_find(&tar, name)->size, 5);
	CHECK_EQ(tar_find(&tar, "dir/p.txt")->size, 9);
	CHECK(tar_find(&tar, "plain"));
	tar_free(&tar);
}

TEST(httpd_tar_names_that_climb_or_are_no_text_are_left_out)
{
	static const char *const wrong[] = { "../x", "a/../../b", "/..", "a\nb", "..", "\x7f" };

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		add(wrong[i], '0', 1);
	add("link", '2', 0);
	add("/abs//x/./y", '0', 1);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(tar.skipped, 7);
	CHECK_EQ(tar.count, 1);
	CHECK(tar_find(&tar, "abs/x/y"));
	tar_free(&tar);
}

/* One is longer than any name may be, the other longer than what is looked at. */
TEST(httpd_tar_names_that_are_too_long)
{
	add("././@LongLink", 'L', 1501);
	memset(disk[1], 'n', 1500);
	add("short", '0', 5);
	add("././@LongLink", 'L', 5001);
	memset(disk[end - 10], 'm', 5000);
	add("other", '0', 9);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(tar.count, 1);
	CHECK_EQ(tar.skipped, 2);
	CHECK_EQ(tar_find(&tar, "other")->size, 9);
	tar_free(&tar);
}

TEST(httpd_tar_sizes_that_lie_end_the_list)
{
	add("good", '0', 512);
	add("bad", '0', 0);
	snprintf((char *)disk[2] + 124, 12, "%011llo", (BLOCKS - 3) * 512ULL + 1);
	put_checksum(disk[2]);
	CHECK_EQ(scan(), 0);
	CHECK_STR(tar.problem, "a file is longer than the disk");
	CHECK_EQ(tar.problem_sector, 2);
	CHECK_EQ(tar.count, 1);
	tar_free(&tar);
	/* One byte less fits, and ends with the disk. */
	snprintf((char *)disk[2] + 124, 12, "%011llo", (BLOCKS - 3) * 512ULL);
	put_checksum(disk[2]);
	CHECK_EQ(scan(), 0);
	CHECK(!tar.problem && tar.count == 2);
	tar_free(&tar);
	/* In base 256, as large as it gets. */
	memset(disk[2] + 124, 0xff, 12);
	disk[2][124] = 0x80;
	put_checksum(disk[2]);
	CHECK_EQ(scan(), 0);
	CHECK_STR(tar.problem, "a size is not a number");
	tar_free(&tar);
	memcpy(disk[2] + 124, "12x45678901", 12);
	put_checksum(disk[2]);
	CHECK_EQ(scan(), 0);
	CHECK_STR(tar.problem, "a size is not a number");
	tar_free(&tar);
}

TEST(httpd_tar_a_wrong_checksum_ends_the_list)
{
	add("good", '0', 0);
	add("bad", '0', 0)[0] ^= 1;
	CHECK_EQ(scan(), 0);
	CHECK_STR(tar.problem, "a header's checksum is wrong");
	CHECK_EQ(tar.problem_sector, 1);
	CHECK_EQ(tar.count, 1);
	tar_free(&tar);
}

TEST(httpd_tar_no_archive)
{
	CHECK_EQ(scan(), -ENOENT);
	memset(disk, 'x', sizeof(disk));
	CHECK_EQ(scan(), -ENOENT);
	CHECK_EQ(tar_scan(&tar, read_disk, NULL, 0), 0);
	CHECK_EQ(tar.count, 0);
}

TEST(httpd_tar_a_disk_that_cannot_be_read)
{
	add("good", '0', 0);
	fail_at = 1;
	CHECK_EQ(scan(), -EIO);
	tar_free(&tar);
}

/* Whatever is on the disk, the list ends, and what is in it lies on the disk. */
TEST(httpd_tar_damaged_archives)
{
	static u8 whole[sizeof(disk)];
	struct memory_counters before, after;

	add("PaxHeaders/x", 'x', 29);
	memcpy(disk[1], "18 path=dir/p.txt\n11 size=90\n", 29);
	add("a", '0', 90);
	add("././@LongLink", 'L', 600);
	memset(disk[end - 2], 'q', 590);
	add("b", '0', 1000);
	add("c/", '5', 0);
	memcpy(whole, disk, sizeof(disk));
	srand(2);
	memory_count(&before);
	for (unsigned int i = 0; i < 20000; i++) {
		memcpy(disk, whole, sizeof(disk));
		for (int edits = rand() % 5; edits >= 0; edits--) {
			u64 block = (u64)rand() % end;

			disk[block][rand() % 512] = (u8)(rand() % 3 ? '0' + rand() % 10 : rand());
			if (rand() % 4)
				put_checksum(disk[block]);
		}
		reads = 0;
		scan();
		CHECK(reads <= BLOCKS);
		for (const struct tar_file *file = tar.files; file; file = file->next) {
			CHECK(file->size <= sizeof(disk));
			CHECK(file->sector * TAR_BLOCK + file->size <= sizeof(disk));
			CHECK(!strstr(file->name, ".."));
		}
		tar_free(&tar);
	}
	memory_count(&after);
	CHECK_EQ(after.objects, before.objects);
}
