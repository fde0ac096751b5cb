// SPDX-License-Identifier: MIT
/* The interrupt controllers: masks the old pair and enables the CPU's own. */
#include "kernel/apic.h"

#include <linux/errno.h>

#include "kernel/cpu.h"
#include "kernel/io.h"
#include "kernel/memory.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/time.h"
#include "kernel/traps.h"

/* Intel 8259A: command and data ports of the two controllers. */
#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA 0xa1
#define PIC_ICW1_INIT_ICW4 0x11
#define PIC_ICW4_8086 0x01

#define CPUID_APIC BIT_ULL(9)
#define CPUID_X2APIC BIT_ULL(21)
#define MSR_APIC_BASE 0x1b
#define APIC_BASE_X2APIC BIT_ULL(10)
#define APIC_BASE_ENABLE BIT_ULL(11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ULL
#define MSR_X2APIC 0x800 /* + register offset / 16 (Intel SDM 3A, 10.12.1.2) */

#define SVR_ENABLE 0x100
#define LVT_NMI 0x400
#define ICR_PENDING 0x1000
#define ICR_ASSERT 0x4000
#define XAPIC_ID_LAST 254 /* 255 is all of them */
#define SEND_TIMEOUT_NS NSEC_PER_MSEC

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

/* Chooses xAPIC or x2APIC, once. x2APIC needs no mapping and reaches more CPUs. If the firmware
 * left it on, it may be locked on (10.12.5), so nothing here turns it off. */
static void find_apic(void)
{
	struct cpuid features = cpuid(1, 0);

	if (!(features.edx & CPUID_APIC))
		return;
	x2apic = features.ecx & CPUID_X2APIC || rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
	if (!x2apic)
		registers = ioremap(rdmsr(MSR_APIC_BASE) & APIC_BASE_ADDRESS, PAGE_SIZE);
}

/* Goes from off to xAPIC to x2APIC, one step at a time (10.12.5). */
static void apic_switch_on(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	if (!(base & APIC_BASE_ENABLE))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	if (x2apic && !(base & APIC_BASE_X2APIC))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
}

void apic_init_cpu(void)
{
	apic_switch_on();
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED); /* the PICs */
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
}

void apic_init(void)
{
	mask_pics();
	find_apic();
	if (!apic_present()) {
		printk("apic: no local APIC: no interrupts, devices are polled\n");
		return;
	}
	apic_init_cpu();
	this_cpu()->apic_id = apic_id();
	if (x2apic)
		printk("apic: x2APIC, id %u\n", apic_id());
}

static bool ipi_is_sent(void *context)
{
	(void)context;
	return !(apic_read(APIC_ICR_LOW) & ICR_PENDING);
}

/* An x2APIC sends by one write of an MSR, which does not wait for earlier stores (10.12.3). */
static void send_x2apic(u32 id, u32 command)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__asm__ volatile("lfence" : : : "memory");
	wrmsr(MSR_X2APIC + APIC_ICR_LOW / 16, (u64)id << 32 | command);
}

int apic_send(u32 id, enum apic_delivery delivery, unsigned int vector)
{
	u32 command = (u32)delivery | vector | ICR_ASSERT;
	int error;

	if (x2apic) {
		send_x2apic(id, command);
		return 0;
	}
	if (id > XAPIC_ID_LAST)
		return -EINVAL;
	error = poll_until(ipi_is_sent, NULL, SEND_TIMEOUT_NS);
	if (error)
		return error;
	apic_write(APIC_ICR_HIGH, id << 24);
	apic_write(APIC_ICR_LOW, command);
	return 0;
}
