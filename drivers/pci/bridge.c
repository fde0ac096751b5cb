/* SPDX-License-Identifier: MIT */
/*
 * Bus numbers. A bridge forwards accesses to the buses from its secondary to its subordinate number
 * (PCI-to-PCI Bridge 1.2, 3.2.5.3 to 3.2.5.5). The firmware's numbers stay if they can work at all.
 * Then the other bridges of the bus get the remaining numbers, as in Linux's two passes. Each
 * number is claimed once, which bounds the recursion.
 */
#include "drivers/pci/internal.h"
#include "kernel/string.h"

/* Numbers that were scanned; that a bridge forwards; where no function answers. */
static u64 scanned[4], forwarded[4], silent[4];

static bool test_bus_bit(const u64 *bits, u8 number)
{
	return bits[number / 64] & BIT_ULL(number % 64);
}

static void set_bit(u64 *bits, u8 number)
{
	bits[number / 64] |= BIT_ULL(number % 64);
}

void pci_forget_buses(void)
{
	memset(scanned, 0, sizeof(scanned));
	memset(forwarded, 0, sizeof(forwarded));
	memset(silent, 0, sizeof(silent));
}

bool pci_claim_bus(u8 number)
{
	bool free = !test_bus_bit(scanned, number);

	set_bit(scanned, number);
	return free;
}

static bool is_claimed(u8 number)
{
	return test_bus_bit(scanned, number) || test_bus_bit(forwarded, number);
}

bool pci_bus_answers(u8 number, const struct pci_config_ops *ops)
{
	if (is_claimed(number) || test_bus_bit(silent, number))
		return false;
	for (u8 slot = 0; slot < 32; slot++)
		if (!pci_id_is_absent(ops->read(number, PCI_DEVFN(slot, 0), PCI_VENDOR_ID, 4)))
			return true;
	set_bit(silent, number);
	return false;
}

static void forward_bus_numbers(u8 first, u8 last)
{
	for (unsigned int number = first; number <= last; number++)
		set_bit(forwarded, (u8)number);
}

/* Writes the numbers. Only the bridge itself uses the primary one; the timer above them is
 * unchanged. */
static void write_numbers(const struct pci_dev *bridge, u8 secondary, u8 subordinate)
{
	pci_write_config_byte(bridge, PCI_PRIMARY_BUS, secondary ? bridge->bus->number : 0);
	pci_write_config_byte(bridge, PCI_SECONDARY_BUS, secondary);
	pci_write_config_byte(bridge, PCI_SUBORDINATE_BUS, subordinate);
}

static void read_numbers(const struct pci_dev *bridge, u8 *secondary, u8 *subordinate)
{
	pci_read_config_byte(bridge, PCI_SECONDARY_BUS, secondary);
	pci_read_config_byte(bridge, PCI_SUBORDINATE_BUS, subordinate);
}

static void scan_behind_bridge(struct pci_dev *bridge, u8 secondary, u8 subordinate)
{
	struct pci_bus *bus = bridge->bus;

	bridge->subordinate = pci_alloc_bus(secondary, subordinate, bus->ops, bridge);
	if (bridge->subordinate)
		pci_scan_child_bus(bridge->subordinate);
}

/* True if another bridge of the bus forwards some of these numbers. */
static bool overlaps_sibling(const struct pci_bus *bus, u8 first, u8 last)
{
	const struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		if (dev->subordinate && first <= dev->subordinate->limit &&
		    last >= dev->subordinate->number)
			return true;
	return false;
}

/*
 * First pass. A bridge must lead from a lower number to a higher one that is free and that its own
 * bus forwards; the order of bridges is the firmware's. A bridge with other numbers forwards
 * nothing from here on, so that it does not block the others.
 */
static void scan_numbered(struct pci_dev *bridge)
{
	struct pci_bus *bus = bridge->bus;
	u8 secondary, subordinate;

	read_numbers(bridge, &secondary, &subordinate);
	if (secondary <= bus->number || subordinate < secondary || subordinate > bus->limit ||
	    overlaps_sibling(bus, secondary, subordinate) || !pci_claim_bus(secondary)) {
		dev_printk(&bridge->dev,
			   "bridge configuration invalid ([bus %02x-%02x]), reconfiguring\n",
			   secondary, subordinate);
		write_numbers(bridge, 0, 0);
		bridge->unnumbered = true;
		return;
	}
	forward_bus_numbers(secondary, subordinate);
	scan_behind_bridge(bridge, secondary, subordinate);
	bus->last = max(bus->last, subordinate);
}

/* Returns the highest number that a bridge of this bus may get: below the next root bus. */
static u8 find_limit(const struct pci_bus *bus)
{
	unsigned int number = bus->last;

	if (bus->self)
		return bus->limit;
	while (number < bus->limit && !is_claimed((u8)(number + 1)) &&
	       !pci_bus_answers((u8)(number + 1), bus->ops))
		number++;
	return (u8)number;
}

static bool number_bridge(struct pci_dev *bridge, u8 first, u8 last)
{
	u8 secondary, subordinate;

	write_numbers(bridge, first, last);
	read_numbers(bridge, &secondary, &subordinate);
	if (secondary == first && subordinate == last)
		return true;
	dev_printk(&bridge->dev, "E32 bus numbers do not stick; devices behind it ignored\n");
	write_numbers(bridge, 0, 0);
	return false;
}

/* Second pass: offers all remaining numbers to one bridge after the other, which returns those it
 * does not need. */
static void scan_unnumbered(struct pci_dev *bridge)
{
	struct pci_bus *bus = bridge->bus;
	u8 limit = find_limit(bus);
	u8 first = (u8)(bus->last + 1);

	if (bus->last >= limit) {
		dev_printk(&bridge->dev, "E32 no bus number left; devices behind it ignored\n");
		return;
	}
	if (!number_bridge(bridge, first, limit))
		return;
	pci_claim_bus(first);
	scan_behind_bridge(bridge, first, limit);
	if (!bridge->subordinate)
		return write_numbers(bridge, 0, 0);
	bus->last = bridge->subordinate->last;
	bridge->subordinate->limit = bus->last;
	forward_bus_numbers(first, bus->last);
	pci_write_config_byte(bridge, PCI_SUBORDINATE_BUS, bus->last);
}

void pci_scan_bridges(struct pci_bus *bus)
{
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		if (dev->hdr_type == PCI_HEADER_TYPE_BRIDGE)
			scan_numbered(dev);
	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		if (dev->unnumbered)
			scan_unnumbered(dev);
}
