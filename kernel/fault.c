// SPDX-License-Identifier: MIT
/* A panic over an exception: names the vector, the place, the address and the callers. */
#include "kernel/cpu.h"
#include "kernel/image.h"
#include "kernel/ksyms.h"
#include "kernel/memmap.h"
#include "kernel/memory.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/stack.h"
#include "kernel/traps.h"

linker_table_bounds(describer, address_describer_t, describers_start, describers_end);

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

static bool within(u64 address, const char *start, const char *end)
{
	return address >= (uintptr_t)start && address < (uintptr_t)end;
}

static bool ask_describers(u64 address, char *text, size_t size)
{
	const address_describer_t *describer = describers_start;

	__asm__("" : "+r"(describer)); /* the table is larger than the compiler thinks */
	for (; describer < describers_end; describer++) {
		if ((*describer)(address, text, size))
			return true;
	}
	return false;
}

static const char *describe_memory(u64 address)
{
	if (address < PAGE_SIZE)
		return "the null page";
	if (address < LOW_MEMORY_END)
		return "low memory";
	if (within(address, image_start, text_end))
		return "kernel code";
	if (within(address, rodata_start, rodata_end))
		return "kernel constants";
	if (within(address, data_start, image_end))
		return "kernel data";
	if (memory_is_ram(address, 1))
		return "RAM";
	if (paging_lookup(address) == MAPPED_DEVICE)
		return "device registers";
	return address < memmap_physical_limit() ? "neither RAM nor a mapped device"
						 : "beyond what this CPU can address";
}

static void print_address(u64 address)
{
	const struct kernel_stack *stack = stack_find_guard(address);
	char text[80];

	if (stack)
		printk("the guard page of the %s stack", stack->name);
	else if (ask_describers(address, text, sizeof(text)))
		printk("%s, %s", describe_memory(address), text);
	else
		printk("%s", describe_memory(address));
}

/* Intel SDM 3A, 4.7: the error code of a page fault. */
#define PF_PRESENT BIT_ULL(0)
#define PF_WRITE BIT_ULL(1)
#define PF_RESERVED BIT_ULL(3)
#define PF_FETCH BIT_ULL(4)

static void print_page_fault(u64 error, u64 address)
{
	const char *access = error & PF_FETCH ? "execute" : error & PF_WRITE ? "write" : "read";
	const char *reason = "not mapped";

	if (error & PF_RESERVED)
		reason = "the page table entry is damaged";
	else if (error & PF_PRESENT)
		reason = error & PF_FETCH ? "not executable" : "read-only";
	printk("  %s at 0x%016llx: ", access, address);
	print_address(address);
	printk(": %s (error code 0x%llx)\n", reason, error);
}

/* Intel SDM 3A, 6.13: the error code of the exceptions about segments names a descriptor. */
static void print_selector_error(u64 error)
{
	static const char *const tables[] = { "GDT", "IDT", "LDT", "IDT" };

	if (error)
		printk("  error code 0x%llx: entry %llu of the %s%s\n", error, error >> 3 & 0x1fff,
		       tables[error >> 1 & 3], error & 1 ? ", from outside the program" : "");
	else
		printk("  error code 0x0: no segment; a non-canonical address or a forbidden "
		       "operation\n");
}

/* Intel SDM 3B, 15.3: the banks that say what happened. */
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

static void print_cause(const struct trap_frame *frame, u64 cr2)
{
	switch (frame->vector) {
	case 8:
		if (stack_find_guard(cr2))
			print_page_fault(PF_WRITE, cr2);
		break;
	case 10:
	case 11:
	case 12:
	case 13:
		print_selector_error(frame->error);
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

#define OPCODE_PUSH_RBP 0x55

/*
 * The caller that the chain of frames does not show, or 0: the return address is on top of the
 * stack after a call to nowhere, and in a function that makes no frame or has not made it yet.
 */
static u64 find_frameless_caller(const struct trap_frame *frame)
{
	struct ksym symbol;
	u64 top;

	if (!IS_ALIGNED(frame->rsp, 8) || !stack_find(frame->rsp, 8))
		return 0;
	if (ksyms_lookup(frame->rip, &symbol) && symbol.offset &&
	    *(const u8 *)(uintptr_t)(frame->rip - symbol.offset) == OPCODE_PUSH_RBP)
		return 0;
	top = *(const u64 *)(uintptr_t)frame->rsp;
	return ksyms_lookup(top, &symbol) ? top : 0;
}

void fault_panic(const struct trap_frame *frame)
{
	u64 cr2 = read_cr2(); /* before anything else can fault */
	u64 caller;

	panic_begin();
	print_headline(frame, cr2);
	print_cause(frame, cr2);
	print_registers(frame, cr2);
	dump_address(frame->rip, false);
	caller = find_frameless_caller(frame);
	if (caller)
		dump_address(caller, true);
	dump_stack_from(0, (const u64 *)(uintptr_t)frame->rbp);
	panic_end();
}
