// SPDX-License-Identifier: MIT
/* Splits the command line as a shell would, without expanding anything. */
#include "kernel/cmdline.h"

#include "kernel/types.h"

/* True when the character at `from`, inside `quote` or none, is one that '\' protects. */
static bool is_escape(const char *from, char quote)
{
	if (from[0] != '\\' || !from[1] || quote == '\'')
		return false;
	return !quote || from[1] == '"' || from[1] == '\\';
}

/* Moves one word from *from to `to`, without its quotes; returns the end of what was stored. */
static char *take_word(char **from, char *to)
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
		end = take_word(&from, from);
		if (*from)
			from++; /* the space, which the NUL may overwrite */
		*end = '\0';
	}
	argv[argc] = NULL;
	return argc;
}
