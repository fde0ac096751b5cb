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
	APIC_IRR = 0x200, /* the same layout: pending interrupts */
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
 * Masks the legacy PICs and enables the local APIC of CPU 0, as x2APIC if the CPU has it, else as
 * xAPIC. Without a local APIC it prints a message, and devices are polled. Call after paging_init.
 */
void apic_init(void);

/* Enables the local APIC of another CPU, in the same way. */
void apic_init_cpu(void);

/* False without a local APIC; the functions below must not be called then. */
bool apic_present(void);

u32 apic_read(enum apic_register reg);
void apic_write(enum apic_register reg, u32 value);

/* Returns this CPU's APIC id, the address for interrupt messages. */
u32 apic_id(void);

/* Kinds of messages to other CPUs, besides vectors (Intel SDM 3A, 10.6.1). */
enum apic_delivery {
	APIC_FIXED = 0x000, /* | vector */
	APIC_NMI = 0x400,
	APIC_INIT = 0x500,
	APIC_STARTUP = 0x600, /* | page number, below 1 MiB, to begin at */
};

/*
 * Sends an interrupt to the CPU with this APIC id. Returns 0, -ETIMEDOUT if the previous interrupt
 * is not sent within a millisecond, or -EINVAL for an id beyond 254 without x2APIC. The CPU that
 * takes it sees all earlier writes. Call with interrupts off: the command takes two writes.
 */
int apic_send(u32 id, enum apic_delivery delivery, unsigned int vector);

#endif
