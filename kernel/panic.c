// SPDX-License-Identifier: MIT
/* panic: its frame, and what was going on. All of this also has to run when much else is broken. */
#include "kernel/panic.h"

#include "kernel/console.h"
#include "kernel/exit.h"
#include "kernel/irq.h"
#include "kernel/ksyms.h"
#include "kernel/paging.h"
#include "kernel/printk.h"
#include "kernel/smp.h"
#include "kernel/step.h"

static unsigned int panic_depth;

#define STEPS_MAX 8

/* True if the text of a step can be read: its stack may have been overwritten. */
static bool is_readable(const void *pointer)
{
	return paging_lookup((uintptr_t)pointer) == MAPPED_CACHED;
}

static void print_text(const char *before, const char *text)
{
	if (is_readable(text))
		printk("%s%.40s", before, text);
}

void panic_print_steps(void)
{
	const struct step *step = step_current();

	if (num_online_cpus() > 1)
		printk("  on CPU %u of %u\n", smp_processor_id(), num_online_cpus());
	for (unsigned int i = 0; i < STEPS_MAX && is_readable(step); i++, step = step->outer) {
		printk(i ? "  within:" : "  while:");
		print_text(" ", step->device);
		print_text(" ", step->what);
		print_text(" by ", step->driver);
		print_text(", last step: ", step->detail);
		printk("\n");
	}
}

bool panic_in_progress(void)
{
	return panic_depth > 0;
}

/* Begins a panic. The first one continues, a second one prints one line, a third prints nothing. */
void panic_begin(u64 place)
{
	struct ksym symbol;

	local_irq_disable();
	printk_seize_lock();
	smp_stop_others(); /* of CPUs that panic at once, one goes on */
	printk_bust_lock();
	console_emergency();
	panic_depth++;
	if (panic_depth <= 2)
		printk_end_line();
	if (panic_depth == 2) {
		printk("panic: again, while in a panic, at 0x%llx", place);
		if (ksyms_lookup(place, &symbol))
			printk(" %s+0x%llx/0x%llx", symbol.name, symbol.offset, symbol.size);
		printk("; leaving\n");
		machine_exit(EXIT_PANIC);
	}
	if (panic_depth > 2) /* printing or leaving fails itself */
		machine_exit_quietly(EXIT_PANIC);
}

void panic_end(void)
{
	machine_exit(EXIT_PANIC);
}

void panic(const char *format, ...)
{
	va_list arguments;

	panic_begin((uintptr_t)__builtin_return_address(0) - 1);
	printk("panic: ");
	va_start(arguments, format);
	vprintk(format, arguments);
	va_end(arguments);
	printk("\n");
	panic_print_steps();
	dump_stack_from(__builtin_frame_address(0));
	panic_end();
}
