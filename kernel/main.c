// SPDX-License-Identifier: MIT
/* The kernel's table of contents: everything that happens between boot/ and the app. */
#include "kernel/acpi.h"
#include "kernel/apic.h"
#include "kernel/bootinfo.h"
#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/exit.h"
#include "kernel/init.h"
#include "kernel/irq.h"
#include "kernel/ksyms.h"
#include "kernel/page_alloc.h"
#include "kernel/paging.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/timer.h"
#include "kernel/traps.h"

#define ARGUMENTS_MAX (BOOT_CMDLINE_MAX / 2) /* each takes a character and a space */

static void print_banner(const struct boot_info *boot)
{
	u64 usable = 0;
	unsigned int i;

	for (i = 0; i < boot->memory_count; i++)
		usable += boot->memory[i].usable ? boot->memory[i].size : 0;
	printk("Doorbell: booted by %s, %llu MiB of RAM, command line \"%s\"\n", boot->protocol,
	       usable >> 20, boot->cmdline);
	if (boot->cmdline_cut)
		printk("boot: command line cut to %d bytes\n", BOOT_CMDLINE_MAX - 1);
}

static int run_app(const struct boot_info *boot)
{
	static char text[BOOT_CMDLINE_MAX];
	static char name[64];
	static char *argv[ARGUMENTS_MAX + 2]; /* the name, the words, NULL */
	int argc;

	memcpy(text, boot->cmdline, sizeof(text));
	snprintf(name, sizeof(name), "%s", app_name);
	argv[0] = name;
	argc = 1 + cmdline_split(text, argv + 1, ARGUMENTS_MAX);
	return main(argc, argv);
}

void kernel_main(const struct boot_info *boot)
{
	int result;

	print_banner(boot); /* who started us, on what */
	traps_init();	    /* from here on a fault says why */
	memory_init(boot);  /* the page and object allocators */
	paging_init();	    /* each page with only the rights it needs */
	acpi_init(boot);    /* what the firmware's tables tell */
	clock_init();	    /* how fast time passes */
	apic_init();	    /* interrupts from devices */
	timer_init();	    /* and at deadlines */
	local_irq_enable();
	do_initcalls();		/* buses, drivers, then devices */
	result = run_app(boot); /* what all this is for */
	if (result)
		printk("%s: main() returned %d\n", app_name, result);
	machine_exit(result ? EXIT_FAIL : EXIT_OK);
}
