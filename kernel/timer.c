// SPDX-License-Identifier: MIT
/* The local APIC timer: uses the TSC deadline if the CPU has it, else a single countdown. */
#include "kernel/timer.h"

#include "kernel/apic.h"
#include "kernel/cpu.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/time.h"
#include "kernel/traps.h"

#define CPUID_TSC_DEADLINE BIT_ULL(24)
#define MSR_TSC_DEADLINE 0x6e0
#define LVT_TSC_DEADLINE 0x40000
#define DIVIDE_BY_16 3 /* Intel SDM 3A, figure 10-10 */
#define COUNT_MAX 0xffffffffULL
#define CALIBRATION_NS (2 * NSEC_PER_MSEC)

enum timer_mode { TIMER_NONE, TIMER_COUNTDOWN, TIMER_TSC_DEADLINE };

static enum timer_mode mode;
static u64 count_hz; /* of the countdown */

static u64 measure_countdown(void)
{
	u64 start, ticks;

	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VECTOR_TIMER);
	start = ktime_get_ns();
	apic_write(APIC_TIMER_INITIAL, (u32)COUNT_MAX);
	udelay(CALIBRATION_NS / NSEC_PER_USEC);
	ticks = COUNT_MAX - apic_read(APIC_TIMER_CURRENT);
	start = ktime_get_ns() - start;
	apic_write(APIC_TIMER_INITIAL, 0);
	return ticks * NSEC_PER_SEC / start;
}

void timer_init(void)
{
	if (!apic_present())
		return;
	if (cpuid(1, 0).ecx & CPUID_TSC_DEADLINE)
		mode = TIMER_TSC_DEADLINE;
	else
		count_hz = measure_countdown();
	if (count_hz)
		mode = TIMER_COUNTDOWN;
	if (mode == TIMER_NONE)
		printk("timer: the local APIC timer is not running: waits will busy-loop\n");
	timer_init_cpu();
}

void timer_init_cpu(void)
{
	if (mode == TIMER_TSC_DEADLINE) {
		apic_write(APIC_LVT_TIMER, LVT_TSC_DEADLINE | VECTOR_TIMER);
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* Intel SDM 3A, 10.5.4.1 */
	} else if (mode == TIMER_COUNTDOWN) {
		apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
		apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	}
}

bool timer_arm(u64 deadline)
{
	struct cpu *cpu = this_cpu();
	u64 now = ktime_get_ns(), longest, count;

	if (mode == TIMER_NONE)
		return false;
	if (cpu->alarm && cpu->alarm <= deadline)
		return true;
	if (mode == TIMER_TSC_DEADLINE) {
		cpu->alarm = deadline;
		wrmsr(MSR_TSC_DEADLINE, clock_ns_to_tsc(deadline));
		return true;
	}
	longest = COUNT_MAX / count_hz * NSEC_PER_SEC;
	deadline = min(max(deadline, now), now + longest);
	count = (deadline - now) * count_hz / NSEC_PER_SEC + 1;
	cpu->alarm = deadline;
	apic_write(APIC_TIMER_INITIAL, (u32)min(count, COUNT_MAX));
	return true;
}

void timer_interrupt(void)
{
	this_cpu()->alarm = 0;
}
