// SPDX-License-Identifier: MIT
/* Splits the command line as a shell would, without expanding anything, and takes out options. */
#include "kernel/cmdline.h"

#include "kernel/printk.h"
#include "kernel/string.h"

/* True when the character at `from`, inside `quote` or none, is one that '\' protects. */
static bool is_escape(const char *from, char quote)
{
	if (from[0] != '\\' || !from[1] || quote == '\'')
		return false;
	return !quote || from[1] == '"' || from[1] == '\\';
}

/* Moves one word from *from to `to`, without its quotes; returns the end of what was stored. */
static char *cmdline_take_word(char **from, char *to)
{
	char *next = *from;
	char quote = '\0';

	for (; *next && (quote || *next != ' '); next++) {
		if (is_escape(next, quote))
			*to++ = *++next;
		else if (quote && *next == quote)
			quote = '\0';
		else if (!quote && (*next == '\'' || *next == '"'))
			quote = *next;
		else
			*to++ = *next;
	}
	*from = next;
	return to;
}

int cmdline_split(char *text, char **argv, int limit)
{
	char *from = text;
	char *end;
	int argc = 0;

	for (;;) {
		while (*from == ' ')
			from++;
		if (!*from || argc == limit)
			break;
		argv[argc++] = from;
		end = cmdline_take_word(&from, from);
		if (*from)
			from++; /* the space, which the NUL may overwrite */
		*end = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Returns the length of a possible option name before '=', such as "virtio.irq", or 0. */
static size_t option_name_length(const char *word)
{
	size_t length = 0, dots = 0;

	for (; is_name_character(word[length]) || word[length] == '.'; length++)
		dots += word[length] == '.';
	return dots && word[0] != '.' && word[length] == '=' ? length : 0;
}

static struct boot_option *find_boot_option(const char *name, size_t length)
{
	linker_table_for_each(option, boot_option, struct boot_option *)
		if (strlen((*option)->name) == length && !memcmp((*option)->name, name, length))
			return *option;
	return NULL;
}

/* Stores the value if the word is an option; returns whether it is. */
static bool take_boot_option(const char *word)
{
	size_t length = option_name_length(word);
	struct boot_option *option = length ? find_boot_option(word, length) : NULL;

	if (option)
		option->value = word + length + 1;
	else if (length)
		printk("boot: no driver in this image knows the option %s\n", word);
	return option;
}

int cmdline_take_options(int argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < argc; i++)
		if (!take_boot_option(argv[i]))
			argv[kept++] = argv[i];
	argv[kept] = NULL;
	return kept;
}
