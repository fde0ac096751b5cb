/* SPDX-License-Identifier: MIT */
/* What is said of one function: its line, the part common to all headers (PCI 3.0, 6.1), a dump. */
#include "apps/lspci/lspci.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define CLASS_BRIDGE_PCI 0x0604

/* ---- reading and writing --------------------------------------------------------------------- */

bool has_bytes(unsigned int where, unsigned int length)
{
	return length <= CONFIG_BYTES && where <= CONFIG_BYTES - length;
}

u8 get8(const struct function *function, unsigned int where)
{
	return has_bytes(where, 1) ? function->config[where] : 0xff;
}

u16 get16(const struct function *function, unsigned int where)
{
	return (u16)(get8(function, where) | get8(function, where + 1) << 8);
}

u32 get32(const struct function *function, unsigned int where)
{
	return get16(function, where) | (u32)get16(function, where + 2) << 16;
}

void print_flags(u32 value, const struct flag *flags)
{
	for (const char *blank = ""; flags->name; flags++, blank = " ")
		printk("%s%s%c", blank, flags->name, sign(value & flags->mask));
}

void print_flag_line(const char *head, u32 value, const struct flag *flags)
{
	printk("%s", head);
	print_flags(value, flags);
	printk("\n");
}

void print_size(u64 size)
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	unsigned int unit = 0;

	if (!size)
		return;
	while (unit + 1 < ARRAY_SIZE(units) && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	printk(" [size=%llu%s]", size, units[unit]);
}

/* ---- the line -------------------------------------------------------------------------------- */

static void print_address(const struct function *function)
{
	const struct pci_dev *dev = function->dev;

	if (listing.domains)
		printk("0000:");
	printk("%02x:%02x.%x", dev->bus->number, PCI_SLOT(dev->devfn), PCI_FUNC(dev->devfn));
}

/* A class without a name of its own goes by its base class, and then its number is always told. */
static void print_class(u16 class)
{
	const char *name = subclass_name(class), *base = class_name(class);

	if (listing.numeric == 1)
		printk("%04x", class);
	else if (!name && !base)
		printk(listing.numeric ? "Class [%04x]" : "Class %04x", class);
	else if (!name || listing.numeric)
		printk("%s [%04x]", name ? name : base, class);
	else
		printk("%s", name);
}

void print_ids(u16 vendor, u16 device)
{
	if (listing.numeric == 1)
		printk("%04x:%04x", vendor, device);
	else
		printk(listing.numeric ? "Device [%04x:%04x]" : "Device %04x:%04x", vendor, device);
}

static void print_interface(const struct pci_dev *dev)
{
	u8 interface = (u8)dev->class;
	char buffer[40];
	const char *name =
		interface_name((u16)(dev->class >> 8), interface, buffer, sizeof(buffer));

	if (!interface && !name)
		return;
	printk(" (prog-if %02x", interface);
	if (name)
		printk(" [%s]", name);
	printk(")");
}

/* A bridge keeps its subsystem in a capability (PCI-to-PCI Bridge 1.2, 3.2.3.1). */
static void show_subsystem(const struct function *function)
{
	const struct pci_dev *dev = function->dev;
	u16 vendor = dev->subsystem_vendor, device = dev->subsystem_device;
	u8 position = pci_find_capability(dev, PCI_CAP_ID_SSVID);

	if (dev->hdr_type == PCI_HEADER_TYPE_BRIDGE && position) {
		vendor = get16(function, position + PCI_SSVID_VENDOR_ID);
		device = get16(function, position + PCI_SSVID_DEVICE_ID);
	}
	if (!vendor || vendor == 0xffff)
		return;
	printk("\tSubsystem: ");
	print_ids(vendor, device);
	printk("\n");
}

