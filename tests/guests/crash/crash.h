/* SPDX-License-Identifier: MIT */
/* The kinds of crash: each adds itself to a linker table. */
#ifndef TESTS_GUESTS_CRASH_CRASH_H
#define TESTS_GUESTS_CRASH_CRASH_H

#include "kernel/init.h"
#include "kernel/types.h"

struct crash_kind {
	const char *name;
	void (*run)(void); /* returns when there was nothing to break, or the kernel let it pass */
};

#define CRASH_KIND(function, kind_name)                                         \
	static const struct crash_kind crash_kind_##function = {                \
		.name = (kind_name),                                            \
		.run = (function),                                              \
	};                                                                      \
	linker_table_add(crash, 5, crash_##function, const struct crash_kind *, \
			 &crash_kind_##function)

/* The second word of the command line as a hexadecimal number, or 0. */
extern u64 crash_argument;

/* Hides from the compiler where a pointer points, so that it cannot refuse or reorder the crash. */
static inline void *hide(const volatile void *pointer)
{
	void *hidden = (void *)(uintptr_t)pointer;

	__asm__ volatile("" : "+r"(hidden) : : "memory");
	return hidden;
}

/* In assembly, so that no sanitizer looks before the CPU does. */
static inline void read_word(u64 address)
{
	u32 value;

	__asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
}

static inline void write_byte(const volatile void *pointer)
{
	__asm__ volatile("movb $0, (%0)" : : "r"(pointer) : "memory");
}

static inline void call(const volatile void *code)
{
	((void (*)(void))hide(code))();
}

#endif
