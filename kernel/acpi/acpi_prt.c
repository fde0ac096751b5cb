// SPDX-License-Identifier: MIT
/*
 * Finds the wires of PCI's interrupt pins in the _PRT of a host bridge (ACPI 6.4, 6.2.13). It is a
 * package of routes. Each route has an address, a pin, and a source: a link device, whose _CRS
 * contains the wire, or 0, followed by the number of the wire. Only constants are read.
 */
#include "kernel/acpi/acpi_aml.h"
#include "kernel/pci_host.h"
#include "kernel/string.h"
#include <linux/errno.h>

#define ANY_FUNCTION 0xffff /* low half of a route's address; the slot is the high one */

/* Extended interrupt descriptor (6.4.3.6): flags, the count of numbers, the numbers. */
#define EXTENDED_INTERRUPT 0x89
#define INTERRUPT_EDGE 0x02
#define INTERRUPT_ACTIVE_LOW 0x04
#define INTERRUPT_HEAD 2

static bool read_interrupt(struct aml data, struct gsi *gsi)
{
	u32 number;

	if (data.size < INTERRUPT_HEAD + sizeof(number) || !data.at[1])
		return false;
	memcpy(&number, data.at + INTERRUPT_HEAD, sizeof(number));
	*gsi = (struct gsi){ .number = number,
			     .level = !(data.at[0] & INTERRUPT_EDGE),
			     .active_low = data.at[0] & INTERRUPT_ACTIVE_LOW };
	return true;
}

/* Reads the first wire in a link device's _CRS. */
static bool read_link(struct aml link, struct gsi *gsi)
{
	struct aml value, bytes;
	struct aml_resource resource;
	bool method;

	if (!aml_find_name(link, "_CRS", &value, &method) || method || !aml_buffer(value, &bytes))
		return false;
	while (aml_next_resource(&bytes, &resource))
		if (resource.tag == EXTENDED_INTERRUPT)
			return read_interrupt(resource.data, gsi);
	return false;
}

static bool find_link(struct aml scope, const char name[4], struct gsi *gsi)
{
	struct aml_package device;

	while (aml_next_package(&scope, AML_DEVICE, &device))
		if (!memcmp(device.name, name, 4) && read_link(device.body, gsi))
			return true;
	return false;
}

/* Reads the source of a route. PCI's wires are level-triggered and active low, unless the link
 * differs. The link is inside the bridge (QEMU 7.2), or next to it (10.0). */
static bool read_source(struct aml bridge, struct aml source, struct aml index, struct gsi *gsi)
{
	u64 number;
	char name[4];

	if (aml_number(source, &number) && !number && aml_number(index, &number)) {
		*gsi = (struct gsi){ .number = (u32)number, .level = true, .active_low = true };
		return number <= ~0u;
	}
	return aml_name(source, name) &&
	       (find_link(bridge, name, gsi) || find_link(acpi_dsdt_body(), name, gsi));
}

int acpi_pci_gsi(const struct pci_host *host, u8 slot, u8 pin, struct gsi *gsi)
{
	struct aml routes, route, address, which, source, index;
	u64 number, route_pin;
	bool method;

	if (!aml_find_name(host->body, "_PRT", &routes, &method) || method ||
	    !aml_elements(routes, &routes))
		return -ENXIO;
	while (aml_next_element(&routes, &route)) {
		if (!aml_elements(route, &route) || !aml_next_element(&route, &address) ||
		    !aml_next_element(&route, &which) || !aml_next_element(&route, &source) ||
		    !aml_next_element(&route, &index) || !aml_number(address, &number) ||
		    !aml_number(which, &route_pin))
			return -ENXIO;
		if (number == ((u64)slot << 16 | ANY_FUNCTION) && route_pin == pin - 1u)
			return read_source(host->body, source, index, gsi) ? 0 : -ENXIO;
	}
	return -ENXIO;
}
