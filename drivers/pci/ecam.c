/* SPDX-License-Identifier: MIT */
/*
 * Configuration space in memory: ECAM (PCI Express 4.0, 7.2.2), 4096 bytes per function. The MCFG
 * gives the address (PCI Firmware 3.0, 4.1.2), but is not trusted: a region that is impossible, or
 * that shows a different machine from the ports, is not used.
 */
#include <linux/errno.h>

#include "drivers/pci/internal.h"
#include "kernel/acpi/acpi.h"
#include "kernel/io.h"
#include "kernel/memmap.h"
#include "kernel/memory.h"
#include "kernel/printk.h"

#define REGIONS 4
#define BUS_SHIFT 20

#define CHIPSET_END 0x100000000ULL

struct ecam_region {
	u64 base; /* address of bus 0 */
	u8 first, last;
};

/* Written before the first access; only read later. */
static struct ecam_region regions[REGIONS];
static unsigned int region_count;

static u64 region_start(const struct ecam_region *region)
{
	return region->base + ((u64)region->first << BUS_SHIFT);
}

static u64 region_size(const struct ecam_region *region)
{
	return ((u64)region->last - region->first + 1) << BUS_SHIFT;
}

static const struct ecam_region *ecam_region_of(u8 bus)
{
	for (unsigned int i = 0; i < region_count; i++)
		if (bus >= regions[i].first && bus <= regions[i].last)
			return &regions[i];
	return NULL;
}

/* Returns the register's address, which is identity-mapped; NULL for a bus without a region. */
static volatile void *ecam_register(u8 bus, u8 devfn, u16 where)
{
	const struct ecam_region *region = ecam_region_of(bus);

	if (!region)
		return NULL;
	return (volatile void *)(uintptr_t)(region->base + ((u64)bus << BUS_SHIFT) +
					    ((u64)devfn << 12) + where);
}

/* Reads with one access of the requested width. It is atomic, so it needs no lock. */
static u32 ecam_read(u8 bus, u8 devfn, u16 where, unsigned int size)
{
	volatile void *at = ecam_register(bus, devfn, where);

	if (!at)
		return ~0u >> (32 - 8 * size);
	if (size == 1)
		return readb(at);
	return size == 2 ? readw(at) : readl(at);
}

static void ecam_write(u8 bus, u8 devfn, u16 where, unsigned int size, u32 value)
{
	volatile void *at = ecam_register(bus, devfn, where);

	if (!at)
		return;
	if (size == 1)
		writeb((u8)value, at);
	else if (size == 2)
		writew((u16)value, at);
	else
		writel(value, at);
}

static struct pci_config_ops ecam_ops = { ecam_read, ecam_write, PCI_CFG_SPACE_EXP_SIZE, 0 };

/* Returns why a region is impossible, or NULL. Touches only its first bus. */
static const char *region_fault(const struct ecam_region *region)
{
	u64 limit = memmap_physical_limit();

	if (!region->base || !IS_ALIGNED(region->base, 1ULL << BUS_SHIFT))
		return "its base is not a multiple of 1 MiB";
	if (region->first > region->last)
		return "its last bus comes before its first";
	if (region->base >= limit || limit - region->base < 256ULL << BUS_SHIFT)
		return "it is beyond the CPU's address width";
	if (memmap_overlaps_ram(region_start(region), region_size(region)))
		return "it overlaps RAM";
	if (region_start(region) < CHIPSET_END &&
	    region_start(region) + region_size(region) > PCI_CHIPSET_START)
		return "it overlaps the interrupt controllers";
	for (unsigned int i = 0; i < region_count; i++)
		if (region->first <= regions[i].last && region->last >= regions[i].first)
			return "its buses already have a region";
	return NULL;
}

/* Compares one register through both methods, which detects a wrong region. */
static bool ecam_shows_the_same(const struct ecam_region *region,
				const struct pci_config_ops *ports)
{
	u32 by_ports = ports->read(region->first, 0, PCI_VENDOR_ID, 4);
	u64 address = region_start(region);

	return readl((volatile void *)(uintptr_t)address) == by_ports;
}

static const char *try_region(const struct ecam_region *region, const struct pci_config_ops *ports)
{
	const char *fault = region_fault(region);

	if (fault)
		return fault;
	if (region_count == REGIONS)
		return "too many regions";
	if (!ioremap(region_start(region), region_size(region)))
		return "it cannot be mapped";
	if (ports && !ecam_shows_the_same(region, ports))
		return "its first bus shows a different function from ports 0xcf8/0xcfc";
	return NULL;
}

static bool add_region(u64 base, u8 first, u8 last, const struct pci_config_ops *ports)
{
	struct ecam_region region = { base, first, last };
	const char *fault = try_region(&region, ports);

	if (fault) {
		printk("pci: E30 no ECAM at 0x%llx for [bus %02x-%02x]: %s\n", base, first, last,
		       fault);
		return false;
	}
	printk("PCI: ECAM [mem 0x%08llx-0x%08llx] (base 0x%llx) for domain 0000 [bus %02x-%02x]\n",
	       region_start(&region), region_start(&region) + region_size(&region) - 1, base, first,
	       last);
	regions[region_count++] = region;
	return true;
}

/* Adds the regions of segment 0. Other segments would be separate trees of 256 buses. */
static void add_mcfg_regions(const struct pci_config_ops *ports)
{
	const struct mcfg_entry *entry = NULL;

	while ((entry = mcfg_next(entry)))
		if (entry->segment == 0 &&
		    !add_region(entry->base, entry->first_bus, entry->last_bus, ports))
			return;
}

const struct pci_config_ops *pci_ecam_ops(const struct pci_config_ops *ports)
{
	region_count = 0;
	ecam_ops.last_bus = 0;
	add_mcfg_regions(ports);
	for (unsigned int i = 0; i < region_count; i++)
		ecam_ops.last_bus = max(ecam_ops.last_bus, regions[i].last);
	return ecam_region_of(0) ? &ecam_ops : NULL;
}

bool pci_ecam_range(unsigned int index, u64 *start, u64 *size)
{
	if (index >= region_count)
		return false;
	*start = region_start(&regions[index]);
	*size = region_size(&regions[index]);
	return true;
}
