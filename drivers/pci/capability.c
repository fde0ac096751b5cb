/* SPDX-License-Identifier: MIT */
/*
 * Reads the capability list (PCI 3.0, 6.7) once into the device. The list is not trusted: it may
 * loop, point into the header or end in the middle. So each position is visited at most once.
 */
#include "drivers/pci/pci.h"

/* Valid positions: past the header, at multiples of four. */
#define CAPABILITY_FIRST 0x40
#define CAPABILITY_END 0x100

static u8 first_position(const struct pci_dev *dev)
{
	u8 position = 0;
	u16 status;

	pci_read_config_word(dev, PCI_STATUS, &status);
	if (!(status & PCI_STATUS_CAP_LIST))
		return 0;
	if (dev->hdr_type == PCI_HEADER_TYPE_CARDBUS)
		pci_read_config_byte(dev, PCI_CB_CAPABILITY_LIST, &position);
	else
		pci_read_config_byte(dev, PCI_CAPABILITY_LIST, &position);
	return position;
}

void pci_read_capabilities(struct pci_dev *dev)
{
	u8 position = first_position(dev) & 0xfc;
	u64 visited = 0;
	u16 header;

	dev->capability_count = 0;
	while (position) {
		if (position < CAPABILITY_FIRST) {
			dev_printk(&dev->dev,
				   "capability pointer 0x%02x is inside the header; rest ignored\n",
				   position);
			return;
		}
		if (visited & BIT_ULL(position / 4)) {
			dev_printk(&dev->dev,
				   "capability list loops at 0x%02x; rest after %u ignored\n",
				   position, dev->capability_count);
			return;
		}
		visited |= BIT_ULL(position / 4);
		pci_read_config_word(dev, position, &header);
		if ((header & 0xff) == 0xff)
			return;
		dev->capabilities[dev->capability_count].position = position;
		dev->capabilities[dev->capability_count].id = header & 0xff;
		dev->capability_count++;
		position = (header >> 8) & 0xfc;
	}
}

/* Each of the 48 positions past the header is visited at most once, so the array is enough. */
_Static_assert((CAPABILITY_END - CAPABILITY_FIRST) / 4 == PCI_CAPABILITIES_MAX,
	       "the walk must fit the array");

static u8 find_capability_from(const struct pci_dev *dev, unsigned int first, u8 id)
{
	for (unsigned int i = first; i < dev->capability_count; i++)
		if (dev->capabilities[i].id == id)
			return dev->capabilities[i].position;
	return 0;
}

u8 pci_find_capability(const struct pci_dev *dev, u8 id)
{
	return find_capability_from(dev, 0, id);
}

u8 pci_find_next_capability(const struct pci_dev *dev, u8 position, u8 id)
{
	for (unsigned int i = 0; i < dev->capability_count; i++)
		if (dev->capabilities[i].position == position)
			return find_capability_from(dev, i + 1, id);
	return 0;
}
