/* SPDX-License-Identifier: MIT */
/*
 * virtio-simple on the wire: what the driver (drivers/virtio/simple/virtio_simple.c) and the device
 * (qemu/virtio-simple.c) both include, so that neither can drift from docs/virtio-simple.md.
 * All fields are little-endian (virtio 1.2, 2.5).
 */
#ifndef VIRTIO_SIMPLE_UAPI_H
#define VIRTIO_SIMPLE_UAPI_H

#include <linux/types.h>

/* PCI id 0x10f3 - 0x1040: the range 1af4:10f0-10ff is kept for experiments. */
#define VIRTIO_ID_SIMPLE 179

/* Feature bits of this device type. */
#define VIRTIO_SIMPLE_F_EVENTQ 0 /* queue 1 exists and carries events */
#define VIRTIO_SIMPLE_F_MQ 1	 /* num_request_queues is valid; queues 2.. take requests */

/* Queues: 0 takes requests, 1 gives events, 2.. take requests too (with MQ). */
#define VIRTIO_SIMPLE_REQUESTQ 0
#define VIRTIO_SIMPLE_EVENTQ 1
#define VIRTIO_SIMPLE_REQUESTQ_MORE 2

#define VIRTIO_SIMPLE_MAGIC 0x504d4953 /* "SIMP" */
#define VIRTIO_SIMPLE_TAG_LEN 32

struct virtio_simple_config {
	__le32 magic;
	__le16 num_request_queues;
	__le16 reserved;
	__le32 max_payload; /* bytes a request may carry each way */
	__le32 writable;    /* the one field the driver may write; reads back */
	__le64 counter;	    /* the host changes it; each change bumps config_generation */
	__u8 tag[VIRTIO_SIMPLE_TAG_LEN]; /* NUL-padded text */
};

/* Opens the device-readable part of a request; the payload follows. */
struct virtio_simple_req_hdr {
	__le32 op;
	__le32 arg;
	__le64 cookie; /* comes back in the answer */
};

/* Opens the device-writable part; `len` bytes of answer follow. */
struct virtio_simple_resp_hdr {
	__le32 status;
	__le32 len;
	__le64 cookie;
};

/* Opens each buffer the device fills on the event queue; `len` bytes follow. */
struct virtio_simple_event_hdr {
	__le32 type;
	__le32 len;
};

#define VIRTIO_SIMPLE_OP_NOP 0
#define VIRTIO_SIMPLE_OP_ECHO 1
#define VIRTIO_SIMPLE_OP_MULTIPLY 2 /* two le64 in, their le128 product out */
#define VIRTIO_SIMPLE_OP_CRC32 3    /* IEEE, reflected */
#define VIRTIO_SIMPLE_OP_FILL 4	    /* `arg` bytes, byte i is (cookie + i) mod 256 */
#define VIRTIO_SIMPLE_OP_DELAY 5    /* answered `arg` microseconds later */
#define VIRTIO_SIMPLE_OP_EVENT 6    /* the payload comes back as an event */

#define VIRTIO_SIMPLE_S_OK 0
#define VIRTIO_SIMPLE_S_UNSUPPORTED 1
#define VIRTIO_SIMPLE_S_INVALID 2
#define VIRTIO_SIMPLE_S_TOO_LARGE 3

#define VIRTIO_SIMPLE_EVENT_PAYLOAD 1 /* the payload of an EVENT request */
#define VIRTIO_SIMPLE_EVENT_CHARDEV 2 /* bytes from the device's chardev */
#define VIRTIO_SIMPLE_EVENT_OVERRUN 3 /* le32: events lost because no buffer was posted */

#endif
