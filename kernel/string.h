/* SPDX-License-Identifier: MIT */
/* The string functions that the kernel uses, as in C99 7.21, and numbers from text, as in Linux.
 * GCC may generate calls of mem* itself. */
#ifndef KERNEL_STRING_H
#define KERNEL_STRING_H

#include "kernel/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
char *strchr(const char *text, int character);

/* A text that is a number in base 10 or 16 (there after 0x or not) and nothing else: 0, -EINVAL
 * when it is none, -ERANGE when it does not fit; `value` is left alone then. */
int kstrtou64(const char *text, unsigned int base, u64 *value);

#endif
