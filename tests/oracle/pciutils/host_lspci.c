/* SPDX-License-Identifier: MIT */
/*
 * lspci on the host: `host_lspci DUMP OPTIONS` prints what the app would print on a machine with
 * the configuration space of that dump. So registers can have values that no function of QEMU's
 * has.
 */
#include <stdio.h>

#include "apps/lspci/lspci.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define FUNCTIONS_MAX 64

static struct machine_function {
	struct pci_dev dev;
	struct pci_bus bus;
	u8 config[CONFIG_BYTES];
} functions[FUNCTIONS_MAX];

static unsigned int count;

struct bus_type pci_bus_type;

int printk(const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vprintf(format, arguments);
	va_end(arguments);
	return length;
}

int bus_for_each_dev(struct bus_type *bus, void *data,
		     int (*function)(struct device *device, void *data))
{
	int result = 0;

	(void)bus;
	for (unsigned int i = 0; i < count && !result; i++)
		result = function(&functions[i].dev.dev, data);
	return result;
}

int pci_read_config_dword(const struct pci_dev *dev, unsigned int where, u32 *value)
{
	memcpy(value, container_of(dev, struct machine_function, dev)->config + where,
	       sizeof(*value));
	return 0;
}

/* As the scan finds it: the first of its kind, in a list that may loop or break. */
u8 pci_find_capability(const struct pci_dev *dev, u8 id)
{
	const u8 *config = container_of(dev, const struct machine_function, dev)->config;
	unsigned int where = config[PCI_CAPABILITY_LIST] & 0xfc;

	if (!(config[PCI_STATUS] & PCI_STATUS_CAP_LIST))
		return 0;
	for (unsigned int i = 0; i < PCI_CAPABILITIES_MAX && where && config[where] != 0xff; i++) {
		if (config[where] == id)
			return (u8)where;
		where = config[where + PCI_CAP_LIST_NEXT] & 0xfc;
	}
	return 0;
}

static void set_up(struct machine_function *function)
{
	const u8 *config = function->config;
	struct pci_dev *dev = &function->dev;

	dev->bus = &function->bus;
	memcpy(&dev->vendor, config + PCI_VENDOR_ID, 2);
	memcpy(&dev->device, config + PCI_DEVICE_ID, 2);
	memcpy(&dev->class, config + PCI_CLASS_REVISION, 4);
	dev->revision = (u8)dev->class;
	dev->class >>= 8;
	dev->hdr_type = config[PCI_HEADER_TYPE] & 0x7f;
	if (dev->hdr_type == PCI_HEADER_TYPE_NORMAL) {
		memcpy(&dev->subsystem_vendor, config + PCI_SUBSYSTEM_VENDOR_ID, 2);
		memcpy(&dev->subsystem_device, config + PCI_SUBSYSTEM_ID, 2);
	}
}

static void read_line(const char *line)
{
	unsigned int bus, slot, function, where, taken;

	if (sscanf(line, "%x:%x.%x ", &bus, &slot, &function) == 3 && count < FUNCTIONS_MAX) {
		functions[count].bus.number = (u8)bus;
		functions[count++].dev.devfn = PCI_DEVFN(slot, function);
	} else if (count && sscanf(line, "%x:%n", &where, &taken) == 1) {
		u8 *config = functions[count - 1].config;

		for (line += taken; where < CONFIG_BYTES; line += 3)
			if (sscanf(line, " %2hhx", &config[where++]) != 1)
				return;
	}
}

int main(int argc, char **argv)
{
	FILE *dump = argc > 1 ? fopen(argv[1], "r") : NULL;
	char line[256];

	if (!dump)
		return 2;
	while (fgets(line, sizeof(line), dump))
		read_line(line);
	fclose(dump);
	for (unsigned int i = 0; i < count; i++)
		set_up(&functions[i]);
	return lspci_main(argc - 1, argv + 1);
}
