/* SPDX-License-Identifier: MIT */
/*
 * Assigns addresses to resources that the firmware left without one: BARs, and the windows of the
 * bridges above them. An address from the firmware stays, unless it cannot work: it is missing,
 * overlaps another resource or RAM, or lies outside the window of the bridge above. If something is
 * missing, closed windows are sized from the far end of the tree. Then everything is placed from
 * the root down, the largest alignment first. In that order, the content of a window fits without a
 * search.
 *
 * ROMs get no address: no driver reads them.
 */
#include "drivers/pci/internal.h"
#include "kernel/memmap.h"
#include "kernel/pci_host.h"
#include "kernel/printk.h"

#define FIRST_64BIT (1ULL << 32)
#define IO_GRANULE 0x1000ULL /* of windows: PCI-to-PCI Bridge 1.2, 3.2.5.6 and 3.2.5.8 */
#define MEMORY_GRANULE 0x100000ULL

/* Below this are the board's ports, and the PC's own memory. */
#define IO_FIRST 0x1000ULL
#define IO_LAST 0xffffULL
#define MEMORY_FIRST 0x100000ULL

/* The resources of a function: its BARs, then the windows of a bridge. */
#define PLACES (PCI_STD_NUM_BARS + PCI_WINDOWS)

static struct pci_resource *place_of(struct pci_dev *dev, unsigned int index)
{
	return index < PCI_STD_NUM_BARS ? &dev->resource[index]
					: &dev->window[index - PCI_STD_NUM_BARS];
}

static bool resource_is_missing(const struct pci_resource *resource)
{
	return resource->size && (resource->flags & PCI_RESOURCE_UNSET) &&
	       !(resource->flags & PCI_RESOURCE_NO_SPACE);
}

static u64 alignment_of(const struct pci_resource *resource)
{
	return resource->align ? resource->align : resource->size;
}

static void print_place(struct pci_dev *dev, unsigned int index, const char *outcome)
{
	char text[64], name[16];

	snprintf(name, sizeof(name), index < PCI_STD_NUM_BARS ? "BAR %u" : "bridge window", index);
	pci_format_resource(text, sizeof(text), place_of(dev, index));
	dev_printk(&dev->dev, "%s %s: %s\n", name, text, outcome);
}

/* ---- addresses that stay -------------------------------------------------------------------- */

static bool resource_is_within(const struct pci_resource *inner, const struct pci_resource *outer)
{
	return outer->size && !(outer->flags & PCI_RESOURCE_UNSET) &&
	       (inner->flags & PCI_RESOURCE_IO) == (outer->flags & PCI_RESOURCE_IO) &&
	       inner->start >= outer->start && inner->size <= outer->size &&
	       inner->start - outer->start <= outer->size - inner->size;
}

/* True if accesses to it reach this bus. A subtractive bridge also forwards what no other device
 * takes. */
static bool resource_is_reached(const struct pci_bus *bus, const struct pci_resource *resource)
{
	if (resource->start + resource->size < resource->start)
		return false;
	for (; bus->self; bus = bus->self->bus) {
		for (unsigned int i = 0; i < PCI_WINDOWS; i++)
			if (resource_is_within(resource, &bus->self->window[i]))
				return true;
		if (!pci_is_subtractive(bus->self))
			return false;
	}
	return resource->flags & PCI_RESOURCE_IO ||
	       !memmap_overlaps_ram(resource->start, resource->size);
}

static void claim_or_unset_resource(struct pci_bus *bus, struct pci_resource *resource)
{
	if (!resource->flags || !resource->size || resource->flags & PCI_RESOURCE_FIXED)
		return;
	if (!resource->start || !resource_is_reached(bus, resource) || !pci_claim(bus, resource))
		resource->flags |= PCI_RESOURCE_UNSET;
}

static void claim_window(struct pci_dev *bridge, unsigned int index)
{
	struct pci_resource *window = &bridge->window[index];

	claim_or_unset_resource(bridge->bus, window);
	if (index == PCI_WINDOW_PREF)
		bridge->pref_is_low = window->size && !(window->flags & PCI_RESOURCE_UNSET) &&
				      window->start + window->size <= FIRST_64BIT;
	if (!(window->flags & PCI_RESOURCE_UNSET))
		return;
	window->flags &= ~(unsigned int)PCI_RESOURCE_UNSET;
	window->size = 0; /* closed, until something needs it */
	bridge->windows_to_close |= 1u << index;
}

/* Claims the addresses that can stay. Windows come first: resources inside one are behind that
 * bridge. True if something on this bus or behind it has no address. */
