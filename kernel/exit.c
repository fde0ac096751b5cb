// SPDX-License-Identifier: MIT
/* Leaving the machine. */
#include "kernel/exit.h"

#include "kernel/acpi/acpi.h"
#include "kernel/cpu.h"
#include "kernel/io.h"
#include "kernel/irq.h"
#include "kernel/printk.h"
#include "kernel/smp.h"
#include "kernel/uart.h"

#define DEBUG_EXIT_PORT 0xf4

/* Newer QEMU exits soon after the write rather than during it; each read takes at least 0.1 us. */
#define DEBUG_EXIT_PATIENCE 200000

static void debug_exit(enum machine_exit status)
{
	outl(status, DEBUG_EXIT_PORT);
	for (unsigned int i = 0; i < DEBUG_EXIT_PATIENCE; i++)
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
	if (uart_dropped())
		printk("console: %llu bytes dropped\n", uart_dropped());
	machine_exit_quietly(status);
}

/* Intel 82371SB (PIIX3), 4.1.3: writing 6 is a hard reset. All PCs have had it since. */
#define RESET_PORT 0xcf9
#define RESET_HARD 0x06
#define KEYBOARD_PORT 0x64
#define KEYBOARD_RESET 0xfe

void machine_reboot(void)
{
	const struct {
		u16 limit;
		u64 base;
	} __packed no_idt = {};

	local_irq_disable();
	outb(RESET_HARD, RESET_PORT);
	outb(KEYBOARD_RESET, KEYBOARD_PORT);
	__asm__ volatile("lidt %0; int3" : : "m"(no_idt));
	for (;;)
		cpu_halt();
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
