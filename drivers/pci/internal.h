/* SPDX-License-Identifier: MIT */
/* The interface between the files of drivers/pci. */
#ifndef DRIVERS_PCI_INTERNAL_H
#define DRIVERS_PCI_INTERNAL_H

#include "drivers/pci/pci.h"

/* From here to 4 GiB there are I/O APICs, local APICs and the firmware's flash, but no PCI. */
#define PCI_CHIPSET_START 0xfec00000ULL

/* ---- access.c, ecam.c, config.c: access to configuration space ------------------------------ */

/* Returns configuration mechanism 1 (PCI 3.0, 3.2.2.3.2), or NULL if the machine has none. */
const struct pci_config_ops *pci_type1_ops(void);

/*
 * Returns ECAM, with the regions that the firmware describes, or NULL if none of them has bus 0.
 * Prints each region, and each that is not used. `ports` is the other method, to compare with, or
 * NULL. Call once, at boot.
 */
const struct pci_config_ops *pci_ecam_ops(const struct pci_config_ops *ports);

/* Returns the memory of the index-th region in use; false beyond the last. */
bool pci_ecam_range(unsigned int index, u64 *start, u64 *size);

/* Returns the method that pci.config= selects, else ECAM if there is one, else the ports. Without
 * any it prints a message and returns NULL. */
const struct pci_config_ops *pci_config_choose(void);

/* ---- host.c: the host bridges, from the firmware --------------------------------------------- */

/* Reads the firmware's description, once, before anything else. */
void pci_host_init(void);
/* Returns the windows of this root bus; at worst a guess. */
struct pci_host;
const struct pci_host *pci_host_of(u8 bus);

/* ---- probe.c -------------------------------------------------------------------------------- */

/* Allocates a bus that has not been scanned; `self` leads to it. Without memory it prints a message
 * and returns NULL. */
struct pci_bus *pci_alloc_bus(u8 number, u8 limit, const struct pci_config_ops *ops,
			      struct pci_dev *self);
/* True if register 0 has a value that absent functions return. */
bool pci_id_is_absent(u32 id);
/* Scans the functions of a bus, and the buses behind its bridges. */
void pci_scan_child_bus(struct pci_bus *bus);

/* ---- bridge.c: bus numbers ------------------------------------------------------------------ */

/* Forgets which bus numbers are in use. */
void pci_forget_buses(void);
/* Claims a bus number; true for the first caller only. */
bool pci_claim_bus(u8 number);
/* True if a function answers on a bus that no bridge leads to and that was not scanned. */
bool pci_bus_answers(u8 number, const struct pci_config_ops *ops);
/* Scans behind the bridges of a bus; assigns numbers to those without. */
void pci_scan_bridges(struct pci_bus *bus);

/* ---- bar.c, window.c ------------------------------------------------------------------------ */

/* Prints a resource of a function under a name. */
void pci_print_resource(const struct pci_dev *dev, const char *name,
			const struct pci_resource *resource);
/* Writes the address in dev->resource, with decoding off meanwhile. */
void pci_write_bar(const struct pci_dev *dev, unsigned int bar);
/* True if a bridge also forwards accesses that no other device takes. */
static inline bool pci_is_subtractive(const struct pci_dev *bridge)
{
	return (bridge->class & 0xff) == 1;
}
/* Writes bridge->window; an empty or unset window is closed. */
void pci_write_bridge_window(const struct pci_dev *bridge, unsigned int index);
/* Prints the buses behind a bridge, and its windows. */
void pci_print_bridge(const struct pci_dev *bridge);

/* ---- claim.c: addresses in use -------------------------------------------------------------- */

/* Clears the claims of a bus; NULL: of the root buses, which share theirs. */
void pci_forget_claims(struct pci_bus *bus);
/* Claims the range of a resource on a bus; false if it overlaps. The resource must stay valid. */
bool pci_claim(struct pci_bus *bus, struct pci_resource *resource);
/* Sets resource->start to the lowest suitable free range between `first` and `last`. */
bool pci_find_room(struct pci_bus *bus, struct pci_resource *resource, u64 first, u64 last);

/* ---- assign.c ------------------------------------------------------------------------------- */

/* Assigns addresses to resources without one behind pci_root_buses, and prints each. */
void pci_assign_resources(void);

#endif
