/* SPDX-License-Identifier: MIT */
/* Lines on the console, each with the time since boot: "[    0.639750] text". */
#ifndef KERNEL_PRINTK_H
#define KERNEL_PRINTK_H

#include "kernel/types.h"

/*
 * Prints to the console. Each line begins with a time stamp; text without a final newline leaves
 * the line open for the next call. Formats: %d %i %u %x %X %o %c %s %p %% with flags "-+ #0",
 * width, precision, '*' and hh, h, l, ll, z, t, j. Returns the characters printed, without time
 * stamps. Callable in any interrupt state; never allocates.
 */
int printk(const char *format, ...) __printf(1, 2);
int vprintk(const char *format, va_list arguments);

/* Switches the time stamps on or off; an interactive app switches them off. */
void printk_time(bool on);

/* Keeps other CPUs and this CPU's interrupts from printing between calls that make one line, or
 * lines that belong together. Calls nest. printk_unlock takes the value that printk_lock
 * returned. */
u64 printk_lock(void);
void printk_unlock(u64 flags);

/* For a panic, before the other CPUs are stopped: lets one of them end its line, for a tenth of a
 * second. None begins another. */
void printk_seize_lock(void);

/* For a panic, when all other CPUs are stopped: breaks the lock, because one of them may hold
 * it. */
void printk_bust_lock(void);

/* Ends the line if one is open, for text that must start a line. */
void printk_end_line(void);

/* Takes one character of the output; `context` is format_text's. */
typedef void (*format_put_t)(void *context, char c);

/*
 * The engine: formats as C99's fprintf (7.19.6.1), one call of `put` per character; an unknown
 * conversion is printed as it stands. Where C99 leaves a choice it does as glibc: a NULL %s is
 * "(null)", a NULL %p is "(nil)". Returns the number of characters, at most INT_MAX.
 */
int format_text(format_put_t put, void *context, const char *format, va_list arguments);

/*
 * As in C99 (7.19.6.5 and .12), for the formats above: writes at most `size` bytes, always with a
 * NUL unless size is 0; returns the length that the whole text would have.
 */
int snprintf(char *buffer, size_t size, const char *format, ...) __printf(3, 4);
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);

#endif
