/* SPDX-License-Identifier: MIT */
/*
 * Finds functions: pci_scan_bus -> pci_scan_slot -> pci_scan_device -> pci_setup_device, first all
 * of a bus, then behind each of its bridges (bridge.c). root.c starts it, and passes the functions
 * to the driver core.
 */
#include <linux/errno.h>

#include "drivers/pci/internal.h"
#include "kernel/memory.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define CLASS_STORAGE_IDE 0x0101

/* How long a function may report "not ready" (PCI Express 4.0, 6.6.1: 1 s after a reset). */
#define NOT_READY_MS 1000

/* Names for a function with a PCI Express capability, by its port type (PCIe 4.0, 7.5.3.2). */
static const char *const express_types[16] = {
	[PCI_EXP_TYPE_ENDPOINT] = "PCIe Endpoint",
	[PCI_EXP_TYPE_LEG_END] = "PCIe Legacy Endpoint",
	[PCI_EXP_TYPE_ROOT_PORT] = "PCIe Root Port",
	[PCI_EXP_TYPE_UPSTREAM] = "PCIe Switch Upstream Port",
	[PCI_EXP_TYPE_DOWNSTREAM] = "PCIe Switch Downstream Port",
	[PCI_EXP_TYPE_PCI_BRIDGE] = "PCIe to PCI/PCI-X bridge",
	[PCI_EXP_TYPE_PCIE_BRIDGE] = "PCI/PCI-X to PCIe bridge",
	[PCI_EXP_TYPE_RC_END] = "PCIe Root Complex Integrated Endpoint",
	[PCI_EXP_TYPE_RC_EC] = "PCIe Root Complex Event Collector",
};

static unsigned int express_type(const struct pci_dev *dev)
{
	return (dev->pcie_flags_reg & PCI_EXP_FLAGS_TYPE) >> 4;
}

static const char *type_words(const struct pci_dev *dev)
{
	if (pci_find_capability(dev, PCI_CAP_ID_EXP)) {
		const char *words = express_types[express_type(dev)];

		return words ? words : "PCIe unknown";
	}
	switch (dev->hdr_type) {
	case PCI_HEADER_TYPE_NORMAL:
		return "conventional PCI endpoint";
	case PCI_HEADER_TYPE_BRIDGE:
		return "conventional PCI bridge";
	case PCI_HEADER_TYPE_CARDBUS:
		return "CardBus bridge";
	default:
		return "conventional PCI";
	}
}

bool pci_id_is_absent(u32 id)
{
	return id == 0xffffffff || id == 0 || id == 0x0000ffff || id == 0xffff0000;
}

struct id_read {
	const struct pci_dev *dev;
	u32 id;
};

static bool id_is_ready(void *context)
{
	struct id_read *read = context;

	pci_read_config_dword(read->dev, PCI_VENDOR_ID, &read->id);
	return (read->id & 0xffff) != 0x0001;
}

/* True if a function answers; waits for one that reports "not ready" (vendor 0001). */
static bool read_id(struct pci_dev *dev)
{
	struct id_read read = { dev, 0 };

	if (poll_until(id_is_ready, &read, NOT_READY_MS * NSEC_PER_MSEC)) {
		dev_printk(&dev->dev, "not ready after %d ms; ignored\n", NOT_READY_MS);
		return false;
	}
	dev->vendor = (u16)read.id;
	dev->device = (u16)(read.id >> 16);
	return !pci_id_is_absent(read.id);
}

static void set_legacy_port(struct pci_dev *dev, unsigned int bar, u64 start, u64 size)
{
	struct pci_resource *resource = &dev->resource[bar];
	char text[64];

	resource->start = start;
	resource->size = size;
	resource->flags = PCI_RESOURCE_IO | PCI_RESOURCE_FIXED;
	pci_format_resource(text, sizeof(text), resource);
	dev_printk(&dev->dev, "BAR %u %s: legacy IDE quirk\n", bar, text);
}

/* Sets fixed ports: in compatibility mode an IDE channel decodes these, whatever its BARs contain
 * (PCI IDE 1.0). */
static void read_legacy_ide(struct pci_dev *dev)
{
	if (dev->class >> 8 != CLASS_STORAGE_IDE)
		return;
	if (!(dev->class & 1)) {
		set_legacy_port(dev, 0, 0x1f0, 8);
		set_legacy_port(dev, 1, 0x3f6, 1);
	}
	if (!(dev->class & 4)) {
		set_legacy_port(dev, 2, 0x170, 8);
		set_legacy_port(dev, 3, 0x376, 1);
	}
}

/* Reads the part of the header whose layout depends on its type (PCI 3.0, 6.1); -EIO for an unknown
 * type. */
