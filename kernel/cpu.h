/* SPDX-License-Identifier: MIT */
/* CPU instructions that C cannot express. All act on the CPU that runs them. */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include "kernel/types.h"

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (u64)high << 32 | low;
}

static inline void wrmsr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}

/* A random number (Intel SDM 1, 7.3.17.1), or 0 where the CPU has none to give. */
static inline u64 rdrand(void)
{
	bool valid = false;
	u64 value = 0;

	if (!(cpuid(1, 0).ecx & BIT_ULL(30)))
		return 0;
	for (unsigned int tries = 0; tries < 10 && !valid; tries++)
		__asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(valid) : : "cc");
	return valid ? value : 0;
}

#define CONTROL_REGISTER_ACCESSORS(name)                                            \
	static inline u64 read_##name(void)                                         \
	{                                                                           \
		u64 value;                                                          \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(value) : : "memory"); \
		return value;                                                       \
	}                                                                           \
	static inline void write_##name(u64 value)                                  \
	{                                                                           \
		__asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory");     \
	}

CONTROL_REGISTER_ACCESSORS(cr0)
CONTROL_REGISTER_ACCESSORS(cr2)
CONTROL_REGISTER_ACCESSORS(cr3)
CONTROL_REGISTER_ACCESSORS(cr4)

/* True when a four-level page table can map `address` (Intel SDM 1, 3.3.7.1). */
static inline bool is_canonical(u64 address)
{
	return address + BIT_ULL(47) < BIT_ULL(48);
}

static inline void invlpg(u64 address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Tells the CPU, and a hypervisor, that this is a wait loop. */
static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* Sleeps until the next interrupt; never wakes if interrupts are off. */
static inline void cpu_halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

/*
 * Turns interrupts on and sleeps. `sti` takes effect after the instruction that follows it (Intel
 * SDM 2B, STI), so an interrupt that came while they were off ends the `hlt` rather than preceding
 * it: no wake-up is lost.
 */
static inline void cpu_enable_irq_and_halt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

#endif
