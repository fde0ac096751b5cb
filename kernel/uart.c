// SPDX-License-Identifier: MIT
/* A 16550 UART (National Semiconductor PC16550D, section 8). */
#include "kernel/uart.h"

#include <linux/errno.h>

#include "kernel/io.h"
#include "kernel/ioapic.h"
#include "kernel/irq.h"
#include "kernel/printk.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"

#define COM1 0x3f8
#define COM1_IRQ 4 /* of the old interrupt controllers */

/* Registers, as offsets from the port. */
#define UART_RBR 0 /* received byte, when read */
#define UART_THR 0 /* transmit holding, when written; divisor low when LCR_DLAB */
#define UART_IER 1 /* interrupt enable; divisor high when LCR_DLAB */
#define UART_FCR 2 /* FIFO control */
#define UART_LCR 3 /* line control */
#define UART_MCR 4 /* modem control */
#define UART_LSR 5 /* line status */
#define UART_SCR 7 /* scratch: keeps what is written */

#define UART_IER_RECEIVED 0x01
#define UART_LCR_8N1 0x03
#define UART_LCR_DLAB 0x80
#define UART_FCR_ENABLE_CLEAR 0x07
#define UART_MCR_DTR_RTS 0x03
#define UART_MCR_OUT2 0x08 /* lets the interrupt out of the port, on PCs */
#define UART_LSR_DATA 0x01
#define UART_LSR_THRE 0x20
#define UART_ABSENT 0xff /* an absent port reads all ones */

/* A port read takes some 0.1 to 2 us. The first byte that finds no room waits at most 40 ms. */
#define READY_TRIES 20000

#define INPUT_BYTES 1024
/* Intervals for reading the port: without an interrupt, and with one, in case one is lost. */
#define LOOK_NS (5 * NSEC_PER_MSEC)
#define LOST_NS (100 * NSEC_PER_MSEC)

static bool present;
static bool stalled; /* the last byte was dropped: do not wait for the next */
static u64 dropped;

/* The received bytes: the interrupt adds them, the reader takes them. */
static struct {
	spinlock_t lock;
	char bytes[INPUT_BYTES];
	unsigned int first, count;
	bool started; /* an app reads */
	bool interrupts;
} input;

void uart_init(void)
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

/* ---- output ---------------------------------------------------------------------------------- */

static bool status_has(u8 bit)
{
	u8 status = inb(COM1 + UART_LSR);

	return status != UART_ABSENT && status & bit;
}

static bool uart_wait_ready(void)
{
	unsigned int tries = stalled ? 1 : READY_TRIES;

	while (tries--)
		if (status_has(UART_LSR_THRE))
			return true;
	return false;
}

static void uart_send(char c)
{
	stalled = !present || !uart_wait_ready();
	if (stalled)
		dropped++;
	else
		outb((u8)c, COM1 + UART_THR);
}

void uart_putc(char c)
{
	if (c == '\n')
		uart_send('\r');
	uart_send(c);
}

u64 uart_dropped(void)
{
	return dropped;
}

/* ---- input ----------------------------------------------------------------------------------- */

static struct wait_queue readers;

/* Empties the port as far as there is room. A byte that stays in it keeps the wire high, and the
 * wire is edge-triggered. So with a full buffer the port's interrupt is off until there is room
 * again. */
static void uart_take_in(void)
{
	u64 flags = spin_lock_irqsave(&input.lock);

	while (input.count < INPUT_BYTES && status_has(UART_LSR_DATA)) {
		input.bytes[(input.first + input.count) % INPUT_BYTES] = (char)inb(COM1 + UART_RBR);
		input.count++;
	}
	if (input.interrupts)
		outb(input.count < INPUT_BYTES ? UART_IER_RECEIVED : 0, COM1 + UART_IER);
	spin_unlock_irqrestore(&input.lock, flags);
}

static void uart_interrupt(void *context)
{
	(void)context;
	uart_take_in();
	wake_up(&readers);
}

/* Requests the interrupt; without one, the reader polls the port. */
static void uart_start(void)
{
	struct gsi gsi = ioapic_isa_gsi(COM1_IRQ);
	int vector = request_irq(uart_interrupt, NULL, "ttyS0");

	input.started = true;
	if (vector < 0)
		return;
	if (ioapic_route(&gsi, (unsigned int)vector)) {
		free_irq(vector);
		return;
	}
	ioapic_set_masked(gsi.number, false);
	outb(UART_MCR_DTR_RTS | UART_MCR_OUT2, COM1 + UART_MCR);
	input.interrupts = true;
}

static bool uart_input_is_there(void *context)
{
	(void)context;
	uart_take_in();
	return input.count;
}

static int uart_give_out(char *buffer, size_t size)
{
	u64 flags = spin_lock_irqsave(&input.lock);
	unsigned int length = 0;

	while (length < size && input.count) {
		buffer[length++] = input.bytes[input.first];
		input.first = (input.first + 1) % INPUT_BYTES;
		input.count--;
	}
	spin_unlock_irqrestore(&input.lock, flags);
	return (int)length;
}

int uart_read(char *buffer, size_t size, u64 timeout_ns)
{
	u64 begun = ktime_get_ns(), passed = 0;
	int error;

	if (!present)
		return -ENODEV;
	if (!input.started)
		uart_start();
	do {
		error = wait_event(&readers, uart_input_is_there, NULL,
				   min(timeout_ns - passed, input.interrupts ? LOST_NS : LOOK_NS));
		passed = ktime_get_ns() - begun;
	} while (error && passed < timeout_ns);
	return error ? error : uart_give_out(buffer, size);
}
