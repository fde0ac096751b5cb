/* SPDX-License-Identifier: MIT */
/*
 * MSI-X (PCI 3.0, 6.8.2): a table in a BAR, with one entry per message. An entry is masked while it
 * is changed, and the whole function is masked while the table is set up. The location of the table
 * comes from the device, so it is checked against the BAR before it is mapped.
 */
#include <linux/errno.h>

#include "drivers/pci/pci.h"
#include "kernel/io.h"
#include "kernel/memory.h"

struct pci_msix {
	u8 position; /* position of the capability */
	bool intx;   /* the pin was enabled before */
	unsigned int count;
	volatile u8 *table;
	volatile u8 *pending; /* one bit per entry; NULL if it lies */
	int vector[];	      /* the CPU's vector per entry; -1 if free */
};

static u16 read_flags(const struct pci_dev *dev, u8 position)
{
	u16 flags;

	pci_read_config_word(dev, position + PCI_MSIX_FLAGS, &flags);
	return flags;
}

/* Finds the capability; at the very end of configuration space it has no room for its registers. */
static u8 find_msix(const struct pci_dev *dev)
{
	u8 position = pci_find_capability(dev, PCI_CAP_ID_MSIX);

	return position + PCI_CAP_MSIX_SIZEOF <= 256 ? position : 0;
}

int pci_msix_vec_count(const struct pci_dev *dev)
{
	u8 position = find_msix(dev);

	if (!position)
		return -ENODEV;
	return (read_flags(dev, position) & PCI_MSIX_FLAGS_QSIZE) + 1;
}

static volatile u8 *map_structure(const struct pci_dev *dev, u8 position, unsigned int where,
				  u64 length)
{
	u32 locator;

	pci_read_config_dword(dev, position + where, &locator);
	return pci_iomap_range(dev, locator & PCI_MSIX_TABLE_BIR,
			       locator & (u32)PCI_MSIX_TABLE_OFFSET, length);
}

static volatile u8 *entry_of(const struct pci_msix *msix, unsigned int entry)
{
	return msix->table + entry * PCI_MSIX_ENTRY_SIZE;
}

static void mask_entry(const struct pci_msix *msix, unsigned int entry)
{
	writel(PCI_MSIX_ENTRY_CTRL_MASKBIT, entry_of(msix, entry) + PCI_MSIX_ENTRY_VECTOR_CTRL);
}

static struct pci_msix *alloc_msix(const struct pci_dev *dev, u8 position)
{
	unsigned int count = (read_flags(dev, position) & PCI_MSIX_FLAGS_QSIZE) + 1;
	struct pci_msix *msix = kzalloc(sizeof(*msix) + count * sizeof(msix->vector[0]));

	if (!msix)
		return NULL;
	msix->position = position;
	msix->count = count;
	for (unsigned int i = 0; i < count; i++)
		msix->vector[i] = -1;
	msix->table =
		map_structure(dev, position, PCI_MSIX_TABLE, (u64)count * PCI_MSIX_ENTRY_SIZE);
	msix->pending = map_structure(dev, position, PCI_MSIX_PBA, ALIGN_UP((u64)count, 64) / 8);
	return msix;
}

static void write_flags(const struct pci_dev *dev, const struct pci_msix *msix, u16 clear, u16 set)
{
	u16 flags = read_flags(dev, msix->position);

	pci_write_config_word(dev, msix->position + PCI_MSIX_FLAGS, (u16)((flags & ~clear) | set));
}

/* Reads INTX_DISABLE. With MSI-X on, the pin stays quiet anyway (PCI 3.0, 6.8.2.1); disabling it,
 * too, is safer. */
static bool intx_is_allowed(const struct pci_dev *dev)
{
	u16 command;

	pci_read_config_word(dev, PCI_COMMAND, &command);
	return !(command & PCI_COMMAND_INTX_DISABLE);
}

/* Enables MSI-X with the function masked: on some devices the table accepts writes only while it is
 * enabled. */
