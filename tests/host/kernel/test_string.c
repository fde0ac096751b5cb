// SPDX-License-Identifier: MIT
/* kernel/string.c, renamed k_*, against the C library's functions. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/string.h"
#include "world.h"

void *k_memcpy(void *restrict to, const void *restrict from, size_t size);
void *k_memmove(void *to, const void *from, size_t size);
void *k_memset(void *to, int byte, size_t size);
int k_memcmp(const void *a, const void *b, size_t size);
size_t k_strlen(const char *text);
size_t k_strnlen(const char *text, size_t limit);
int k_strcmp(const char *a, const char *b);
int k_strncmp(const char *a, const char *b, size_t limit);
char *k_strchr(const char *text, int character);

#define ROOM 200

static u8 source[ROOM], ours[ROOM], theirs[ROOM];

static void fill(void)
{
	for (unsigned int i = 0; i < ROOM; i++) {
		source[i] = (u8)world_random(256);
		ours[i] = theirs[i] = (u8)world_random(256);
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

TEST(string_memcpy_any_alignment_and_length)
{
	for (unsigned int i = 0; i < 5000; i++) {
		size_t to = world_random(40), from = world_random(40), size = world_random(150);

		fill();
		CHECK(k_memcpy(ours + to, source + from, size) == ours + to);
		memcpy(theirs + to, source + from, size);
		CHECK(!memcmp(ours, theirs, ROOM));
	}
}

TEST(string_memmove_overlapping_both_ways)
{
	for (unsigned int i = 0; i < 5000; i++) {
		size_t to = world_random(100), from = world_random(100), size = world_random(100);

		fill();
		memcpy(theirs, ours, ROOM);
		CHECK(k_memmove(ours + to, ours + from, size) == ours + to);
		memmove(theirs + to, theirs + from, size);
		CHECK(!memcmp(ours, theirs, ROOM));
	}
}

TEST(string_memset_takes_one_byte_of_the_value)
{
	for (unsigned int i = 0; i < 5000; i++) {
		size_t to = world_random(50), size = world_random(150);
		int byte = (int)world_random(1 << 16) - 0x8000;

		fill();
		memcpy(theirs, ours, ROOM);
		CHECK(k_memset(ours + to, byte, size) == ours + to);
		memset(theirs + to, byte, size);
		CHECK(!memcmp(ours, theirs, ROOM));
	}
}

TEST(string_memcmp_is_unsigned_and_bounded)
{
	CHECK(k_memcmp("\x80", "\x7f", 1) > 0);
	CHECK_EQ(k_memcmp("a", "b", 0), 0);
	for (unsigned int i = 0; i < 5000; i++) {
		size_t size = world_random(20);

		fill();
		memcpy(theirs, ours, ROOM);
		theirs[world_random(20)] = (u8)world_random(256);
		CHECK_EQ(sign(k_memcmp(ours, theirs, size)), sign(memcmp(ours, theirs, size)));
	}
}

TEST(string_lengths)
{
	CHECK_EQ(k_strlen(""), 0);
	CHECK_EQ(k_strlen("doorbell"), 8);
	CHECK_EQ(k_strnlen("doorbell", 3), 3);
	CHECK_EQ(k_strnlen("doorbell", 8), 8);
	CHECK_EQ(k_strnlen("doorbell", 99), 8);
	CHECK_EQ(k_strnlen("doorbell", 0), 0);
}

/* Without a NUL in reach: ASan sees a byte read too many. */
TEST(string_strnlen_stays_inside_its_limit)
{
	char *text = malloc(4);

	memset(text, 'a', 4);
	CHECK_EQ(k_strnlen(text, 4), 4);
	CHECK_EQ(k_strncmp(text, "aaaab", 4), 0);
	free(text);
}

TEST(string_comparisons_as_the_library)
{
	static const char *const words[] = { "", "a", "b", "ab", "abc", "\x80", "a\xff", "abd" };

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(words); j++) {
			const char *a = words[i], *b = words[j];

			CHECK_EQ(sign(k_strcmp(a, b)), sign(strcmp(a, b)));
			for (size_t limit = 0; limit < 5; limit++)
				CHECK_EQ(sign(k_strncmp(a, b, limit)), sign(strncmp(a, b, limit)));
		}
	}
}

TEST(string_strchr_finds_the_first_and_the_end)
{
	const char *text = "abcabc";

	CHECK(k_strchr(text, 'c') == text + 2);
	CHECK(k_strchr(text, 'x') == NULL);
	CHECK(k_strchr(text, 0) == text + 6);
	CHECK(k_strchr(text, 'b' + 256) == text + 1);
}

static u64 number_of(const char *text, unsigned int base, int error)
{
	u64 value = 4711;

	CHECK_EQ(kstrtou64(text, base, &value), error);
	return value;
}

TEST(string_numbers)
{
	CHECK_EQ(number_of("0", 10, 0), 0);
	CHECK_EQ(number_of("0042", 10, 0), 42);
	CHECK(number_of("18446744073709551615", 10, 0) == ~0ULL);
	CHECK(number_of("0xffffFFFFffffFFFF", 16, 0) == ~0ULL);
	CHECK_EQ(number_of("1aB", 16, 0), 0x1ab);
	CHECK_EQ(number_of("18446744073709551616", 10, -ERANGE), 4711);
	CHECK_EQ(number_of("99999999999999999999", 10, -ERANGE), 4711);
	CHECK_EQ(number_of("10000000000000000", 16, -ERANGE), 4711);
}

TEST(string_numbers_that_are_none)
{
	static const char *const words[] = {
		"", " 1", "1 ", "-1", "+1", "1a", "0x1", "1\n", "\xb1"
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		CHECK_EQ(number_of(words[i], 10, -EINVAL), 4711);
	CHECK_EQ(number_of("0x", 16, -EINVAL), 4711);
	CHECK_EQ(number_of("0xg", 16, -EINVAL), 4711);
}
