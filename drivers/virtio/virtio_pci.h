/* SPDX-License-Identifier: MIT */
/*
 * Virtio over PCI (virtio 1.2, 4.1), inside the transport: the only place that sees both pci.h and
 * virtio.h. Names are those of <linux/virtio_pci.h>.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_PCI_H
#define DRIVERS_VIRTIO_VIRTIO_PCI_H

#include <linux/virtio_pci.h>

#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"

/* A structure of the device in one of its BARs, mapped; base is NULL when there is none. */
struct virtio_pci_region {
	volatile u8 *base;
	u32 length; /* bytes */
	u8 bar;
	u32 offset; /* in the BAR */
};

/* A queue and what the transport keeps for it. */
struct virtio_pci_vq {
	struct virtqueue *vq; /* NULL when this index is not used */
	struct virtio_pci_device *owner;
	volatile u8 *notify; /* where its notification is written */
	unsigned int entry;  /* of the MSI-X table */
	int vector;	     /* the CPU's, -1 when the queue is polled */
};

struct virtio_pci_device {
	struct virtio_device vdev;
	struct pci_dev *pci_dev;
	struct virtio_pci_region common, notify, isr, device;
	u32 notify_off_multiplier;
	unsigned int vq_count;
	struct virtio_pci_vq *vqs;
	int config_vector; /* the CPU's, -1 without */
};

#define to_vp_device(virtio_device) container_of(virtio_device, struct virtio_pci_device, vdev)

/*
 * The virtio id of a function of vendor 1af4 (4.1.2.1), or -ENODEV: 1000-103f carry it as subsystem
 * id, 1040-10ef are 0x1040 + id, and 10f0-10ff, the experimental ones, are the first where the
 * revision is 0 and the second otherwise.
 */
int virtio_pci_id(u16 device, u16 subsystem_device, u8 revision);

/* Whether the subsystem id decides, of a device id that is a virtio one. */
bool virtio_pci_is_transitional(u16 device, u8 revision);

/* Finds and maps the structures (4.1.4); 0, or -EOPNOTSUPP after a line that names the missing
 * one. */
int virtio_pci_find_regions(struct virtio_pci_device *vp);

/* Registers of the common configuration, at their natural width (4.1.3.1). Every access of the
 * transport to that region goes through these two. `offset` and `size` (1, 2, 4) name a field. */
u32 virtio_pci_common_read(const struct virtio_pci_device *vp, u32 offset, u32 size);
void virtio_pci_common_write(const struct virtio_pci_device *vp, u32 offset, u32 size, u32 value);

#define vp_read(vp, field)                                                        \
	virtio_pci_common_read(vp, offsetof(struct virtio_pci_common_cfg, field), \
			       sizeof(((struct virtio_pci_common_cfg *)0)->field))
#define vp_write(vp, field, value)                                                 \
	virtio_pci_common_write(vp, offsetof(struct virtio_pci_common_cfg, field), \
				sizeof(((struct virtio_pci_common_cfg *)0)->field), value)

/* The operations of a modern device, and two of them that have files of their own. */
extern const struct virtio_config_ops virtio_pci_modern_ops;
int virtio_pci_find_vqs(struct virtio_device *vdev, unsigned int count, struct virtqueue *vqs[],
			const struct virtqueue_info infos[]);
void virtio_pci_del_vqs(struct virtio_device *vdev);

/* Interrupts: takes an MSI-X entry for configuration changes and one for each queue that has a
 * callback, and tells the device; -errno with nothing taken, and then the queues are polled. */
int virtio_pci_request_vectors(struct virtio_pci_device *vp, const struct virtqueue_info infos[]);
void virtio_pci_free_vectors(struct virtio_pci_device *vp);

/* Carries notifications, and tells what a late queue's device looks like. */
extern const struct virtqueue_transport virtio_pci_transport;

#endif
