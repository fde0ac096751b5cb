/* SPDX-License-Identifier: MIT */
/*
 * Reads what a function decodes: base address registers and the expansion ROM (PCI 3.0, 6.2.5).
 * Sizing writes all ones and reads back which bits stuck. Decoding is off meanwhile, because the
 * function would answer at a wrong address.
 */
#include "drivers/pci/internal.h"
#include "kernel/printk.h"

#define DECODE_ENABLE (PCI_COMMAND_IO | PCI_COMMAND_MEMORY)
#define CLASS_BRIDGE_HOST 0x0600

/* The value that a register has, and the bits of it that can be written. */
struct bar_bits {
	u64 value;
	u64 writable;
};

static void probe_register(const struct pci_dev *dev, unsigned int where, u32 ones, u32 *value,
			   u32 *writable)
{
	pci_read_config_dword(dev, where, value);
	pci_write_config_dword(dev, where, *value | ones);
	pci_read_config_dword(dev, where, writable);
	pci_write_config_dword(dev, where, *value);
}

/* Returns the size: the lowest bit that sticks, if all bits above it stick, too; else 0. */
static u64 size_of(u64 writable, u64 mask)
{
	u64 bits = writable & mask;
	u64 size = bits & (~bits + 1);

	if (!bits || (bits | (size - 1)) != (mask | (size - 1)))
		return 0;
	return size;
}

