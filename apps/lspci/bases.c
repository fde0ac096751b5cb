/* SPDX-License-Identifier: MIT */
/*
 * What a function decodes, as its registers say (PCI 3.0, 6.2.5; PCI-to-PCI Bridge 1.2, 3.2.5).
 * Only the sizes are from the scan: they cannot be read without taking the function off the bus.
 */
#include "apps/lspci/lspci.h"
#include "kernel/printk.h"

/* ---- base addresses -------------------------------------------------------------------------- */

static bool is_64bit(u32 value)
{
	return !(value & PCI_BASE_ADDRESS_SPACE_IO) &&
	       (value & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
}

static const char *width_of(u32 value)
{
	static const char *const words[] = { "32-bit", "low-1M", "64-bit", "type 3" };

	return words[(value & PCI_BASE_ADDRESS_MEM_TYPE_MASK) / PCI_BASE_ADDRESS_MEM_TYPE_1M];
}

static void print_ports(u32 value, bool enabled)
{
	u32 address = value & (u32)PCI_BASE_ADDRESS_IO_MASK;

	if (address || enabled)
		printk("I/O ports at %04x", address);
	else
		printk("I/O ports at <unassigned>");
}

static void print_memory(u32 value, u32 high)
{
	u64 address = (u64)high << 32 | (value & (u32)PCI_BASE_ADDRESS_MEM_MASK);

	if (address)
		printk("Memory at %08llx", address);
	else
		printk("Memory at <unassigned>");
	printk(" (%s, %sprefetchable)", width_of(value),
	       value & PCI_BASE_ADDRESS_MEM_PREFETCH ? "" : "non-");
}

static void show_base(const struct function *function, unsigned int index, u32 high)
{
	u32 value = get32(function, PCI_BASE_ADDRESS_0 + 4 * index);
	u16 command = get16(function, PCI_COMMAND);
	bool ports = value & PCI_BASE_ADDRESS_SPACE_IO;
	bool enabled = command & (ports ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY);

	if (listing.verbose > 1)
		printk("\tRegion %u: ", index);
	else
		printk("\t");
	if (ports)
		print_ports(value, enabled);
	else
		print_memory(value, high);
	if (!enabled)
		printk(" [disabled]");
	print_size(function->dev->resource[index].size);
	printk("\n");
}

/* A register of zeros, or of ones, is no BAR. */
void show_bases(const struct function *function, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		u32 value = get32(function, PCI_BASE_ADDRESS_0 + 4 * i), high = 0;
		unsigned int index = i;

		if (!value || value == ~0u)
			continue;
		if (is_64bit(value) && i + 1 < count)
			high = get32(function, PCI_BASE_ADDRESS_0 + 4 * ++i);
		show_base(function, index, high);
	}
}

bool has_memory_bar(const struct function *function)
{
	unsigned int count = function->dev->hdr_type == PCI_HEADER_TYPE_BRIDGE ? 2 : 6;

	for (unsigned int i = 0; i < count; i++) {
		u32 value = get32(function, PCI_BASE_ADDRESS_0 + 4 * i);

		if (value && value != ~0u && !(value & PCI_BASE_ADDRESS_SPACE_IO))
			return true;
	}
	return false;
}

