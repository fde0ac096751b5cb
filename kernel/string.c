// SPDX-License-Identifier: MIT
/* The string functions (C99 7.21). The mem* functions move the widest words that the CPU has
 * without SSE. */
#include "kernel/string.h"

#include <linux/errno.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	size_t words = size / 8;
	void *target = to;

	__asm__ volatile("rep movsq" : "+D"(target), "+S"(from), "+c"(words) : : "memory");
	size %= 8;
	__asm__ volatile("rep movsb" : "+D"(target), "+S"(from), "+c"(size) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	u8 *target = to;
	const u8 *source = from;

	if ((uintptr_t)to - (uintptr_t)from >= size)
		return memcpy(to, from, size);
	/* `to` is inside the source: move backwards. Volatile, or GCC would call memmove here. */
	while (size--)
		((volatile u8 *)target)[size] = source[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	u64 pattern = 0x0101010101010101ULL * (u8)byte;
	size_t words = size / 8;
	void *target = to;

	__asm__ volatile("rep stosq" : "+D"(target), "+c"(words) : "a"(pattern) : "memory");
	size %= 8;
	__asm__ volatile("rep stosb" : "+D"(target), "+c"(size) : "a"(pattern) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const u8 *left = a, *right = b;

	for (; size; size--, left++, right++) {
		if (*left != *right)
			return *left - *right;
	}
	return 0;
}

size_t strlen(const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t limit)
{
	size_t length = 0;

	while (length < limit && text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t limit)
{
	for (; limit; limit--, a++, b++) {
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	}
	return 0;
}

char *strchr(const char *text, int character)
{
	for (; *text != (char)character; text++) {
		if (!*text)
			return NULL;
	}
	return (char *)(uintptr_t)text;
}

static unsigned int kstrto_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 0x20; /* lower case */
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10) : ~0u;
}

int kstrtou64(const char *text, unsigned int base, u64 *value)
{
	u64 sum = 0;

	if (base == 16 && text[0] == '0' && (text[1] | 0x20) == 'x')
		text += 2;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		unsigned int digit = kstrto_digit(*text);

		if (digit >= base)
			return -EINVAL;
		if (sum > (~0ULL - digit) / base)
			return -ERANGE;
		sum = sum * base + digit;
	}
	*value = sum;
	return 0;
}
