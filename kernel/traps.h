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
	VECTOR_CALL = 0xf1, /* another CPU wants to run a function here */
	VECTOR_WAKE = 0xf2, /* another CPU ends this one's halt */
	VECTOR_SPURIOUS = 0xff,
};

#define DEVICE_VECTORS (VECTOR_LAST_DEVICE - VECTOR_FIRST_DEVICE + 1)

/* The stack frame of a trap: the CPU's part, then what kernel/vectors.S pushes (Intel SDM 3A,
 * 6.14.2). */
struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	u64 vector;
	u64 error; /* 0 if the CPU pushes none */
	u64 rip, cs, rflags, rsp, ss;
};

/* Intel SDM 3A, figure 7-11. */
struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7]; /* ist[0] is called 1 */
	u64 reserved2;
	u16 reserved3;
	u16 io_map;
} __packed;

/* The tables of one CPU. */
struct cpu_tables {
	u64 gdt[5] __attribute__((aligned(16)));
	struct tss tss;
};

/* Fills in the interrupt descriptor table, which all CPUs share, and loads this CPU's tables. */
void traps_init(void);

/* Loads GDT, TSS and IDT on this CPU: from here on exceptions end in a panic that says why. */
void traps_init_cpu(void);

/* Handles every trap; called by kernel/vectors.S with interrupts off. */
void trap_dispatch(struct trap_frame *frame);

/* Panics over an exception: what, where, which address, registers, callers (kernel/fault.c). */
__noreturn void fault_panic(const struct trap_frame *frame);

#endif
