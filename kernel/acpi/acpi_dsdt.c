// SPDX-License-Identifier: MIT
/*
 * Finds the host bridges in the DSDT. AML is a program, which we do not run, but the resources of a
 * host bridge are nearly always constant: a device of id PNP0A03 or PNP0A08, and in it, or in a
 * scope of its name, _CRS with a buffer of resource descriptors (ACPI 6.4, 20.2 and 6.4). Every
 * length is checked against the object around it, and every step goes forward, so the walk ends.
 */
#include "kernel/acpi/acpi.h"
#include "kernel/pci_host.h"
#include "kernel/string.h"

/* Resource descriptors (ACPI 6.4, 6.4.2 and 6.4.3). */
#define DWORD_ADDRESS 0x87
#define WORD_ADDRESS 0x88
#define QWORD_ADDRESS 0x8a
enum { SPACE_MEMORY, SPACE_IO, SPACE_BUS };
#define SPACE_HEAD 3	    /* kind, general flags, flags of the kind; then five numbers */
#define CONSUMER 0x01	    /* general flags: the bridge's own, not passed on */
#define MEMORY_CACHING 0x06 /* flags of memory */
#define MEMORY_PREFETCH 0x06

static u64 number_at(const u8 *at, unsigned int width)
{
	u64 value = 0;

	while (width--)
		value = value << 8 | at[width];
	return value;
}

/* Adds a window; empty ones, and those without room, are ignored. */
static void add_window(struct pci_host *host, const struct pci_host_window *window)
{
	if (window->first <= window->last && host->count < PCI_HOST_WINDOWS)
		host->window[host->count++] = *window;
}

/* Reads an address space descriptor (ACPI 6.4, 6.4.3.5): granularity, first, last, offset,
 * length. */
static void read_crs_address(struct pci_host *host, struct aml data, unsigned int width)
{
	struct pci_host_window window;
	u64 offset, length;

	if (data.size < SPACE_HEAD + 5 * width || data.at[1] & CONSUMER)
		return;
	window.first = number_at(data.at + SPACE_HEAD + width, width);
	window.last = number_at(data.at + SPACE_HEAD + 2 * width, width);
	offset = number_at(data.at + SPACE_HEAD + 3 * width, width);
	length = number_at(data.at + SPACE_HEAD + 4 * width, width);
	if (!length || window.last < window.first || length - 1 > window.last - window.first)
		return;
	if (data.at[0] == SPACE_BUS && window.last <= 255) {
		host->bus = (u8)window.first;
		host->last_bus = (u8)window.last;
	}
	if (data.at[0] > SPACE_IO || offset) /* the CPU sees it at another address: not usable */
		return;
	window.io = data.at[0] == SPACE_IO;
	window.prefetch = !window.io && (data.at[2] & MEMORY_CACHING) == MEMORY_PREFETCH;
	add_window(host, &window);
}

static unsigned int crs_width_of(u8 tag)
{
	switch (tag) {
	case WORD_ADDRESS:
		return 2;
	case DWORD_ADDRESS:
		return 4;
	case QWORD_ADDRESS:
		return 8;
	default:
		return 0;
	}
}

/* Reads _CRS: a buffer, a method that contains one, or one that returns it by name. */
static bool read_crs(struct pci_host *host, struct aml body)
{
	struct aml value, buffer;
	struct aml_resource resource;
	char name[4];
	bool method;

	if (!aml_find_name(body, "_CRS", &value, &method))
		return false;
	if (method && aml_returned_name(value, name) && !aml_find_name(body, name, &value, &method))
		return false;
	if (!(method ? aml_find_buffer(value, &buffer) : aml_buffer(value, &buffer)))
		return false;
	while (aml_next_resource(&buffer, &resource))
		if (crs_width_of(resource.tag))
			read_crs_address(host, resource.data, crs_width_of(resource.tag));
	return true;
}

static bool read_number(struct aml body, const char *name, u64 *number)
{
	struct aml value;
	bool method;

	if (!aml_find_name(body, name, &value, &method))
		return false;
	return method ? aml_returned_number(value, number) : aml_number(value, number);
}

static bool is_id(struct aml value)
{
	static const u8 numeric[] = { 0x0c, 0x41, 0xd0, 0x0a }; /* EISAID("PNP0A0x") */
	static const char text[] = "\x0dPNP0A0";

	if (value.size >= 5 && !memcmp(value.at, numeric, 4))
		return value.at[4] == 0x03 || value.at[4] == 0x08;
	return value.size >= 8 && !memcmp(value.at, text, 7) &&
	       (value.at[7] == '3' || value.at[7] == '8');
}

static bool is_host_bridge(struct aml body)
{
	struct aml value;
	bool method;

	return (aml_find_name(body, "_HID", &value, &method) && !method && is_id(value)) ||
	       (aml_find_name(body, "_CID", &value, &method) && !method && is_id(value));
}

/* Reads a host bridge; false if it belongs to another segment. */
static bool read_host(struct pci_host *host, struct aml body)
{
	u64 number;

	memset(host, 0, sizeof(*host));
	host->last_bus = 255;
	host->body = body;
	if (read_number(body, "_SEG", &number) && number)
		return false;
	read_crs(host, body);
	if (read_number(body, "_BBN", &number) && number <= host->last_bus)
		host->bus = (u8)number;
	return true;
}

/* Reads separate scopes: QEMU puts the first bridge's _CRS into Scope(\_SB.PCI0). */
static void read_scopes(struct pci_host *host, struct aml dsdt, const char *name)
{
	struct aml_package scope;

	while (!host->count && aml_next_package(&dsdt, AML_SCOPE, &scope)) {
		if (!memcmp(scope.name, name, 4))
			read_crs(host, scope.body);
	}
}

struct aml acpi_dsdt_body(void)
{
	const struct acpi_header *table = acpi_dsdt();

	if (!table)
		return (struct aml){ NULL, 0 };
	return (struct aml){ (const u8 *)(table + 1), table->length - (u32)sizeof(*table) };
}

unsigned int acpi_pci_hosts(struct pci_host *hosts)
{
	struct aml dsdt = acpi_dsdt_body(), rest = dsdt;
	struct aml_package device;
	unsigned int count = 0;

	while (count < PCI_HOSTS_MAX && aml_next_package(&rest, AML_DEVICE, &device)) {
		if (!is_host_bridge(device.body) || !read_host(&hosts[count], device.body))
			continue;
		read_scopes(&hosts[count], dsdt, device.name);
		count++;
	}
	return count;
}
