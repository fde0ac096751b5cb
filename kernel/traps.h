/* SPDX-License-Identifier: MIT */
/* Exceptions and interrupts: the tables the CPU reads, and what its entries leave on the stack. */
#ifndef KERNEL_TRAPS_H
#define KERNEL_TRAPS_H

#include "kernel/types.h"

/* Exceptions are 0 to 31 (Intel SDM 3A, table 6-1). */
enum vector {
	VECTOR_NMI = 2,
	VECTOR_DOUBLE_FAULT = 8,
	VECTOR_PAGE_FAULT = 14,
	VECTOR_MACHINE_CHECK = 18,
	VECTOR_FIRST_INTERRUPT = 0x20,
	VECTOR_PIC = 0x20,	    /* 16, of the legacy controllers, which are masked */
	VECTOR_FIRST_DEVICE = 0x30, /* request_irq's */
	VECTOR_LAST_DEVICE = 0xef,
	VECTOR_TIMER = 0xf0,
	VECTOR_SPURIOUS = 0xff,
};

/* What kernel/vectors.S pushes, and before it the CPU (Intel SDM 3A, 6.14.2). */
struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	u64 vector;
	u64 error; /* 0 where the CPU gives none */
	u64 rip, cs, rflags, rsp, ss;
};

/* Loads our GDT, TSS and IDT on this CPU: from here on exceptions end in a panic that says why. */
void traps_init(void);

/* All traps of all kinds; called by kernel/vectors.S with interrupts off. */
void trap_dispatch(struct trap_frame *frame);

/* Non-maskable interrupts taken since boot. */
u64 nmi_count(void);

/* Panics over an exception: what, where, which address, registers, callers (kernel/fault.c). */
__noreturn void fault_panic(const struct trap_frame *frame);

#endif