static void show_line(const struct function *function)
{
	const struct pci_dev *dev = function->dev;

	print_address(function);
	printk(" ");
	print_class((u16)(dev->class >> 8));
	printk(": ");
	print_ids(dev->vendor, dev->device);
	if (dev->revision)
		printk(" (rev %02x)", dev->revision);
	if (listing.verbose)
		print_interface(dev);
	printk("\n");
	if (listing.verbose || listing.drivers)
		show_subsystem(function);
}

/* ---- command and status ---------------------------------------------------------------------- */

const char *devsel(u16 status)
{
	static const char *const words[] = { "fast", "medium", "slow", "??" };

	return words[(status & PCI_STATUS_DEVSEL_MASK) / PCI_STATUS_DEVSEL_MEDIUM];
}

static void show_control(u16 command)
{
	static const struct flag flags[] = {
		{ PCI_COMMAND_IO, "I/O" },
		{ PCI_COMMAND_MEMORY, "Mem" },
		{ PCI_COMMAND_MASTER, "BusMaster" },
		{ PCI_COMMAND_SPECIAL, "SpecCycle" },
		{ PCI_COMMAND_INVALIDATE, "MemWINV" },
		{ PCI_COMMAND_VGA_PALETTE, "VGASnoop" },
		{ PCI_COMMAND_PARITY, "ParErr" },
		{ PCI_COMMAND_WAIT, "Stepping" },
		{ PCI_COMMAND_SERR, "SERR" },
		{ PCI_COMMAND_FAST_BACK, "FastB2B" },
		{ PCI_COMMAND_INTX_DISABLE, "DisINTx" },
		{},
	};

	print_flag_line("\tControl: ", command, flags);
}

static void show_status(u16 status)
{
	static const struct flag before[] = {
		{ PCI_STATUS_CAP_LIST, "Cap" },	 { PCI_STATUS_66MHZ, "66MHz" },
		{ PCI_STATUS_UDF, "UDF" },	 { PCI_STATUS_FAST_BACK, "FastB2B" },
		{ PCI_STATUS_PARITY, "ParErr" }, {},
	};
	static const struct flag behind[] = {
		{ PCI_STATUS_SIG_TARGET_ABORT, ">TAbort" },
		{ PCI_STATUS_REC_TARGET_ABORT, "<TAbort" },
		{ PCI_STATUS_REC_MASTER_ABORT, "<MAbort" },
		{ PCI_STATUS_SIG_SYSTEM_ERROR, ">SERR" },
		{ PCI_STATUS_DETECTED_PARITY, "<PERR" },
		{ PCI_STATUS_INTERRUPT, "INTx" },
		{},
	};

	printk("\tStatus: ");
	print_flags(status, before);
	printk(" DEVSEL=%s ", devsel(status));
	print_flag_line("", status, behind);
}

/* In units of 250 ns (PCI 3.0, 6.2.4); bridges have other registers there. */
static void print_bus_needs(const struct function *function)
{
	u8 least = get8(function, PCI_MIN_GNT), most = get8(function, PCI_MAX_LAT);

	if (function->dev->hdr_type != PCI_HEADER_TYPE_NORMAL || (!least && !most))
		return;
	printk(" (");
	if (least)
		printk("%uns min", least * 250);
	if (least && most)
		printk(", ");
	if (most)
		printk("%uns max", most * 250);
	printk(")");
}

static void show_latency(const struct function *function)
{
	u8 line = get8(function, PCI_CACHE_LINE_SIZE);

	printk("\tLatency: %u", get8(function, PCI_LATENCY_TIMER));
	print_bus_needs(function);
	if (line)
		printk(", Cache Line Size: %u bytes", line * 4);
	printk("\n");
}

static void show_interrupt(const struct function *function)
{
	u8 pin = get8(function, PCI_INTERRUPT_PIN), line = get8(function, PCI_INTERRUPT_LINE);

	if (pin || line)
		printk("\tInterrupt: pin %c routed to IRQ %u\n", pin ? 'A' + pin - 1 : '?', line);
}

