// SPDX-License-Identifier: MIT
/* The command line: words, and the options among them that drivers take. */
#include "test.h"

#include "kernel/cmdline.h"
#include "world.h"

BOOT_OPTION(colour, "test.colour", "red or blue");
BOOT_OPTION(deep, "test.deep.er_2", "anything");

static char *words[16];

static int take(const char *text)
{
	static char copy[200];

	snprintf(copy, sizeof(copy), "%s", text);
	return cmdline_take_options(cmdline_split(copy, words, 15), words);
}

TEST(cmdline_options_are_taken_out)
{
	CHECK_EQ(take("a test.colour=red b 'test.deep.er_2=two words' c"), 3);
	CHECK_STR(words[0], "a");
	CHECK_STR(words[1], "b");
	CHECK_STR(words[2], "c");
	CHECK(!words[3]);
	CHECK_STR(colour.value, "red");
	CHECK_STR(deep.value, "two words");
	CHECK_STR(world_log(), "");
}

TEST(cmdline_last_option_of_a_name_counts)
{
	CHECK_EQ(take("test.colour=red test.colour=a=b.c test.colour="), 0);
	CHECK_STR(colour.value, "");
	CHECK(!deep.value);
}

TEST(cmdline_option_that_nobody_knows_is_said_and_kept)
{
	CHECK_EQ(take("test.color=red test.colours=1 test.colou=1"), 3);
	CHECK_EQ(world_log_count("knows the option"), 3);
	CHECK(!colour.value);
}

/* What only looks like one is the app's business, and not worth a line. */
TEST(cmdline_words_that_are_no_options)
{
	static const char text[] =
		"x=1.2 .a=1 1.5 a.b http://a.b/c?d=e a-b.c=d A.b=c test.colour =.x=";

	CHECK_EQ(take(text), 9);
	CHECK_STR(world_log(), "");
	CHECK_STR(words[6], "A.b=c");
	CHECK_STR(words[7], "test.colour");
	CHECK(!colour.value);
}

TEST(cmdline_empty)
{
	CHECK_EQ(take(""), 0);
	CHECK_EQ(take("   "), 0);
	CHECK(!words[0]);
}
