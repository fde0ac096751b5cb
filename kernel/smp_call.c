// SPDX-License-Identifier: MIT
/* Work for other CPUs: a function for an idle one, a few instructions in an interrupt, the final
 * stop. */
#include <linux/errno.h>

#include "kernel/apic.h"
#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/ksyms.h"
#include "kernel/panic.h"
#include "kernel/smp.h"
#include "kernel/step.h"
#include "kernel/time.h"

#define CALL_TIMEOUT_NS NSEC_PER_SEC
#define STOP_TIMEOUT_NS (100 * NSEC_PER_MSEC)

static struct cpu *other_cpu(unsigned int index)
{
	return index < num_online_cpus() && index != smp_processor_id() ? cpu_get(index) : NULL;
}

static void interrupt_cpu(const struct cpu *cpu, enum apic_delivery delivery, unsigned int vector)
{
	u64 flags = local_irq_save();

	apic_send(cpu->apic_id, delivery, vector);
	local_irq_restore(flags);
}

void smp_wake(unsigned int cpu)
{
	const struct cpu *other = other_cpu(cpu);

	if (other)
		interrupt_cpu(other, APIC_FIXED, VECTOR_WAKE);
}

/* ---- functions for CPUs that idle ------------------------------------------------------------ */

static void run_task(struct cpu *cpu, cpu_function_t task)
{
	struct step step;

	step_begin(&step, "task", ksyms_name((u64)(uintptr_t)task), NULL);
	task(cpu->task_context);
	step_end(&step);
	cpu->task = NULL;
	/* Release: run_wait, and the CPU that gives the next task, see what this task wrote. */
	__atomic_store_n(&cpu->task_claimed, 0, __ATOMIC_RELEASE);
	wake_up(&cpu->task_waiters);
}

void smp_idle(void)
{
	struct cpu *cpu = this_cpu();

	for (;;) {
		cpu_function_t task;

		local_irq_disable(); /* else a task that comes now would be missed */
		/* Acquire: pairs with run_on_cpu. */
		task = __atomic_load_n(&cpu->task, __ATOMIC_ACQUIRE);
		if (!task) {
			cpu_enable_irq_and_halt();
			continue;
		}
		local_irq_enable();
		run_task(cpu, task);
	}
}

int run_on_cpu(unsigned int cpu, cpu_function_t function, void *context)
{
	struct cpu *other = other_cpu(cpu);
	u32 free = 0;

	if (!other || !cpu || !function)
		return -EINVAL;
	/* If several CPUs give it work at the same time, one wins. */
	if (!__atomic_compare_exchange_n(&other->task_claimed, &free, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return -EBUSY;
	other->task_context = context;
	/* Release: the CPU sees the context, and what it points to, with the task. */
	__atomic_store_n(&other->task, function, __ATOMIC_RELEASE);
	smp_wake(cpu);
	return 0;
}

/* Acquire: pairs with run_task. */
static bool cpu_is_free(void *context)
{
	const struct cpu *cpu = context;

	return !__atomic_load_n(&cpu->task_claimed, __ATOMIC_ACQUIRE);
}

int run_wait(unsigned int cpu, u64 timeout_ns)
{
	struct cpu *other = other_cpu(cpu);

	if (!other || !cpu)
		return -EINVAL;
	return wait_event(&other->task_waiters, cpu_is_free, other, timeout_ns);
}

/* ---- functions in an interrupt --------------------------------------------------------------- */

struct cpu_call {
	cpu_function_t function;
	void *context;
	struct cpu *target;
	bool done;
};

/* Acquire: pairs with smp_call_interrupt, so that the caller sees what the function wrote. */
static bool call_is_done(void *context)
{
	const struct cpu_call *call = context;

	return __atomic_load_n(&call->done, __ATOMIC_ACQUIRE);
}

/* Posts the call; a CPU holds one at a time. Release: it sees the call with the pointer to it. */
static bool call_is_posted(void *context)
{
	struct cpu_call *call = context, *none = NULL;

	return __atomic_compare_exchange_n(&call->target->call, &none, call, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static bool is_withdrawn(struct cpu_call *call)
{
	struct cpu_call *mine = call;

	return __atomic_compare_exchange_n(&call->target->call, &mine, NULL, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Calls another CPU. The call is on this stack, so no CPU may use it when this returns. */
static int call_other_cpu(struct cpu_call *call)
{
	int error = poll_until(call_is_posted, call, CALL_TIMEOUT_NS);

	if (error)
		return error;
	interrupt_cpu(call->target, APIC_FIXED, VECTOR_CALL);
	error = poll_until(call_is_done, call, CALL_TIMEOUT_NS);
	if (!error || is_withdrawn(call))
		return error;
	error = poll_until(call_is_done, call, 10 * CALL_TIMEOUT_NS);
	if (error)
		panic("CPU %u did not return from a function called in an interrupt",
		      call->target->index);
	return 0;
}

int smp_call_function_single(unsigned int cpu, cpu_function_t function, void *context)
{
	struct cpu_call call = { .function = function, .context = context };
	u64 flags;

	if (!function || cpu >= num_online_cpus())
		return -EINVAL;
	if (cpu != smp_processor_id()) {
		call.target = cpu_get(cpu);
		return call_other_cpu(&call);
	}
	flags = local_irq_save();
	function(context);
	local_irq_restore(flags);
	return 0;
}

void smp_call_interrupt(void)
{
	struct cpu *cpu = this_cpu();
	/* Acquire: pairs with call_is_posted. */
	struct cpu_call *call = __atomic_exchange_n(&cpu->call, NULL, __ATOMIC_ACQ_REL);

	if (!call)
		return;
	call->function(call->context);
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
}

/* ---- the end --------------------------------------------------------------------------------- */

static u32 stopper; /* the CPU that stops the others, + 1 */
static u32 stopped; /* how many CPUs have stopped */

static __noreturn void stop_cpu_for_good(void)
{
	__atomic_add_fetch(&stopped, 1, __ATOMIC_RELEASE);
	for (;;) {
		local_irq_disable();
		cpu_halt();
	}
}

void smp_stop_if_told(void)
{
	u32 by = __atomic_load_n(&stopper, __ATOMIC_ACQUIRE);

	if (by && by != smp_processor_id() + 1)
		stop_cpu_for_good();
}

static bool all_cpus_stopped(void *context)
{
	(void)context;
	return __atomic_load_n(&stopped, __ATOMIC_ACQUIRE) + 1 >= num_online_cpus();
}

void smp_stop_others(void)
{
	u32 self = smp_processor_id() + 1, nobody = 0;

	if (!__atomic_compare_exchange_n(&stopper, &nobody, self, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		if (nobody != self)
			stop_cpu_for_good();
		return; /* the other CPU has stopped them */
	}
	for (unsigned int i = 0; i < num_online_cpus(); i++)
		if (other_cpu(i))
			interrupt_cpu(other_cpu(i), APIC_NMI, 0);
	poll_until(all_cpus_stopped, NULL, STOP_TIMEOUT_NS);
}