static int read_typed_header(struct pci_dev *dev)
{
	switch (dev->hdr_type) {
	case PCI_HEADER_TYPE_NORMAL:
		pci_read_bases(dev, PCI_STD_NUM_BARS, PCI_ROM_ADDRESS);
		pci_read_config_word(dev, PCI_SUBSYSTEM_VENDOR_ID, &dev->subsystem_vendor);
		pci_read_config_word(dev, PCI_SUBSYSTEM_ID, &dev->subsystem_device);
		read_legacy_ide(dev);
		return 0;
	case PCI_HEADER_TYPE_BRIDGE:
		pci_read_bases(dev, 2, PCI_ROM_ADDRESS1);
		pci_read_bridge_windows(dev);
		return 0;
	case PCI_HEADER_TYPE_CARDBUS:
		pci_read_bases(dev, 1, 0);
		return 0;
	default:
		dev_printk(&dev->dev, "unknown header type %02x, ignoring device\n", dev->hdr_type);
		return -EIO;
	}
}

/* Fills in the device from the header and the capabilities of a function that answers. */
static int pci_setup_device(struct pci_dev *dev)
{
	u32 class_revision;
	u8 hdr_type, express;

	pci_read_config_byte(dev, PCI_HEADER_TYPE, &hdr_type);
	dev->hdr_type = hdr_type & 0x7f;
	dev->multifunction = hdr_type & 0x80;
	pci_read_config_dword(dev, PCI_CLASS_REVISION, &class_revision);
	dev->revision = (u8)class_revision;
	dev->class = class_revision >> 8;
	pci_read_capabilities(dev);
	express = pci_find_capability(dev, PCI_CAP_ID_EXP);
	if (express)
		pci_read_config_word(dev, express + PCI_EXP_FLAGS, &dev->pcie_flags_reg);
	dev_printk(&dev->dev, "[%04x:%04x] type %02x class 0x%06x %s\n", dev->vendor, dev->device,
		   dev->hdr_type, dev->class, type_words(dev));
	return read_typed_header(dev);
}

/* Reads one function of a bus; NULL if none answers, or it cannot be used. */
static struct pci_dev *pci_scan_device(struct pci_bus *bus, u8 devfn)
{
	struct pci_dev *dev = kzalloc(sizeof(*dev));

	if (!dev) {
		printk("pci: out of memory at %02x:%02x.%x; function ignored\n", bus->number,
		       PCI_SLOT(devfn), PCI_FUNC(devfn));
		return NULL;
	}
	dev->bus = bus;
	dev->devfn = devfn;
	dev->dev.bus = &pci_bus_type;
	dev->dev.parent = bus->self ? &bus->self->dev : NULL;
	snprintf(dev->dev.name, sizeof(dev->dev.name), "0000:%02x:%02x.%x", bus->number,
		 PCI_SLOT(devfn), PCI_FUNC(devfn));
	if (read_id(dev) && !pci_setup_device(dev)) {
		list_add_tail(&dev->bus_list, &bus->devices);
		return dev;
	}
	kfree(dev);
	return NULL;
}

/* Scans a slot. Functions 1 to 7 exist only if function 0 does and has the multifunction bit (PCI
 * 3.0, 3.2.2.3.4). */
static void pci_scan_slot(struct pci_bus *bus, u8 slot)
{
	struct pci_dev *dev = pci_scan_device(bus, PCI_DEVFN(slot, 0));

	if (!dev || !dev->multifunction)
		return;
	for (unsigned int function = 1; function < 8; function++)
		pci_scan_device(bus, PCI_DEVFN(slot, function));
}

/* Returns the number of slots to scan. A link leads to one device; other slots behind such a port
 * can only be echoes of it. */
static unsigned int slots_of(const struct pci_bus *bus)
{
	const struct pci_dev *bridge = bus->self;

	if (!bridge || !pci_find_capability(bridge, PCI_CAP_ID_EXP))
		return 32;
	switch (express_type(bridge)) {
	case PCI_EXP_TYPE_ROOT_PORT:
	case PCI_EXP_TYPE_DOWNSTREAM:
	case PCI_EXP_TYPE_PCIE_BRIDGE:
		return 1;
	default:
		return 32;
	}
}

struct pci_bus *pci_alloc_bus(u8 number, u8 limit, const struct pci_config_ops *ops,
			      struct pci_dev *self)
{
	struct pci_bus *bus = kzalloc(sizeof(*bus));

	if (!bus) {
		printk("pci: out of memory for bus %02x; bus ignored\n", number);
		return NULL;
	}
	bus->number = number;
	bus->last = number;
	bus->limit = limit;
	bus->ops = ops;
	bus->self = self;
	INIT_LIST_HEAD(&bus->devices);
	return bus;
}

void pci_scan_child_bus(struct pci_bus *bus)
{
	for (unsigned int slot = 0; slot < slots_of(bus); slot++)
		pci_scan_slot(bus, (u8)slot);
	pci_scan_bridges(bus);
}

struct pci_bus *pci_scan_bus(u8 number, const struct pci_config_ops *ops)
{
	struct pci_bus *bus = NULL;

	if (pci_claim_bus(number))
		bus = pci_alloc_bus(number, ops->last_bus, ops, NULL);
	if (bus)
		pci_scan_child_bus(bus);
	return bus;
}

void pci_bus_add_devices(struct pci_bus *bus)
{
	struct pci_dev *dev;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		BUG_ON(device_add(&dev->dev));
	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list)
		if (dev->subordinate)
			pci_bus_add_devices(dev->subordinate);
}