static int msix_switch_on(const struct pci_dev *dev, struct pci_msix *msix)
{
	write_flags(dev, msix, 0, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	if (!(read_flags(dev, msix->position) & PCI_MSIX_FLAGS_ENABLE)) {
		write_flags(dev, msix, PCI_MSIX_FLAGS_MASKALL, 0);
		return -EIO;
	}
	for (unsigned int i = 0; i < msix->count; i++)
		mask_entry(msix, i);
	msix->intx = intx_is_allowed(dev);
	pci_intx(dev, false);
	write_flags(dev, msix, PCI_MSIX_FLAGS_MASKALL, 0);
	return 0;
}

int pci_enable_msix(struct pci_dev *dev)
{
	u8 position = find_msix(dev);
	struct pci_msix *msix;
	int error = -EINVAL;

	if (!position)
		return -ENODEV;
	msix = alloc_msix(dev, position);
	if (!msix)
		return -ENOMEM;
	if (msix->table)
		error = msix_switch_on(dev, msix);
	if (error) {
		dev_printk(&dev->dev, "E11 MSI-X: %s; not used\n",
			   msix->table ? "the enable bit does not stick"
				       : "the table is not in a memory BAR");
		kfree(msix);
		return error;
	}
	dev->msix = msix;
	return 0;
}

void pci_disable_msix(struct pci_dev *dev)
{
	struct pci_msix *msix = dev->msix;

	if (!msix)
		return;
	for (unsigned int i = 0; i < msix->count; i++)
		pci_msix_free(dev, i);
	write_flags(dev, msix, PCI_MSIX_FLAGS_ENABLE, 0);
	pci_intx(dev, msix->intx);
	dev->msix = NULL;
	kfree(msix);
}

static void write_entry(const struct pci_msix *msix, unsigned int entry, const struct msi_msg *msg)
{
	volatile u8 *registers = entry_of(msix, entry);

	writel(msg->address_lo, registers + PCI_MSIX_ENTRY_LOWER_ADDR);
	writel(msg->address_hi, registers + PCI_MSIX_ENTRY_UPPER_ADDR);
	writel(msg->data, registers + PCI_MSIX_ENTRY_DATA);
	writel(0, registers + PCI_MSIX_ENTRY_VECTOR_CTRL);
}

int pci_msix_request(struct pci_dev *dev, unsigned int entry, irq_handler_t handler, void *context,
		     const char *name)
{
	struct pci_msix *msix = dev->msix;
	struct msi_msg message;
	int vector;

	if (!msix || entry >= msix->count || msix->vector[entry] >= 0)
		return -EINVAL;
	vector = request_irq(handler, context, name);
	if (vector < 0)
		return vector;
	msix->vector[entry] = vector;
	irq_compose_msi_msg(vector, &message);
	write_entry(msix, entry, &message);
	return vector;
}

int pci_msix_retarget(struct pci_dev *dev, unsigned int entry, unsigned int cpu)
{
	const struct pci_msix *msix = dev->msix;
	struct msi_msg message;

	if (!msix || entry >= msix->count || msix->vector[entry] < 0 ||
	    irq_set_cpu(msix->vector[entry], cpu))
		return -EINVAL;
	irq_compose_msi_msg(msix->vector[entry], &message);
	mask_entry(msix, entry); /* messages stay pending meanwhile */
	write_entry(msix, entry, &message);
	return 0;
}

void pci_msix_free(struct pci_dev *dev, unsigned int entry)
{
	struct pci_msix *msix = dev->msix;

	if (!msix || entry >= msix->count || msix->vector[entry] < 0)
		return;
	mask_entry(msix, entry);
	/* Reading the entry back ensures that the mask has arrived before the vector is freed. */
	readl(entry_of(msix, entry) + PCI_MSIX_ENTRY_VECTOR_CTRL);
	free_irq(msix->vector[entry]);
	msix->vector[entry] = -1;
}

int pci_msix_state(const struct pci_dev *dev, unsigned int entry, struct pci_msix_state *state)
{
	const struct pci_msix *msix = dev->msix;
	u32 control;
	u16 flags;

	if (!msix || entry >= msix->count)
		return -EINVAL;
	flags = read_flags(dev, msix->position);
	control = readl(entry_of(msix, entry) + PCI_MSIX_ENTRY_VECTOR_CTRL);
	state->function_enabled = flags & PCI_MSIX_FLAGS_ENABLE;
	state->function_masked = flags & PCI_MSIX_FLAGS_MASKALL;
	state->masked = control & PCI_MSIX_ENTRY_CTRL_MASKBIT;
	state->pending =
		msix->pending && readl(msix->pending + entry / 32 * 4) & (1u << entry % 32);
	state->vector = msix->vector[entry];
	return 0;
}
