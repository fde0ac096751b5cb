/* SPDX-License-Identifier: MIT */
/* Shared by the files of the virtio-console driver: bring-up, control messages, data. */
#ifndef DRIVERS_CHAR_VIRTIO_CONSOLE_PRIV_H
#define DRIVERS_CHAR_VIRTIO_CONSOLE_PRIV_H

#include <linux/virtio_console.h>

#include "drivers/char/port.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "kernel/console.h"
#include "kernel/memory.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"

/* How many ports one device may have; others are ignored with a message. */
#define VCONSOLE_PORTS_MAX 32

/* Slots: those posted for a port's input, and those its output is copied to. */
#define VCONSOLE_SLOTS 8
#define VCONSOLE_SLOT_SIZE 2048
#define VCONSOLE_PORT_BYTES (2ULL * VCONSOLE_SLOTS * VCONSOLE_SLOT_SIZE)

/* The same for control messages: the host drops one that finds no buffer. */
#define VCONSOLE_MESSAGES 64
#define VCONSOLE_MESSAGE_SIZE 128
#define VCONSOLE_CONTROL_BYTES (2ULL * VCONSOLE_MESSAGES * VCONSOLE_MESSAGE_SIZE)

struct vport {
	struct port port;
	struct virtio_console *owner;
	u32 id;
	struct virtqueue *receiveq, *transmitq; /* NULL while the device is down */
	u8 *memory; /* VCONSOLE_PORT_BYTES: slots for input, then slots for output */
	bool present, host_open, posted;
	bool guest_open; /* as set by the app, kept for a port that comes back */

	/* Input: the slot that is being read. */
	u8 *chunk;
	u32 chunk_length, chunk_taken;

	/* Output: printk may write in any context, so a lock protects the queue. */
	spinlock_t lock;
	u32 lock_owner; /* its CPU, + 1 */
	u32 free_slots; /* bit n: slot n */
	bool stalled;	/* the host took nothing in time: do not wait */

	struct console console; /* if it is a console: hvcN */
	char console_name[8];	/* "" before that */
	bool console_registered;
};

struct virtio_console {
	struct virtio_device *vdev;
	struct port_device device;
	bool multiport, failed, given_up, registered;
	u32 max_ports;
	struct vport *ports[VCONSOLE_PORTS_MAX]; /* made when one is added; NULL before */

	struct virtqueue *control_receiveq, *control_transmitq; /* NULL without MULTIPORT */
	u8 *control_memory; /* VCONSOLE_CONTROL_BYTES: slots for messages in, then out */
	u64 control_free;   /* bit n: slot n for a message out */
	unsigned int complaints;

	struct wait_queue waiters; /* CPUs that wait for input */
	struct virtqueue *vqs[2 * VCONSOLE_PORTS_MAX + 2];
	char names[2 * VCONSOLE_PORTS_MAX + 2][20];
};

/* Resets a device that failed; all its ports are removed until it is up again. */
void vconsole_fail(struct virtio_console *console);

/* virtio_console_control.c */

/* Handles control messages, and restarts a device that failed. 0, or -EIO while it is down. */
int vconsole_service(struct virtio_console *console);
/* Posts buffers for messages and sends DEVICE_READY (5.3.6.2.2). 0 or -errno. */
int vconsole_start_control(struct virtio_console *console);
/* Sends a message. 0, or -EIO if the device does not take it. */
int vconsole_send(struct virtio_console *console, u32 id, u16 event, u16 value);

/* virtio_console.c */

/* Adds a port, and allocates it if it is new. 0 or -errno. */
int vconsole_add_port(struct virtio_console *console, u32 id);
void vconsole_remove_port(struct vport *vport);
/* Removes all ports, after a reset; they may come back. */
void vconsole_drop_ports(struct virtio_console *console);
/* Makes it a console, hvcN, because the host calls it one. */
void vconsole_make_console(struct vport *vport);

/* virtio_console_port.c */

extern const struct port_ops vconsole_port_ops;
/* Posts buffers for input; after a restart, all of them. 0 or -errno. */
int vconsole_post_input(struct vport *vport);
/* For hvcN; see struct console. */
size_t vconsole_console_write(struct console *console, const char *text, size_t length);
int vconsole_console_read(struct console *console, char *buffer, size_t size, u64 timeout_ns);

#endif
