// SPDX-License-Identifier: MIT
/* The kernel's table of contents: everything between boot/ and the app. */
#include "kernel/acpi/acpi.h"
#include "kernel/apic.h"
#include "kernel/bootinfo.h"
#include "kernel/cmdline.h"
#include "kernel/console.h"
#include "kernel/exit.h"
#include "kernel/init.h"
#include "kernel/ioapic.h"
#include "kernel/irq.h"
#include "kernel/ksyms.h"
#include "kernel/memory.h"
#include "kernel/page_alloc.h"
#include "kernel/paging.h"
#include "kernel/printk.h"
#include "kernel/protect.h"
#include "kernel/smp.h"
#include "kernel/step.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "kernel/timer.h"
#include "kernel/traps.h"

#define ARGUMENTS_MAX (BOOT_CMDLINE_MAX / 2) /* each takes a character and a space */

static void print_banner(const struct boot_info *boot)
{
	u64 usable = 0;

	for (unsigned int i = 0; i < boot->memory_count; i++)
		usable += boot->memory[i].usable ? boot->memory[i].size : 0;
	printk("Doorbell: booted by %s, %llu MiB of RAM, command line \"%s\"\n", boot->protocol,
	       usable >> 20, boot->cmdline);
	if (boot->cmdline_cut)
		printk("boot: command line cut to %d bytes\n", BOOT_CMDLINE_MAX - 1);
}

static char *arguments[ARGUMENTS_MAX + 2]; /* the app's name, its words, NULL */
static int argument_count;

/* Prints the cost of RAM; the counts would show a loop that touches all of it. */
static void print_memory_counters(void)
{
	struct memory_counters memory;

	memory_count(&memory);
	printk("memory: %llu KiB available, %llu KiB of bitmaps, %llu KiB of page tables\n",
	       memory.pages_free * PAGE_SIZE / 1024, memory.bitmap_pages * PAGE_SIZE / 1024,
	       memory.table_pages * PAGE_SIZE / 1024);
}

/* Splits the command line. Words that no driver takes are the app's. */
static void split_cmdline(const struct boot_info *boot)
{
	static char text[BOOT_CMDLINE_MAX];
	static char name[64];
	int words;

	memcpy(text, boot->cmdline, sizeof(text));
	snprintf(name, sizeof(name), "%s", app_name);
	arguments[0] = name;
	words = cmdline_split(text, arguments + 1, ARGUMENTS_MAX);
	argument_count = 1 + cmdline_take_options(words, arguments + 1);
}

void kernel_main(const struct boot_info *boot)
{
	struct step step;
	int result;

	print_banner(boot); /* the loader and the machine */
	traps_init();	    /* from here on a fault is explained */
	memory_init(boot);  /* the page and object allocators */
	paging_init();	    /* each page with only the rights it needs */
	print_memory_counters();
	cpu_protect(); /* which the CPU now enforces */
	cpu_print_protections();
	acpi_init(boot);     /* the firmware's tables */
	mptable_init(boot);  /* or their predecessors */
	clock_init();	     /* how fast time passes */
	apic_init();	     /* interrupts from devices, as messages */
	ioapic_init();	     /* and through wires */
	timer_init();	     /* and at deadlines */
	smp_init();	     /* the other CPUs */
	split_cmdline(boot); /* options for drivers, words for the app */
	local_irq_enable();
	do_initcalls();	 /* buses, drivers, then devices */
	console_check(); /* is the requested console there? */
	step_begin(&step, "main", app_name, NULL);
	result = main(argument_count, arguments); /* the purpose of all this */
	step_end(&step);
	if (result)
		printk("%s: main() returned %d\n", app_name, result);
	machine_exit(result ? EXIT_FAIL : EXIT_OK);
}
