/* SPDX-License-Identifier: MIT */
/* Shared by the files of the shell: the commands, the line editor, and what both need. */
#ifndef APPS_SHELL_SHELL_H
#define APPS_SHELL_SHELL_H

#include "kernel/types.h"

#define LINE_MAX 512
#define WORDS_MAX 64

/* What a command's words may be completed to, behind its own name. */
enum completion {
	COMPLETE_NOTHING,
	COMPLETE_COMMAND,
	COMPLETE_VIRTIO, /* virtio0 */
	COMPLETE_PCI,	 /* 0000:00:04.0 */
	COMPLETE_DISK,	 /* vda */
	COMPLETE_WORDS,	 /* those in `words` */
};

struct command {
	const char *name;
	/* argv[0] is the name. 0, or 1 after a line that says what was wrong. */
	int (*run)(int argc, char **argv);
	const char *arguments; /* for people */
	const char *help;
	enum completion completion;
	const char *const *words; /* ends with NULL */
};

/* The tables; each ends with a NULL name. */
extern const struct command shell_commands[];
extern const struct command memory_commands[];
extern const struct command device_commands[];

/* shell.c: calls `function` for each command, in the order of `help`. */
void for_each_command(void (*function)(const struct command *command, void *data), void *data);
const struct command *find_command(const char *name);
/* Cuts a line into commands at ";" and runs them; the last one's result, 1 for one that is not
 * there. */
int run_line(const char *line);
/* Leaves the shell after this line, with this result. */
void leave(int result);

/* complete.c: calls `function` for each word that the command's arguments may be. */
void for_each_word(const struct command *command, void (*function)(const char *word, void *data),
		   void *data);

/* Prints "NAME: usage: NAME ARGUMENTS" and returns 1. */
int usage(const char *name);
/* A number as C writes it, wholly, up to `most`; false after a line that says what is wrong. */
bool parse_number(const char *command, const char *text, u64 most, u64 *number);
/* `length` bytes in rows of 16, each behind its address. */
void print_bytes(const u8 *bytes, size_t length, u64 address);

/* line.c: reads a line that a person may edit. */

/* The line without its end, which stays valid until the next call; NULL at the end of input. */
char *read_line(const char *prompt);
/* The n-th line that was entered, the oldest as 0; NULL behind the last. */
const char *history_line(unsigned int n);

/* What a tab does to a line with the cursor at its end. Returns the number of bytes
 * that were added to `text`, which has room for `room` more; lists the choices when there are
 * several and `list` says so. */
size_t complete_line(char *text, size_t length, size_t room, bool list, unsigned int *choices);

#endif
