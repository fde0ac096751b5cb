/* SPDX-License-Identifier: MIT */
/* The boot command line as arguments of main(). */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

/*
 * Splits `text` in place into at most `limit` words, separated by spaces. As in a shell, '...'
 * keeps everything, "..." keeps everything but \" and \\, and elsewhere \ keeps the character
 * behind it; GRUB hands its own quoted words over in this form. A quote left open ends with the
 * text. Stores the words in argv, which needs room for them and a final NULL; they point into
 * `text`. Returns their number.
 */
int cmdline_split(char *text, char **argv, int limit);

#endif
