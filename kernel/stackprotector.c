// SPDX-License-Identifier: MIT
/*
 * The stack protector: the compiler puts a canary above the arrays of a function and checks it
 * before the function returns. All CPUs use one canary, which needs no %gs.
 */
#include "kernel/protect.h"

#include "kernel/cpu.h"
#include "kernel/ksyms.h"
#include "kernel/panic.h"

#define CPUID_RDRAND BIT_ULL(30)
#define RDRAND_TRIES 10 /* Intel SDM 1, 7.3.17.1 */

/* The two names that gcc and clang have for this. */
extern u64 __stack_chk_guard;
__noreturn void __stack_chk_fail(void);

u64 __stack_chk_guard;

static inline u64 rdrand(void)
{
	unsigned int tries;
	bool valid;
	u64 value;

	for (tries = 0; tries < RDRAND_TRIES; tries++) {
		__asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(valid) : : "cc");
		if (valid)
			return value;
	}
	return 0;
}

/* Mixes as the last steps of SplitMix64 do: each bit of the input affects each bit of the
 * output. */
static inline u64 mix(u64 value)
{
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
	return value ^ value >> 31;
}

/* Sets the canary. It is not protected itself, because the canary changes while it runs. */
__attribute__((no_stack_protector)) void stack_protector_init(void)
{
	u64 seed = mix(rdtsc());

	if (cpuid(1, 0).ecx & CPUID_RDRAND)
		seed ^= rdrand();
	/* The lowest byte is 0, so that string functions neither read nor write across it. */
	__stack_chk_guard = mix(seed + rdtsc()) & ~0xffULL;
}

/* Called by a function whose canary was overwritten, instead of returning. */
void __stack_chk_fail(void)
{
	u64 back = (uintptr_t)__builtin_return_address(0);

	panic("stack smashed: %s wrote past the end of a local array", ksyms_name(back - 1));
}
