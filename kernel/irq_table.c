// SPDX-License-Identifier: MIT
/* Prints the table of interrupts: what /proc/interrupts is on Linux. */
#include "kernel/irq.h"
#include "kernel/irq_shared.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"

static const struct {
	const char *name, *meaning; /* Linux's names */
} local_irqs[LOCAL_IRQ_COUNT] = {
	[LOCAL_IRQ_TIMER] = { "LOC", "local timer interrupts" },
	[LOCAL_IRQ_CALL] = { "CAL", "function call interrupts" },
	[LOCAL_IRQ_WAKE] = { "RES", "wake-ups by other CPUs" },
	[LOCAL_IRQ_NMI] = { "NMI", "non-maskable interrupts" },
	[LOCAL_IRQ_SPURIOUS] = { "SPU", "interrupts that had no handler" },
};

const char *irq_local_name(unsigned int index, const char **meaning)
{
	if (index >= LOCAL_IRQ_COUNT)
		return NULL;
	*meaning = local_irqs[index].meaning;
	return local_irqs[index].name;
}

u64 irq_local_count(unsigned int index, unsigned int cpu)
{
	if (index >= LOCAL_IRQ_COUNT || cpu >= num_online_cpus())
		return 0;
	return READ_ONCE(cpu_get(cpu)->local_irqs[index]);
}

static void print_head(void)
{
	char name[16];

	printk("irq:     ");
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++) {
		snprintf(name, sizeof(name), "CPU%u", cpu);
		printk(" %10s", name);
	}
	printk("\n");
}

static void print_vector(int vector)
{
	printk("irq: 0x%02x", vector);
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++)
		printk(" %10llu", irq_count_on(vector, cpu));
	printk("  ");
	if (!irq_shared_print(vector))
		printk("%s\n", irq_name(vector));
}

static void print_local_vector(unsigned int index)
{
	printk("irq:  %s", local_irqs[index].name);
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++)
		printk(" %10llu", irq_local_count(index, cpu));
	printk("  %s\n", local_irqs[index].meaning);
}

void irq_print_table(void)
{
	print_head();
	for (int vector = VECTOR_FIRST_DEVICE; vector <= VECTOR_LAST_DEVICE; vector++)
		if (irq_name(vector))
			print_vector(vector);
	for (unsigned int i = 0; i < LOCAL_IRQ_COUNT; i++)
		print_local_vector(i);
}
