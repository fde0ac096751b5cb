// SPDX-License-Identifier: MIT
/* The PCI functions, as the scan found them: nothing is read from a device here. */
#include "apps/httpd/status.h"
#include "drivers/pci/pci.h"
#include "kernel/printk.h"
#include "kernel/string.h"

/* Base class and sub-class (PCI Code and ID Assignment): what occurs on QEMU's machines. */
static const struct {
	u16 class;
	const char *name;
} classes[] = {
	{ 0x0000, "Unclassified" },
	{ 0x0100, "SCSI storage" },
	{ 0x0101, "IDE interface" },
	{ 0x0106, "SATA controller" },
	{ 0x0108, "NVM controller" },
	{ 0x0180, "Mass storage" },
	{ 0x0200, "Ethernet" },
	{ 0x0280, "Network" },
	{ 0x0300, "VGA display" },
	{ 0x0380, "Display" },
	{ 0x0401, "Audio" },
	{ 0x0403, "Audio" },
	{ 0x0480, "Multimedia" },
	{ 0x0500, "RAM" },
	{ 0x0600, "Host bridge" },
	{ 0x0601, "ISA bridge" },
	{ 0x0604, "PCI bridge" },
	{ 0x0680, "Bridge" },
	{ 0x0700, "Serial port" },
	{ 0x0780, "Communication" },
	{ 0x0880, "System peripheral" },
	{ 0x0900, "Keyboard" },
	{ 0x0980, "Input device" },
	{ 0x0c03, "USB controller" },
	{ 0x0c05, "SMBus" },
	{ 0x1000, "Encryption" },
	{ 0x00ff, "Virtio device" },
	{ 0xff00, "Unassigned class" },
};

static const char *class_name(u32 class)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++)
		if (classes[i].class == class >> 8)
			return classes[i].name;
	return "";
}

/* "BAR0 BAR4" alone would say little: each with its kind and size, such as "4:mem64/16K". */
static void show_regions(struct report *report, const struct pci_dev *dev)
{
	char text[200];
	size_t length = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < PCI_STD_NUM_BARS && length < sizeof(text); i++) {
		const struct pci_resource *resource = &dev->resource[i];
		bool io = resource->flags & PCI_RESOURCE_IO;
		bool wide = resource->flags & PCI_RESOURCE_MEM_64;
		bool kilo = resource->size >= 1024 && resource->size < 1 << 20;
		bool mega = resource->size >= 1 << 20;

		if (!resource->flags)
			continue;
		length += (size_t)snprintf(text + length, sizeof(text) - length, "BAR%u:%s/%llu%s ",
					   i,
					   io	  ? "io"
					   : wide ? "mem64"
						  : "mem",
					   resource->size >> (mega   ? 20
							      : kilo ? 10
								     : 0),
					   mega	  ? "M"
					   : kilo ? "K"
						  : "");
	}
	report_text(report, text);
}

static void show_interrupt(struct report *report, struct pci_dev *dev)
{
	struct pci_intx_state intx;

	if (dev->msix)
		report_format(report, "MSI-X, %d entries", pci_msix_vec_count(dev));
	else if (!pci_intx_state(dev, &intx))
		report_format(report, "INTx, wire %u", intx.gsi);
	else
		report_text(report, "");
}

static void show_function(struct report *report, struct pci_dev *dev, unsigned int depth)
{
	const struct device_driver *driver = dev->dev.driver;

	report_row(report, depth);
	report_text(report, dev_name(&dev->dev));
	report_format(report, "%04x:%04x", dev->vendor, dev->device);
	report_text(report, class_name(dev->class));
	report_format(report, "%06x", dev->class);
	report_text(report, driver ? driver->name : "");
	show_interrupt(report, dev);
	show_regions(report, dev);
}

/* What is behind a bridge comes right after it. */
static void show_bus(struct report *report, const struct pci_bus *bus, unsigned int depth)
{
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list) {
		show_function(report, dev, depth);
		if (dev->subordinate)
			show_bus(report, dev->subordinate, depth + 1);
	}
}

void status_pci(struct report *report)
{
	static const struct report_column columns[] = {
		{ "address", "Address", REPORT_CODE }, { "id", "Id", REPORT_CODE },
		{ "kind", "Kind", REPORT_TEXT },       { "class", "Class", REPORT_CODE },
		{ "driver", "Driver", REPORT_TEXT },   { "interrupt", "Interrupt", REPORT_TEXT },
		{ "regions", "Regions", REPORT_LIST },
	};

	const struct pci_bus *bus;

	report_table(report, "pci", "PCI functions", columns, ARRAY_SIZE(columns));
	list_for_each_entry(bus, &pci_root_buses, struct pci_bus, node)
		show_bus(report, bus, 0);
}