static bool claim_all_resources(struct pci_bus *bus)
{
	bool missing = false;
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		for (unsigned int i = 0; i < PCI_WINDOWS; i++)
			claim_window(dev, i);
	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		for (unsigned int i = 0; i < PCI_STD_NUM_BARS; i++) {
			claim_or_unset_resource(bus, &dev->resource[i]);
			missing |= resource_is_missing(&dev->resource[i]);
		}
	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		if (dev->subordinate) {
			pci_forget_claims(dev->subordinate);
			missing |= claim_all_resources(dev->subordinate);
		}
	return missing;
}

/* ---- sizes of windows ----------------------------------------------------------------------- */

/* Returns the window of the bridge above that a resource belongs in. A prefetchable window that may
 * lie above 4 GiB takes only resources that may, too, unless the firmware put it below. */
static unsigned int window_for(const struct pci_bus *bus, const struct pci_resource *resource)
{
	const struct pci_resource *pref = &bus->self->window[PCI_WINDOW_PREF];

	if (resource->flags & PCI_RESOURCE_IO)
		return PCI_WINDOW_IO;
	if (!(resource->flags & PCI_RESOURCE_PREFETCH) || !pref->flags)
		return PCI_WINDOW_MEM;
	if (pref->flags & PCI_RESOURCE_MEM_64 && !(resource->flags & PCI_RESOURCE_MEM_64) &&
	    !bus->self->pref_is_low)
		return PCI_WINDOW_MEM;
	return PCI_WINDOW_PREF;
}

/* Lays out the resources with this alignment, from 0 on. */
static u64 lay_out_window(struct pci_bus *bus, unsigned int window, u64 align, u64 end)
{
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		for (unsigned int i = 0; i < PLACES; i++) {
			const struct pci_resource *resource = place_of(dev, i);

			if (resource_is_missing(resource) && alignment_of(resource) == align &&
			    window_for(bus, resource) == window)
				end = ALIGN_UP(end, align) + resource->size;
		}
	return end;
}

static void size_window(struct pci_dev *bridge, unsigned int index)
{
	struct pci_resource *window = &bridge->window[index];
	u64 granule = index == PCI_WINDOW_IO ? IO_GRANULE : MEMORY_GRANULE;
	u64 end = 0, before;

	if (!window->flags || (window->size && !(window->flags & PCI_RESOURCE_UNSET)))
		return;
	window->align = granule;
	for (u64 align = 1ULL << 63; align; align >>= 1) {
		before = end;
		end = lay_out_window(bridge->subordinate, index, align, end);
		if (!before && end)
			window->align = max(align, granule);
	}
	window->size = ALIGN_UP(end, granule);
	window->flags |= window->size ? PCI_RESOURCE_UNSET : 0;
}

static void size_windows(struct pci_bus *bus)
{
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list) {
		if (!dev->subordinate)
			continue;
		size_windows(dev->subordinate);
		for (unsigned int i = 0; i < PCI_WINDOWS; i++)
			size_window(dev, i);
	}
}

/* ---- placing -------------------------------------------------------------------------------- */

/* Tries the part of a root bus's window that suits the resource, above or below 4 GiB. */
static bool try_host_window(struct pci_bus *bus, struct pci_resource *resource,
			    const struct pci_host_window *window, bool high)
{
	bool io = resource->flags & PCI_RESOURCE_IO;
	u64 first = window->first, last = min(window->last, memmap_physical_limit() - 1);

	if (io != window->io || (window->prefetch && !(resource->flags & PCI_RESOURCE_PREFETCH)))
		return false;
	if (io && high)
		return false;
	if (!high)
		last = min(last, io ? IO_LAST : FIRST_64BIT - 1);
	first = max(first, io ? IO_FIRST : high ? FIRST_64BIT : MEMORY_FIRST);
	return first <= last && pci_find_room(bus, resource, first, last);
}

static bool place_on_root(struct pci_bus *bus, struct pci_resource *resource)
{
	const struct pci_host *host = pci_host_of(bus->number);
	bool high = resource->flags & PCI_RESOURCE_MEM_64;

	for (unsigned int i = 0; high && i < host->count; i++)
		if (try_host_window(bus, resource, &host->window[i], true))
			return true;
	for (unsigned int i = 0; i < host->count; i++)
		if (try_host_window(bus, resource, &host->window[i], false))
			return true;
	return false;
}

static bool place_resource(struct pci_bus *bus, struct pci_resource *resource)
{
	const struct pci_resource *window;

	if (!bus->self)
		return place_on_root(bus, resource);
	window = &bus->self->window[window_for(bus, resource)];
	return window->size && !(window->flags & PCI_RESOURCE_UNSET) &&
	       pci_find_room(bus, resource, window->start, window->start + window->size - 1);
}

