// SPDX-License-Identifier: MIT
/* Random trees, some of them assigned in part: nothing overlaps, and all is behind its bridge. */
#include "test.h"

#include <linux/errno.h>

#include "drivers/pci/internal.h"
#include "kernel/acpi/acpi.h"
#include "machine.h"
#include "world.h"

static void scan_and_assign(void)
{
	world_log_clear();
	pci_host_init();
	pci_scan_roots(&machine_ops);
	machine_no_print_while_sizing();
	pci_assign_resources();
}

#define NODES_MAX 40

static struct function *bridges[NODES_MAX], *all[NODES_MAX];
static unsigned int bridge_count, all_count;

/* Some bridges are there with numbers and windows of their own, some without; BARs likewise. */
static void add_random(void)
{
	struct function *parent =
		bridge_count && world_random(3) ? bridges[world_random(bridge_count)] : NULL;
	u8 slot = (u8)all_count % 31 + 1;
	struct function *function;
	bool bridge = !world_random(3);

	if (bridge && parent)
		function = machine_add_bridge_behind(parent, slot);
	else if (bridge)
		function = machine_add_bridge(0, slot, 0, 0, 0);
	else
		function = parent ? machine_add_behind(parent, slot, 0x1af4, 0x1041)
				  : machine_add(0, slot, 0, 0x1af4, 0x1041);
	if (bridge) {
		machine_set_windows(function, world_random(2));
		bridges[bridge_count++] = function;
	}
	for (unsigned int bar = 0; bar < (bridge ? 2 : 6); bar += 2) {
		static const u32 kinds[] = { 0, SIM_IO, SIM_64, SIM_64 | SIM_PREF, SIM_PREF };
		u32 kind = kinds[world_random(5)];
		u64 size = kind == SIM_IO ? 4u << world_random(7) : 0x1000ull << world_random(14);
		u64 where = world_random(3) ? 0 : 0xc0000000 + size * world_random(8);

		machine_set_bar(function, bar, kind == SIM_IO ? where & 0xffff : where, size, kind);
	}
	all[all_count++] = function;
}

static u64 low_of(const struct pci_resource *resource)
{
	return resource->start;
}

static u64 high_of(const struct pci_resource *resource)
{
	return resource->start + resource->size - 1;
}

static bool is_set(const struct pci_resource *resource)
{
	return resource->flags && resource->size && !(resource->flags & PCI_RESOURCE_UNSET);
}

static void check_pair(const struct pci_resource *a, const struct pci_resource *b)
{
	if (a == b || !is_set(a) || !is_set(b) ||
	    (a->flags & PCI_RESOURCE_IO) != (b->flags & PCI_RESOURCE_IO))
		return;
	if (low_of(a) <= high_of(b) && low_of(b) <= high_of(a))
		FAIL("0x%llx-0x%llx and 0x%llx-0x%llx overlap", low_of(a), high_of(a), low_of(b),
		     high_of(b));
}

static void check_inside(const struct pci_bus *bus, const struct pci_resource *resource)
{
	bool inside = !bus->self;

	for (unsigned int i = 0; bus->self && i < PCI_WINDOWS; i++) {
		const struct pci_resource *window = &bus->self->window[i];

		inside |= is_set(window) && low_of(resource) >= low_of(window) &&
			  high_of(resource) <= high_of(window) &&
			  (window->flags & PCI_RESOURCE_IO) == (resource->flags & PCI_RESOURCE_IO);
	}
	if (is_set(resource) && !inside)
		FAIL("0x%llx is not behind its bridge", low_of(resource));
	if (is_set(resource) && low_of(resource) < world_ram_end &&
	    !(resource->flags & PCI_RESOURCE_IO))
		FAIL("0x%llx is RAM", low_of(resource));
}

static struct pci_resource *nth(struct pci_dev *dev, unsigned int index)
{
	return index < 6 ? &dev->resource[index] : &dev->window[index - 6];
}

static void check_resource(struct pci_bus *bus, const struct pci_resource *resource, bool is_bar)
{
	struct pci_dev *dev;

	check_inside(bus, resource);
	if (is_bar && is_set(resource))
		CHECK_EQ(resource->start % resource->size, 0);
	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		for (unsigned int i = 0; i < 9; i++)
			check_pair(resource, nth(dev, i));
}

static void check_bus(struct pci_bus *bus)
{
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list) {
		for (unsigned int i = 0; i < 9; i++)
			check_resource(bus, nth(dev, i), i < 6);
		if (dev->subordinate)
			check_bus(dev->subordinate);
	}
}

TEST(pci_assign_random_trees_never_overlap)
{
	for (unsigned int round = 0; round < 300; round++) {
		struct pci_bus *root;

		machine_clear();
		bridge_count = all_count = 0;
		for (unsigned int i = world_random(NODES_MAX); i > 0; i--)
			add_random();
		scan_and_assign();
		list_for_each_entry(root, &pci_root_buses, struct pci_bus, node)
			check_bus(root);
		CHECK_NO_LOG("[mem size 0x00001000]: can't");
	}
}
