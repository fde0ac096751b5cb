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

/* A console other than the serial port. The memory is its driver's, which fills it in before
 * console_register. */
struct console {
	const char *name; /* "hvc0" */
	/* Sends the text, in any interrupt state, waiting for a bounded time; returns how many
	 * bytes it sent. Messages printed meanwhile go to the serial port. */
	size_t (*write)(struct console *console, const char *text, size_t length);
	/* As console_read. */
	int (*read)(struct console *console, char *buffer, size_t size, u64 timeout_ns);
	/* One byte, without queues, for a panic; optional. */
	void (*emergency)(struct console *console, char c);
	struct list_head node; /* the kernel's */
};

/* console_register adds a console, which is used if the command line names it. console_unregister
 * removes it, and the serial port is used again. Call outside interrupts. */
void console_register(struct console *console);
void console_unregister(struct console *console);

/* console_is_missing tells whether the command line names a console that does not exist;
 * console_check prints it. */
bool console_is_missing(void);
void console_check(void);

/* Sends one byte; a line goes out whole, or with console_flush. In any interrupt state. */
void console_putc(char c);
void console_flush(void);

/* Sends text as it is, without time stamps; it is not kept for console_log. */
void console_write(const char *text, size_t length);

/*
 * Reads 1 to `size` typed bytes and returns their number; -ETIMEDOUT if none came in time, or if
 * another console is used now; -ENODEV without an input. Call with interrupts on, one reader at a
 * time.
 */
int console_read(char *buffer, size_t size, u64 timeout_ns);

/* Sends all output to the serial port from now on; called by a panic. */
void console_emergency(void);

/* Returns the console in use: "ttyS0", "hvc0". */
const char *console_name(void);

/* Calls `take` for each byte that was printed, from the `from`-th since boot on, as far as they are
 * kept: the last 32 KiB. */
void console_log(u64 from, void (*take)(char c));

#endif
