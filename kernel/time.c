// SPDX-License-Identifier: MIT
/* Waiting. The clock itself is kernel/clock.c, the alarm kernel/timer.c. */
#include "kernel/time.h"

#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/timer.h"
#include <linux/errno.h>

void udelay(u32 usec)
{
	u64 start = ktime_get_ns();

	while (ktime_get_ns() - start < usec * NSEC_PER_USEC)
		cpu_relax();
}

int poll_until(bool (*condition)(void *context), void *context, u64 timeout_ns)
{
	u64 start = ktime_get_ns();
	bool late;

	for (;;) {
		late = ktime_get_ns() - start >= timeout_ns; /* before one more test */
		if (condition(context))
			return 0;
		if (late)
			return -ETIMEDOUT;
		cpu_relax();
	}
}

int wait_until(bool (*condition)(void *context), void *context, u64 timeout_ns)
{
	u64 start = ktime_get_ns();
	u64 deadline = timeout_ns < ~0ULL - start ? start + timeout_ns : ~0ULL;
	bool late, done;

	if (!timer_present() || !local_irqs_enabled())
		return poll_until(condition, context, timeout_ns);
	for (;;) {
		local_irq_disable();
		late = ktime_get_ns() >= deadline; /* before one more test */
		done = condition(context);
		if (done || late)
			break;
		timer_arm(deadline);
		cpu_enable_irq_and_halt(); /* an interrupt since the test ends the halt at once */
	}
	local_irq_enable();
	return done ? 0 : -ETIMEDOUT;
}
