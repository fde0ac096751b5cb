// SPDX-License-Identifier: MIT
/* Crashes with several CPUs (SMP=2 or more): on another, on all at once, while others print. */
#include "tests/guests/crash/crash.h"
#include "kernel/cpu.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/smp.h"
#include "kernel/time.h"

#define PATIENCE_NS (10 * NSEC_PER_SEC)

static void run_and_wait(cpu_function_t function)
{
	unsigned int cpu = crash_argument ? (unsigned int)crash_argument : 1;

	if (!run_on_cpu(cpu, function, NULL))
		run_wait(cpu, PATIENCE_NS);
}

static void touch_null(void *context)
{
	read_word((uintptr_t)context);
}

static void crash_on_cpu(void)
{
	run_and_wait(touch_null);
}
CRASH_KIND(crash_on_cpu, "cpu");

static void recurse_for_ever(void *context)
{
	volatile u64 here[8] = { (uintptr_t)context };

	if (!hide(NULL)) /* hidden, so that the compiler accepts there is no end */
		recurse_for_ever(hide(&here[0]));
	hide(&here[1]);
}

static void overflow_on_cpu(void)
{
	run_and_wait(recurse_for_ever);
}
CRASH_KIND(overflow_on_cpu, "cpu-stack");

/* ---- all at once ---------------------------------------------------------------------------- */

static u32 ready;

static bool all_ready(void *context)
{
	(void)context;
	return __atomic_load_n(&ready, __ATOMIC_ACQUIRE) == num_online_cpus();
}

static void panic_together(void *context)
{
	(void)context;
	__atomic_add_fetch(&ready, 1, __ATOMIC_RELEASE);
	poll_until(all_ready, NULL, PATIENCE_NS);
	panic("all at once, and this one was the first");
}

static void crash_all_cpus(void)
{
	for (unsigned int cpu = 1; cpu < num_online_cpus(); cpu++)
		run_on_cpu(cpu, panic_together, NULL);
	panic_together(NULL);
}
CRASH_KIND(crash_all_cpus, "all-cpus");

/* ---- while others print --------------------------------------------------------------------- */

static u32 printed;

static bool enough_printed(void *context)
{
	(void)context;
	return __atomic_load_n(&printed, __ATOMIC_RELAXED) > 4;
}

static void print_for_ever(void *context)
{
	(void)context;
	for (;;) {
		printk("crash: CPU %u prints and prints\n", smp_processor_id());
		__atomic_add_fetch(&printed, 1, __ATOMIC_RELAXED);
	}
}

static void crash_while_others_print(void)
{
	for (unsigned int cpu = 1; cpu < num_online_cpus(); cpu++)
		run_on_cpu(cpu, print_for_ever, NULL);
	if (num_online_cpus() == 1 || poll_until(enough_printed, NULL, PATIENCE_NS))
		return;
	read_word(0);
}
CRASH_KIND(crash_while_others_print, "print-storm");
