/* SPDX-License-Identifier: MIT */
/*
 * Group administration commands on the wire (virtio 1.3, 2.12.1), with names of our own: newer
 * <linux/virtio_pci.h> have some of the specification's, and older ones none.
 */
#ifndef VIRTIO_ADMIN_UAPI_H
#define VIRTIO_ADMIN_UAPI_H

#include <linux/types.h>

#define ADMIN_CMD_LIST_QUERY 0
#define ADMIN_CMD_LIST_USE 1

#define ADMIN_GROUP_TYPE_SELF 0

/* Opens the device-readable part; command_specific_data follows. */
struct admin_cmd_hdr {
	__le16 opcode;
	__le16 group_type;
	__u8 reserved1[12];
	__le64 group_member_id;
};

/* Opens the device-writable part; command_specific_result follows. */
struct admin_cmd_status {
	__le16 status;
	__le16 status_qualifier;
	__u8 reserved2[4];
};

/* Data of LIST_USE and result of LIST_QUERY: bit n of the array is opcode n. */
struct admin_cmd_list {
	__le64 opcodes[1];
};

/* Linux's errno numbers. */
#define ADMIN_STATUS_OK 0
#define ADMIN_STATUS_EAGAIN 11
#define ADMIN_STATUS_ENOMEM 12
#define ADMIN_STATUS_EBUSY 16
#define ADMIN_STATUS_EINVAL 22

#define ADMIN_STATUS_Q_OK 0
#define ADMIN_STATUS_Q_INVALID_COMMAND 1
#define ADMIN_STATUS_Q_INVALID_OPCODE 2
#define ADMIN_STATUS_Q_INVALID_FIELD 3
#define ADMIN_STATUS_Q_INVALID_GROUP 4
#define ADMIN_STATUS_Q_INVALID_MEMBER 5
#define ADMIN_STATUS_Q_NORESOURCE 6
#define ADMIN_STATUS_Q_TRYAGAIN 7

#endif
