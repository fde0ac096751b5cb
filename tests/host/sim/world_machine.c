// SPDX-License-Identifier: MIT
/* Time, interrupts, registers and barriers for tests. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/acpi/acpi.h"
#include "kernel/apic.h"
#include "kernel/barrier.h"
#include "kernel/cpu.h"
#include "kernel/io.h"
#include "kernel/irq.h"
#include "kernel/memory.h"
#include "kernel/percpu.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "kernel/timer.h"
#include "world.h"

/* ---- time ----------------------------------------------------------------------------------- */

u64 world_now;
void (*world_idle_hook)(void);
bool world_has_timer = true;
static u64 alarm_at;

u64 ktime_get_ns(void)
{
	return world_now += 10;
}

bool timer_arm(u64 deadline)
{
	alarm_at = deadline;
	return world_has_timer;
}

void timer_interrupt(void)
{
}

static void idle(void)
{
	world_now += 50 * NSEC_PER_USEC; /* coarse, or a second of polling takes long */
	if (world_idle_hook)
		world_idle_hook();
}

void cpu_relax(void)
{
	idle();
}

/* ---- interrupts ----------------------------------------------------------------------------- */

bool world_irqs_on = true;
bool world_has_apic = true;
static bool pending[256];
static unsigned int pending_count;
static u64 eois;
void (*world_eoi_hook)(unsigned int vector);

static unsigned int in_service;

/* An interrupt that is raised again while it is handled is taken again after it. */
static void deliver(void)
{
	for (unsigned int vector = 0; pending_count; vector = (vector + 1) % 256) {
		if (!pending[vector])
			continue;
		pending[vector] = false;
		pending_count--;
		world_irqs_on = false;
		in_service = vector;
		irq_dispatch(vector);
		world_irqs_on = true;
	}
}

void world_raise(unsigned int vector)
{
	CHECK(vector < 256);
	pending_count += !pending[vector];
	pending[vector] = true;
	if (world_irqs_on)
		deliver();
}

u64 world_eois(void)
{
	return eois;
}

/* An interrupt that is pending already ends the halt at once; so does the alarm. */
void cpu_enable_irq_and_halt(void)
{
	CHECK(!world_irqs_on);
	while (!pending_count && world_now < alarm_at)
		idle();
	local_irq_enable();
}

void local_irq_enable(void)
{
	world_irqs_on = true;
	deliver();
}

void local_irq_disable(void)
{
	world_irqs_on = false;
}

u64 local_irq_save(void)
{
	u64 flags = world_irqs_on ? 0x200 : 0;

	world_irqs_on = false;
	return flags;
}

bool local_irqs_enabled(void)
{
	return world_irqs_on;
}

void local_irq_restore(u64 flags)
{
	if (flags)
		local_irq_enable();
}

bool apic_present(void)
{
	return world_has_apic;
}

/* Nothing is ever waiting: an interrupt is taken when it is raised, or when they are next on. */
u32 apic_read(enum apic_register reg)
{
	(void)reg;
	return 0;
}

/* ---- CPUs ----------------------------------------------------------------------------------- */

static struct cpu cpus[WORLD_CPUS_MAX];
unsigned int world_cpu, world_cpu_count = 1;
u64 world_woken;

void percpu_init(void)
{
}

struct cpu *this_cpu(void)
{
	return cpu_get(world_cpu);
}

unsigned int smp_processor_id(void)
{
	return world_cpu;
}

struct cpu *cpu_get(unsigned int index)
{
	if (index >= world_cpu_count)
		return NULL;
	cpus[index].index = index;
	return &cpus[index];
}

unsigned int num_online_cpus(void)
{
	return world_cpu_count;
}

u64 cpu_online_mask(void)
{
	return (1ULL << world_cpu_count) - 1;
}

void smp_wake(unsigned int cpu)
{
	CHECK(cpu != world_cpu);
	world_woken |= 1ULL << cpu;
}

void smp_call_interrupt(void)
{
}

int smp_call_function_single(unsigned int cpu, cpu_function_t function, void *context)
{
	unsigned int caller = world_cpu;

	CHECK(cpu < world_cpu_count);
	world_cpu = cpu;
	function(context);
	world_cpu = caller;
	return 0;
}

