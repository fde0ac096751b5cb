// SPDX-License-Identifier: MIT
#include "kernel/panic.h"

#include "kernel/exit.h"
#include "kernel/printk.h"

void dump_stack_from(u64 instruction, const u64 *frame_pointer)
{
	(void)frame_pointer;
	printk("  [<%016llx>]\n", instruction);
}

void panic(const char *format, ...)
{
	va_list arguments;

	printk("panic: ");
	va_start(arguments, format);
	vprintk(format, arguments);
	va_end(arguments);
	printk("\n");
	machine_exit(EXIT_PANIC);
}
