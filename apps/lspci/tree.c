/* SPDX-License-Identifier: MIT */
/*
 * The buses as a tree. A bus starts on the line of its bridge; each further function of it gets a
 * line of its own, which begins with the stems of the branches that go on:
 *
 *     -[0000:00]-+-00.0
 *                +-05.0-[01-02]--+-00.0
 *                |               \-01.0
 *                \-1f.0
 */
#include "apps/lspci/lspci.h"
#include "kernel/printk.h"

#define LINE_MAX 200

static char line[LINE_MAX];

/* Writes at column `at`; returns the column behind it. What finds no room is cut. */
static __printf(2, 3) unsigned int write_at(unsigned int at, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line + at, LINE_MAX - at, format, arguments);
	va_end(arguments);
	return min(at + (unsigned int)length, LINE_MAX - 1u);
}

/* Only the stems of branches that go on stay for the lines below. */
static void end_line(void)
{
	printk("\n");
	for (char *c = line; *c; c++)
		*c = *c == '+' || *c == '|' ? '|' : ' ';
}

/* As pciutils does it, what -s and -d select is shown with all that leads to it. */
static bool leads_to_selected(const struct pci_bus *bus);

static bool is_wanted(const struct pci_dev *dev)
{
	return is_selected(dev) || (dev->subordinate && leads_to_selected(dev->subordinate));
}

static bool leads_to_selected(const struct pci_bus *bus)
{
	const struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		if (is_wanted(dev))
			return true;
	return false;
}

static void show_bus(const struct pci_bus *bus, unsigned int at);

static void show_branch(const struct pci_dev *dev, unsigned int at)
{
	const struct pci_bus *bus = dev->subordinate;

	at = write_at(at, "%02x.%x", PCI_SLOT(dev->devfn), PCI_FUNC(dev->devfn));
	if (bus && bus->number == bus->last) {
		show_bus(bus, write_at(at, "-[%02x]--", bus->number));
	} else if (bus) {
		show_bus(bus, write_at(at, "-[%02x-%02x]--", bus->number, bus->last));
	} else {
		printk("%s", line);
		if (listing.verbose) {
			printk("  ");
			print_ids(dev->vendor, dev->device);
		}
		end_line();
	}
}

static const char *joint(const struct pci_bus *bus, const struct pci_dev *dev)
{
	bool first = bus->devices.next == &dev->bus_list;

	if (dev->bus_list.next != &bus->devices)
		return "+-";
	return first ? "--" : "\\-";
}

static void show_bus(const struct pci_bus *bus, unsigned int at)
{
	const struct pci_dev *dev;

	if (!leads_to_selected(bus)) {
		printk("%s", line);
		end_line();
		return;
	}
	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		if (is_wanted(dev))
			show_branch(dev, write_at(at, "%s", joint(bus, dev)));
}

struct root_count {
	unsigned int all, seen, shown;
};

/* A root bus is known by the first function that is found on it. */
static bool is_first_of_root(const struct pci_dev *dev)
{
	return !dev->bus->self && dev->bus->devices.next == &dev->bus_list;
}

static int count_if_root(struct device *device, void *data)
{
	struct root_count *count = data;

	count->all += is_first_of_root(to_pci_dev(device));
	return 0;
}

/* Several root buses hang on a stem of their own. */
static int show_if_root(struct device *device, void *data)
{
	const struct pci_dev *dev = to_pci_dev(device);
	struct root_count *count = data;
	unsigned int at;

	if (!is_first_of_root(dev))
		return 0;
	count->seen++;
	if (!leads_to_selected(dev->bus))
		return 0;
	at = write_at(0, count->shown++ ? " " : "-");
	if (count->all > 1)
		at = write_at(at, count->seen < count->all ? "+-" : "\\-");
	show_bus(dev->bus, write_at(at, "[0000:%02x]-", dev->bus->number));
	return 0;
}

void show_tree(void)
{
	struct root_count count = { 0, 0, 0 };

	bus_for_each_dev(&pci_bus_type, &count, count_if_root);
	bus_for_each_dev(&pci_bus_type, &count, show_if_root);
	if (!count.shown)
		printk("-\n");
}