void apic_write(enum apic_register reg, u32 value)
{
	(void)value;
	if (reg != APIC_EOI)
		return;
	eois++;
	if (world_eoi_hook)
		world_eoi_hook(in_service);
}

const struct acpi_header *world_madt, *world_mcfg, *world_dsdt;

const struct acpi_header *acpi_dsdt(void)
{
	return world_dsdt;
}

const struct acpi_header *acpi_find_table(const char *signature)
{
	if (!strcmp(signature, "MCFG"))
		return world_mcfg;
	return strcmp(signature, "APIC") ? NULL : world_madt;
}

/* ---- barriers and shared memory ------------------------------------------------------------- */

void (*world_barrier_hook)(enum world_barrier kind);
void (*world_shared_hook)(const void *field);

void world_barrier(enum world_barrier kind)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (world_barrier_hook)
		world_barrier_hook(kind);
}

u16 world_shared_read16(const void *field)
{
	if (world_shared_hook)
		world_shared_hook(field);
	return *(const volatile u16 *)field;
}

u32 world_shared_read32(const void *field)
{
	if (world_shared_hook)
		world_shared_hook(field);
	return *(const volatile u32 *)field;
}

/* ---- registers ------------------------------------------------------------------------------ */

#define REGIONS_MAX 64
static const struct world_mmio *regions[REGIONS_MAX];
static unsigned int region_count;
static struct {
	u64 base, size;
} mapped[16384];
static unsigned int mapped_count;

u64 world_map_limit = ~0ULL;
u32 (*world_port_read)(u16 port, unsigned int size);
void (*world_port_write)(u16 port, unsigned int size, u32 value);

void world_add_mmio(const struct world_mmio *mmio)
{
	CHECK(region_count < REGIONS_MAX);
	regions[region_count++] = mmio;
}

/* The mapping is the identity, as the kernel's own. */
volatile void *ioremap(u64 address, u64 size)
{
	if (address + size < address || address + size > world_map_limit)
		return NULL;
	for (unsigned int i = 0; i < mapped_count; i++)
		if (mapped[i].base == address && mapped[i].size == size)
			return (volatile void *)(uintptr_t)address;
	CHECK(mapped_count < ARRAY_SIZE(mapped));
	mapped[mapped_count].base = address;
	mapped[mapped_count++].size = size;
	return (volatile void *)(uintptr_t)address;
}

static void check_mapped(u64 address, unsigned int size)
{
	for (unsigned int i = 0; i < mapped_count; i++)
		if (address >= mapped[i].base && address + size <= mapped[i].base + mapped[i].size)
			return;
	FAIL("access of %u bytes at 0x%llx, where nothing is mapped", size,
	     (unsigned long long)address);
}

static const struct world_mmio *find_region(const volatile void *pointer, unsigned int size)
{
	u64 address = (u64)(uintptr_t)pointer;

	check_mapped(address, size);
	if (address % size)
		FAIL("misaligned access of %u bytes at 0x%llx", size, (unsigned long long)address);
	for (unsigned int i = 0; i < region_count; i++)
		if (address >= regions[i]->base &&
		    address + size <= regions[i]->base + regions[i]->size)
			return regions[i];
	return NULL;
}

u32 world_mmio_read(const volatile void *address, unsigned int size)
{
	const struct world_mmio *region = find_region(address, size);

	if (!region)
		return 0; /* as QEMU's unassigned memory */
	return region->read(region->context, (u64)(uintptr_t)address - region->base, size);
}

void world_mmio_write(volatile void *address, unsigned int size, u32 value)
{
	const struct world_mmio *region = find_region(address, size);

	if (region)
		region->write(region->context, (u64)(uintptr_t)address - region->base, size, value);
}

u32 world_in(u16 port, unsigned int size)
{
	return world_port_read ? world_port_read(port, size) : ~0u;
}

void world_out(u16 port, unsigned int size, u32 value)
{
	if (world_port_write)
		world_port_write(port, size, value);
}
