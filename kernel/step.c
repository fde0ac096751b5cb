// SPDX-License-Identifier: MIT
/* The steps of a CPU, the innermost first: a list through the stacks of those who take them. */
#include "kernel/step.h"

static struct step *innermost;

void step_begin(struct step *step, const char *what, const char *device, const char *driver)
{
	*step = (struct step){ what, device, driver, NULL, innermost };
	innermost = step;
}

void step_end(struct step *step)
{
	innermost = step->outer;
}

void step_detail(const char *detail)
{
	if (innermost)
		innermost->detail = detail;
}

const struct step *step_current(void)
{
	return innermost;
}