/* Finds the missing resource with the largest alignment, of one window or (PCI_WINDOWS) of all. */
static struct pci_dev *find_largest(struct pci_bus *bus, unsigned int window, unsigned int *index)
{
	struct pci_dev *dev, *found = NULL;
	u64 largest = 0;

	*index = 0;
	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		for (unsigned int i = 0; i < PLACES; i++) {
			const struct pci_resource *resource = place_of(dev, i);

			if (!resource_is_missing(resource) || alignment_of(resource) <= largest ||
			    (window < PCI_WINDOWS && window_for(bus, resource) != window))
				continue;
			largest = alignment_of(resource);
			found = dev;
			*index = i;
		}
	return found;
}

static void give_up_resource(struct pci_dev *dev, unsigned int index);

/* Shrinks a window that does not fit: drops its largest resource. */
static void shrink_window(struct pci_dev *bridge, unsigned int window)
{
	unsigned int index;
	struct pci_dev *dev = find_largest(bridge->subordinate, window, &index);

	if (dev)
		give_up_resource(dev, index);
	size_window(bridge, window);
}

static void give_up_resource(struct pci_dev *dev, unsigned int index)
{
	if (index >= PCI_STD_NUM_BARS)
		return shrink_window(dev, index - PCI_STD_NUM_BARS);
	print_place(dev, index, "can't assign; no space");
	place_of(dev, index)->flags |= PCI_RESOURCE_NO_SPACE;
}

static void write_place(struct pci_dev *dev, unsigned int index)
{
	if (index < PCI_STD_NUM_BARS)
		pci_write_bar(dev, index);
	else
		pci_write_bridge_window(dev, index - PCI_STD_NUM_BARS);
}

/* Closes invalid windows that no resource needs. */
static void close_windows(struct pci_dev *bridge)
{
	for (unsigned int i = 0; i < PCI_WINDOWS; i++)
		if (!bridge->window[i].size && (bridge->windows_to_close & (1u << i)))
			pci_write_bridge_window(bridge, i);
}

static void place_missing(struct pci_bus *bus)
{
	struct pci_resource *resource;
	struct pci_dev *dev;
	unsigned int index;

	while ((dev = find_largest(bus, PCI_WINDOWS, &index))) {
		resource = place_of(dev, index);
		if (!place_resource(bus, resource) || !pci_claim(bus, resource)) {
			give_up_resource(dev, index);
			continue;
		}
		resource->flags &= ~(unsigned int)PCI_RESOURCE_UNSET;
		write_place(dev, index);
		print_place(dev, index, "assigned");
		if (index >= PCI_STD_NUM_BARS)
			dev->windows_moved = true;
	}
	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list) {
		close_windows(dev);
		if (dev->subordinate)
			place_missing(dev->subordinate);
		if (dev->windows_moved || dev->unnumbered)
			pci_print_bridge(dev);
	}
}

/* ---- the whole tree -------------------------------------------------------------------------- */

/* Drops missing I/O BARs of functions that have memory BARs, too: ports are only the older access
 * to the same registers. */
static void forget_ports(struct pci_bus *bus)
{
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list) {
		bool memory = false;

		for (unsigned int i = 0; i < PCI_STD_NUM_BARS; i++)
			memory |= dev->resource[i].flags & PCI_RESOURCE_MEM;
		for (unsigned int i = 0; memory && i < PCI_STD_NUM_BARS; i++)
			if (dev->resource[i].flags & PCI_RESOURCE_IO &&
			    dev->resource[i].flags & PCI_RESOURCE_UNSET)
				dev->resource[i].flags = 0;
		if (dev->subordinate)
			forget_ports(dev->subordinate);
	}
}

/* Claims memory that is not a BAR but must not be assigned. */
static void reserve_memory(struct pci_bus *root)
{
	static struct pci_resource reserved[8];
	u64 start = PCI_CHIPSET_START, size = FIRST_64BIT - PCI_CHIPSET_START;
	unsigned int i = 0;

	do {
		reserved[i] = (struct pci_resource){ .start = start,
						     .size = size,
						     .flags = PCI_RESOURCE_MEM };
		pci_claim(root, &reserved[i]);
	} while (pci_ecam_range(i, &start, &size) && ++i < ARRAY_SIZE(reserved));
}

void pci_assign_resources(void)
{
	struct pci_bus *root;
	bool missing = false;

	pci_forget_claims(NULL);
	list_for_each_entry(root, &pci_root_buses, struct pci_bus, node)
		missing |= claim_all_resources(root);
	if (!missing)
		return;
	list_for_each_entry(root, &pci_root_buses, struct pci_bus, node) {
		if (root->node.prev == &pci_root_buses)
			reserve_memory(root);
		size_windows(root);
		place_missing(root);
		forget_ports(root);
	}
}
