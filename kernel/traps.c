// SPDX-License-Identifier: MIT
/* The descriptor tables, and the dispatch from a vector to its handler. */
#include "kernel/traps.h"

#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/smp.h"

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

static struct gate idt[VECTORS] __attribute__((aligned(16)));

/* Code and data as in boot/entry.S, then the TSS. */
static void load_gdt(struct cpu_tables *tables)
{
	u64 base = (uintptr_t)&tables->tss, limit = sizeof(tables->tss) - 1;
	u64 *gdt = tables->gdt;

	gdt[1] = 0x00af9b000000ffff;
	gdt[2] = 0x00cf93000000ffff;
	/* Intel SDM 3A, figure 7-4: an available 64-bit TSS (type 9), present. */
	gdt[3] = limit | (base & 0xffffff) << 16 | 0x89ULL << 40 | (base >> 24 & 0xff) << 56;
	gdt[4] = base >> 32;
	__asm__ volatile("lgdt %0"
			 :
			 : "m"((struct table_register){ sizeof(tables->gdt) - 1, (uintptr_t)gdt }));
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

void traps_init_cpu(void)
{
	struct cpu *cpu = this_cpu();
	struct tss *tss = &cpu->tables.tss;

	tss->io_map = sizeof(*tss); /* none */
	for (unsigned int i = IST_DOUBLE_FAULT; i < STACKS_PER_CPU; i++)
		tss->ist[i - 1] = cpu->stacks[i].top;
	load_gdt(&cpu->tables);
	__asm__ volatile("lidt %0"
			 :
			 : "m"((struct table_register){ sizeof(idt) - 1, (uintptr_t)idt }));
	if (cpuid(1, 0).edx & CPUID_MCE) /* without it a machine check is a silent reset */
		write_cr4(read_cr4() | CR4_MCE);
}

void traps_init(void)
{
	for (unsigned int vector = 0; vector < VECTORS; vector++)
		set_gate(vector, 0);
	set_gate(VECTOR_DOUBLE_FAULT, IST_DOUBLE_FAULT);
	set_gate(VECTOR_NMI, IST_NMI);
	set_gate(VECTOR_MACHINE_CHECK, IST_MACHINE_CHECK);
	traps_init_cpu();
}

/* Handles an NMI: another CPU's panic stops this CPU with one, which critical sections cannot
 * block. */
static void do_nmi(void)
{
	static bool told;

	this_cpu()->local_irqs[LOCAL_IRQ_NMI]++;
	smp_stop_if_told();
	if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		printk("traps: a non-maskable interrupt arrived; later ones are only counted\n");
}

void trap_dispatch(struct trap_frame *frame)
{
	if (frame->vector >= VECTOR_FIRST_INTERRUPT)
		irq_dispatch((unsigned int)frame->vector);
	else if (frame->vector == VECTOR_NMI)
		do_nmi();
	else
		fault_panic(frame);
}
