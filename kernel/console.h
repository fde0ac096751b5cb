/* SPDX-License-Identifier: MIT */
/*
 * The console: where lines go, and where a person's input comes from. It is the serial port,
 * unless the option kernel.console= names another one (as Linux's console= does): hvc0 is the first
 * port of a virtio console. Then:
 *
 *   - what is printed before hvc0 is up goes to the serial port, and to hvc0 again once it is up;
 *   - what is printed after that goes to hvc0 only, or what hvc0 does not take within a tenth of a
 *     second to the serial port;
 *   - a panic's lines go to the serial port, and to hvc0 by an emergency write where it has one.
 *
 * printk writes here; apps that talk with a person use console_read and console_write.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include "kernel/list.h"
#include "kernel/types.h"

/* A console beside the serial port; its driver's memory, filled in before console_register. */
struct console {
	const char *name; /* "hvc0" */
	/* Sends all of it, in any interrupt state, waiting for a bounded time; how many bytes went.
	 * What it prints itself goes to the serial port. */
	size_t (*write)(struct console *console, const char *text, size_t length);
	/* As console_read. */
	int (*read)(struct console *console, char *buffer, size_t size, u64 timeout_ns);
	/* One byte, without queues, for a panic; optional. */
	void (*emergency)(struct console *console, char c);
	struct list_head node; /* the kernel's */
};

/* A console is there, and is used if the command line names it; or is no longer there, and the
 * serial port serves again. Outside interrupts. */
void console_register(struct console *console);
void console_unregister(struct console *console);

/* Whether the command line names a console that is not there; and that, said in a line. */
bool console_is_missing(void);
void console_check(void);

/* Sends one byte; a line goes out whole, or with console_flush. In any interrupt state. */
void console_putc(char c);
void console_flush(void);

/* Sends text as it is, without time stamps; it is not kept for console_log. */
void console_write(const char *text, size_t length);

/*
 * Takes what a person has typed, 1 to `size` bytes: how many; -ETIMEDOUT when nothing came in time,
 * or another console serves now; -ENODEV when there is nowhere to read from. Called with interrupts
 * on, by one reader at a time.
 */
int console_read(char *buffer, size_t size, u64 timeout_ns);

/* From now on everything goes to the serial port: called by a panic. */
void console_emergency(void);

/* Where output goes now: "ttyS0", "hvc0". */
const char *console_name(void);

/* Calls `take` for each byte that was printed, from the `from`-th since boot on, as far as they are
 * kept: the last 32 KiB. */
void console_log(u64 from, void (*take)(char c));

#endif
