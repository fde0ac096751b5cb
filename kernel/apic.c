// SPDX-License-Identifier: MIT
/* The interrupt controllers: the old pair is silenced, the CPU's own is enabled. */
#include "kernel/apic.h"

#include "kernel/cpu.h"
#include "kernel/io.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/traps.h"

/* Intel 8259A: command and data ports of the two controllers. */
#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA 0xa1
#define PIC_ICW1_INIT_ICW4 0x11
#define PIC_ICW4_8086 0x01

#define CPUID_APIC BIT_ULL(9)
#define MSR_APIC_BASE 0x1b
#define APIC_BASE_X2APIC BIT_ULL(10)
#define APIC_BASE_ENABLE BIT_ULL(11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ULL
#define MSR_X2APIC 0x800 /* + register offset / 16 (Intel SDM 3A, 10.12.1.2) */

#define SVR_ENABLE 0x100
#define LVT_NMI 0x400

static volatile u8 *registers; /* of the xAPIC */
static bool x2apic;

u32 apic_read(enum apic_register reg)
{
	return x2apic ? (u32)rdmsr(MSR_X2APIC + reg / 16) : readl(registers + reg);
}

void apic_write(enum apic_register reg, u32 value)
{
	if (x2apic)
		wrmsr(MSR_X2APIC + reg / 16, value);
	else
		writel(value, registers + reg);
}

bool apic_present(void)
{
	return x2apic || registers;
}

u32 apic_id(void)
{
	u32 id = apic_read(APIC_ID);

	return x2apic ? id : id >> 24;
}

/* Moves both controllers away from the exceptions' vectors, then masks all their lines. */
static void mask_pics(void)
{
	outb(PIC_ICW1_INIT_ICW4, PIC1_COMMAND);
	outb(PIC_ICW1_INIT_ICW4, PIC2_COMMAND);
	outb(VECTOR_PIC, PIC1_DATA);
	outb(VECTOR_PIC + 8, PIC2_DATA);
	outb(1 << 2, PIC1_DATA); /* the second one hangs on line 2 */
	outb(2, PIC2_DATA);
	outb(PIC_ICW4_8086, PIC1_DATA);
	outb(PIC_ICW4_8086, PIC2_DATA);
	outb(0xff, PIC1_DATA);
	outb(0xff, PIC2_DATA);
}

static void map_apic(void)
{
	u64 base;

	if (!(cpuid(1, 0).edx & CPUID_APIC))
		return;
	base = rdmsr(MSR_APIC_BASE);
	if (!(base & APIC_BASE_ENABLE))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	if (base & APIC_BASE_X2APIC)
		x2apic = true;
	else
		registers = ioremap(base & APIC_BASE_ADDRESS, PAGE_SIZE);
}

void apic_init(void)
{
	mask_pics();
	map_apic();
	if (!apic_present()) {
		printk("apic: no local APIC: no interrupts, devices are polled\n");
		return;
	}
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED); /* the PICs */
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
}
