/* SPDX-License-Identifier: MIT */
/* What the files of drivers/pci know of each other and nobody else needs. */
#ifndef DRIVERS_PCI_INTERNAL_H
#define DRIVERS_PCI_INTERNAL_H

#include "drivers/pci/pci.h"

/* From here to 4 GiB: I/O APICs, local APICs and the firmware's flash, nothing of PCI. */
#define PCI_CHIPSET_START 0xfec00000ULL

/* ---- access.c, ecam.c, config.c: the two ways to configuration space ------------------------ */

/* Configuration mechanism 1 (PCI 3.0, 3.2.2.3.2), or NULL when the machine has none. */
const struct pci_config_ops *pci_type1_ops(void);

/*
 * ECAM in the regions that the firmware tells, each said in a line, a bad one too; NULL when none
 * of them has bus 0. `ports` is the other way, to compare with, or NULL. Once, at boot.
 */
const struct pci_config_ops *pci_ecam_ops(const struct pci_config_ops *ports);

/* The memory of the index-th region in use; false beyond the last. */
bool pci_ecam_range(unsigned int index, u64 *start, u64 *size);

/* The way that pci.config= asks for, else ECAM where there is one, else the ports; NULL, with a
 * line, on a machine without PCI. */
const struct pci_config_ops *pci_config_choose(void);

/* ---- host.c: what the firmware says of the host bridges -------------------------------------- */

/* Reads it all, once, before anything else. */
void pci_host_init(void);
/* What the root bus of this number may use; at worst a guess. */
struct pci_host;
const struct pci_host *pci_host_of(u8 bus);

/* ---- probe.c -------------------------------------------------------------------------------- */

/* A bus that nobody has looked at; `self` leads there. NULL, with a line, without memory. */
struct pci_bus *pci_alloc_bus(u8 number, u8 limit, const struct pci_config_ops *ops,
			      struct pci_dev *self);
/* Whether a dword read from register 0 is what absent functions give. */
bool pci_id_is_absent(u32 id);
/* Scans the functions of a bus, and what is behind its bridges. */
void pci_scan_child_bus(struct pci_bus *bus);

/* ---- bridge.c: bus numbers ------------------------------------------------------------------ */

/* Forgets which bus numbers are in use. */
void pci_forget_buses(void);
/* Takes a bus number: true for the first who asks, false ever after. */
bool pci_claim_bus(u8 number);
/* Whether a function answers on a bus that no bridge leads to and that was not scanned. */
bool pci_bus_answers(u8 number, const struct pci_config_ops *ops);
/* Scans behind the bridges of a bus; those that the firmware gave no numbers get theirs. */
void pci_scan_bridges(struct pci_bus *bus);

/* ---- bar.c, window.c ------------------------------------------------------------------------ */

/* Prints a resource of a function under a name. */
void pci_print_resource(const struct pci_dev *dev, const char *name,
			const struct pci_resource *resource);
/* Writes the address that dev->resource has, with decoding off meanwhile. */
void pci_write_bar(const struct pci_dev *dev, unsigned int bar);
/* Whether a bridge also passes on what nobody else takes. */
static inline bool pci_is_subtractive(const struct pci_dev *bridge)
{
	return (bridge->class & 0xff) == 1;
}
/* Writes what bridge->window says; one that is empty or unset is closed. */
void pci_write_bridge_window(const struct pci_dev *bridge, unsigned int index);
/* Prints where a bridge leads, and its windows. */
void pci_print_bridge(const struct pci_dev *bridge);

/* ---- claim.c: addresses that are taken ------------------------------------------------------ */

/* Nothing is taken on a bus; NULL: on the root buses, which share theirs. */
void pci_forget_claims(struct pci_bus *bus);
/* Takes the range of a resource on a bus; false when some of it is taken. It must live on. */
bool pci_claim(struct pci_bus *bus, struct pci_resource *resource);
/* Sets resource->start to the lowest free range from `first` to `last` that suits it. */
bool pci_find_room(struct pci_bus *bus, struct pci_resource *resource, u64 first, u64 last);

/* ---- assign.c ------------------------------------------------------------------------------- */

/* Gives addresses to what has none behind pci_root_buses, each said in a line. */
void pci_assign_resources(void);

#endif
