/* SPDX-License-Identifier: MIT */
/* Names the BAR that contains an address, for a panic after a stray access. */
#include "drivers/pci/pci.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

struct bar_search {
	u64 address;
	char *text;
	size_t size;
};

static bool resource_holds(const struct pci_resource *resource, u64 address)
{
	return resource->flags & PCI_RESOURCE_MEM && !(resource->flags & PCI_RESOURCE_UNSET) &&
	       address >= resource->start && address - resource->start < resource->size;
}

static int describe_if_in_bar(struct device *device, void *data)
{
	const struct pci_dev *dev = to_pci_dev(device);
	const struct bar_search *search = data;
	u16 command;

	for (unsigned int i = 0; i < PCI_STD_NUM_BARS; i++) {
		if (!resource_holds(&dev->resource[i], search->address))
			continue;
		pci_read_config_word(dev, PCI_COMMAND, &command);
		snprintf(search->text, search->size, "BAR %u + 0x%llx of %s, %s%s, decoding %s", i,
			 search->address - dev->resource[i].start, dev_name(device),
			 device->driver ? "driver " : "no driver",
			 device->driver ? device->driver->name : "",
			 command & PCI_COMMAND_MEMORY ? "on" : "off");
		return 1;
	}
	return 0;
}

/* Runs in a panic: changes nothing, and takes no lock. */
static bool pci_describe_address(u64 address, char *text, size_t size)
{
	struct bar_search search = { address, text, size };

	return bus_for_each_dev(&pci_bus_type, &search, describe_if_in_bar);
}
describe_addresses(pci_describe_address);