static void show_registers(const struct function *function)
{
	u16 command = get16(function, PCI_COMMAND);

	show_control(command);
	show_status(get16(function, PCI_STATUS));
	if (command & PCI_COMMAND_MASTER)
		show_latency(function);
	show_interrupt(function);
}

/* The same in a line, for one -v: only what is on. */
static void show_summary(const struct function *function)
{
	static const struct flag commands[] = {
		{ PCI_COMMAND_MASTER, "bus master" },
		{ PCI_COMMAND_VGA_PALETTE, "VGA palette snoop" },
		{ PCI_COMMAND_WAIT, "stepping" },
		{ PCI_COMMAND_FAST_BACK, "fast Back2Back" },
		{},
	};
	static const struct flag statuses[] = {
		{ PCI_STATUS_66MHZ, "66MHz" },
		{ PCI_STATUS_UDF, "user-definable features" },
		{},
	};
	u16 command = get16(function, PCI_COMMAND), status = get16(function, PCI_STATUS);

	printk("\tFlags: ");
	for (const struct flag *flag = commands; flag->name; flag++)
		printk(command & flag->mask ? "%s, " : "%.0s", flag->name);
	for (const struct flag *flag = statuses; flag->name; flag++)
		printk(status & flag->mask ? "%s, " : "%.0s", flag->name);
	printk("%s devsel", devsel(status));
	if (command & PCI_COMMAND_MASTER)
		printk(", latency %u", get8(function, PCI_LATENCY_TIMER));
	if (get8(function, PCI_INTERRUPT_LINE))
		printk(", IRQ %u", get8(function, PCI_INTERRUPT_LINE));
	printk("\n");
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void show_self_test(const struct function *function)
{
	u8 bist = get8(function, PCI_BIST);

	if (bist & PCI_BIST_CAPABLE && bist & PCI_BIST_START)
		printk("\tBIST is running\n");
	else if (bist & PCI_BIST_CAPABLE)
		printk("\tBIST result: %02x\n", bist & PCI_BIST_CODE_MASK);
}

/* Only bridges have the header of a bridge, and no other header is a bridge's. */
static void show_contradiction(const struct pci_dev *dev)
{
	bool normal = dev->hdr_type == PCI_HEADER_TYPE_NORMAL;
	u16 class = (u16)(dev->class >> 8);

	if (normal ? class == CLASS_BRIDGE_PCI : class >> 8 != CLASS_BRIDGE_PCI >> 8)
		printk("\t!!! Invalid class %04x for header type %02x\n", class, dev->hdr_type);
}

/* What a header holds beside the common part; that of CardBus is not told here. */
static void show_decoding(const struct function *function)
{
	if (function->dev->hdr_type == PCI_HEADER_TYPE_BRIDGE) {
		show_bridge(function);
	} else if (function->dev->hdr_type == PCI_HEADER_TYPE_NORMAL) {
		show_bases(function, PCI_STD_NUM_BARS);
		show_rom(function, PCI_ROM_ADDRESS);
	}
}

static void show_details(const struct function *function)
{
	show_contradiction(function->dev);
	if (listing.verbose > 1)
		show_registers(function);
	else
		show_summary(function);
	show_self_test(function);
	show_decoding(function);
	show_capabilities(function);
}

static void show_dump(const struct function *function)
{
	unsigned int count = listing.hex >= 3 ? CONFIG_BYTES : PCI_STD_HEADER_SIZEOF;

	for (unsigned int i = 0; i < count; i++) {
		if (i % 16 == 0)
			printk("%02x:", i);
		printk(" %02x", function->config[i]);
		if (i % 16 == 15)
			printk("\n");
	}
}

void show_function(const struct function *function)
{
	const struct device *device = &function->dev->dev;

	show_line(function);
	if (listing.verbose)
		show_details(function);
	if ((listing.verbose || listing.drivers) && device->driver)
		printk("\tKernel driver in use: %s\n", device->driver->name);
	if (listing.hex)
		show_dump(function);
	if (listing.verbose || listing.hex)
		printk("\n");
}
