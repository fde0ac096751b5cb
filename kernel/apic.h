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
 * Masks the legacy PICs and enables this CPU's local APIC, as xAPIC, or as x2APIC when the
 * firmware left it so. Without one a line is printed and devices are polled. After paging_init.
 */
void apic_init(void);

/* False without a local APIC; the functions below must not be called then. */
bool apic_present(void);

u32 apic_read(enum apic_register reg);
void apic_write(enum apic_register reg, u32 value);

/* This CPU's APIC id: what an interrupt message is addressed to. */
u32 apic_id(void);

/* A vector of 0x20 and above has arrived: runs its handler; called by trap_dispatch. */
void irq_dispatch(unsigned int vector);

#endif
