// SPDX-License-Identifier: MIT
/* Leaving the machine. */
#include "kernel/exit.h"

#include "kernel/acpi.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/io.h"
#include "kernel/irq.h"
#include "kernel/printk.h"
#include "kernel/smp.h"

#define DEBUG_EXIT_PORT 0xf4

/* Newer QEMU ends soon after the write rather than in it; each read is at least 0.1 us. */
#define DEBUG_EXIT_PATIENCE 200000

static void debug_exit(enum machine_exit status)
{
	unsigned int i;

	outl(status, DEBUG_EXIT_PORT);
	for (i = 0; i < DEBUG_EXIT_PATIENCE; i++)
		inb(DEBUG_EXIT_PORT);
}

void machine_exit_quietly(enum machine_exit status)
{
	local_irq_disable();
	smp_stop_others();
	debug_exit(status);
	acpi_power_off();
	for (;;)
		cpu_halt();
}

void machine_exit(enum machine_exit status)
{
	if (console_dropped())
		printk("console: %llu bytes dropped\n", console_dropped());
	machine_exit_quietly(status);
}

void machine_stop(const char *format, ...)
{
	va_list arguments;

	printk("Doorbell: stop: ");
	va_start(arguments, format);
	vprintk(format, arguments);
	va_end(arguments);
	printk("\n");
	machine_exit(EXIT_STOP);
}
