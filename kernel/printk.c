// SPDX-License-Identifier: MIT
/*
 * printk: formatted lines with a time stamp. While a CPU prints, its interrupts are off and the
 * other CPUs wait, so no line is torn. A CPU that has the console may take it again.
 */
#include "kernel/printk.h"

#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/percpu.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"

#define SEIZE_TIMEOUT_NS (100 * NSEC_PER_MSEC)

static DEFINE_SPINLOCK(lock);
static u32 owner;  /* the CPU that prints, + 1 */
static u32 seizer; /* the CPU that panics, + 1: no other begins a line */
static u32 depth;  /* how many times it holds the lock */
static bool line_open;
static bool stamps_off;
static u32 line_owner; /* who left it open, + 1 */

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
	bool starts = !line_open;

	(void)context;
	line_open = true; /* set before the stamp: a CPU may be stopped in */
	if (starts && !stamps_off)
		print_time_stamp();
	console_putc(c);
	line_open = c != '\n';
}

/* Takes the lock. If another CPU left a line open, ends that line first. */
u64 printk_lock(void)
{
	u32 self = smp_processor_id() + 1;
	u64 flags = local_irq_save();

	/* Only this CPU writes its own number there, so no other CPU can make this test true. */
	if (READ_ONCE(owner) != self) {
		while (READ_ONCE(seizer) && READ_ONCE(seizer) != self)
			cpu_relax(); /* until the panicking CPU stops this one */
		spin_lock(&lock);
		WRITE_ONCE(owner, self);
	}
	if (line_open && line_owner != self)
		put_to_console(NULL, '\n');
	line_owner = self;
	depth++;
	return flags;
}

void printk_unlock(u64 flags)
{
	if (!--depth) {
		WRITE_ONCE(owner, 0);
		spin_unlock(&lock);
	}
	local_irq_restore(flags);
}

static bool printk_is_seized(void *context)
{
	u32 self = smp_processor_id() + 1;

	(void)context;
	if (READ_ONCE(owner) == self)
		return true; /* the code that prints here is what panics */
	if (!spin_trylock(&lock))
		return false;
	WRITE_ONCE(owner, self);
	return true;
}

void printk_seize_lock(void)
{
	WRITE_ONCE(seizer, smp_processor_id() + 1);
	poll_until(printk_is_seized, NULL, SEIZE_TIMEOUT_NS);
}

void printk_bust_lock(void)
{
	lock = (spinlock_t){ 0 };
	owner = 0;
	depth = 0;
	seizer = 0;
}

int vprintk(const char *format, va_list arguments)
{
	u64 flags = printk_lock();
	int length = format_text(put_to_console, NULL, format, arguments);

	console_flush();
	printk_unlock(flags);
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
