/* SPDX-License-Identifier: MIT */
/* What lwIP needs from the compiler and the platform; included only by lwIP's arch.h. */
#ifndef NET_ARCH_CC_H
#define NET_ARCH_CC_H

#include <stddef.h>
#include <stdint.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_LIMITS_H 1 /* the compiler's wants the C library's */
#define INT_MAX __INT_MAX__
#define LWIP_TIMEVAL_PRIVATE 0

#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

/* Random: DNS and DHCP ids, port numbers (net/random.c). */
#define LWIP_RAND() net_random()
uint32_t net_random(void);

/* Messages of lwIP that we have not switched on; and what it believes of itself and is not so. */
#define LWIP_PLATFORM_DIAG(message) ((void)0)
#define LWIP_PLATFORM_ASSERT(message) net_assertion_failed(message, __FILE__, __LINE__)
__attribute__((noreturn)) void net_assertion_failed(const char *message, const char *file,
						    int line);

/* Memory for data that waits to be sent (MEM_LIBC_MALLOC). */
void *net_malloc(size_t size);
void *net_calloc(size_t count, size_t size);
void net_free(void *object);

#endif
