/* SPDX-License-Identifier: MIT */
/* The PCI bus type: which driver matches which function, and how it is called. */
#include <linux/errno.h>

#include "drivers/pci/pci.h"
#include "kernel/printk.h"

static bool id_matches(const struct pci_device_id *id, const struct pci_dev *dev)
{
	return (id->vendor == PCI_ANY_ID || id->vendor == dev->vendor) &&
	       (id->device == PCI_ANY_ID || id->device == dev->device) &&
	       (id->subvendor == PCI_ANY_ID || id->subvendor == dev->subsystem_vendor) &&
	       (id->subdevice == PCI_ANY_ID || id->subdevice == dev->subsystem_device) &&
	       !((id->class ^ dev->class) & id->class_mask);
}

const struct pci_device_id *pci_match_id(const struct pci_device_id *ids, const struct pci_dev *dev)
{
	for (; ids->vendor || ids->subvendor || ids->class_mask; ids++)
		if (id_matches(ids, dev))
			return ids;
	return NULL;
}

static bool pci_bus_match(struct device *device, const struct device_driver *driver)
{
	return pci_match_id(to_pci_driver(driver)->id_table, to_pci_dev(device));
}

static int pci_device_probe(struct device *device)
{
	struct pci_driver *driver = to_pci_driver(device->driver);
	struct pci_dev *dev = to_pci_dev(device);

	return driver->probe(dev, pci_match_id(driver->id_table, dev));
}

static void pci_device_remove(struct device *device)
{
	to_pci_driver(device->driver)->remove(to_pci_dev(device));
}

static void pci_describe(const struct device *device, char *buffer, size_t size)
{
	const struct pci_dev *dev = to_pci_dev(device);

	snprintf(buffer, size, "[%04x:%04x] class 0x%06x", dev->vendor, dev->device, dev->class);
}

struct bus_type pci_bus_type = {
	.name = "pci",
	.match = pci_bus_match,
	.probe = pci_device_probe,
	.remove = pci_device_remove,
	.describe = pci_describe,
};

int pci_register_driver(struct pci_driver *driver)
{
	if (!driver->id_table || !driver->probe || !driver->remove)
		return -EINVAL;
	driver->driver.bus = &pci_bus_type;
	return driver_register(&driver->driver);
}

static int pci_driver_init(void)
{
	return bus_register(&pci_bus_type);
}
core_initcall(pci_driver_init);
