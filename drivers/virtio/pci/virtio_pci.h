/* SPDX-License-Identifier: MIT */
/*
 * Virtio over PCI (virtio 1.2, 4.1), inside the transport: the only place that sees both pci.h and
 * virtio.h. Names are those of <linux/virtio_pci.h>.
 */
#ifndef DRIVERS_VIRTIO_PCI_VIRTIO_PCI_H
#define DRIVERS_VIRTIO_PCI_VIRTIO_PCI_H

#include <linux/virtio_pci.h>

#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"

/* struct virtio_pci_common_cfg of <linux/virtio_pci.h> with the fields that came later (virtio 1.3,
 * 4.1.4.3); those are there only with their features. Names are the specification's, and const is
 * what it calls read-only for the driver. */
struct virtio_pci_common_regs {
	__le32 device_feature_select;
	const __le32 device_feature;
	__le32 driver_feature_select;
	__le32 driver_feature;
	__le16 config_msix_vector;
	const __le16 num_queues;
	__u8 device_status;
	const __u8 config_generation;
	__le16 queue_select;
	__le16 queue_size;
	__le16 queue_msix_vector;
	__le16 queue_enable;
	const __le16 queue_notify_off;
	__le32 queue_desc_lo, queue_desc_hi;
	__le32 queue_driver_lo, queue_driver_hi;
	__le32 queue_device_lo, queue_device_hi;
	const __le16 queue_notif_config_data; /* NOTIF_CONFIG_DATA */
	__le16 queue_reset;		      /* RING_RESET */
	const __le16 admin_queue_index;	      /* ADMIN_VQ */
	const __le16 admin_queue_num;
};

/* A structure of the device in one of its BARs, mapped; base is NULL when there is none. */
struct virtio_pci_region {
	volatile u8 *base;
	u32 length; /* bytes */
	u8 bar;
	u32 offset; /* in the BAR */
};

struct virtio_pci_device;

/* "virtio0-transmitq1": as Linux names interrupts. */
#define VIRTIO_PCI_IRQ_NAME_SIZE 32

/* A queue and what the transport keeps for it. */
struct virtio_pci_vq {
	struct virtqueue *vq; /* NULL when this index is not used */
	struct virtio_pci_device *owner;
	volatile u8 *notify; /* where its notification is written; NULL: a port */
	u16 notify_value;    /* how a notification names it (4.1.5.2) */
	u8 notify_bar;	     /* the same for people */
	u64 notify_offset;
	unsigned int entry; /* of the MSI-X table */
	int vector;	    /* the CPU's, -1 when the queue is polled */
	char irq_name[VIRTIO_PCI_IRQ_NAME_SIZE];
	/* What the last interrupt that queues share has seen of it. */
	u64 seen_used;
	bool seen_has_used;
};

/* How a device interrupts, the best way first. */
enum virtio_pci_irq_mode { IRQ_MSIX_PER_QUEUE, IRQ_MSIX_SHARED, IRQ_INTX, IRQ_POLLED };

/* What modern and legacy devices do differently: their registers of queues and interrupts. */
struct virtio_pci_interface {
	u16 decode; /* the PCI command bit without which the registers are not there */
	/* Queues the device may have; some of them may be missing. */
	u32 (*num_queues)(const struct virtio_pci_device *vp);
	/* Writes the number of an MSI-X table entry, or VIRTIO_MSI_NO_VECTOR, and returns what
	 * reads back. */
	u16 (*write_config_entry)(const struct virtio_pci_device *vp, u16 entry);
	u16 (*write_queue_entry)(const struct virtio_pci_device *vp, unsigned int index, u16 entry);
	/* The ISR status (4.1.4.5); reading it clears it and lowers INTx. */
	u8 (*read_isr)(const struct virtio_pci_device *vp);
	/* Makes queue `index` into `queue` and enables it: 0, or -errno after a line. What is in
	 * `queue` then is taken back by del_vqs, after a reset. */
	int (*setup_vq)(struct virtio_pci_device *vp, struct virtio_pci_vq *queue,
			unsigned int index, const struct virtqueue_info *info);
};

extern const struct virtio_pci_interface virtio_pci_modern_interface;

