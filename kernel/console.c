// SPDX-License-Identifier: MIT
/* The console on a 16550 UART (National Semiconductor PC16550D, section 8). */
#include "kernel/console.h"

#include "kernel/io.h"

#define COM1 0x3f8

/* Registers, as offsets from the port. */
#define UART_THR 0 /* transmit holding; divisor low when LCR_DLAB */
#define UART_IER 1 /* interrupt enable; divisor high when LCR_DLAB */
#define UART_FCR 2 /* FIFO control */
#define UART_LCR 3 /* line control */
#define UART_MCR 4 /* modem control */
#define UART_LSR 5 /* line status */
#define UART_SCR 7 /* scratch: keeps what is written */

#define UART_LCR_8N1 0x03
#define UART_LCR_DLAB 0x80
#define UART_FCR_ENABLE_CLEAR 0x07
#define UART_MCR_DTR_RTS 0x03
#define UART_LSR_THRE 0x20
#define UART_ABSENT 0xff /* an absent port reads all ones */

/* A port read takes some 0.1 to 2 us: at most 40 ms for the first byte that finds no room. */
#define READY_TRIES 20000

static bool present;
static bool stalled; /* the last byte was dropped: the next one does not wait */
static u64 dropped;

void console_init(void)
{
	outb(0x5a, COM1 + UART_SCR);
	present = inb(COM1 + UART_SCR) == 0x5a;
	outb(0, COM1 + UART_IER);
	outb(UART_LCR_DLAB, COM1 + UART_LCR);
	outb(1, COM1 + UART_THR); /* 115200 / 1 */
	outb(0, COM1 + UART_IER);
	outb(UART_LCR_8N1, COM1 + UART_LCR);
	outb(UART_FCR_ENABLE_CLEAR, COM1 + UART_FCR);
	outb(UART_MCR_DTR_RTS, COM1 + UART_MCR);
}

static bool uart_ready(void)
{
	u8 status = inb(COM1 + UART_LSR);

	return status != UART_ABSENT && (status & UART_LSR_THRE);
}

static bool wait_ready(void)
{
	unsigned int tries = stalled ? 1 : READY_TRIES;

	while (tries--) {
		if (uart_ready())
			return true;
	}
	return false;
}

static void uart_send(char c)
{
	stalled = !present || !wait_ready();
	if (stalled)
		dropped++;
	else
		outb((u8)c, COM1 + UART_THR);
}

void console_putc(char c)
{
	if (c == '\n')
		uart_send('\r');
	uart_send(c);
}

u64 console_dropped(void)
{
	return dropped;
}
