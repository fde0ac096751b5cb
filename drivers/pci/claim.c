/* SPDX-License-Identifier: MIT */
/*
 * The addresses in use per bus: a list of resources for I/O and one for memory, sorted and without
 * overlaps. Root buses share their lists, because they share the CPU's addresses.
 */
#include "drivers/pci/internal.h"

static struct list_head root_claims[2];

static struct list_head *claims_of(struct pci_bus *bus, const struct pci_resource *resource)
{
	unsigned int kind = resource->flags & PCI_RESOURCE_IO ? 0 : 1;

	return bus->self ? &bus->claims[kind] : &root_claims[kind];
}

void pci_forget_claims(struct pci_bus *bus)
{
	for (unsigned int i = 0; i < 2; i++)
		INIT_LIST_HEAD(bus ? &bus->claims[i] : &root_claims[i]);
}

static u64 resource_last(const struct pci_resource *resource)
{
	return resource->start + resource->size - 1;
}

bool pci_claim(struct pci_bus *bus, struct pci_resource *resource)
{
	struct list_head *claims = claims_of(bus, resource);
	struct pci_resource *other;

	list_for_each_entry(other, claims, struct pci_resource, claim) {
		if (resource_last(other) < resource->start)
			continue;
		if (other->start <= resource_last(resource))
			return false;
		break;
	}
	list_add_tail(&resource->claim, &other->claim); /* before it, or at the end */
	return true;
}

bool pci_find_room(struct pci_bus *bus, struct pci_resource *resource, u64 first, u64 last)
{
	u64 align = resource->align ? resource->align : resource->size;
	u64 at = ALIGN_UP(first, align);
	struct pci_resource *other;

	if (at < first)
		return false;
	list_for_each_entry(other, claims_of(bus, resource), struct pci_resource, claim) {
		if (resource_last(other) < at)
			continue;
		if (other->start > at && other->start - at >= resource->size)
			break;
		if (resource_last(other) >= ~0ULL - align)
			return false;
		at = ALIGN_UP(resource_last(other) + 1, align);
	}
	if (at > last || last - at < resource->size - 1)
		return false;
	resource->start = at;
	return true;
}
