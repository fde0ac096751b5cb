/* SPDX-License-Identifier: MIT */
/* Of the C library's stdlib.h lwIP wants memory, and atoi for the number of an interface's name. */
#ifndef NET_SHIM_STDLIB_H
#define NET_SHIM_STDLIB_H

#include "net/arch/cc.h"

static inline void *malloc(size_t size)
{
	return net_malloc(size);
}

static inline void *calloc(size_t count, size_t size)
{
	return net_calloc(count, size);
}

static inline void free(void *object)
{
	net_free(object);
}

static inline int atoi(const char *text)
{
	unsigned int value = 0;

	while (*text >= '0' && *text <= '9')
		value = value * 10 + (unsigned int)(*text++ - '0');
	return (int)value;
}

#endif
