/* SPDX-License-Identifier: MIT */
/* Chooses the access to configuration space. pci.config=ecam or cf8 forces one, for comparison. */
#include "drivers/pci/internal.h"

#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/string.h"

BOOT_OPTION(config_option, "pci.config", "auto, ecam, cf8");

static bool config_is_asked_for(const char *way)
{
	return config_option.value && !strcmp(config_option.value, way);
}

static void check_config_option(void)
{
	if (config_option.value && !config_is_asked_for("auto") && !config_is_asked_for("ecam") &&
	    !config_is_asked_for("cf8"))
		printk("pci: E31 pci.config=%s ignored: want %s; using auto\n", config_option.value,
		       config_option.values);
}

const struct pci_config_ops *pci_config_choose(void)
{
	const struct pci_config_ops *ports = pci_type1_ops(), *ecam = NULL;

	check_config_option();
	pci_host_init();
	if (!ports || !config_is_asked_for("cf8"))
		ecam = pci_ecam_ops(ports);
	if (!ports && !ecam) {
		printk("pci: no configuration space at ports 0xcf8/0xcfc or in memory: no PCI\n");
		return NULL;
	}
	if ((config_is_asked_for("cf8") && !ports) || (config_is_asked_for("ecam") && !ecam))
		printk("pci: E31 pci.config=%s not available on this machine; using %s\n",
		       config_option.value, ecam ? "ecam" : "cf8");
	if (!ecam)
		printk("PCI: Using configuration type 1 for base access\n");
	return ecam ? ecam : ports;
}
