/* SPDX-License-Identifier: MIT */
/*
 * The world the kernel's sources find themselves in here: memory that counts, a clock that costs
 * nothing, registers that are functions, interrupts that come when a test says so.
 */
#ifndef TESTS_HOST_WORLD_H
#define TESTS_HOST_WORLD_H

#include <signal.h>

#include "kernel/types.h"

/* ---- what the kernel printed, without time stamps ------------------------------------------- */
const char *world_log(void);
void world_log_clear(void);
unsigned int world_log_count(const char *text);
/* ---- CPUs: the tests are one thread, which says where it runs -------------------------------- */
#define WORLD_CPUS_MAX 4
extern unsigned int world_cpu, world_cpu_count;
extern u64 world_woken; /* CPUs that were sent a wake-up, bit n for CPU n */

/* Called at each printk, for those who say when there must be none. */
extern void (*world_print_hook)(void);

#define CHECK_LOG(text)                                      \
	do {                                                 \
		if (!strstr(world_log(), text))              \
			FAIL("not printed: \"%s\"", (text)); \
	} while (0)
#define CHECK_NO_LOG(text)                               \
	do {                                             \
		if (strstr(world_log(), text))           \
			FAIL("printed: \"%s\"", (text)); \
	} while (0)

/* ---- memory --------------------------------------------------------------------------------- */
/* What memmap_overlaps_ram calls RAM ends here; it begins at 0. */
extern u64 world_ram_end;
u64 world_in_use(void); /* objects and page ranges not given back */
bool world_is_allocated(const void *address);
/* Page ranges come from below 4 GiB, where a legacy device finds its rings. */
extern bool world_low_pages;
/* The n-th allocation from now on, of pages or objects, fails once; 0: none does. */
void memory_fail_nth(u64 n);

/* What memory_count says is free. */
extern u64 world_pages_free;

/* ---- time: moves only when somebody looks or waits ------------------------------------------ */
extern u64 world_now; /* ns */
/* Runs whenever the CPU waits: the place for a device to do its work in. */
extern void (*world_idle_hook)(void);
extern bool world_has_timer;

/* ---- interrupts ----------------------------------------------------------------------------- */
extern bool world_irqs_on;
extern bool world_has_apic;
void world_raise(unsigned int vector); /* taken now, or when interrupts are next on */
u64 world_eois(void);
/* Called at the end of each interrupt, as the kernel tells the APIC. */
extern void (*world_eoi_hook)(unsigned int vector);
/* The firmware's table of interrupt controllers, or NULL. */
extern const struct acpi_header *world_madt;
/* The table that says where configuration space is, or NULL. */
extern const struct acpi_header *world_mcfg, *world_dsdt;

/* ---- barriers, and reads of what the device can write --------------------------------------- */
enum world_barrier { WORLD_WMB, WORLD_RMB, WORLD_MB };
extern void (*world_barrier_hook)(enum world_barrier kind);
extern void (*world_shared_hook)(const void *field);

/* ---- registers ------------------------------------------------------------------------------ */
struct world_mmio {
	u64 base, size;
	u32 (*read)(void *context, u64 offset, unsigned int size);
	void (*write)(void *context, u64 offset, unsigned int size, u32 value);
	void *context;
};
/* The structure stays the caller's and must live on. */
void world_add_mmio(const struct world_mmio *mmio);
/* Addresses from here on cannot be mapped. */
extern u64 world_map_limit;

/* A machine's ports; without them reads give all ones. */
extern u32 (*world_port_read)(u16 port, unsigned int size);
extern void (*world_port_write)(u16 port, unsigned int size, u32 value);

/* A random number that is the same in each run. */
u32 world_random(u32 below);

#endif
