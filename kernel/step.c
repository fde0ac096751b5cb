// SPDX-License-Identifier: MIT
/* The steps of a CPU, the innermost first: a list through the stacks of the functions that began
 * them. */
#include "kernel/step.h"

#include "kernel/percpu.h"

void step_begin(struct step *step, const char *what, const char *device, const char *driver)
{
	struct cpu *cpu = this_cpu();

	*step = (struct step){ what, device, driver, NULL, cpu->step };
	cpu->step = step;
}

void step_end(struct step *step)
{
	this_cpu()->step = step->outer;
}

void step_detail(const char *detail)
{
	struct step *step = this_cpu()->step;

	if (step)
		step->detail = detail;
}

const struct step *step_current(void)
{
	return this_cpu()->step;
}