void show_rom(const struct function *function, unsigned int where)
{
	u32 value = get32(function, where);

	if (!value || value == ~0u)
		return;
	if (value & (u32)PCI_ROM_ADDRESS_MASK)
		printk("\tExpansion ROM at %08x", value & (u32)PCI_ROM_ADDRESS_MASK);
	else
		printk("\tExpansion ROM at <unassigned>");
	if (!(value & PCI_ROM_ADDRESS_ENABLE))
		printk(" [disabled]");
	else if (!(get16(function, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		printk(" [disabled by cmd]");
	print_size(function->dev->resource[PCI_ROM_RESOURCE].size);
	printk("\n");
}

/* ---- bridges --------------------------------------------------------------------------------- */

/* A window, closed when its base lies above its limit. */
static void show_window(const char *name, u64 base, u64 limit, unsigned int bits)
{
	int digits = (int)bits / 4;
	bool open = base <= limit;

	printk("\t%s behind bridge:", name);
	if (open || listing.verbose > 2)
		printk(" %0*llx-%0*llx", digits, base, digits, limit);
	if (open)
		print_size(limit - base + 1);
	else
		printk(" [disabled]");
	printk(" [%u-bit]\n", bits);
}

/* Both registers of a window tell its width, and must agree. */
static bool widths_agree(const char *name, u16 base, u16 limit, u16 mask, u16 widest)
{
	if ((base & mask) == (limit & mask) && (base & mask) <= widest)
		return true;
	printk("\t!!! Unknown %s range types %x/%x\n", name, base, limit);
	return false;
}

static void show_io_window(const struct function *function)
{
	u8 base = get8(function, PCI_IO_BASE), limit = get8(function, PCI_IO_LIMIT);
	u32 base_high = 0, limit_high = 0;
	unsigned int bits = 16;

	if (!widths_agree("I/O", base, limit, PCI_IO_RANGE_TYPE_MASK, PCI_IO_RANGE_TYPE_32))
		return;
	if ((base & PCI_IO_RANGE_TYPE_MASK) == PCI_IO_RANGE_TYPE_32) {
		base_high = (u32)get16(function, PCI_IO_BASE_UPPER16) << 16;
		limit_high = (u32)get16(function, PCI_IO_LIMIT_UPPER16) << 16;
		bits = 32;
	}
	show_window("I/O", base_high | (base & 0xf0u) << 8,
		    (limit_high | (limit & 0xf0u) << 8) + 0xfff, bits);
}

static void show_memory_window(const struct function *function)
{
	u16 base = get16(function, PCI_MEMORY_BASE), limit = get16(function, PCI_MEMORY_LIMIT);

	if (widths_agree("memory", base, limit, PCI_MEMORY_RANGE_TYPE_MASK, 0))
		show_window("Memory", (u32)base << 16, ((u32)limit << 16) + 0xfffff, 32);
}

static void show_prefetch_window(const struct function *function)
{
	u16 base = get16(function, PCI_PREF_MEMORY_BASE);
	u16 limit = get16(function, PCI_PREF_MEMORY_LIMIT);
	u64 base_high = 0, limit_high = 0;
	unsigned int bits = 32;

	if (!widths_agree("prefetchable memory", base, limit, PCI_PREF_RANGE_TYPE_MASK,
			  PCI_PREF_RANGE_TYPE_64))
		return;
	if ((base & PCI_PREF_RANGE_TYPE_MASK) == PCI_PREF_RANGE_TYPE_64) {
		base_high = (u64)get32(function, PCI_PREF_BASE_UPPER32) << 32;
		limit_high = (u64)get32(function, PCI_PREF_LIMIT_UPPER32) << 32;
		bits = 64;
	}
	show_window("Prefetchable memory", base_high | (base & 0xfff0u) << 16,
		    (limit_high | (limit & 0xfff0u) << 16) + 0xfffff, bits);
}

static void show_secondary_status(u16 status)
{
	static const struct flag before[] = {
		{ PCI_STATUS_66MHZ, "66MHz" },
		{ PCI_STATUS_FAST_BACK, "FastB2B" },
		{ PCI_STATUS_PARITY, "ParErr" },
		{},
	};
	static const struct flag behind[] = {
		{ PCI_STATUS_SIG_TARGET_ABORT, ">TAbort" },
		{ PCI_STATUS_REC_TARGET_ABORT, "<TAbort" },
		{ PCI_STATUS_REC_MASTER_ABORT, "<MAbort" },
		{ PCI_STATUS_SIG_SYSTEM_ERROR, "<SERR" },
		{ PCI_STATUS_DETECTED_PARITY, "<PERR" },
		{},
	};

	printk("\tSecondary status: ");
	print_flags(status, before);
	printk(" DEVSEL=%s ", devsel(status));
	print_flag_line("", status, behind);
}

/* PCI-to-PCI Bridge 1.2, 3.2.5.18; the timers' bits have no names in Linux's header. */
static void show_bridge_control(u16 control)
{
	static const struct flag flags[] = {
		{ PCI_BRIDGE_CTL_PARITY, "Parity" },
		{ PCI_BRIDGE_CTL_SERR, "SERR" },
		{ PCI_BRIDGE_CTL_ISA, "NoISA" },
		{ PCI_BRIDGE_CTL_VGA, "VGA" },
		{ 1 << 4, "VGA16" },
		{ PCI_BRIDGE_CTL_MASTER_ABORT, "MAbort" },
		{ PCI_BRIDGE_CTL_BUS_RESET, ">Reset" },
		{ PCI_BRIDGE_CTL_FAST_BACK, "FastB2B" },
		{},
	};
	static const struct flag timers[] = {
		{ 1 << 8, "PriDiscTmr" },
		{ 1 << 9, "SecDiscTmr" },
		{ 1 << 10, "DiscTmrStat" },
		{ 1 << 11, "DiscTmrSERREn" },
		{},
	};

	print_flag_line("\tBridgeCtl: ", control, flags);
	print_flag_line("\t\t", control, timers);
}

void show_bridge(const struct function *function)
{
	show_bases(function, 2);
	printk("\tBus: primary=%02x, secondary=%02x, subordinate=%02x, sec-latency=%u\n",
	       get8(function, PCI_PRIMARY_BUS), get8(function, PCI_SECONDARY_BUS),
	       get8(function, PCI_SUBORDINATE_BUS), get8(function, PCI_SEC_LATENCY_TIMER));
	show_io_window(function);
	show_memory_window(function);
	show_prefetch_window(function);
	if (listing.verbose > 1)
		show_secondary_status(get16(function, PCI_SEC_STATUS));
	show_rom(function, PCI_ROM_ADDRESS1);
	if (listing.verbose > 1)
		show_bridge_control(get16(function, PCI_BRIDGE_CONTROL));
}
