/* SPDX-License-Identifier: MIT */
/*
 * Ports: byte streams to the host, for apps, whoever carries them (docs/api.md). A port has the
 * name that the host gave it, or none. What is written waits in a bounded buffer for a host that
 * does not read; what the host sends waits, bounded, for an app that does not read.
 *
 * Ports come and go while the machine runs, and each call here looks whether they did. A port that
 * is gone answers -ENODEV; its struct stays valid, and is the same one, open as it was, when it
 * comes back. Calls
 * for ports of one device come from one context at a time, outside interrupts.
 */
#ifndef DRIVERS_CHAR_PORT_H
#define DRIVERS_CHAR_PORT_H

#include "kernel/list.h"
#include "kernel/types.h"

struct port; /* one stream */

/* The longest name that is kept, in bytes; longer ones are cut. */
#define PORT_NAME_MAX 63

/* The port that is there as the `index`-th, counted from 0; NULL when there are fewer. */
struct port *port_get(unsigned int index);

/* The port with this name, which may still have to come; NULL when it did not come in time. */
struct port *port_find(const char *name, u64 timeout_ns);

/* Tells the host that somebody is, or no longer is, at this end. A host sends nothing before.
 * Consoles are open already. 0, -ENODEV or -EIO. */
int port_open(struct port *port);
int port_close(struct port *port);

/* What can be done without waiting, as bits. */
#define PORT_READABLE 0x1
#define PORT_WRITABLE 0x2
#define PORT_HOST_OPEN 0x4 /* somebody is at the host's end */
unsigned int port_poll(struct port *port);

/*
 * Takes what has come, 1 to `size` bytes. How many; -EINVAL for a size of 0; -ETIMEDOUT when
 * nothing came in time; -EPIPE when nothing is there and the host's end is closed; -ENODEV when the
 * port is gone; -EIO when the device failed.
 */
int port_read(struct port *port, void *buffer, size_t size, u64 timeout_ns);

/*
 * Hands over as much of `length` bytes as the buffer takes before the time is up; a timeout of 0
 * never waits. How many, at least 1 unless `length` is 0; -ETIMEDOUT when the host took none;
 * -EPIPE when the host's end is closed: it would lose them; -ENODEV; -EIO.
 */
int port_write(struct port *port, const void *data, size_t length, u64 timeout_ns);

/* Waits until the host has taken all that was written: 0, or as port_write. */
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
	u16 columns, rows; /* of a console's window; 0: not told */
	struct list_head node;
};

void port_register(struct port *port);
void port_unregister(struct port *port);

/* A device on which ports may come: `look` takes in what it has to say, and waits up to a time for
 * the first of that. */
struct port_device {
	void (*look)(struct port_device *device, u64 timeout_ns);
	struct list_head node;
};
void port_device_register(struct port_device *device);
void port_device_unregister(struct port_device *device);

#endif
