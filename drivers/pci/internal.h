/* SPDX-License-Identifier: MIT */
/* What the files of drivers/pci know of each other and nobody else needs. */
#ifndef DRIVERS_PCI_INTERNAL_H
#define DRIVERS_PCI_INTERNAL_H

#include "drivers/pci/pci.h"

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
/* Whether a bridge leads there, or it is a root bus that was scanned. */
bool pci_bus_is_claimed(u8 number);
/* Whether a function answers on a bus that is not claimed. */
bool pci_bus_answers(u8 number, const struct pci_config_ops *ops);
/* Scans behind the bridges of a bus; those that the firmware gave no numbers get theirs. */
void pci_scan_bridges(struct pci_bus *bus);

#endif
