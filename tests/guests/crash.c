// SPDX-License-Identifier: MIT
/*
 * Breaks something on purpose, to see the panic that answers: the first word says what, as in
 * CMDLINE=null-read or CMDLINE=kind=null-read. Returns 2 for a kind it does not know, after a list
 * of those it does, and 1 when nothing broke. The kinds are in tests/guests/crash/.
 */
#include "tests/guests/crash/crash.h"
#include "kernel/bootinfo.h"
#include "kernel/exit.h"
#include "kernel/printk.h"
#include "kernel/string.h"

u64 crash_argument;

static int print_kinds(void)
{
	printk("crash: what to break is one of:");
	linker_table_for_each(kind, crash, const struct crash_kind *)
		printk(" %s", (*kind)->name);
	printk("\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strncmp(name, "kind=", 5))
		name += 5;
	if (argc > 2 && kstrtou64(argv[2], 16, &crash_argument))
		machine_stop("crash: %s: want a number in hexadecimal", argv[2]);
	linker_table_for_each(kind, crash, const struct crash_kind *) {
		if (strcmp(name, (*kind)->name))
			continue;
		(*kind)->run();
		printk("crash: %s did no harm\n", name);
		return 1;
	}
	return print_kinds();
}
