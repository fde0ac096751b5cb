/* SPDX-License-Identifier: MIT */
/*
 * Configuration space by mechanism 1 (PCI 3.0, 3.2.2.3.2), and the checks before any access. The
 * address goes to port 0xcf8, the data through port 0xcfc. A narrow access uses the byte lanes of
 * 0xcfc instead of rewriting the whole register, because a status register clears the bits that are
 * written back as 1.
 */
#include <linux/errno.h>

#include "drivers/pci/internal.h"
#include "kernel/io.h"
#include "kernel/spinlock.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u

static u32 config_address(u8 bus, u8 devfn, u16 where)
{
	return CONFIG_ENABLE | (u32)bus << 16 | (u32)devfn << 8 | (where & 0xfc);
}

/* Address and data belong together: no other CPU and no interrupt may come in between. */
static DEFINE_SPINLOCK(ports_lock);

static u32 type1_read(u8 bus, u8 devfn, u16 where, unsigned int size)
{
	u16 lane = CONFIG_DATA + (where & 3);
	u64 flags = spin_lock_irqsave(&ports_lock);
	u32 value;

	outl(config_address(bus, devfn, where), CONFIG_ADDRESS);
	if (size == 1)
		value = inb(lane);
	else if (size == 2)
		value = inw(lane);
	else
		value = inl(CONFIG_DATA);
	spin_unlock_irqrestore(&ports_lock, flags);
	return value;
}

static void type1_write(u8 bus, u8 devfn, u16 where, unsigned int size, u32 value)
{
	u16 lane = CONFIG_DATA + (where & 3);
	u64 flags = spin_lock_irqsave(&ports_lock);

	outl(config_address(bus, devfn, where), CONFIG_ADDRESS);
	if (size == 1)
		outb((u8)value, lane);
	else if (size == 2)
		outw((u16)value, lane);
	else
		outl(value, CONFIG_DATA);
	spin_unlock_irqrestore(&ports_lock, flags);
}

static const struct pci_config_ops type1_ops = { type1_read, type1_write, PCI_CFG_SPACE_SIZE, 255 };

/* Returns the operations, or NULL: only with a host bridge does the address register keep what is
 * written. */
const struct pci_config_ops *pci_type1_ops(void)
{
	u32 saved = inl(CONFIG_ADDRESS);
	bool present;

	outl(CONFIG_ENABLE, CONFIG_ADDRESS);
	present = inl(CONFIG_ADDRESS) == CONFIG_ENABLE;
	outl(saved, CONFIG_ADDRESS);
	return present ? &type1_ops : NULL;
}

static bool register_is_valid(const struct pci_dev *dev, unsigned int where, unsigned int size)
{
	return where < dev->bus->ops->space && IS_ALIGNED(where, size);
}

#define PCI_CONFIG_ACCESSORS(name, type)                                                       \
	int pci_read_config_##name(const struct pci_dev *dev, unsigned int where, type *value) \
	{                                                                                      \
		*value = (type)~0u;                                                            \
		if (!register_is_valid(dev, where, sizeof(type)))                              \
			return -EINVAL;                                                        \
		*value = (type)dev->bus->ops->read(dev->bus->number, dev->devfn, (u16)where,   \
						   sizeof(type));                              \
		return 0;                                                                      \
	}                                                                                      \
	int pci_write_config_##name(const struct pci_dev *dev, unsigned int where, type value) \
	{                                                                                      \
		if (!register_is_valid(dev, where, sizeof(type)))                              \
			return -EINVAL;                                                        \
		dev->bus->ops->write(dev->bus->number, dev->devfn, (u16)where, sizeof(type),   \
				     value);                                                   \
		return 0;                                                                      \
	}

PCI_CONFIG_ACCESSORS(byte, u8)
PCI_CONFIG_ACCESSORS(word, u16)
PCI_CONFIG_ACCESSORS(dword, u32)
