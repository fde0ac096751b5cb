// SPDX-License-Identifier: MIT
/* Switches on the protections of the CPU, and prints which of them it has; and the compiler's stack
 * protector. */
#include "kernel/protect.h"

#include "kernel/cpu.h"
#include "kernel/ksyms.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

#define CR0_WP BIT_ULL(16)
#define CR4_UMIP BIT_ULL(11)
#define CR4_SMEP BIT_ULL(20)
#define CR4_SMAP BIT_ULL(21)
#define MSR_EFER 0xc0000080
#define EFER_NXE BIT_ULL(11)

#define CPUID_7_EBX_SMEP BIT_ULL(7)
#define CPUID_7_EBX_SMAP BIT_ULL(20)
#define CPUID_7_ECX_UMIP BIT_ULL(2)

/* Returns those of SMEP, SMAP and UMIP that this CPU has (Intel SDM 2A, CPUID leaf 7). */
static u64 cr4_protections(void)
{
	struct cpuid features;
	u64 bits = 0;

	if (cpuid(0, 0).eax < 7)
		return 0;
	features = cpuid(7, 0);
	if (features.ebx & CPUID_7_EBX_SMEP)
		bits |= CR4_SMEP;
	if (features.ebx & CPUID_7_EBX_SMAP)
		bits |= CR4_SMAP;
	if (features.ecx & CPUID_7_ECX_UMIP)
		bits |= CR4_UMIP;
	return bits;
}

void cpu_protect(void)
{
	write_cr0(read_cr0() | CR0_WP);
	write_cr4(read_cr4() | cr4_protections());
	__asm__ volatile("pushfq; andl $~0x40000, (%%rsp); popfq" : : : "memory", "cc"); /* AC */
}

void cpu_print_protections(void)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();

	/* Reads the registers themselves, not what was meant to be in them. */
	printk("cpu: protected by%s%s%s%s%s\n", cr0 & CR0_WP ? " WP" : "",
	       rdmsr(MSR_EFER) & EFER_NXE ? " NX" : "", cr4 & CR4_SMEP ? " SMEP" : "",
	       cr4 & CR4_SMAP ? " SMAP" : "", cr4 & CR4_UMIP ? " UMIP" : "");
}

/* ---- the stack protector --------------------------------------------------------------------- */

/* The compiler puts a canary above the arrays of a function and looks at it before the function
 * returns. One canary for all CPUs, for it needs no %gs to be found; gcc's and clang's names. */
extern u64 __stack_chk_guard;
__noreturn void __stack_chk_fail(void);

u64 __stack_chk_guard;

/* Mixes as the last steps of SplitMix64 do: each bit of the input affects each bit of the
 * output. */
static inline u64 canary_mix(u64 value)
{
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
	return value ^ value >> 31;
}

/* Sets the canary. It is not protected itself, because the canary changes while it runs. */
__attribute__((no_stack_protector)) void stack_protector_init(void)
{
	u64 seed = canary_mix(rdtsc()) ^ rdrand();

	/* The lowest byte is 0, so that string functions neither read nor write across it. */
	__stack_chk_guard = canary_mix(seed + rdtsc()) & ~0xffULL;
}

/* Called by a function whose canary was overwritten, instead of returning. */
void __stack_chk_fail(void)
{
	u64 back = (uintptr_t)__builtin_return_address(0);

	panic("stack smashed: %s wrote past the end of a local array", ksyms_name(back - 1));
}
