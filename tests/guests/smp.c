/* SPDX-License-Identifier: MIT */
/*
 * All CPUs at work: functions run on each, locks and memory under contention, lines that must not
 * be torn, and the request queues of a virtio-simple, each driven by a CPU of its own, which also
 * takes the queue's interrupts. Ends with the interrupt table.
 */
#include <linux/errno.h>

#include "drivers/virtio/simple/virtio_simple.h"
#include "drivers/virtio/virtio.h"
#include "kernel/bootinfo.h"
#include "kernel/irq.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/smp.h"
#include "kernel/spinlock.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define TURNS 20000
#define ALLOCATIONS 500
#define LINES 40
#define REQUESTS 400
#define DELAY_US 50 /* an answer that is there before it is waited for needs no interrupt */
#define WAIT_NS (20 * NSEC_PER_SEC)
#define REQUEST_WAIT_NS (5 * NSEC_PER_SEC)

static bool all_ok = true;

static void check(bool ok, const char *what)
{
	printk("smp: %s %s\n", ok ? "ok  " : "FAIL", what);
	all_ok &= ok;
}

/* Runs `function` on all CPUs at once, on this one, too; false when one does not return. */
static bool on_all_cpus(cpu_function_t function, void *context)
{
	bool ok = true;

	for (unsigned int cpu = 1; cpu < num_online_cpus(); cpu++)
		ok &= !run_on_cpu(cpu, function, context);
	function(context);
	for (unsigned int cpu = 1; cpu < num_online_cpus(); cpu++)
		ok &= !run_wait(cpu, WAIT_NS);
	return ok;
}

/* ---- who is there ---------------------------------------------------------------------------- */

static void print_cpus(void)
{
	printk("smp: %u CPU%s, APIC ids", num_online_cpus(), num_online_cpus() == 1 ? "" : "s");
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++)
		printk(" %u", cpu_get(cpu)->apic_id);
	printk("\n");
}

static void say_who(void *context)
{
	*(unsigned int *)context = smp_processor_id();
}

static void check_calls(void)
{
	unsigned int who, right = 0;

	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++) {
		who = CPUS_MAX;
		right += !smp_call_function_single(cpu, say_who, &who) && who == cpu;
	}
	check(right == num_online_cpus(), "a function runs on each CPU, in an interrupt");
	check(smp_call_function_single(num_online_cpus(), say_who, &who) == -EINVAL &&
		      run_on_cpu(num_online_cpus(), say_who, &who) == -EINVAL &&
		      run_on_cpu(0, say_who, &who) == -EINVAL,
	      "a CPU that is not there, or is not idle, is refused");
}

static void ask_cpu_0(void *context)
{
	unsigned int who = CPUS_MAX;

	if (!smp_call_function_single(0, say_who, &who) && !who)
		__atomic_add_fetch((unsigned int *)context, 1, __ATOMIC_RELAXED);
}

/* CPU 0 spins in run_wait's halt meanwhile, and takes all their interrupts. */
static void check_calls_back(void)
{
	unsigned int right = 0;

	check(on_all_cpus(ask_cpu_0, &right) && right == num_online_cpus(),
	      "each CPU calls CPU 0, all at once");
}

/* ---- what they share ------------------------------------------------------------------------- */

static DEFINE_SPINLOCK(turns_lock);
static u64 turns;

static void take_turns(void *context)
{
	(void)context;
	for (unsigned int i = 0; i < TURNS; i++) {
		u64 flags = spin_lock_irqsave(&turns_lock);

		turns++;
		spin_unlock_irqrestore(&turns_lock, flags);
	}
}

static void check_lock(void)
{
	check(on_all_cpus(take_turns, NULL) && turns == (u64)TURNS * num_online_cpus(),
	      "none of their turns at one lock is lost");
}

/* Each fills what it got and looks whether somebody else got it, too. */
static void allocate(void *context)
{
	unsigned int *failures = context;
	u8 mark = (u8)(smp_processor_id() + 1);

	for (unsigned int i = 0; i < ALLOCATIONS; i++) {
		size_t size = 16 + i % 7 * 40, pages = PAGE_SIZE * (1 + i % 3);
		u8 *object = kzalloc(size), *page = alloc_pages_exact(pages);
		bool ok = object && page && !object[0] && !page[0];

		if (ok) {
			memset(object, mark, size);
			memset(page, mark, pages);
			ok = object[size - 1] == mark && page[pages - 1] == mark;
		}
		kfree(object);
		free_pages_exact(page, pages);
		__atomic_add_fetch(failures, !ok, __ATOMIC_RELAXED);
	}
}

static void check_memory(void)
{
	struct memory_counters before, after;
	unsigned int failures = 0;
	bool ok;

	memory_count(&before);
	ok = on_all_cpus(allocate, &failures);
	memory_count(&after);
	check(ok && !failures && before.pages_free == after.pages_free &&
		      before.objects == after.objects,
	      "they allocate and free at once; nothing is lost or given out twice");
}

static void print_lines(void *context)
{
	(void)context;
	for (unsigned int i = 0; i < LINES; i++)
		printk("smp: CPU %u prints line %u, %s\n", smp_processor_id(), i,
		       "which no other CPU tears");
}

/* ---- waiting --------------------------------------------------------------------------------- */

