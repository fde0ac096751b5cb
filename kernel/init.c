// SPDX-License-Identifier: MIT
/* Runs the start-up calls that linked files have added to the table. */
#include "kernel/init.h"

#include "kernel/ksyms.h"
#include "kernel/printk.h"
#include "kernel/step.h"

void do_initcalls(void)
{
	const char *name;
	struct step step;
	int err;

	linker_table_for_each(call, initcall, initcall_t) {
		name = ksyms_name((u64)(uintptr_t)*call);
		step_begin(&step, "initcall", name, NULL);
		err = (*call)();
		step_end(&step);
		if (err)
			printk("initcall %s failed: %d\n", name, err);
	}
}
