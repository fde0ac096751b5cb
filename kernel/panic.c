// SPDX-License-Identifier: MIT
/* panic and the backtrace. Everything here also runs when much else is broken. */
#include "kernel/panic.h"

#include "kernel/exit.h"
#include "kernel/irq.h"
#include "kernel/ksyms.h"
#include "kernel/printk.h"
#include "kernel/stack.h"

#define BACKTRACE_MAX 24

static unsigned int panic_depth;

/* `back` is 1 for a return address, whose call may be the last instruction of its function. */
static void print_caller(u64 address, u64 back)
{
	struct ksym symbol;

	if (ksyms_lookup(address - back, &symbol))
		printk("  [<%016llx>] %s+0x%llx/0x%llx\n", address, symbol.name,
		       symbol.offset + back, symbol.size);
	else
		printk("  [<%016llx>] ?\n", address);
}

void dump_stack_from(u64 instruction, const u64 *frame_pointer)
{
	const struct kernel_stack *stack = stack_find((uintptr_t)frame_pointer, 16);
	unsigned int count = 0;
	const u64 *next;

	if (instruction)
		print_caller(instruction, 0);
	/* A frame is the caller's frame pointer and the return address; it lies above the last. */
	while (stack && IS_ALIGNED((uintptr_t)frame_pointer, 8) &&
	       stack_find((uintptr_t)frame_pointer, 16) == stack) {
		if (count++ == BACKTRACE_MAX) {
			printk("  ...\n");
			return;
		}
		print_caller(frame_pointer[1], 1);
		next = (const u64 *)(uintptr_t)frame_pointer[0];
		if (next <= frame_pointer)
			return;
		frame_pointer = next;
	}
}

void panic_begin(void)
{
	local_irq_disable();
	panic_depth++;
	if (panic_depth == 2) {
		printk("\npanic: again, while in a panic; leaving\n");
		machine_exit(EXIT_PANIC);
	}
	if (panic_depth > 2) /* printing or leaving is what fails */
		machine_exit_quietly(EXIT_PANIC);
}

void panic_end(void)
{
	machine_exit(EXIT_PANIC);
}

void panic(const char *format, ...)
{
	va_list arguments;

	panic_begin();
	printk("panic: ");
	va_start(arguments, format);
	vprintk(format, arguments);
	va_end(arguments);
	printk("\n");
	dump_stack_from(0, __builtin_frame_address(0));
	panic_end();
}
