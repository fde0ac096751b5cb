// SPDX-License-Identifier: MIT
/* The list of CPUs. Only CPU 0 adds to it; any code may read it. */
#include "kernel/percpu.h"

#include "kernel/cpu.h"

#define MSR_GS_BASE 0xc0000101

static struct cpu boot_cpu;
static struct cpu *cpus[CPUS_MAX];
static unsigned int online;

void percpu_set(struct cpu *cpu)
{
	cpu->self = cpu;
	wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
}

void percpu_init(void)
{
	percpu_set(&boot_cpu);
	stacks_init(&boot_cpu);
	cpu_add(&boot_cpu);
	cpu_set_online(&boot_cpu);
}

struct cpu *cpu_get(unsigned int index)
{
	return index < CPUS_MAX ? __atomic_load_n(&cpus[index], __ATOMIC_ACQUIRE) : NULL;
}

/* Acquire: pairs with cpu_set_online, so that the caller sees what the CPU set up. */
unsigned int num_online_cpus(void)
{
	return __atomic_load_n(&online, __ATOMIC_ACQUIRE);
}

u64 cpu_online_mask(void)
{
	return ~0ULL >> (CPUS_MAX - num_online_cpus());
}

void cpu_add(struct cpu *cpu)
{
	__atomic_store_n(&cpus[cpu->index], cpu, __ATOMIC_RELEASE);
}

void cpu_remove(struct cpu *cpu)
{
	__atomic_store_n(&cpus[cpu->index], NULL, __ATOMIC_RELEASE);
}

void cpu_set_online(struct cpu *cpu)
{
	__atomic_store_n(&online, cpu->index + 1, __ATOMIC_RELEASE);
}
