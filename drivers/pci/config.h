/* SPDX-License-Identifier: MIT */
/* The two ways to configuration space, and which of them is taken. Only drivers/pci knows them. */
#ifndef DRIVERS_PCI_CONFIG_H
#define DRIVERS_PCI_CONFIG_H

#include "drivers/pci/pci.h"

/* Configuration mechanism 1 (PCI 3.0, 3.2.2.3.2), or NULL when the machine has none. */
const struct pci_config_ops *pci_type1_ops(void);

/*
 * ECAM in the regions that the firmware tells, each said in a line, a bad one too; NULL when none
 * of them has bus 0. `ports` is the other way, to compare with, or NULL. Once, at boot.
 */
const struct pci_config_ops *pci_ecam_ops(const struct pci_config_ops *ports);

/* Checks and maps a region, `base` being where bus 0 would be; false, with a line, if it is bad. */
bool pci_ecam_add(u64 base, u8 first, u8 last, const struct pci_config_ops *ports);

/* The memory of the index-th region in use; false beyond the last. */
bool pci_ecam_range(unsigned int index, u64 *start, u64 *size);

/* The way that pci.config= asks for, else ECAM where there is one, else the ports; NULL, with a
 * line, on a machine without PCI. */
const struct pci_config_ops *pci_config_choose(void);

#endif
