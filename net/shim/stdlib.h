/* SPDX-License-Identifier: MIT */
/* Of the C library's stdlib.h lwIP wants atoi alone, for the number of an interface's name. */
#ifndef NET_SHIM_STDLIB_H
#define NET_SHIM_STDLIB_H

static inline int atoi(const char *text)
{
	unsigned int value = 0;

	while (*text >= '0' && *text <= '9')
		value = value * 10 + (unsigned int)(*text++ - '0');
	return (int)value;
}

#endif
