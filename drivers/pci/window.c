/* SPDX-License-Identifier: MIT */
/*
 * The windows of a bridge: the addresses that it forwards to the bus behind it (PCI-to-PCI Bridge
 * 1.2, 3.2.5). The memory window always exists; the windows for I/O and for prefetchable memory
 * exist if their registers can be written. A window whose base is above its limit is closed.
 */
#include "drivers/pci/internal.h"
#include "kernel/printk.h"

/* A base above its limit, in the registers' form. */
#define IO_CLOSED 0x00f0
#define MEMORY_CLOSED 0x0000fff0

static void set_window(struct pci_resource *window, u64 base, u64 limit, unsigned int flags)
{
	*window = (struct pci_resource){ .start = base, .flags = flags };
	if (base <= limit)
		window->size = limit - base + 1;
}

/* Probes registers that are zero. If they cannot be written, there is no window. Otherwise they
 * describe a window at address 0, which is not intended: it is printed as in Linux, but not
 * used. */
static u32 probe_zero(struct pci_dev *bridge, unsigned int where, u32 closed)
{
	u32 value;

	pci_write_config_dword(bridge, where, closed);
	pci_read_config_dword(bridge, where, &value);
	pci_write_config_dword(bridge, where, 0);
	return value;
}

static bool has_io_window(struct pci_dev *bridge, u16 registers)
{
	u16 value;

	if (registers)
		return true;
	pci_write_config_word(bridge, PCI_IO_BASE, IO_CLOSED);
	pci_read_config_word(bridge, PCI_IO_BASE, &value);
	pci_write_config_word(bridge, PCI_IO_BASE, 0);
	return value;
}

static void read_io_window(struct pci_dev *bridge)
{
	u16 registers, base_high = 0, limit_high = 0;
	u32 base, limit;

	pci_read_config_word(bridge, PCI_IO_BASE, &registers);
	if ((registers & PCI_IO_RANGE_TYPE_MASK) == PCI_IO_RANGE_TYPE_32) {
		pci_read_config_word(bridge, PCI_IO_BASE_UPPER16, &base_high);
		pci_read_config_word(bridge, PCI_IO_LIMIT_UPPER16, &limit_high);
	}
	base = (registers & 0xf0u) << 8 | (u32)base_high << 16;
	limit = ((registers >> 8) & 0xf0u) << 8 | (u32)limit_high << 16;
	if (!has_io_window(bridge, registers))
		return;
	set_window(&bridge->window[PCI_WINDOW_IO], base, limit + 0xfff, PCI_RESOURCE_IO);
}

static void read_memory_window(struct pci_dev *bridge)
{
	u16 base, limit;

	pci_read_config_word(bridge, PCI_MEMORY_BASE, &base);
	pci_read_config_word(bridge, PCI_MEMORY_LIMIT, &limit);
	set_window(&bridge->window[PCI_WINDOW_MEM], (u64)(base & 0xfff0) << 16,
		   ((u64)(limit & 0xfff0) << 16) + 0xfffff, PCI_RESOURCE_MEM);
}

static void read_prefetch_window(struct pci_dev *bridge)
{
	unsigned int flags = PCI_RESOURCE_MEM | PCI_RESOURCE_PREFETCH;
	u32 registers, both, base_high = 0, limit_high = 0;

	pci_read_config_dword(bridge, PCI_PREF_MEMORY_BASE, &registers);
	both = registers ? registers : probe_zero(bridge, PCI_PREF_MEMORY_BASE, MEMORY_CLOSED);
	if (!both)
		return;
	if ((both & PCI_PREF_RANGE_TYPE_MASK) == PCI_PREF_RANGE_TYPE_64) {
		pci_read_config_dword(bridge, PCI_PREF_BASE_UPPER32, &base_high);
		pci_read_config_dword(bridge, PCI_PREF_LIMIT_UPPER32, &limit_high);
		flags |= PCI_RESOURCE_MEM_64;
	}
	/* Upper halves in the wrong order are left over, and have no meaning. */
	if (base_high > limit_high)
		base_high = limit_high = 0;
	set_window(&bridge->window[PCI_WINDOW_PREF],
		   (u64)base_high << 32 | (registers & 0xfff0ull) << 16,
		   ((u64)limit_high << 32 | (registers >> 16 & 0xfff0ull) << 16) + 0xfffff, flags);
}

