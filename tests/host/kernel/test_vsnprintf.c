// SPDX-License-Identifier: MIT
/* kernel/vsnprintf.c, renamed k_*, against the C library's. */
#include "test.h"

#include <limits.h>

#include "world.h"

/* The formats here are made at run time, or wrong on purpose. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-zero-length"

int k_snprintf(char *buffer, size_t size, const char *format, ...);

#define ROOM 256

#define SAME(format, ...)                                                                          \
	do {                                                                                       \
		char k_[ROOM], c_[ROOM];                                                           \
		int kn_ = k_snprintf(k_, ROOM, format, ##__VA_ARGS__);                             \
		int cn_ = snprintf(c_, ROOM, format, ##__VA_ARGS__);                               \
		if (kn_ != cn_ || strcmp(k_, c_) != 0)                                             \
			FAIL("\"%s\": \"%s\" (%d), wanted \"%s\" (%d)", format, k_, kn_, c_, cn_); \
	} while (0)

static const char *const flags[] = { "", "-", "+", " ", "#", "0", "-0", "+0", "# ", "-+ #0", "#0" };
static const char *const widths[] = { "", "1", "5", "20" };
static const char *const precisions[] = { "", ".", ".0", ".1", ".7", ".30" };

/* Calls `each` for all flags, widths and precisions with one conversion. */
static void for_all_formats(const char *conversion, void (*each)(const char *format))
{
	char format[40];

	for (unsigned int i = 0; i < ARRAY_SIZE(flags) * ARRAY_SIZE(widths); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(precisions); j++) {
			snprintf(format, sizeof(format), "<%%%s%s%s%s>",
				 flags[i % ARRAY_SIZE(flags)], widths[i / ARRAY_SIZE(flags)],
				 precisions[j], conversion);
			each(format);
		}
	}
}

static void each_int(const char *format)
{
	static const int values[] = { 0,   1,	-1,    7,      42,	-128,	127,
				      255, 256, 32768, -32769, INT_MAX, INT_MIN };

	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++)
		SAME(format, values[i]);
}

static void each_long(const char *format)
{
	static const long long values[] = {
		0,	   1,	      -1,	 1LL << 31,	   -(1LL << 31),
		1LL << 32, LLONG_MAX, LLONG_MIN, 0x123456789abcdef
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++)
		SAME(format, values[i]);
}

static void each_string(const char *format)
{
	SAME(format, "");
	SAME(format, "a");
	SAME(format, "doorbell");
	SAME(format, (char *)NULL);
}

TEST(vsnprintf_int_conversions_all_flags)
{
	static const char *const conversions[] = { "d",	  "i",	"u",   "x",  "X",   "o",  "hd",
						   "hhd", "hu", "hhu", "hx", "hhX", "ho", "hho" };

	for (unsigned int i = 0; i < ARRAY_SIZE(conversions); i++)
		for_all_formats(conversions[i], each_int);
}

TEST(vsnprintf_long_conversions_all_flags)
{
	static const char *const conversions[] = { "ld",  "li",	 "lu",	"lx",  "lX",  "lo",
						   "lld", "llu", "llx", "llX", "llo", "zu",
						   "zd",  "zx",	 "td",	"jd",  "ju",  "jx" };

	for (unsigned int i = 0; i < ARRAY_SIZE(conversions); i++)
		for_all_formats(conversions[i], each_long);
}

TEST(vsnprintf_strings_and_null_all_flags)
{
	for_all_formats("s", each_string);
}

TEST(vsnprintf_characters)
{
	char ours[ROOM], theirs[ROOM];

	SAME("%c|%5c|%-5c|", 'a', 'b', 'c');
	CHECK_EQ(k_snprintf(ours, ROOM, "a%cb", 0), snprintf(theirs, ROOM, "a%cb", 0));
	CHECK(!memcmp(ours, theirs, 4));
}

TEST(vsnprintf_pointers)
{
	SAME("%p %20p %-20p|", (void *)0x1234, (void *)-1, (void *)0xfee00000);
	SAME("%p|%10p|%-10p|", NULL, NULL, NULL);
}

