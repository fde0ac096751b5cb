/* SPDX-License-Identifier: MIT */
/* The engine behind printk and snprintf. */
#ifndef KERNEL_FORMAT_H
#define KERNEL_FORMAT_H

#include "kernel/types.h"

/* Takes one character of the output; `context` is format_text's. */
typedef void (*format_put_t)(void *context, char c);

/*
 * Formats as C99's fprintf (7.19.6.1) for the formats that kernel/printk.h lists, one call of
 * `put` per character; an unknown conversion is printed as it stands. Where C99 leaves a choice
 * it does as glibc: a NULL %s is "(null)", a NULL %p is "(nil)".
 * Returns the number of characters, at most INT_MAX.
 */
int format_text(format_put_t put, void *context, const char *format, va_list arguments);

#endif
