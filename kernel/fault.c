// SPDX-License-Identifier: MIT
/* A panic over an exception: names the vector, the place, the address and the callers. */
#include "kernel/cpu.h"
#include "kernel/ksyms.h"
#include "kernel/memory.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/stack.h"
#include "kernel/traps.h"

/* Intel SDM 3A, table 6-1. */
static const char *const exception_names[32] = {
	[0] = "#DE divide error",	  [1] = "#DB debug",
	[3] = "#BP breakpoint",		  [4] = "#OF overflow",
	[5] = "#BR bound range exceeded", [6] = "#UD invalid opcode",
	[7] = "#NM device not available", [8] = "#DF double fault",
	[10] = "#TS invalid TSS",	  [11] = "#NP segment not present",
	[12] = "#SS stack fault",	  [13] = "#GP general protection",
	[14] = "#PF page fault",	  [16] = "#MF x87 floating point",
	[17] = "#AC alignment check",	  [18] = "#MC machine check",
	[19] = "#XM SIMD floating point", [20] = "#VE virtualization",
	[21] = "#CP control protection",
};

/* Intel SDM 3A, 4.7: the error code of a page fault. */
#define PF_PRESENT BIT_ULL(0)
#define PF_WRITE BIT_ULL(1)
#define PF_RESERVED BIT_ULL(3)
#define PF_FETCH BIT_ULL(4)

static void print_page_fault(u64 error, u64 address)
{
	const char *access = error & PF_FETCH ? "execute" : error & PF_WRITE ? "write" : "read";
	const char *reason = "not mapped";
	char text[128];

	if (error & PF_RESERVED)
		reason = "the page table entry is damaged";
	else if (error & PF_PRESENT)
		reason = error & PF_FETCH ? "not executable" : "read-only";
	describe_address(address, text, sizeof(text));
	printk("  %s at 0x%016llx: %s: %s (error code 0x%llx)\n", access, address, text, reason,
	       error);
}

/* Intel SDM 3A, 6.13: the error code of the exceptions about segments names a descriptor. */
static void print_selector_error(u64 error)
{
	static const char *const tables[] = { "GDT", "IDT", "LDT", "IDT" };

	if (error)
		printk("  error code 0x%llx: entry %llu of the %s%s\n", error, error >> 3 & 0x1fff,
		       tables[error >> 1 & 3], error & 1 ? ", caused by an external event" : "");
	else
		printk("  error code 0x0: non-canonical address or forbidden operation\n");
}

/* Prints the suspects: the CPU does not report which address it rejected, so a register without a
 * valid one is printed. */
static void print_suspect_registers(const struct trap_frame *frame)
{
	static const char *const names[] = { "r15", "r14", "r13", "r12", "r11", "r10", "r9", "r8",
					     "rbp", "rdi", "rsi", "rdx", "rcx", "rbx", "rax" };
	const u64 *registers = &frame->r15; /* in the order of struct trap_frame */

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (registers[i] - FREED_PATTERN + PAGE_SIZE < 2 * PAGE_SIZE)
			printk("  %s holds the pattern that kfree writes: use after free?\n",
			       names[i]);
		else if (!is_canonical(registers[i]))
			printk("  %s is not a canonical address\n", names[i]);
	}
}

/* Prints the machine check banks (Intel SDM 3B, 15.3). */
static void print_machine_check(void)
{
	unsigned int bank, banks = rdmsr(0x179) & 0xff; /* IA32_MCG_CAP */
	u64 status;

	for (bank = 0; bank < min(banks, 32u); bank++) {
		status = rdmsr(0x401 + 4 * bank); /* IA32_MCi_STATUS */
		if (status >> 63)
			printk("  bank %u: status 0x%016llx\n", bank, status);
	}
}

/* Prints the overflowed stack. A double fault follows an exception whose frame could not be
 * pushed. */
static void print_lost_stack(const struct trap_frame *frame, u64 cr2)
{
	if (stack_find_guard(cr2))
		print_page_fault(PF_WRITE, cr2);
	else if (!stack_find(frame->rsp - 8, 8))
		printk("  the stack pointer 0x%016llx is not in any stack\n", frame->rsp);
}

static void print_fault_cause(const struct trap_frame *frame, u64 cr2)
{
	switch (frame->vector) {
	case 8:
		print_lost_stack(frame, cr2);
		break;
	case 10:
	case 11:
	case 12:
	case 13:
		print_selector_error(frame->error);
		if (!frame->error)
			print_suspect_registers(frame);
		break;
	case 14:
		print_page_fault(frame->error, cr2);
		break;
	case 18:
		print_machine_check();
		break;
	}
}

static void print_headline(const struct trap_frame *frame, u64 cr2)
{
	const struct kernel_stack *stack = stack_find_guard(cr2);
	const char *name = exception_names[frame->vector % 32];
	struct ksym symbol;

	if (name)
		printk("panic: %s", name);
	else
		printk("panic: exception %llu", frame->vector);
	if (frame->vector == VECTOR_DOUBLE_FAULT && stack)
		printk(": overflow of the %s stack", stack->name);
	printk(" at 0x%016llx", frame->rip);
	if (ksyms_lookup(frame->rip, &symbol))
		printk(" %s+0x%llx/0x%llx", symbol.name, symbol.offset, symbol.size);
	printk("\n");
}

static void print_registers(const struct trap_frame *f, u64 cr2)
{
	printk("  rax %016llx rbx %016llx rcx %016llx rdx %016llx\n", f->rax, f->rbx, f->rcx,
	       f->rdx);
	printk("  rsi %016llx rdi %016llx rbp %016llx rsp %016llx\n", f->rsi, f->rdi, f->rbp,
	       f->rsp);
	printk("  r8  %016llx r9  %016llx r10 %016llx r11 %016llx\n", f->r8, f->r9, f->r10, f->r11);
	printk("  r12 %016llx r13 %016llx r14 %016llx r15 %016llx\n", f->r12, f->r13, f->r14,
	       f->r15);
	printk("  rip %016llx rflags %08llx cr2 %016llx cr3 %016llx\n", f->rip, f->rflags, cr2,
	       read_cr3());
}

void fault_panic(const struct trap_frame *frame)
{
	u64 cr2 = read_cr2(); /* before anything else can fault */

	panic_begin(frame->rip);
	print_headline(frame, cr2);
	print_fault_cause(frame, cr2);
	panic_print_steps();
	print_registers(frame, cr2);
	dump_stack_of_trap(frame);
	panic_end();
}