static struct wait_queue bell;
static bool rung;

static bool is_rung(void *context)
{
	return __atomic_load_n((bool *)context, __ATOMIC_ACQUIRE);
}

static void ring_later(void *context)
{
	udelay(2000);
	__atomic_store_n((bool *)context, true, __ATOMIC_RELEASE);
	wake_up(&bell);
}

static void check_waiting(void)
{
	u64 start = ktime_get_ns();
	int error = run_on_cpu(1, ring_later, &rung);

	if (!error)
		error = wait_event(&bell, is_rung, &rung, REQUEST_WAIT_NS);
	check(!error && ktime_get_ns() - start < REQUEST_WAIT_NS / 2 && !run_wait(1, WAIT_NS),
	      "a CPU that halts is woken by another");
}

/* ---- a queue for each CPU -------------------------------------------------------------------- */

struct queues {
	struct virtio_simple *simple;
	unsigned int count, failures;
};

static bool request_is_right(struct virtio_simple *simple, unsigned int queue, u32 number)
{
	__le64 factors[2] = { cpu_to_le64(number + 1), cpu_to_le64(queue + 3) }, product[2];
	struct virtio_simple_request request = {
		.op = number % 2 ? VIRTIO_SIMPLE_OP_DELAY : VIRTIO_SIMPLE_OP_MULTIPLY,
		.arg = number % 2 ? DELAY_US : 0,
	};

	if (!(number % 2)) {
		request.payload = factors;
		request.payload_length = sizeof(factors);
		request.answer = product;
		request.answer_size = sizeof(product);
	}
	if (virtio_simple_submit(simple, queue, &request) || !virtio_simple_kick(simple, queue) ||
	    virtio_simple_wait(simple, queue, VIRTQUEUE_INTERRUPT, 1, REQUEST_WAIT_NS) ||
	    virtio_simple_reap(simple, queue) != &request || request.error)
		return false;
	return number % 2 || le64_to_cpu(product[0]) == (u64)(number + 1) * (queue + 3);
}

/* The CPU's own queue. */
static void drive_queue(void *context)
{
	struct queues *queues = context;
	unsigned int queue = smp_processor_id();

	for (u32 i = 0; queue < queues->count && i < REQUESTS; i++)
		if (!request_is_right(queues->simple, queue, i))
			__atomic_add_fetch(&queues->failures, 1, __ATOMIC_RELAXED);
}

/* The vector that the queue's interrupts have: the one with its name. */
static int find_vector(unsigned int queue)
{
	char name[32];

	snprintf(name, sizeof(name), "%s-requestq%u", virtio_simple_name(virtio_simple_get(0)),
		 queue);
	for (int vector = 0; vector < 256; vector++)
		if (irq_name(vector) && !strcmp(irq_name(vector), name))
			return vector;
	return -1;
}

static bool goes_to(unsigned int queue, unsigned int cpu, const u64 *before)
{
	int vector = find_vector(queue);
	u64 here = irq_count_on(vector, cpu) - before[cpu], all = 0;

	for (unsigned int i = 0; i < num_online_cpus(); i++)
		all += irq_count_on(vector, i) - before[i];
	return here && here == all;
}

static void count_irqs(unsigned int queue, u64 *counts)
{
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++)
		counts[cpu] = irq_count_on(find_vector(queue), cpu);
}

static bool is_steered(struct virtio_simple *simple, unsigned int queue)
{
	struct virtio_device *vdev = virtio_simple_vdev(simple);
	struct virtqueue *vq = virtio_simple_queue(simple, queue);

	return !vdev->config->set_vq_affinity(vq, BIT_ULL(queue)) &&
	       vdev->config->get_vq_affinity(vdev, virtqueue_index(vq)) == BIT_ULL(queue);
}

static void check_queues(struct virtio_simple *simple)
{
	static u64 before[CPUS_MAX][CPUS_MAX];
	struct queues queues = { .simple = simple };
	unsigned int steered = 0, right = 0;
	bool ok;

	queues.count = min(virtio_simple_request_queues(simple), num_online_cpus());
	for (unsigned int queue = 0; queue < queues.count; queue++) {
		steered += is_steered(simple, queue);
		count_irqs(queue, before[queue]);
	}
	check(steered == queues.count, "each queue's interrupt is steered to a CPU of its own");
	ok = on_all_cpus(drive_queue, &queues);
	for (unsigned int queue = 0; queue < queues.count; queue++)
		right += goes_to(queue, queue, before[queue]);
	check(ok && !queues.failures, "all CPUs drive their queues at once; all answers are right");
	check(right == queues.count, "and each took its queue's interrupts, and no other CPU did");
}

/* ---- the app --------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	struct virtio_simple *simple = virtio_simple_get(0);

	(void)argc;
	(void)argv;
	print_cpus();
	check_calls();
	check_calls_back();
	check_lock();
	check_memory();
	check(on_all_cpus(print_lines, NULL), "they print at once");
	if (num_online_cpus() > 1)
		check_waiting();
	if (simple && virtio_simple_can_interrupt(simple))
		check_queues(simple);
	irq_print_table();
	printk("smp: %s\n", all_ok ? "ok" : "FAILED");
	return all_ok ? 0 : 1;
}
