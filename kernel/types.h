/* SPDX-License-Identifier: MIT */
/* The kernel's integer names and compiler helpers; sizes as in Linux's UAPI headers. */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#include <linux/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64; /* unsigned long long: print it with %llu or %llx */

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define BIT_ULL(n) (1ULL << (n))
#define ALIGN_UP(x, align) (((x) + (align)-1) & ~((__typeof__(x))(align)-1))
#define IS_ALIGNED(x, align) (((x) & ((align)-1)) == 0)
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

/* Converts a pointer to `member` into one to the structure of `type` that contains it. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* One access, not torn, repeated or hoisted by the compiler; orders nothing (see barrier.h). */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))

#define __printf(text, first) __attribute__((__format__(__printf__, text, first)))
#define __noreturn __attribute__((noreturn))
#define __no_ubsan __attribute__((no_sanitize("undefined"))) /* what is broken on purpose */
#define __packed __attribute__((packed))
#define __maybe_unused __attribute__((unused))

/* virtio 1.0+ and PCI are little-endian, and so is every host we build for. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian only");
#define cpu_to_le16(x) ((u16)(x))
#define cpu_to_le32(x) ((u32)(x))
#define cpu_to_le64(x) ((u64)(x))
#define le16_to_cpu(x) ((u16)(x))
#define le32_to_cpu(x) ((u32)(x))
#define le64_to_cpu(x) ((u64)(x))

#endif
