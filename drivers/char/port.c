// SPDX-License-Identifier: MIT
/* See port.h. */
#include "drivers/char/port.h"

#include <linux/errno.h>

#include "kernel/string.h"
#include "kernel/time.h"

/* How long to wait for one device before the next one. */
#define LOOK_NS (10 * NSEC_PER_MSEC)

static struct list_head ports = LIST_HEAD_INIT(ports);
static struct list_head devices = LIST_HEAD_INIT(devices);

void port_register(struct port *port)
{
	list_add_tail(&port->node, &ports);
}

void port_unregister(struct port *port)
{
	list_del_init(&port->node);
}

void port_device_register(struct port_device *device)
{
	list_add_tail(&device->node, &devices);
}

void port_device_unregister(struct port_device *device)
{
	list_del_init(&device->node);
}

static void port_look(u64 timeout_ns)
{
	struct port_device *device;

	list_for_each_entry(device, &devices, struct port_device, node)
		device->look(device, timeout_ns);
}

struct port *port_get(unsigned int index)
{
	port_look(0);
	return list_nth_entry(index, &ports, struct port, node);
}

static struct port *port_of_name(const char *name)
{
	struct port *port;

	list_for_each_entry(port, &ports, struct port, node)
		if (!strcmp(port->name, name))
			return port;
	return NULL;
}

struct port *port_find(const char *name, u64 timeout_ns)
{
	u64 begun = ktime_get_ns(), passed = 0;
	struct port *port;

	port_look(0);
	while (!(port = port_of_name(name)) && passed < timeout_ns && !list_empty(&devices)) {
		port_look(min(timeout_ns - passed, LOOK_NS));
		passed = ktime_get_ns() - begun;
	}
	return port;
}

int port_open(struct port *port)
{
	return port->ops->open(port, true);
}

int port_close(struct port *port)
{
	return port->ops->open(port, false);
}

unsigned int port_poll(struct port *port)
{
	return port->ops->poll(port);
}

int port_read(struct port *port, void *buffer, size_t size, u64 timeout_ns)
{
	return size ? port->ops->read(port, buffer, size, timeout_ns) : -EINVAL;
}

int port_write(struct port *port, const void *data, size_t length, u64 timeout_ns)
{
	/* A count is an int. */
	return port->ops->write(port, data, min(length, (size_t)0x40000000), timeout_ns);
}

int port_drain(struct port *port, u64 timeout_ns)
{
	return port->ops->drain(port, timeout_ns);
}
