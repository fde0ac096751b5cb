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

void dump_address(u64 address, bool is_return)
{
	u64 back = is_return; /* the call may be the last instruction of its function */
	struct ksym symbol;

	if (ksyms_lookup(address - back, &symbol))
		printk("  [<%016llx>] %s+0x%llx/0x%llx\n", address, symbol.name,
		       symbol.offset + back, symbol.size);
	else
		printk("  [<%016llx>] ?\n", address);
}

/* The caller's frame, or NULL where the chain leaves `stack`: frames only ever lie higher up. */
static const u64 *next_frame(const u64 *frame, const struct kernel_stack *stack)
{
	const u64 *next = (const u64 *)(uintptr_t)frame[0];

	if (next <= frame || !IS_ALIGNED(frame[0], 8) || stack_find(frame[0], 16) != stack)
		return NULL;
	return next;
}

static void print_repeated(unsigned int times)
{
	if (times)
		printk("  the last line %u times more\n", times);
}

void dump_stack_from(u64 instruction, const u64 *frame_pointer)
{
	const struct kernel_stack *stack = stack_find((uintptr_t)frame_pointer, 16);
	const u64 *frame = stack && IS_ALIGNED((uintptr_t)frame_pointer, 8) ? frame_pointer : NULL;
	unsigned int printed = 0, repeated = 0;
	u64 last = 0;

	if (instruction)
		dump_address(instruction, false);
	/* A frame is the caller's frame pointer, and behind it the return address. */
	for (; frame && printed < BACKTRACE_MAX; frame = next_frame(frame, stack)) {
		if (frame[1] == last) {
			repeated++;
			continue;
		}
		print_repeated(repeated);
		repeated = 0;
		last = frame[1];
		dump_address(last, true);
		printed++;
	}
	print_repeated(repeated);
	if (frame)
		printk("  and so on\n");
}

void panic_begin(void)
{
	local_irq_disable();
	panic_depth++;
	if (panic_depth <= 2)
		printk_end_line();
	if (panic_depth == 2) {
		printk("panic: again, while in a panic; leaving\n");
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
