/* SPDX-License-Identifier: MIT */
/* Switches a function on, and maps its BARs. */
#include "drivers/pci/internal.h"

#include <linux/errno.h>

#include "kernel/memory.h"
#include "kernel/time.h"

#define D3HOT_TO_D0_MS 10 /* PCI Power Management 1.2, 5.4 */

/* Sets and clears bits of the command register; -EIO if they do not stick. */
static int update_command(const struct pci_dev *dev, u16 clear, u16 set)
{
	u16 command, now;

	pci_read_config_word(dev, PCI_COMMAND, &command);
	command = (u16)((command & ~clear) | set);
	pci_write_config_word(dev, PCI_COMMAND, command);
	pci_read_config_word(dev, PCI_COMMAND, &now);
	return (now & (clear | set)) == set ? 0 : -EIO;
}

/* Restores the BARs. Without No_Soft_Reset a function returns from D3 as after a reset: its BARs
 * are empty (PCI Power Management 1.2, 5.4.1). */
static void restore_bars(const struct pci_dev *dev)
{
	for (unsigned int i = 0; i < PCI_STD_NUM_BARS; i++) {
		if (dev->resource[i].flags && !(dev->resource[i].flags & PCI_RESOURCE_FIXED))
			pci_write_bar(dev, i);
	}
}

/* Wakes the function: in D3 it only answers configuration cycles (PCI Power Management 1.2,
 * 3.4.4). */
static void leave_sleep(const struct pci_dev *dev)
{
	u8 position = pci_find_capability(dev, PCI_CAP_ID_PM);
	u16 control;

	if (!position || position + PCI_PM_CTRL + 2 > 256)
		return;
	pci_read_config_word(dev, position + PCI_PM_CTRL, &control);
	if (!(control & PCI_PM_CTRL_STATE_MASK))
		return;
	control &= (u16)~PCI_PM_CTRL_STATE_MASK;
	pci_write_config_word(dev, position + PCI_PM_CTRL, control);
	udelay(D3HOT_TO_D0_MS * 1000);
	if (!(control & PCI_PM_CTRL_NO_SOFT_RESET))
		restore_bars(dev);
}

static u16 decode_bits(const struct pci_dev *dev)
{
	u16 bits = 0;

	for (unsigned int i = 0; i < PCI_STD_NUM_BARS; i++) {
		if (dev->resource[i].flags & PCI_RESOURCE_IO)
			bits |= PCI_COMMAND_IO;
		if (dev->resource[i].flags & PCI_RESOURCE_MEM)
			bits |= PCI_COMMAND_MEMORY;
	}
	return bits;
}

/* Checks the BARs: a function with address 0, or none, must not be switched on. */
static int check_addresses(const struct pci_dev *dev)
{
	char text[64];

	for (unsigned int i = 0; i < PCI_STD_NUM_BARS; i++) {
		if (!(dev->resource[i].flags & PCI_RESOURCE_UNSET))
			continue;
		pci_format_resource(text, sizeof(text), &dev->resource[i]);
		dev_printk(&dev->dev, "E33 BAR %u %s has no address; device not used\n", i, text);
		return -EINVAL;
	}
	return 0;
}

/* Enables the bridges above: a device behind them is reached, and reaches memory, only through
 * them. If there was firmware, it has done that already. */
static int enable_bridges(const struct pci_dev *dev, u16 bits)
{
	const struct pci_dev *bridge;
	u16 command;

	for (bridge = dev->bus->self; bridge; bridge = bridge->bus->self) {
		pci_read_config_word(bridge, PCI_COMMAND, &command);
		if ((command & bits) != bits && update_command(bridge, 0, bits)) {
			dev_printk(
				&bridge->dev,
				"E03 decoding (command 0x%04x) does not stick; bridge not used\n",
				bits);
			return -EIO;
		}
	}
	return 0;
}

int pci_enable_device(struct pci_dev *dev)
{
	u16 bits = decode_bits(dev);
	int error = check_addresses(dev);

	if (!error)
		error = enable_bridges(dev, bits | PCI_COMMAND_MASTER);
	if (error)
		return error;
	leave_sleep(dev);
	pci_intx(dev, false); /* the firmware may have left an interrupt pending */
	error = update_command(dev, 0, bits);
	if (error)
		dev_printk(&dev->dev,
			   "E03 decoding (command 0x%04x) does not stick; device not used\n", bits);
	return error;
}

void pci_disable_device(struct pci_dev *dev)
{
	update_command(dev, PCI_COMMAND_MASTER | PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 0);
}

int pci_set_master(struct pci_dev *dev)
{
	int error = update_command(dev, 0, PCI_COMMAND_MASTER);

	if (error)
		dev_printk(&dev->dev,
			   "E01 bus mastering (command bit 2) does not stick; device not used\n");
	return error;
}

void pci_clear_master(struct pci_dev *dev)
{
	update_command(dev, PCI_COMMAND_MASTER, 0);
}

bool pci_decodes(const struct pci_dev *dev, u16 kind)
{
	u16 command;

	pci_read_config_word(dev, PCI_COMMAND, &command);
	return command != 0xffff && command & kind;
}

bool pci_is_master(const struct pci_dev *dev)
{
	return pci_decodes(dev, PCI_COMMAND_MASTER);
}

volatile void *pci_iomap_range(const struct pci_dev *dev, unsigned int bar, u64 offset, u64 length)
{
	const struct pci_resource *resource;

	if (bar >= PCI_STD_NUM_BARS)
		return NULL;
	resource = &dev->resource[bar];
	if (!(resource->flags & PCI_RESOURCE_MEM) || resource->flags & PCI_RESOURCE_UNSET ||
	    !resource->start)
		return NULL;
	if (!length || length > resource->size || offset > resource->size - length)
		return NULL;
	return ioremap(resource->start + offset, length);
}
