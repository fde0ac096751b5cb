// SPDX-License-Identifier: MIT
/* The report as a whole, and what it says of the machine, its memory and its interrupts. */
#include "apps/httpd/status.h"

#include "kernel/irq.h"
#include "kernel/ksyms.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define VECTOR_FIRST 0x20
#define VECTOR_LAST 0xff

static void status_machine(struct report *report, const struct memory_counters *memory)
{
	report_facts(report, "machine", "Machine");
	report_fact(report, "uptime_ms", "Uptime", REPORT_DURATION, ktime_get_ns() / NSEC_PER_MSEC);
	report_fact(report, "memory_bytes", "Memory", REPORT_BYTES,
		    memory->pages_total * PAGE_SIZE);
	report_fact(report, "memory_used_bytes", "In use", REPORT_BYTES,
		    (memory->pages_total - memory->pages_free) * PAGE_SIZE);
	report_fact(report, "interrupts", "Device interrupts", REPORT_COUNT, irq_total());
	report_fact(report, "cpus", "CPUs", REPORT_COUNT, num_online_cpus());
	report_fact_text(report, "app", "App", REPORT_CODE, app_name);
}

static void status_memory(struct report *report, const struct memory_counters *memory)
{
	report_facts(report, "memory", "Memory");
	report_fact(report, "pages_total", "Pages", REPORT_COUNT, memory->pages_total);
	report_fact(report, "pages_free", "Pages free", REPORT_COUNT, memory->pages_free);
	report_fact(report, "objects", "Objects", REPORT_COUNT, memory->objects);
	report_fact(report, "page_bytes", "Page size", REPORT_BYTES, PAGE_SIZE);
}

/* A column a CPU between the total and the name. */
static unsigned int make_columns(struct report_column *columns)
{
	static char keys[CPUS_MAX][8], titles[CPUS_MAX][8];
	unsigned int cpus = num_online_cpus(), count = 2;

	columns[0] = (struct report_column){ "vector", "Vector", REPORT_CODE };
	columns[1] = (struct report_column){ "count", "Taken", REPORT_COUNT };
	for (unsigned int i = 0; cpus > 1 && i < cpus; i++) {
		snprintf(keys[i], sizeof(keys[i]), "cpu%u", i);
		snprintf(titles[i], sizeof(titles[i]), "CPU %u", i);
		columns[count++] = (struct report_column){ keys[i], titles[i], REPORT_COUNT };
	}
	columns[count++] = (struct report_column){ "name", "Who", REPORT_TEXT };
	return count;
}

static void show_counts(struct report *report, u64 (*on_cpu)(unsigned int which, unsigned int cpu),
			unsigned int which)
{
	unsigned int cpus = num_online_cpus();
	u64 total = 0;

	for (unsigned int i = 0; i < cpus; i++)
		total += on_cpu(which, i);
	report_number(report, total);
	for (unsigned int i = 0; cpus > 1 && i < cpus; i++)
		report_number(report, on_cpu(which, i));
}

static u64 count_on(unsigned int vector, unsigned int cpu)
{
	return irq_count_on((int)vector, cpu);
}

/* Devices' vectors, then what interrupts a CPU beside them. */
void status_interrupts(struct report *report)
{
	static struct report_column columns[CPUS_MAX + 3];
	unsigned int count = make_columns(columns);
	const char *name, *meaning;

	report_table(report, "interrupts", "Interrupts", columns, count);
	for (unsigned int vector = VECTOR_FIRST; vector <= VECTOR_LAST; vector++) {
		if (!irq_name((int)vector))
			continue;
		report_row(report, 0);
		report_format(report, "0x%02x", vector);
		show_counts(report, count_on, vector);
		report_text(report, irq_name((int)vector));
	}
	for (unsigned int i = 0; (name = irq_local_name(i, &meaning)); i++) {
		report_row(report, 0);
		report_text(report, name);
		show_counts(report, irq_local_count, i);
		report_text(report, meaning);
	}
}

void status_report(struct report *report, const struct memory_counters *memory)
{
	status_machine(report, memory);
	status_pci(report);
	status_virtio(report);
	status_network(report);
	status_interrupts(report);
	status_pools(report);
	status_memory(report, memory);
	status_server(report);
}
