// SPDX-License-Identifier: MIT
/* A simulated PCI machine; see machine.h. */
#include "machine.h"

#include "test.h"

#include "kernel/init.h"
#include "world.h"

#define HOST_BRIDGE_CLASS 0x06

static struct function *functions[65536];
static unsigned int undecoded; /* functions whose decoding is off meanwhile */
u64 machine_accesses, machine_access_limit;

static void count_access(u16 where, unsigned int size)
{
	machine_accesses++;
	if (machine_access_limit && machine_accesses > machine_access_limit)
		FAIL("more than %llu accesses to configuration space",
		     (unsigned long long)machine_access_limit);
	CHECK(size == 1 || size == 2 || size == 4);
	CHECK(where % size == 0 && where + size <= 256);
}

/* Whether a bridge, and each above it, passes on what is for this bus. */
static bool forwards(const struct function *bridge, u8 bus)
{
	return bus && bus >= bridge->config[PCI_SECONDARY_BUS] &&
	       bus <= bridge->config[PCI_SUBORDINATE_BUS] &&
	       (!bridge->parent ||
		(bus > bridge->parent->config[PCI_SECONDARY_BUS] && forwards(bridge->parent, bus)));
}

static struct function *routed; /* those behind bridges */

static struct function *find_function(u8 bus, u8 devfn)
{
	if (functions[bus << 8 | devfn])
		return functions[bus << 8 | devfn];
	for (struct function *each = routed; each; each = each->next)
		if (each->devfn == devfn && each->parent->config[PCI_SECONDARY_BUS] == bus &&
		    forwards(each->parent, bus))
			return each;
	return NULL;
}

static u32 get(const u8 *at, unsigned int size)
{
	u32 value = 0;

	while (size--)
		value = value << 8 | at[size];
	return value;
}

static u32 machine_read(u8 bus, u8 devfn, u16 where, unsigned int size)
{
	struct function *function = find_function(bus, devfn);
	u32 value;

	count_access(where, size);
	if (!function)
		return size == 4 ? ~0u : (1u << size * 8) - 1;
	value = get(function->config + where, size);
	return function->on_read ? function->on_read(function, where, size, value) : value;
}

static bool decodes(const struct function *function)
{
	return function->config[PCI_COMMAND] & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
}

static bool is_base_address(const struct function *function, u16 where)
{
	bool bridge = (function->config[PCI_HEADER_TYPE] & 0x7f) == PCI_HEADER_TYPE_BRIDGE;

	if (bridge)
		return (where >= 0x10 && where < 0x18) || (where >= 0x38 && where < 0x3c);
	return (where >= 0x10 && where < 0x28) || (where >= 0x30 && where < 0x34);
}

/* PCI 3.0, 6.2.5.1: sized with decoding off. Host bridges are left decoding. */
static void check_write(const struct function *function, u16 where, unsigned int size, u32 value)
{
	if (is_base_address(function, where) && decodes(function) &&
	    (function->config[PCI_CLASS_DEVICE + 1] != HOST_BRIDGE_CLASS ||
	     function->config[PCI_CLASS_DEVICE] != 0))
		FAIL("register 0x%02x is written while the function decodes", where);
	/* 6.2.3: ones written to the status register clear bits. */
	if (where <= PCI_STATUS && where + size > PCI_STATUS)
		CHECK_EQ(value >> (PCI_STATUS - where) * 8, 0);
	if (where + size <= 4 || (where >= 0x06 && where < 0x0c) ||
	    (function->config[PCI_HEADER_TYPE] == 0 && where >= 0x28 && where < 0x30))
		FAIL("read-only register 0x%02x is written", where);
}

static void machine_write(u8 bus, u8 devfn, u16 where, unsigned int size, u32 value)
{
	struct function *function = find_function(bus, devfn);
	bool before, after;

	count_access(where, size);
	if (!function)
		return;
	check_write(function, where, size, value);
	before = decodes(function);
	for (unsigned int i = 0; i < size; i++, value >>= 8) {
		u8 writable = function->writable[where + i], *byte = &function->config[where + i];

		*byte = (u8)((*byte & ~writable) | (value & writable));
	}
	after = decodes(function);
	undecoded += before && !after;
	undecoded -= !before && after && undecoded;
	if (function->on_write)
		function->on_write(function, where, size);
}

