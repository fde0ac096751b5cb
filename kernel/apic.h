/* SPDX-License-Identifier: MIT */
/* The local APIC (Intel SDM 3A, chapter 10), and the interrupts that come through it. */
#ifndef KERNEL_APIC_H
#define KERNEL_APIC_H

#include "kernel/types.h"

/* Registers, as offsets in the xAPIC's page (Intel SDM 3A, table 10-1). */
enum apic_register {
	APIC_ID = 0x020,
	APIC_TPR = 0x080,
	APIC_EOI = 0x0b0,
	APIC_SVR = 0x0f0,
	APIC_ISR = 0x100, /* 8 registers, 0x10 apart, of 32 vectors each */
	APIC_IRR = 0x200, /* likewise: those that wait */
	APIC_ICR_LOW = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

#define APIC_LVT_MASKED 0x10000

/*
 * Masks the legacy PICs and enables the local APIC of CPU 0, as x2APIC where the CPU has it, else
 * as xAPIC. Without one a line is printed and devices are polled. After paging_init.
 */
void apic_init(void);

/* Enables the local APIC of another CPU, in the same way. */
void apic_init_cpu(void);

/* False without a local APIC; the functions below must not be called then. */
bool apic_present(void);

u32 apic_read(enum apic_register reg);
void apic_write(enum apic_register reg, u32 value);

/* This CPU's APIC id: what an interrupt message is addressed to. */
u32 apic_id(void);

/* What goes to other CPUs (Intel SDM 3A, 10.6.1), beside vectors. */
enum apic_delivery {
	APIC_FIXED = 0x000, /* | vector */
	APIC_NMI = 0x400,
	APIC_INIT = 0x500,
	APIC_STARTUP = 0x600, /* | page number, below 1 MiB, to begin at */
};

/*
 * Sends an interrupt to the CPU with this APIC id: -ETIMEDOUT when the one before is not sent
 * within a millisecond, -EINVAL for an id beyond 254 without x2APIC. What was written before is
 * seen by the CPU that takes it. Interrupts off: the command takes two writes.
 */
int apic_send(u32 id, enum apic_delivery delivery, unsigned int vector);

#endif
