/* SPDX-License-Identifier: MIT */
/* Names of virtio 1.2 and 1.3 that the installed <linux/virtio_*.h> may be too old for. */
#ifndef DRIVERS_VIRTIO_VIRTIO_NEWER_H
#define DRIVERS_VIRTIO_VIRTIO_NEWER_H

#include <linux/types.h>
#include <linux/virtio_config.h>

#ifndef VIRTIO_F_IN_ORDER
#define VIRTIO_F_IN_ORDER 35
#endif
#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA 38
#endif
#ifndef VIRTIO_F_NOTIF_CONFIG_DATA
#define VIRTIO_F_NOTIF_CONFIG_DATA 39
#endif
#ifndef VIRTIO_F_RING_RESET
#define VIRTIO_F_RING_RESET 40
#endif
#ifndef VIRTIO_F_ADMIN_VQ
#define VIRTIO_F_ADMIN_VQ 41
#endif

/* struct virtio_pci_common_cfg of <linux/virtio_pci.h> with the fields that came later (virtio 1.3,
 * 4.1.4.3); those are there only with their features. */
struct virtio_pci_common_regs {
	__le32 device_feature_select;
	__le32 device_feature;
	__le32 guest_feature_select;
	__le32 guest_feature;
	__le16 msix_config;
	__le16 num_queues;
	__u8 device_status;
	__u8 config_generation;
	__le16 queue_select;
	__le16 queue_size;
	__le16 queue_msix_vector;
	__le16 queue_enable;
	__le16 queue_notify_off;
	__le32 queue_desc_lo, queue_desc_hi;
	__le32 queue_avail_lo, queue_avail_hi;
	__le32 queue_used_lo, queue_used_hi;
	__le16 queue_notif_config_data; /* NOTIF_CONFIG_DATA */
	__le16 queue_reset;		/* RING_RESET */
	__le16 admin_queue_index;	/* ADMIN_VQ */
	__le16 admin_queue_num;
};

#endif