void pci_print_bridge(const struct pci_dev *bridge)
{
	bool subtractive = pci_is_subtractive(bridge);
	u8 secondary, subordinate;

	pci_read_config_byte(bridge, PCI_SECONDARY_BUS, &secondary);
	pci_read_config_byte(bridge, PCI_SUBORDINATE_BUS, &subordinate);
	if (secondary == subordinate)
		dev_printk(&bridge->dev, "PCI bridge to [bus %02x]%s\n", secondary,
			   subtractive ? " (subtractive decode)" : "");
	else
		dev_printk(&bridge->dev, "PCI bridge to [bus %02x-%02x]%s\n", secondary,
			   subordinate, subtractive ? " (subtractive decode)" : "");
	for (unsigned int i = 0; i < PCI_WINDOWS; i++)
		if (bridge->window[i].size && !(bridge->window[i].flags & PCI_RESOURCE_UNSET))
			pci_print_resource(bridge, "  bridge window", &bridge->window[i]);
}

void pci_read_bridge_windows(struct pci_dev *bridge)
{
	read_io_window(bridge);
	read_memory_window(bridge);
	read_prefetch_window(bridge);
	pci_print_bridge(bridge);
}

/* Writes only if the value differs: each write makes QEMU rebuild its address map. */
static void set_word(const struct pci_dev *bridge, unsigned int where, u16 value)
{
	u16 now;

	pci_read_config_word(bridge, where, &now);
	if (now != value)
		pci_write_config_word(bridge, where, value);
}

static void set_dword(const struct pci_dev *bridge, unsigned int where, u32 value)
{
	u32 now;

	pci_read_config_dword(bridge, where, &now);
	if (now != value)
		pci_write_config_dword(bridge, where, value);
}

/* Writes the I/O window. The low bits, which give its kind, cannot be written. */
static void write_io_window(const struct pci_dev *bridge, u32 first, u32 last, bool open)
{
	u16 low = open ? (u16)((first >> 8 & 0xf0) | (last & 0xf000)) : IO_CLOSED;
	u16 kind;

	pci_read_config_word(bridge, PCI_IO_BASE, &kind);
	set_word(bridge, PCI_IO_BASE, low | (kind & 0x0f0f));
	if ((kind & PCI_IO_RANGE_TYPE_MASK) != PCI_IO_RANGE_TYPE_32)
		return;
	set_word(bridge, PCI_IO_BASE_UPPER16, open ? (u16)(first >> 16) : 0);
	set_word(bridge, PCI_IO_LIMIT_UPPER16, open ? (u16)(last >> 16) : 0);
}

/* Writes the prefetchable window, which is closed while its halves do not belong together. */
static void write_prefetch_window(const struct pci_dev *bridge, u64 first, u64 last, u32 low)
{
	u32 kind;

	pci_read_config_dword(bridge, PCI_PREF_MEMORY_BASE, &kind);
	kind &= 0x000f000f;
	if (kind & PCI_PREF_RANGE_TYPE_64) {
		if (first >> 32)
			set_dword(bridge, PCI_PREF_MEMORY_BASE, MEMORY_CLOSED | kind);
		set_dword(bridge, PCI_PREF_BASE_UPPER32, (u32)(first >> 32));
		set_dword(bridge, PCI_PREF_LIMIT_UPPER32, (u32)(last >> 32));
	}
	set_dword(bridge, PCI_PREF_MEMORY_BASE, low | kind);
}

void pci_write_bridge_window(const struct pci_dev *bridge, unsigned int index)
{
	const struct pci_resource *window = &bridge->window[index];
	bool open = window->size && !(window->flags & PCI_RESOURCE_UNSET);
	u64 first = open ? window->start : 0, last = open ? first + window->size - 1 : 0;
	u32 low = (u32)(first >> 16 & 0xfff0) | (u32)(last & 0xfff00000);

	if (!open)
		low = MEMORY_CLOSED;
	if (index == PCI_WINDOW_IO)
		write_io_window(bridge, (u32)first, (u32)last, open);
	else if (index == PCI_WINDOW_MEM)
		set_dword(bridge, PCI_MEMORY_BASE, low);
	else
		write_prefetch_window(bridge, first, last, low);
}