static unsigned int flags_of(u32 value)
{
	unsigned int flags = PCI_RESOURCE_MEM;

	if (value & PCI_BASE_ADDRESS_SPACE_IO)
		return PCI_RESOURCE_IO;
	if (value & PCI_BASE_ADDRESS_MEM_PREFETCH)
		flags |= PCI_RESOURCE_PREFETCH;
	if ((value & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64)
		flags |= PCI_RESOURCE_MEM_64;
	return flags;
}

static u64 address_mask(unsigned int flags)
{
	if (flags & PCI_RESOURCE_IO)
		return PCI_BASE_ADDRESS_IO_MASK & 0xffff;
	if (flags & PCI_RESOURCE_MEM_64)
		return ~(u64)0xf;
	return (u32)PCI_BASE_ADDRESS_MEM_MASK;
}

/* Reads BAR `index` into its resource; returns the registers it takes, 1 or 2. */
static unsigned int pci_read_bar(struct pci_dev *dev, unsigned int index, unsigned int count)
{
	unsigned int where = PCI_BASE_ADDRESS_0 + 4 * index;
	struct pci_resource *resource = &dev->resource[index];
	u32 value, writable, value_high = 0, writable_high = 0;
	unsigned int flags;

	probe_register(dev, where, ~0u, &value, &writable);
	if (value == ~0u || writable == ~0u)
		writable = 0;
	flags = flags_of(value);
	if (flags & PCI_RESOURCE_MEM_64) {
		if (index + 1 >= count)
			return 1;
		probe_register(dev, where + 4, ~0u, &value_high, &writable_high);
	}
	resource->start = ((u64)value_high << 32 | value) & address_mask(flags);
	resource->size = size_of((u64)writable_high << 32 | writable, address_mask(flags));
	resource->flags = resource->size && writable ? flags : 0;
	return flags & PCI_RESOURCE_MEM_64 ? 2 : 1;
}

static void read_rom(struct pci_dev *dev, unsigned int where)
{
	struct pci_resource *resource = &dev->resource[PCI_ROM_RESOURCE];
	u32 value, writable;

	probe_register(dev, where, (u32)PCI_ROM_ADDRESS_MASK, &value, &writable);
	if (value == ~0u || writable == ~0u)
		return;
	resource->start = value & (u32)PCI_ROM_ADDRESS_MASK;
	resource->size = size_of(writable, (u32)PCI_ROM_ADDRESS_MASK);
	resource->flags = resource->size ? PCI_RESOURCE_MEM | PCI_RESOURCE_PREFETCH : 0;
}

static int format_size(char *buffer, size_t size, const struct pci_resource *resource)
{
	if (resource->flags & PCI_RESOURCE_IO)
		return snprintf(buffer, size, "[io  size 0x%04llx]", resource->size);
	return snprintf(buffer, size, "[mem size 0x%08llx%s%s]", resource->size,
			resource->flags & PCI_RESOURCE_MEM_64 ? " 64bit" : "",
			resource->flags & PCI_RESOURCE_PREFETCH ? " pref" : "");
}

int pci_format_resource(char *buffer, size_t size, const struct pci_resource *resource)
{
	u64 last = resource->start + resource->size - 1;

	if (resource->flags & PCI_RESOURCE_UNSET)
		return format_size(buffer, size, resource);
	if (resource->flags & PCI_RESOURCE_IO && resource->size == 1)
		return snprintf(buffer, size, "[io  0x%04llx]", resource->start);
	if (resource->flags & PCI_RESOURCE_IO)
		return snprintf(buffer, size, "[io  0x%04llx-0x%04llx]", resource->start, last);
	return snprintf(buffer, size, "[mem 0x%08llx-0x%08llx%s%s]", resource->start, last,
			resource->flags & PCI_RESOURCE_MEM_64 ? " 64bit" : "",
			resource->flags & PCI_RESOURCE_PREFETCH ? " pref" : "");
}

void pci_print_resource(const struct pci_dev *dev, const char *name,
			const struct pci_resource *resource)
{
	char text[64];

	pci_format_resource(text, sizeof(text), resource);
	dev_printk(&dev->dev, "%s %s\n", name, text);
}

static void print_bases(const struct pci_dev *dev, unsigned int count)
{
	char name[8];

	for (unsigned int i = 0; i < count; i++) {
		if (!dev->resource[i].flags)
			continue;
		snprintf(name, sizeof(name), "BAR %u", i);
		pci_print_resource(dev, name, &dev->resource[i]);
	}
	if (dev->resource[PCI_ROM_RESOURCE].flags)
		pci_print_resource(dev, "ROM", &dev->resource[PCI_ROM_RESOURCE]);
}

/* Reads the BARs. Prints nothing while decoding is off: the console may be behind the function. */
void pci_read_bases(struct pci_dev *dev, unsigned int count, unsigned int rom)
{
	bool stop;
	u16 command;

	pci_read_config_word(dev, PCI_COMMAND, &command);
	/* False for host bridges: some lose access to memory without decoding. */
	stop = command & DECODE_ENABLE && dev->class >> 8 != CLASS_BRIDGE_HOST;
	if (stop)
		pci_write_config_word(dev, PCI_COMMAND, command & ~DECODE_ENABLE);
	for (unsigned int i = 0; i < count;)
		i += pci_read_bar(dev, i, count);
	if (rom)
		read_rom(dev, rom);
	if (stop)
		pci_write_config_word(dev, PCI_COMMAND, command);
	print_bases(dev, count);
}

/* Writes a BAR with decoding off: between the two halves of a 64-bit BAR its address is wrong. */
void pci_write_bar(const struct pci_dev *dev, unsigned int bar)
{
	const struct pci_resource *resource = &dev->resource[bar];
	unsigned int where = PCI_BASE_ADDRESS_0 + 4 * bar;
	u16 command;

	pci_read_config_word(dev, PCI_COMMAND, &command);
	if (command & DECODE_ENABLE)
		pci_write_config_word(dev, PCI_COMMAND, command & ~DECODE_ENABLE);
	pci_write_config_dword(dev, where, (u32)resource->start);
	if (resource->flags & PCI_RESOURCE_MEM_64)
		pci_write_config_dword(dev, where + 4, (u32)(resource->start >> 32));
	if (command & DECODE_ENABLE)
		pci_write_config_word(dev, PCI_COMMAND, command);
}