TEST(vsnprintf_percent_and_no_argument)
{
	SAME("100%%");
	SAME("");
	SAME("%%%d%%", 5);
}

TEST(vsnprintf_star_width_and_precision)
{
	for (int width = -12; width <= 12; width++)
		for (int precision = -3; precision <= 12; precision++) {
			SAME("<%*.*d>", width, precision, -42);
			SAME("<%*.*s>", width, precision, "doorbell");
			SAME("<%0*d>", width, 42);
		}
}

TEST(vsnprintf_precision_bounds_what_is_read)
{
	char *text = malloc(3);
	char buffer[ROOM];

	memcpy(text, "abc", 3);
	CHECK_EQ(k_snprintf(buffer, ROOM, "%.3s", text), 3);
	CHECK_STR(buffer, "abc");
	free(text);
}

TEST(vsnprintf_truncates_and_returns_the_whole_length)
{
	for (size_t size = 0; size < 20; size++) {
		char ours[24], theirs[24];

		memset(ours, '#', sizeof(ours));
		memset(theirs, '#', sizeof(theirs));
		CHECK_EQ(k_snprintf(ours, size, "%s %d", "doorbell", 12345), 14);
		snprintf(theirs, size, "%s %d", "doorbell", 12345);
		CHECK(!memcmp(ours, theirs, sizeof(ours)));
	}
	CHECK_EQ(k_snprintf(NULL, 0, "%08x", 1), 8);
}

TEST(vsnprintf_unknown_conversion_is_printed_as_it_stands)
{
	char buffer[ROOM];

	k_snprintf(buffer, ROOM, "%y %-5q", 1);
	CHECK_STR(buffer, "%y %-5q");
	k_snprintf(buffer, ROOM, "end %");
	CHECK_STR(buffer, "end %");
	k_snprintf(buffer, ROOM, "end %-08.3l");
	CHECK_STR(buffer, "end %-08.3l");
}

/* A format of random flags, width, precision, length and conversion. */
static void random_format(char *format, const char *lengths, const char *conversions)
{
	char *end = format;

	*end++ = '%';
	for (unsigned int i = world_random(4); i; i--)
		*end++ = "-+ #0"[world_random(5)];
	if (world_random(2))
		end += sprintf(end, "%u", world_random(25));
	if (world_random(2))
		end += sprintf(end, ".%u", world_random(25));
	if (*lengths)
		end += sprintf(end, "%.*s", (int)strlen(lengths), lengths);
	*end++ = conversions[world_random((u32)strlen(conversions))];
	*end = '\0';
}

static u64 random_value(void)
{
	u64 value = (u64)world_random(~0u) << 32 | world_random(~0u);

	value >>= world_random(64);
	return world_random(2) ? value : -value;
}

TEST(vsnprintf_random_formats_and_values)
{
	static const char *const lengths[] = { "", "h", "hh", "l", "ll", "z", "j", "t" };
	char format[40];

	for (unsigned int i = 0; i < 250000; i++) {
		const char *length = lengths[world_random(ARRAY_SIZE(lengths))];
		u64 value = random_value();

		random_format(format, length, "diuxXo");
		if (length[0] == '\0' || length[0] == 'h')
			SAME(format, (int)value);
		else
			SAME(format, (long)value);
	}
}

TEST(vsnprintf_random_strings)
{
	char format[40], text[40];

	for (unsigned int i = 0; i < 50000; i++) {
		unsigned int length = world_random(30);

		memset(text, 'a' + (int)world_random(26), length);
		text[length] = '\0';
		random_format(format, "", "s");
		SAME(format, text);
	}
}

/* Several conversions in a row take the right arguments. */
TEST(vsnprintf_mixed_arguments)
{
	for (unsigned int i = 0; i < 20000; i++) {
		int a = (int)random_value();
		u64 b = random_value();

		SAME("%04x:%02x %s %llu %c %ld %5.3s %#llx", (u16)a, (u8)b, "x",
		     (unsigned long long)b, 'q', (long)b, "abcdef", (unsigned long long)b);
	}
}
