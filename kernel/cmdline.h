/* SPDX-License-Identifier: MIT */
/*
 * The boot command line. A word with a dot before its first '=', as in "virtio.irq=intx", is an
 * option of the kernel or of a driver; all other words are arguments of the app's main().
 */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include "kernel/init.h"

/*
 * Splits `text` in place into at most `limit` words, separated by spaces. As in a shell, '...'
 * keeps everything, "..." keeps everything but \" and \\, and elsewhere \ keeps the character
 * behind it; GRUB hands its own quoted words over in this form. A quote left open ends with the
 * text. Stores the words in argv, which needs room for them and a final NULL; they point into
 * `text`. Returns their number.
 */
int cmdline_split(char *text, char **argv, int limit);

/* An option that the kernel or a driver defines; only its own file reads it. */
struct boot_option {
	const char *name;   /* "virtio.irq" */
	const char *values; /* valid values, for messages */
	const char *value;  /* from the command line, or NULL */
};

/* Defines an option as `identifier`, and so makes it known. */
#define BOOT_OPTION(identifier, option_name, option_values)                              \
	static struct boot_option identifier = { option_name, option_values, NULL };     \
	linker_table_add(boot_option, 5, boot_option_##identifier, struct boot_option *, \
			 &(identifier))

/*
 * Takes the options out of `argv`, an array of `argc` words and NULL, and sets their values; the
 * last one of a name counts. A word of that form that is not defined is reported and stays in
 * `argv`. Returns the number of words left. The words must stay valid.
 */
int cmdline_take_options(int argc, char **argv);

#endif
