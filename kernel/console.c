// SPDX-License-Identifier: MIT
/* Chooses the console, and keeps the last lines that were printed. See console.h. */
#include "kernel/console.h"

#include <linux/errno.h>

#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/uart.h"

#define SERIAL "ttyS0"
#define LINE_BYTES 256
#define LOG_BYTES 32768

BOOT_OPTION(console_option, "kernel.console", "ttyS0, hvc0, hvc1, ...");

static struct list_head consoles = LIST_HEAD_INIT(consoles);

/* The console in use instead of the serial port, or NULL. printk's lock protects it. */
static struct console *current;
static bool writing; /* its driver's own messages then go to the serial port */
static bool emergency;
static char line[LINE_BYTES];
static size_t line_length;

static char log_bytes[LOG_BYTES];
static u64 logged; /* bytes since boot */
static u64 shown;  /* of those, bytes that `current` has had, kept when it goes */

/* ---- output ---------------------------------------------------------------------------------- */

/* Sends to the console. Bytes that it does not accept in time go to the serial port. */
static void console_send(const char *text, size_t length)
{
	size_t sent;

	writing = true;
	sent = current->write(current, text, length);
	writing = false;
	while (sent < length)
		uart_putc(text[sent++]);
}

void console_flush(void)
{
	if (current && !writing && !emergency && line_length) {
		console_send(line, line_length);
		line_length = 0;
	}
}

static void console_put(char c)
{
	if (!current || writing || emergency) {
		uart_putc(c);
		if (emergency && current && current->emergency)
			current->emergency(current, c);
		return;
	}
	line[line_length++] = c;
	if (c == '\n' || line_length == LINE_BYTES)
		console_flush();
}

void console_putc(char c)
{
	log_bytes[logged++ % LOG_BYTES] = c;
	console_put(c);
}

void console_write(const char *text, size_t length)
{
	u64 flags = printk_lock();

	while (length--)
		console_put(*text++);
	console_flush();
	printk_unlock(flags);
}

void console_emergency(void)
{
	emergency = true;
}

void console_log(u64 from, void (*take)(char c))
{
	u64 end = logged;

	for (u64 i = max(from, end > LOG_BYTES ? end - LOG_BYTES : 0); i < end; i++)
		take(log_bytes[i % LOG_BYTES]);
}

/* ---- which one ------------------------------------------------------------------------------- */

const char *console_name(void)
{
	return current ? current->name : SERIAL;
}

void console_register(struct console *console)
{
	u64 flags;

	list_add_tail(&console->node, &consoles);
	if (current || !console_option.value || strcmp(console_option.value, console->name))
		return;
	flags = printk_lock();
	printk("console: output continues on %s\n", console->name);
	current = console;
	console_log(shown, console_put);
	console_flush();
	printk_unlock(flags);
}

void console_unregister(struct console *console)
{
	u64 flags;

	list_del_init(&console->node);
	if (console != current)
		return;
	flags = printk_lock();
	current = NULL;
	line_length = 0;
	shown = logged;
	printk("console: %s was removed; output continues on " SERIAL "\n", console->name);
	printk_unlock(flags);
}

bool console_is_missing(void)
{
	return console_option.value && strcmp(console_option.value, console_name());
}

void console_check(void)
{
	if (console_is_missing())
		printk("console: E21 kernel.console=%s: no such console; still using %s\n",
		       console_option.value, console_name());
}

/* ---- input ----------------------------------------------------------------------------------- */

int console_read(char *buffer, size_t size, u64 timeout_ns)
{
	struct console *console = current;
	int count;

	if (!console || !console->read)
		return uart_read(buffer, size, timeout_ns);
	count = console->read(console, buffer, size, timeout_ns);
	/* It was removed meanwhile: the next call reads from the present console. */
	return count < 0 && current != console ? -ETIMEDOUT : count;
}
