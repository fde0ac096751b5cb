/* SPDX-License-Identifier: MIT */
/*
 * The serial port COM1, a 16550 at 0x3f8. Output is polled, in any interrupt state. Input is taken
 * by its interrupt where an I/O APIC has the wire, else looked for; only once somebody reads.
 */
#ifndef KERNEL_UART_H
#define KERNEL_UART_H

#include "kernel/types.h"

/* Sets 115200 baud, 8N1; without a serial port all output is dropped and counted. */
void uart_init(void);

/* Sends one byte, "\n" as "\r\n". Waits for a bounded time, then drops the byte and counts it. */
void uart_putc(char c);

/* Bytes dropped since boot because the port is missing or was not ready in time. */
u64 uart_dropped(void);

/*
 * Takes what has come in, 1 to `size` bytes: how many, or -ETIMEDOUT when none came in time, or
 * -ENODEV without a port. Between bytes the CPU halts. What nobody reads stays: 1 KiB here, the
 * rest in the port and with the sender. Called with interrupts on, by one reader at a time.
 */
int uart_read(char *buffer, size_t size, u64 timeout_ns);

#endif
