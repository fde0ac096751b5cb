// SPDX-License-Identifier: MIT
/* Crashes by an instruction, and ends that the kernel cannot report itself. */
#include "tests/guests/crash/crash.h"
#include "kernel/cpu.h"
#include "kernel/io.h"
#include "kernel/irq.h"
#include "kernel/printk.h"
#include "kernel/time.h"

static void invalid_opcode(void)
{
	__asm__ volatile("ud2");
}
CRASH_KIND(invalid_opcode, "ud");

static void divide_by_zero(void)
{
	__asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
}
CRASH_KIND(divide_by_zero, "de");

/* A segment beyond the end of the table. */
static void general_protection(void)
{
	__asm__ volatile("movw %w0, %%fs" : : "r"(0xff0));
}
CRASH_KIND(general_protection, "gp");

static void breakpoint(void)
{
	__asm__ volatile("int3");
}
CRASH_KIND(breakpoint, "int3");

/* ---- in a handler --------------------------------------------------------------------------- */

static void touch_null(void *context)
{
	read_word((uintptr_t)context);
}

/* `int` wants a constant, so vectors are taken until it is this one. */
static void crash_in_handler(void)
{
	int vector;

	do
		vector = request_irq(touch_null, NULL, "crash");
	while (vector > 0 && vector < 0x80);
	if (vector == 0x80)
		__asm__ volatile("int $0x80");
}
CRASH_KIND(crash_in_handler, "interrupt");

static bool never(void *context)
{
	(void)context;
	return false;
}

/* For what comes from outside: a non-maskable interrupt, a machine check. */
static void wait_a_while(void)
{
	printk("crash: waiting\n");
	wait_until(never, NULL, 3 * NSEC_PER_SEC);
}
CRASH_KIND(wait_a_while, "wait");

/* ---- without a panic ------------------------------------------------------------------------ */

/* No table, no handler, no handler for that: the CPU gives up, and the machine is reset. */
static void triple_fault(void)
{
	static const struct __packed {
		u16 limit;
		u64 base;
	} empty;

	printk("crash: no exception can be taken from here on\n");
	__asm__ volatile("lidt %0; ud2" : : "m"(empty));
}
CRASH_KIND(triple_fault, "triple-fault");

/* Pulses the reset line by the keyboard controller, where there is one (a microvm has none); each
 * boot would come here again. */
static void reset_machine(void)
{
	printk("crash: resetting\n");
	outb(0xfe, 0x64);
	udelay(100000);
}
CRASH_KIND(reset_machine, "reset");

static void hang(void)
{
	local_irq_disable();
	for (;;)
		cpu_halt();
}
CRASH_KIND(hang, "hang");
