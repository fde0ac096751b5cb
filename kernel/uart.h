/* SPDX-License-Identifier: MIT */
/*
 * The serial port COM1, a 16550 at 0x3f8. Output is polled, in any interrupt state. Input comes by
 * interrupt if an I/O APIC has the wire, else by polling; both start with the first read.
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
 * Reads 1 to `size` received bytes and returns their number, -ETIMEDOUT if none came in time, or
 * -ENODEV without a port. The CPU halts between bytes. Unread bytes stay: 1 KiB here, the rest in
 * the port and with the sender. Call with interrupts on, one reader at a time.
 */
int uart_read(char *buffer, size_t size, u64 timeout_ns);

#endif
