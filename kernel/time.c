/* SPDX-License-Identifier: MIT */
/* Waiting. The clock itself is kernel/clock.c, the alarm kernel/timer.c. */
#include "kernel/time.h"

#include <linux/errno.h>

#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/percpu.h"
#include "kernel/smp.h"
#include "kernel/timer.h"

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

int wait_event(struct wait_queue *queue, bool (*condition)(void *context), void *context,
	       u64 timeout_ns)
{
	u64 start = ktime_get_ns(), self;
	u64 deadline = timeout_ns < ~0ULL - start ? start + timeout_ns : ~0ULL;
	bool late, done;

	if (!local_irqs_enabled())
		return poll_until(condition, context, timeout_ns);
	self = BIT_ULL(smp_processor_id());
	/* Full barriers here and in wake_up: who waits is in the queue before it looks, and who
	 * wakes has written before it looks into the queue, so one of the two sees the other. */
	if (queue)
		__atomic_or_fetch(&queue->cpus, self, __ATOMIC_SEQ_CST);
	for (;;) {
		local_irq_disable();
		late = ktime_get_ns() >= deadline; /* before one more test */
		done = condition(context);
		if (done || late)
			break;
		if (timer_arm(deadline)) {
			cpu_enable_irq_and_halt(); /* an interrupt since the test ends the halt */
			continue;
		}
		local_irq_enable();
		cpu_relax();
	}
	local_irq_enable();
	if (queue)
		__atomic_and_fetch(&queue->cpus, ~self, __ATOMIC_SEQ_CST);
	return done ? 0 : -ETIMEDOUT;
}

int wait_until(bool (*condition)(void *context), void *context, u64 timeout_ns)
{
	return wait_event(NULL, condition, context, timeout_ns);
}

void wake_up(struct wait_queue *queue)
{
	u64 others;

	if (!queue)
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	others = __atomic_load_n(&queue->cpus, __ATOMIC_RELAXED) & ~BIT_ULL(smp_processor_id());
	for (; others; others &= others - 1)
		smp_wake((unsigned int)__builtin_ctzll(others));
}
