// SPDX-License-Identifier: MIT
#include "kernel/time.h"
#include "kernel/cpu.h"
#include <linux/errno.h>

extern const u64 boot_tsc;

u64 ktime_get_ns(void)
{
	return (rdtsc() - boot_tsc) / 3;
}

void udelay(u32 usec)
{
	u64 start = ktime_get_ns();

	while (ktime_get_ns() - start < usec * NSEC_PER_USEC)
		cpu_relax();
}

int poll_until(bool (*condition)(void *context), void *context, u64 timeout_ns)
{
	u64 start = ktime_get_ns();

	do {
		if (condition(context))
			return 0;
		cpu_relax();
	} while (ktime_get_ns() - start < timeout_ns);
	return condition(context) ? 0 : -ETIMEDOUT;
}

int wait_until(bool (*condition)(void *context), void *context, u64 timeout_ns)
{
	return poll_until(condition, context, timeout_ns);
}
