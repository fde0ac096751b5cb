/* SPDX-License-Identifier: MIT */
/* The serial port COM1, a 16550 at 0x3f8: output only, polled, in any interrupt state. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include "kernel/types.h"

/* Sets 115200 baud, 8N1; without a serial port all output is dropped and counted. */
void console_init(void);

/* Sends one byte, "\n" as "\r\n". Waits for a bounded time, then drops the byte and counts it. */
void console_putc(char c);

/* Bytes dropped since boot because the port is missing or was not ready in time. */
u64 console_dropped(void);

#endif
