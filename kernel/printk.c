// SPDX-License-Identifier: MIT
/*
 * printk: formatted lines with a time stamp. Interrupts are off while a call prints, so a handler
 * on this CPU cannot tear a line; with more CPUs a lock belongs here.
 */
#include "kernel/printk.h"

#include "kernel/console.h"
#include "kernel/format.h"
#include "kernel/irq.h"
#include "kernel/time.h"

static bool line_open;
static bool stamps_off;

static void print_time_stamp(void)
{
	u64 usec = ktime_get_ns() / NSEC_PER_USEC;
	char stamp[40];
	const char *c = stamp;

	snprintf(stamp, sizeof(stamp), "[%5llu.%06llu] ", usec / 1000000, usec % 1000000);
	while (*c)
		console_putc(*c++);
}

static void put_to_console(void *context, char c)
{
	(void)context;
	if (!line_open && !stamps_off)
		print_time_stamp();
	line_open = c != '\n';
	console_putc(c);
}

int vprintk(const char *format, va_list arguments)
{
	u64 flags = local_irq_save();
	int length = format_text(put_to_console, NULL, format, arguments);

	console_flush();
	local_irq_restore(flags);
	return length;
}

int printk(const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vprintk(format, arguments);
	va_end(arguments);
	return length;
}

void printk_time(bool on)
{
	stamps_off = !on;
}

void printk_end_line(void)
{
	if (line_open)
		printk("\n");
}
