// SPDX-License-Identifier: MIT
/* Waiting. The clock itself is kernel/clock.c, the alarm kernel/timer.c. */
#include "kernel/time.h"

#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/percpu.h"
#include "kernel/smp.h"
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

/* The CPUs that wait in wait_until. */
static struct wait_queue any_interrupt;

/* Full barriers: a waiting CPU enters the queue before it tests, and a waking CPU writes before it
 * looks into the queue, so at least one of them sees the other. */
static void enter(struct wait_queue *queue)
{
	__atomic_or_fetch(&queue->cpus, BIT_ULL(smp_processor_id()), __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void leave(struct wait_queue *queue)
{
	__atomic_and_fetch(&queue->cpus, ~BIT_ULL(smp_processor_id()), __ATOMIC_SEQ_CST);
}

void wake_up(struct wait_queue *queue)
{
	u64 others;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	others = __atomic_load_n(&queue->cpus, __ATOMIC_RELAXED) & ~BIT_ULL(smp_processor_id());
	for (; others; others &= others - 1)
		smp_wake((unsigned int)__builtin_ctzll(others));
}

void wake_up_all_waits(void)
{
	wake_up(&any_interrupt);
}

static int wait_halted(bool (*condition)(void *context), void *context, u64 deadline)
{
	bool late, done;

	for (;;) {
		local_irq_disable();
		late = ktime_get_ns() >= deadline; /* before one more test */
		done = condition(context);
		if (done || late)
			break;
		timer_arm(deadline);
		cpu_enable_irq_and_halt(); /* an interrupt that came since the test ends the halt */
	}
	local_irq_enable();
	return done ? 0 : -ETIMEDOUT;
}

int wait_event(struct wait_queue *queue, bool (*condition)(void *context), void *context,
	       u64 timeout_ns)
{
	u64 start = ktime_get_ns();
	u64 deadline = timeout_ns < ~0ULL - start ? start + timeout_ns : ~0ULL;
	int error;

	if (!timer_present() || !local_irqs_enabled())
		return poll_until(condition, context, timeout_ns);
	enter(queue);
	error = wait_halted(condition, context, deadline);
	leave(queue);
	return error;
}

int wait_until(bool (*condition)(void *context), void *context, u64 timeout_ns)
{
	return wait_event(&any_interrupt, condition, context, timeout_ns);
}
