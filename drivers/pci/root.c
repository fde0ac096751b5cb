/* SPDX-License-Identifier: MIT */
/*
 * The root buses, and the start of the scan. Bus 0 is one. ACPI would name others (QEMU's pxb and
 * pxb-pcie) in AML, which we do not run. We find them by reading every bus number that no bridge
 * leads to, 32 reads each, as Linux does with pci=lastbus. All of this runs in late_initcall, when
 * every driver is registered.
 */
#include <linux/errno.h>

#include "drivers/pci/internal.h"

struct list_head pci_root_buses = { &pci_root_buses, &pci_root_buses };

static void add_root(u8 number, const struct pci_config_ops *ops)
{
	struct pci_bus *root = pci_scan_bus(number, ops);

	if (root)
		list_add_tail(&root->node, &pci_root_buses);
}

void pci_scan_roots(const struct pci_config_ops *ops)
{
	pci_forget_buses();
	INIT_LIST_HEAD(&pci_root_buses);
	add_root(0, ops);
	for (unsigned int number = 1; number <= ops->last_bus; number++)
		if (pci_bus_answers((u8)number, ops))
			add_root((u8)number, ops);
}

static int pci_init(void)
{
	const struct pci_config_ops *ops = pci_config_choose();
	struct pci_bus *root;

	if (!ops)
		return 0;
	pci_scan_roots(ops);
	pci_assign_resources();
	list_for_each_entry(root, &pci_root_buses, struct pci_bus, node)
		pci_bus_add_devices(root);
	return list_empty(&pci_root_buses) ? -ENOMEM : 0;
}
late_initcall(pci_init);
