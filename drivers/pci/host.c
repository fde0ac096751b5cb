/* SPDX-License-Identifier: MIT */
/*
 * The addresses that root buses may use: those that a host bridge forwards according to the
 * firmware, else the largest gap in the memory map below 4 GiB, as in Linux. Only resources without
 * an address need them.
 */
#include "drivers/pci/internal.h"
#include "kernel/memmap.h"
#include "kernel/pci_host.h"
#include "kernel/printk.h"

static struct pci_host hosts[PCI_HOSTS_MAX];
static unsigned int host_count;
static struct pci_host fallback;

/* Fills in a guess, without the firmware's help. Addresses in use are skipped when one is
 * assigned. */
static void fill_fallback(void)
{
	struct range gap;

	fallback.window[0] = (struct pci_host_window){ 0, 0xffff, true, false };
	fallback.count = 1;
	if (!memmap_find_gap(PCI_CHIPSET_START, &gap))
		return;
	fallback.window[1] = (struct pci_host_window){ gap.start, gap.end - 1, false, false };
	fallback.count = 2;
}

/* Removes windows that overlap RAM, whatever the firmware claims. */
static void check_windows(struct pci_host *host)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < host->count; i++) {
		const struct pci_host_window *window = &host->window[i];

		if (window->io ||
		    (window->last - window->first != ~0ULL &&
		     !memmap_overlaps_ram(window->first, window->last - window->first + 1)))
			host->window[kept++] = *window;
		else
			printk("pci: E34 [mem 0x%llx-0x%llx] of host bridge %02x overlaps RAM\n",
			       window->first, window->last, host->bus);
	}
	host->count = kept;
}

void pci_host_init(void)
{
	host_count = acpi_pci_hosts(hosts);
	for (unsigned int i = 0; i < host_count; i++)
		check_windows(&hosts[i]);
	fill_fallback();
}

const struct pci_host *pci_host_of(u8 bus)
{
	for (unsigned int i = 0; i < host_count; i++)
		if (hosts[i].bus == bus && hosts[i].count)
			return &hosts[i];
	return bus ? pci_host_of(0) : &fallback;
}