const struct pci_config_ops machine_ops = { machine_read, machine_write, 256, 255 };

static void print_while_sizing(void)
{
	if (undecoded)
		FAIL("printed while the decoding of a function is off");
}

void machine_no_print_while_sizing(void)
{
	world_print_hook = print_while_sizing;
}

/* ---- by ports (PCI 3.0, 3.2.2.3.2) ---------------------------------------------------------- */

static u32 address_register;

static u32 port_read(u16 port, unsigned int size)
{
	if (port == 0xcf8)
		return address_register;
	CHECK(port >= 0xcfc && port + size <= 0xd00);
	CHECK(address_register & 0x80000000 && !world_irqs_on);
	return machine_read((u8)(address_register >> 16), (u8)(address_register >> 8),
			    (address_register & 0xfc) + (port & 3), size);
}

static void port_write(u16 port, unsigned int size, u32 value)
{
	if (port == 0xcf8) {
		CHECK_EQ(size, 4);
		CHECK_EQ(value & 3, 0);
		address_register = value & 0x80fffffc;
		return;
	}
	CHECK(port >= 0xcfc && port + size <= 0xd00);
	CHECK(address_register & 0x80000000 && !world_irqs_on);
	machine_write((u8)(address_register >> 16), (u8)(address_register >> 8),
		      (address_register & 0xfc) + (port & 3), size, value);
}

void machine_use_ports(void)
{
	world_port_read = port_read;
	world_port_write = port_write;
}

/* ---- in memory (PCI Express 4.0, 7.2.2) ----------------------------------------------------- */

static u32 ecam_read(void *context, u64 offset, unsigned int size)
{
	struct function *function = functions[offset >> 12];

	(void)context;
	if ((offset & 0xfff) < 256)
		return machine_read((u8)(offset >> 20), (u8)(offset >> 12), offset & 0xfff, size);
	return function && (offset & 0xfff) == 256 && size == 4 ? function->extended : 0;
}

static void ecam_write(void *context, u64 offset, unsigned int size, u32 value)
{
	(void)context;
	CHECK((offset & 0xfff) < 256);
	machine_write((u8)(offset >> 20), (u8)(offset >> 12), offset & 0xfff, size, value);
}

void machine_use_ecam(u64 base, u8 last)
{
	struct world_mmio *mmio = calloc(1, sizeof(*mmio));

	*mmio = (struct world_mmio){ base, (last + 1ull) << 20, ecam_read, ecam_write, NULL };
	world_add_mmio(mmio);
}

/* ---- building ------------------------------------------------------------------------------- */

void set8(struct function *function, unsigned int where, u8 value)
{
	function->config[where] = value;
}

void set16(struct function *function, unsigned int where, u16 value)
{
	set8(function, where, (u8)value);
	set8(function, where + 1, (u8)(value >> 8));
}

void set32(struct function *function, unsigned int where, u32 value)
{
	set16(function, where, (u16)value);
	set16(function, where + 2, (u16)(value >> 16));
}

u32 config32(const struct function *function, unsigned int where)
{
	return get(function->config + where, 4);
}

void set_class(struct function *function, u32 class)
{
	set32(function, PCI_CLASS_REVISION, class << 8 | function->config[PCI_REVISION_ID]);
}

static struct function *new_function(u8 bus, u8 slot, u8 fn, u16 vendor, u16 device)
{
	struct function *function = calloc(1, sizeof(*function));

	function->bus = bus;
	function->devfn = PCI_DEVFN(slot, fn);
	set16(function, PCI_VENDOR_ID, vendor);
	set16(function, PCI_DEVICE_ID, device);
	function->writable[PCI_COMMAND] = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	function->writable[PCI_COMMAND + 1] = PCI_COMMAND_INTX_DISABLE >> 8;
	return function;
}

struct function *machine_add(u8 bus, u8 slot, u8 fn, u16 vendor, u16 device)
{
	struct function *function = new_function(bus, slot, fn, vendor, device);

	functions[bus << 8 | function->devfn] = function;
	return function;
}

static struct function *as_bridge(struct function *bridge)
{
	set8(bridge, PCI_HEADER_TYPE, PCI_HEADER_TYPE_BRIDGE);
	set_class(bridge, 0x060400);
	memset(bridge->writable + PCI_PRIMARY_BUS, 0xff, 3);
	return bridge;
}

