/* SPDX-License-Identifier: MIT */
/*
 * Ports: byte streams to the host, for apps, with any driver (docs/api.md). A port has the name
 * that the host gave it, or none. Written bytes wait in a bounded buffer for the host to read them;
 * bytes from the host wait, bounded, for the app.
 *
 * Ports come and go while the machine runs, and each call here handles that. A port that was
 * removed returns -ENODEV; its struct stays valid, and is used again, still open, when the port
 * comes back. Call the functions for ports of one device from one context at a time, outside
 * interrupts.
 */
#ifndef DRIVERS_CHAR_PORT_H
#define DRIVERS_CHAR_PORT_H

#include "kernel/list.h"
#include "kernel/types.h"

struct port; /* one stream */

/* The longest name that is kept, in bytes; longer ones are cut. */
#define PORT_NAME_MAX 63

/* Returns the `index`-th port, counted from 0, or NULL. */
struct port *port_get(unsigned int index);

/* Waits for the port with this name; NULL if it does not come in time. */
struct port *port_find(const char *name, u64 timeout_ns);

/* Tell the host that this end is open, or closed. A host sends nothing to a closed port. Consoles
 * are open already. 0, -ENODEV or -EIO. */
int port_open(struct port *port);
int port_close(struct port *port);

/* What is possible without waiting, as bits. */
#define PORT_READABLE 0x1
#define PORT_WRITABLE 0x2
#define PORT_HOST_OPEN 0x4 /* somebody is at the host's end */
unsigned int port_poll(struct port *port);

/*
 * Reads 1 to `size` bytes that have arrived, and returns their number; -EINVAL for a size of 0;
 * -ETIMEDOUT if none came in time; -EPIPE if there are none and the host's end is closed; -ENODEV
 * if the port was removed; -EIO if the device failed.
 */
int port_read(struct port *port, void *buffer, size_t size, u64 timeout_ns);

/*
 * Writes as many of `length` bytes as the buffer takes before the time is up; a timeout of 0 never
 * waits. Returns their number, at least 1 unless `length` is 0; -ETIMEDOUT if the host took none;
 * -EPIPE if the host's end is closed, where they would be lost; -ENODEV; -EIO.
 */
int port_write(struct port *port, const void *data, size_t length, u64 timeout_ns);

/* Waits until the host has read everything: 0, or as port_write. */
int port_drain(struct port *port, u64 timeout_ns);

/* ---- for drivers ----------------------------------------------------------------------------- */

struct port_ops {
	int (*open)(struct port *port, bool open);
	unsigned int (*poll)(struct port *port);
	int (*read)(struct port *port, void *buffer, size_t size, u64 timeout_ns);
	int (*write)(struct port *port, const void *data, size_t length, u64 timeout_ns);
	int (*drain)(struct port *port, u64 timeout_ns);
};

/* Embedded in the driver's own. Apps read it, and change nothing. */
struct port {
	char name[PORT_NAME_MAX + 1]; /* the host's, "" without */
	char device_name[32];	      /* our own: "virtio3/1" */
	const struct port_ops *ops;
	bool is_console;   /* as the host calls it */
	u16 columns, rows; /* of a console's window; 0: unknown */
	struct list_head node;
};

void port_register(struct port *port);
void port_unregister(struct port *port);

/* A device with ports. `look` handles its messages, and waits up to a time for the first. */
struct port_device {
	void (*look)(struct port_device *device, u64 timeout_ns);
	struct list_head node;
};
void port_device_register(struct port_device *device);
void port_device_unregister(struct port_device *device);

#endif
