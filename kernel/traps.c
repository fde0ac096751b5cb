// SPDX-License-Identifier: MIT
/* The descriptor tables, and the way from a vector to who handles it. One CPU. */
#include "kernel/traps.h"

#include "kernel/apic.h"
#include "kernel/cpu.h"
#include "kernel/printk.h"
#include "kernel/stack.h"

#define SELECTOR_CODE 0x08 /* as in boot/entry.S */
#define SELECTOR_TSS 0x18
#define GATE_INTERRUPT 0x8e /* present, ring 0, interrupts off on entry */
#define VECTORS 256
#define VECTOR_ENTRY_SIZE 16 /* of kernel/vectors.S */

#define CR4_MCE BIT_ULL(6)
#define CPUID_MCE BIT_ULL(7)

struct table_register {
	u16 limit;
	u64 base;
} __packed;

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

/* Intel SDM 3A, figure 6-8. */
struct gate {
	u16 offset_0;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset_16;
	u32 offset_32;
	u32 reserved;
};

extern const u8 vector_entries[];

static struct tss tss;
static struct gate idt[VECTORS] __attribute__((aligned(16)));
static u64 gdt[5] __attribute__((aligned(16))) = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff };
static u64 nmis;

static void load_tss(void)
{
	u64 base = (uintptr_t)&tss, limit = sizeof(tss) - 1;
	unsigned int i;

	tss.io_map = sizeof(tss); /* none */
	for (i = IST_DOUBLE_FAULT; i <= IST_MACHINE_CHECK; i++)
		tss.ist[i - 1] = stack_get(i)->top;
	/* Intel SDM 3A, figure 7-4: an available 64-bit TSS (type 9), present. */
	gdt[3] = limit | (base & 0xffffff) << 16 | 0x89ULL << 40 | (base >> 24 & 0xff) << 56;
	gdt[4] = base >> 32;
	__asm__ volatile("lgdt %0"
			 :
			 : "m"((struct table_register){ sizeof(gdt) - 1, (uintptr_t)gdt }));
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

static void set_gate(unsigned int vector, u8 ist)
{
	u64 entry = (uintptr_t)vector_entries + vector * VECTOR_ENTRY_SIZE;

	idt[vector] = (struct gate){
		.offset_0 = (u16)entry,
		.offset_16 = (u16)(entry >> 16),
		.offset_32 = (u32)(entry >> 32),
		.selector = SELECTOR_CODE,
		.ist = ist,
		.type = GATE_INTERRUPT,
	};
}

void traps_init(void)
{
	unsigned int vector;

	load_tss();
	for (vector = 0; vector < VECTORS; vector++)
		set_gate(vector, 0);
	set_gate(VECTOR_DOUBLE_FAULT, IST_DOUBLE_FAULT);
	set_gate(VECTOR_NMI, IST_NMI);
	set_gate(VECTOR_MACHINE_CHECK, IST_MACHINE_CHECK);
	__asm__ volatile("lidt %0"
			 :
			 : "m"((struct table_register){ sizeof(idt) - 1, (uintptr_t)idt }));
	if (cpuid(1, 0).edx & CPUID_MCE) /* without it a machine check is a silent reset */
		write_cr4(read_cr4() | CR4_MCE);
}

void trap_dispatch(struct trap_frame *frame)
{
	if (frame->vector >= VECTOR_FIRST_INTERRUPT)
		irq_dispatch((unsigned int)frame->vector);
	else if (frame->vector != VECTOR_NMI)
		fault_panic(frame);
	else if (!nmis++)
		printk("traps: a non-maskable interrupt arrived; later ones are only counted\n");
}

u64 nmi_count(void)
{
	return nmis;
}