struct function *machine_add_bridge(u8 bus, u8 slot, u8 fn, u8 secondary, u8 subordinate)
{
	struct function *bridge = as_bridge(machine_add(bus, slot, fn, 0x1b36, 0x0001));

	set8(bridge, PCI_PRIMARY_BUS, bus);
	set8(bridge, PCI_SECONDARY_BUS, secondary);
	set8(bridge, PCI_SUBORDINATE_BUS, subordinate);
	return bridge;
}

struct function *machine_add_behind(struct function *parent, u8 slot, u16 vendor, u16 device)
{
	struct function *function = new_function(0, slot, 0, vendor, device);

	function->parent = parent;
	function->next = routed;
	routed = function;
	return function;
}

struct function *machine_add_bridge_behind(struct function *parent, u8 slot)
{
	return as_bridge(machine_add_behind(parent, slot, 0x1b36, 0x0001));
}

void machine_remove(struct function *function)
{
	functions[function->bus << 8 | function->devfn] = NULL;
}

static void set_writable32(struct function *function, unsigned int where, u32 mask)
{
	for (unsigned int i = 0; i < 4; i++)
		function->writable[where + i] = (u8)(mask >> 8 * i);
}

void machine_set_windows(struct function *bridge, bool all)
{
	set_writable32(bridge, PCI_MEMORY_BASE, 0xfff0fff0);
	if (!all)
		return;
	bridge->writable[PCI_IO_BASE] = bridge->writable[PCI_IO_LIMIT] = 0xf0;
	set_writable32(bridge, PCI_PREF_MEMORY_BASE, 0xfff0fff0);
	set32(bridge, PCI_PREF_MEMORY_BASE, 0x00010001);
	set_writable32(bridge, PCI_PREF_BASE_UPPER32, ~0u);
	set_writable32(bridge, PCI_PREF_LIMIT_UPPER32, ~0u);
}

void machine_clear(void)
{
	memset(functions, 0, sizeof(functions));
	routed = NULL;
}

void machine_set_bar(struct function *function, unsigned int bar, u64 address, u64 size, u32 flags)
{
	unsigned int where = PCI_BASE_ADDRESS_0 + 4 * bar;
	u64 mask = ~(size - 1);

	set32(function, where, (u32)address | flags);
	set_writable32(function, where, (u32)mask & (flags & SIM_IO ? ~3u : ~15u));
	if (!(flags & SIM_64) || flags & SIM_IO)
		return;
	set32(function, where + 4, (u32)(address >> 32));
	set_writable32(function, where + 4, (u32)(mask >> 32));
}

void machine_set_rom(struct function *function, unsigned int where, u32 address, u32 size)
{
	set32(function, where, address);
	set_writable32(function, where, (~(size - 1) & 0xfffff800) | 1);
}

/* The list's end is found by walking it, so call this in order. */
u8 machine_add_capability(struct function *function, u8 position, u8 id)
{
	u8 *link = &function->config[PCI_CAPABILITY_LIST];

	while (*link)
		link = &function->config[*link + 1];
	*link = position;
	set16(function, position, id);
	function->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	return position;
}

/* ---- finding -------------------------------------------------------------------------------- */

struct pci_bus *machine_scan(void)
{
	static bool started;

	if (!started)
		do_initcalls(); /* without ports there is no machine in them */
	if (!started)
		world_log_clear();
	started = true;
	pci_forget_buses();
	return pci_scan_bus(0, &machine_ops);
}

struct pci_dev *machine_find(struct pci_bus *bus, u8 number, u8 slot, u8 fn)
{
	struct pci_dev *dev, *found = NULL;

	list_for_each_entry(dev, &bus->devices, struct pci_dev, bus_list) {
		if (bus->number == number && dev->devfn == PCI_DEVFN(slot, fn))
			return dev;
		if (dev->subordinate && !found)
			found = machine_find(dev->subordinate, number, slot, fn);
	}
	return found;
}

struct pci_dev *machine_scan_one(struct function *function)
{
	return machine_find(machine_scan(), function->bus, PCI_SLOT(function->devfn),
			    PCI_FUNC(function->devfn));
}
