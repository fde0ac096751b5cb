/* SPDX-License-Identifier: MIT */
/*
 * Where the device keeps its structures: vendor capabilities that name a BAR, an offset and a
 * length (virtio 1.2, 4.1.4). All of it is the device's word, so each capability is read once into
 * a local copy and used only when it fits; the first usable one of a type wins. Shared memory
 * (4.1.4.7) is in the same list.
 */
#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"

/* Longer structures are allowed (4.1.4.1); this much serves 65,536 queues with 256 bytes each. */
#define REGION_MAPPED_MAX 0x1000000u

/* A capability, copied. */
struct capability {
	u8 position;
	u8 length_of_it;
	u8 cfg_type;
	u8 bar;
	u32 offset, length; /* of the structure in the BAR */
};

struct region_rule {
	u8 cfg_type;
	const char *name;
	u8 capability_min; /* bytes of the capability itself */
	u32 length_min;	   /* bytes of the structure */
	u32 alignment;	   /* of its offset (4.1.4) */
	size_t region;	   /* in struct virtio_pci_device */
	bool required;
};

#define REGION(member) offsetof(struct virtio_pci_device, member)

static const struct region_rule rules[] = {
	{ VIRTIO_PCI_CAP_COMMON_CFG, "common", sizeof(struct virtio_pci_cap),
	  sizeof(struct virtio_pci_common_cfg), 4, REGION(common), true },
	{ VIRTIO_PCI_CAP_NOTIFY_CFG, "notify", sizeof(struct virtio_pci_notify_cap), 2, 2,
	  REGION(notify), true },
	{ VIRTIO_PCI_CAP_ISR_CFG, "ISR", sizeof(struct virtio_pci_cap), 1, 1, REGION(isr), true },
	{ VIRTIO_PCI_CAP_DEVICE_CFG, "device", sizeof(struct virtio_pci_cap), 1, 4, REGION(device),
	  false },
};

static void read_capability(const struct pci_dev *dev, u8 position, struct capability *capability)
{
	capability->position = position;
	pci_read_config_byte(dev, position + VIRTIO_PCI_CAP_LEN, &capability->length_of_it);
	pci_read_config_byte(dev, position + VIRTIO_PCI_CAP_CFG_TYPE, &capability->cfg_type);
	pci_read_config_byte(dev, position + VIRTIO_PCI_CAP_BAR, &capability->bar);
	pci_read_config_dword(dev, position + VIRTIO_PCI_CAP_OFFSET, &capability->offset);
	pci_read_config_dword(dev, position + VIRTIO_PCI_CAP_LENGTH, &capability->length);
}

/* Why a capability cannot be used, or NULL. Reserved BARs are to be ignored, and lengths beyond
 * what we use are fine (4.1.4.1), but not beyond the BAR: then the rest is not to be believed. */
static const char *region_refusal(const struct pci_dev *dev, const struct region_rule *rule,
				  const struct capability *capability)
{
	if (capability->length_of_it < rule->capability_min ||
	    capability->position + rule->capability_min > 256)
		return "it is too short";
	if (capability->bar >= PCI_STD_NUM_BARS)
		return "its BAR is a reserved number";
	if (dev->resource[capability->bar].flags & PCI_RESOURCE_IO)
		return "it is in an I/O BAR";
	if (!IS_ALIGNED(capability->offset, rule->alignment))
		return "it is misaligned";
	if (capability->length < rule->length_min)
		return "the structure is too short";
	if ((u64)capability->offset + capability->length > dev->resource[capability->bar].size)
		return "the structure ends past its BAR";
	return NULL;
}

static struct virtio_pci_region *vp_region_of(struct virtio_pci_device *vp,
					      const struct region_rule *rule)
{
	return (struct virtio_pci_region *)((char *)vp + rule->region);
}

static void refuse_region(const struct pci_dev *dev, const struct region_rule *rule,
			  const struct capability *capability, const char *why)
{
	dev_printk(&dev->dev,
		   "%s capability at 0x%02x (BAR %u, offset 0x%x, length 0x%x) passed over: %s\n",
		   rule->name, capability->position, capability->bar, capability->offset,
		   capability->length, why);
}