struct virtio_pci_device {
	struct virtio_device vdev;
	const struct virtio_pci_interface *interface;
	struct pci_dev *pci_dev;
	struct virtio_pci_region common, notify, isr, device;
	u32 notify_off_multiplier;
	unsigned int vq_count;
	struct virtio_pci_vq *vqs;
	struct virtio_pci_vq admin; /* the administration queue */
	enum virtio_pci_irq_mode irq_mode;
	struct irq_share intx;
	u32 seen_generation; /* of the configuration, where one vector serves everything */
	int config_vector;   /* the CPU's, -1 without */
	char config_irq_name[VIRTIO_PCI_IRQ_NAME_SIZE];
	char shared_irq_name[VIRTIO_PCI_IRQ_NAME_SIZE];
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

/* Whether the function may have the legacy interface: transitional, with an I/O BAR 0 (4.1.2.3). */
bool virtio_pci_has_legacy(const struct pci_dev *dev);

/* Fill in vdev.config and the interface of a device that has it: 0; -ENODEV or -EOPNOTSUPP where it
 * has not, or another -errno after a message. NULL is an image without virtio_pci_legacy.c. */
int virtio_pci_modern_probe(struct virtio_pci_device *vp);
int virtio_pci_legacy_probe(struct virtio_pci_device *vp) __attribute__((weak));

/* Operations that both interfaces share; see virtio_config_ops. */
int virtio_pci_reset(struct virtio_device *vdev);
void virtio_pci_synchronize_cbs(struct virtio_device *vdev);
const char *virtio_pci_bus_name(struct virtio_device *vdev);

/* Finds and maps the structures (4.1.4); 0, or -EOPNOTSUPP after a line that names the missing
 * one. */
int virtio_pci_find_regions(struct virtio_pci_device *vp);

/* Registers of the common configuration, at their natural width (4.1.3.1). Every access of the
 * transport to that region goes through these two. `offset` and `size` (1, 2, 4) name a field. */
u32 virtio_pci_common_read(const struct virtio_pci_device *vp, u32 offset, u32 size);
void virtio_pci_common_write(const struct virtio_pci_device *vp, u32 offset, u32 size, u32 value);

#define vp_read(vp, field)                                                         \
	virtio_pci_common_read(vp, offsetof(struct virtio_pci_common_regs, field), \
			       sizeof(((struct virtio_pci_common_regs *)0)->field))
/* sizeof an assignment: a read-only field does not compile. */
#define vp_write(vp, field, value)                                                  \
	virtio_pci_common_write(vp, offsetof(struct virtio_pci_common_regs, field), \
				sizeof(((struct virtio_pci_common_regs *)0)->field = 0), value)

/* Operations that both interfaces share; see virtio_config_ops. */
int virtio_pci_find_vqs(struct virtio_device *vdev, unsigned int count, struct virtqueue *vqs[],
			const struct virtqueue_info infos[]);
void virtio_pci_del_vqs(struct virtio_device *vdev);

/* Interrupts, for configuration changes and for each queue that has a callback: the best way that
 * the device and the machine have, or polling. Before any queue is enabled. */
void virtio_pci_request_irqs(struct virtio_pci_device *vp, const struct virtqueue_info infos[]);
void virtio_pci_free_irqs(struct virtio_pci_device *vp);
/* For people: what an interrupt of this device is called; where a queue's goes, as the end of a
 * line; what it looks like now, as a line. */
const char *virtio_pci_irq_name(const struct virtio_pci_device *vp);
void virtio_pci_print_irq(const struct virtio_pci_vq *queue);
void virtio_pci_report_irq(const struct virtio_pci_vq *queue);

/* Prints what a late queue's device and interrupt look like; see struct virtio_device. */
void virtio_pci_report(struct virtqueue *vq);

/* Frees a queue, or leaves its memory alone for ever where the device would not reset; an empty
 * `queue` is ignored. */
void virtio_pci_del_vq(struct virtio_pci_vq *queue);

/* Further operations of modern devices; see virtio_config_ops. */
int virtio_pci_create_avq(struct virtio_device *vdev);
void virtio_pci_destroy_avq(struct virtio_device *vdev);
int virtio_pci_set_vq_affinity(struct virtqueue *vq, u64 cpus);
u64 virtio_pci_get_vq_affinity(struct virtio_device *vdev, unsigned int index);
int virtio_pci_get_shm_region(struct virtio_device *vdev, struct virtio_shm_region *region, u8 id);

/* RING_RESET (2.6.1): see virtio_config_ops. */
int virtio_pci_modern_disable_vq(struct virtqueue *vq);
int virtio_pci_modern_enable_vq(struct virtqueue *vq);

#endif
