// SPDX-License-Identifier: MIT
/* Runs the start-up calls that linked files have added to the table. */
#include "kernel/init.h"

#include "kernel/ksyms.h"
#include "kernel/printk.h"
#include "kernel/step.h"

linker_table_bounds(initcall, initcall_t, initcalls_start, initcalls_end);

void do_initcalls(void)
{
	const initcall_t *call = initcalls_start;
	const char *name;
	struct step step;
	int err;

	__asm__("" : "+r"(call)); /* the table is larger than the compiler thinks */
	for (; call < initcalls_end; call++) {
		name = ksyms_name((u64)(uintptr_t)*call);
		step_begin(&step, "initcall", name, NULL);
		err = (*call)();
		step_end(&step);
		if (err)
			printk("initcall %s failed: %d\n", name, err);
	}
}
