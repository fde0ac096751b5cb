// SPDX-License-Identifier: MIT
/*
 * Starts the other CPUs, one after the other. A CPU that starts takes `ap_cpu` for itself. One that
 * comes too late finds NULL and halts (boot/trampoline.S), so that no two CPUs ever share a stack.
 */
#include "kernel/smp.h"

#include <linux/errno.h>

#include "kernel/acpi/acpi_madt.h"
#include "kernel/apic.h"
#include "kernel/cpu.h"
#include "kernel/memmap.h"
#include "kernel/memory.h"
#include "kernel/paging.h"
#include "kernel/printk.h"
#include "kernel/protect.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "kernel/timer.h"

/* Intel SDM 3A, 8.4.4.1: 10 ms after INIT, 0.2 ms after the first of two STARTUP messages. */
#define AFTER_INIT_US 10000
#define AFTER_STARTUP_NS (200 * NSEC_PER_USEC)
#define START_TIMEOUT_NS NSEC_PER_SEC

/* The page below 1 MiB where a CPU begins, in real mode: this one, or the lowest that is RAM. */
#define TRAMPOLINE_WISH 0x8000

extern const u8 ap_trampoline[], ap_trampoline_end[];

/* Parameters of boot/trampoline.S. */
u64 ap_root, ap_stack;
struct cpu *ap_cpu;

static u64 ap_clock; /* the starting CPU's clock, when it is up; 0 before */

/* ---- on the CPU that starts ------------------------------------------------------------------ */

/* Called by boot/trampoline.S on the main stack of `cpu`, interrupts off. */
__noreturn void ap_start(struct cpu *cpu);
void ap_start(struct cpu *cpu)
{
	percpu_set(cpu);
	traps_init_cpu();
	cpu_protect();
	apic_init_cpu();
	cpu->apic_id = apic_id(); /* the id of the CPU that came */
	timer_init_cpu();
	__atomic_store_n(&ap_clock, ktime_get_ns(), __ATOMIC_RELEASE);
	smp_idle();
}

/* ---- on CPU 0 -------------------------------------------------------------------------------- */

static bool cpu_is_up(void *context)
{
	(void)context;
	return __atomic_load_n(&ap_clock, __ATOMIC_ACQUIRE);
}

/* Sends STARTUP after INIT. Takes ap_cpu back if the CPU does not come in time. */
static int send_startup(u32 id, unsigned int page)
{
	struct cpu *taken;
	int error = -ETIMEDOUT;

	for (unsigned int i = 0; i < 2 && error; i++) {
		if (apic_send(id, APIC_STARTUP, page))
			break;
		error = poll_until(cpu_is_up, NULL, i ? START_TIMEOUT_NS : AFTER_STARTUP_NS);
	}
	if (!error)
		return 0;
	taken = __atomic_exchange_n(&ap_cpu, NULL, __ATOMIC_SEQ_CST);
	/* It has started after all, but is slow: it owns its memory already. */
	return taken ? error : poll_until(cpu_is_up, NULL, START_TIMEOUT_NS);
}

static struct cpu *alloc_cpu(void)
{
	struct cpu *cpu = alloc_pages_exact(sizeof(*cpu));

	if (!cpu)
		return NULL;
	cpu->self = cpu;
	cpu->index = num_online_cpus();
	if (stacks_alloc(cpu))
		return NULL; /* the rest is not freed: memory has run out anyway */
	return cpu;
}

/* Checks the CPU's clock: a different one would end waits at the wrong time. All machines we know
 * share one. */
static void check_clock(const struct cpu *cpu, u64 before, u64 after)
{
	if (ap_clock < before || ap_clock > after)
		printk("smp: the clock of CPU %u (APIC id %u) is %lld us off: waits are inexact\n",
		       cpu->index, cpu->apic_id, (long long)(ap_clock - before) / 1000);
}

/* Starts a CPU. The memory of one that did not come is not reused: it may still come. */
static int start_cpu(u32 id, unsigned int page)
{
	struct cpu *cpu = alloc_cpu();
	u64 before = ktime_get_ns();
	int error;

	if (!cpu)
		return -ENOMEM;
	ap_clock = 0;
	ap_root = paging_root();
	ap_stack = cpu->stacks[STACK_MAIN].top;
	cpu_add(cpu);
	__atomic_store_n(&ap_cpu, cpu, __ATOMIC_SEQ_CST);
	error = send_startup(id, page);
	if (error) {
		cpu_remove(cpu);
		return error;
	}
	check_clock(cpu, before, ktime_get_ns());
	cpu_set_online(cpu);
	return 0;
}

static bool is_low_ram(u64 page)
{
	return memory_is_ram(page, PAGE_SIZE) && paging_lookup(page) == MAPPED_NOT;
}

/* Returns a page with the trampoline in it, or 0. */
static u64 place_trampoline(void)
{
	u64 page = TRAMPOLINE_WISH;

	if (!is_low_ram(page))
		for (page = PAGE_SIZE; page < LOW_MEMORY_END && !is_low_ram(page);)
			page += PAGE_SIZE;
	if (page >= LOW_MEMORY_END || !paging_map_low_page(page))
		return 0;
	memcpy((void *)(uintptr_t)page, ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
	return page;
}

static void start_all_cpus(const u32 *ids, unsigned int count, u64 trampoline)
{
	unsigned int page = (unsigned int)(trampoline / PAGE_SIZE);
	u32 self = this_cpu()->apic_id;
	int error;

	for (unsigned int i = 0; i < count; i++)
		if (ids[i] != self)
			apic_send(ids[i], APIC_INIT, 0);
	udelay(AFTER_INIT_US); /* all CPUs at once, so one delay is enough */
	for (unsigned int i = 0; i < count; i++) {
		if (ids[i] == self)
			continue;
		error = start_cpu(ids[i], page);
		if (error)
			printk("smp: CPU with APIC id %u did not start: %s; continuing without\n",
			       ids[i], error == -ENOMEM ? "out of memory" : "no response");
	}
}

void smp_init(void)
{
	static u32 ids[CPUS_MAX];
	unsigned int count = apic_present() ? madt_processors(ids, CPUS_MAX) : 0;
	u64 trampoline;

	if (count < 2)
		return;
	trampoline = place_trampoline();
	if (trampoline)
		start_all_cpus(ids, count, trampoline);
	else
		printk("smp: no RAM below 1 MiB to start other CPUs in; continuing without\n");
	if (trampoline)
		paging_unmap_page(trampoline);
	printk("smp: Brought up 1 node, %u CPU%s\n", num_online_cpus(),
	       num_online_cpus() == 1 ? "" : "s");
}