/* Maps the structure if nothing speaks against it. */
static void try_capability(struct virtio_pci_device *vp, const struct region_rule *rule,
			   const struct capability *capability)
{
	struct virtio_pci_region *region = vp_region_of(vp, rule);
	const char *why = region_refusal(vp->pci_dev, rule, capability);

	if (why) {
		refuse_region(vp->pci_dev, rule, capability, why);
		return;
	}
	region->length = min(capability->length, REGION_MAPPED_MAX);
	region->base =
		pci_iomap_range(vp->pci_dev, capability->bar, capability->offset, region->length);
	if (!region->base) {
		refuse_region(vp->pci_dev, rule, capability,
			      "E14 its BAR is not assigned, or cannot be mapped");
		return;
	}
	region->bar = capability->bar;
	region->offset = capability->offset;
	if (rule->cfg_type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		pci_read_config_dword(vp->pci_dev,
				      capability->position + VIRTIO_PCI_NOTIFY_CAP_MULT,
				      &vp->notify_off_multiplier);
}

/* 4.1.4.1: types that are not known here are ignored, and the first usable one is taken. */
static void consider_capability(struct virtio_pci_device *vp, u8 position)
{
	struct capability capability;

	read_capability(vp->pci_dev, position, &capability);
	for (unsigned int i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].cfg_type == capability.cfg_type && !vp_region_of(vp, &rules[i])->base)
			try_capability(vp, &rules[i], &capability);
}

int virtio_pci_find_regions(struct virtio_pci_device *vp)
{
	u8 position = pci_find_capability(vp->pci_dev, PCI_CAP_ID_VNDR);

	for (; position;
	     position = pci_find_next_capability(vp->pci_dev, position, PCI_CAP_ID_VNDR))
		consider_capability(vp, position);
	for (unsigned int i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!rules[i].required || vp_region_of(vp, &rules[i])->base)
			continue;
		dev_printk(&vp->pci_dev->dev, "%sno usable %s capability: no modern interface\n",
			   virtio_pci_has_legacy(vp->pci_dev) ? "" : "E15 ", rules[i].name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* ---- shared memory --------------------------------------------------------------------------- */

static u64 read_pair(const struct pci_dev *dev, unsigned int low, unsigned int high)
{
	u32 low_half, high_half;

	pci_read_config_dword(dev, low, &low_half);
	pci_read_config_dword(dev, high, &high_half);
	return (u64)high_half << 32 | low_half;
}

/* Reads a shared memory capability once; false when it is another one, or does not fit. */
static bool read_shm(const struct pci_dev *dev, u8 position, u8 id,
		     struct virtio_shm_region *region)
{
	u8 length, cfg_type, bar, its_id;
	u64 offset;

	if (position + sizeof(struct virtio_pci_cap64) > 256)
		return false;
	pci_read_config_byte(dev, position + VIRTIO_PCI_CAP_LEN, &length);
	pci_read_config_byte(dev, position + VIRTIO_PCI_CAP_CFG_TYPE, &cfg_type);
	pci_read_config_byte(dev, position + VIRTIO_PCI_CAP_BAR, &bar);
	pci_read_config_byte(dev, position + offsetof(struct virtio_pci_cap, id), &its_id);
	if (cfg_type != VIRTIO_PCI_CAP_SHARED_MEMORY_CFG || its_id != id ||
	    length < sizeof(struct virtio_pci_cap64))
		return false;
	offset = read_pair(dev, position + VIRTIO_PCI_CAP_OFFSET,
			   position + offsetof(struct virtio_pci_cap64, offset_hi));
	region->length = read_pair(dev, position + VIRTIO_PCI_CAP_LENGTH,
				   position + offsetof(struct virtio_pci_cap64, length_hi));
	region->address = pci_iomap_range(dev, bar, offset, region->length);
	return region->address;
}

int virtio_pci_get_shm_region(struct virtio_device *vdev, struct virtio_shm_region *region, u8 id)
{
	const struct pci_dev *dev = to_vp_device(vdev)->pci_dev;
	u8 position = pci_find_capability(dev, PCI_CAP_ID_VNDR);

	for (; position; position = pci_find_next_capability(dev, position, PCI_CAP_ID_VNDR))
		if (read_shm(dev, position, id, region))
			return 0;
	return -ENODEV;
}
