// SPDX-License-Identifier: MIT
/* Crashes of stacks: too deep, written over, or lost. */
#include "tests/guests/crash/crash.h"
#include "kernel/percpu.h"
#include "kernel/string.h"

/* Each call uses some stack; the end is hidden, so that the compiler accepts there is none. */
static u64 recurse(u64 depth)
{
	volatile u64 here[8];

	here[depth % ARRAY_SIZE(here)] = depth;
	if (hide(NULL))
		return 0;
	return recurse(depth + here[depth % ARRAY_SIZE(here)]) + here[0];
}

static void overflow_stack(void)
{
	recurse(1);
}
CRASH_KIND(overflow_stack, "stack");

/* On the stack that non-maskable interrupts run on; nothing comes back from there. */
static void overflow_interrupt_stack(void)
{
	u64 top = this_cpu()->stacks[IST_NMI].top;

	__asm__ volatile("movq %0, %%rsp; xorl %%ebp, %%ebp; call *%1"
			 :
			 : "r"(top), "r"(overflow_stack)
			 : "memory");
}
CRASH_KIND(overflow_interrupt_stack, "interrupt-stack");

/* The length is hidden, or the compiler would refuse. */
static void smash_stack(void)
{
	char local[16];

	memset(local, 'x', sizeof(local) + 32 + (uintptr_t)hide(NULL));
	hide(local);
}
CRASH_KIND(smash_stack, "stack-smash");

/* The stack pointer is nowhere, so the page fault of the push finds no room for its frame. */
static void lose_stack(void)
{
	__asm__ volatile("xorl %%esp, %%esp; pushq %%rax" : : : "memory");
}
CRASH_KIND(lose_stack, "double-fault");
