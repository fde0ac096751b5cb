// SPDX-License-Identifier: MIT
/*
 * virtio-console (virtio 1.2, 5.3): byte streams to the host. Without MULTIPORT there is one port,
 * a console; with it, ports come and go by control messages. This file brings the device up and
 * keeps its ports; virtio_console_control.c has the messages, virtio_console_port.c the data.
 *
 * Calls come from one context at a time, outside interrupts, but for hvcN's output.
 */
#include <linux/errno.h>

#include "drivers/char/virtio_console_priv.h"
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/string.h"

/* Each possible port needs two queues, used or not. */
#define PORTS_USUAL 8

/* How long the first ports may take at bring-up, with and without a console among them; and how
 * long a device must be silent until its list of ports counts as complete. */
#define CONSOLE_NS (2 * NSEC_PER_SEC)
#define PORTS_NS (200 * NSEC_PER_MSEC)
#define QUIET_NS (20 * NSEC_PER_MSEC)

BOOT_OPTION(ports_option, "virtio_console.ports", "1 to 32: ports a device may have here");

static const struct virtio_device_id virtio_console_ids[] = {
	{ VIRTIO_ID_CONSOLE },
	{},
};
MODULE_DEVICE_TABLE(virtio, virtio_console_ids);

static const unsigned int features[] = {
	VIRTIO_CONSOLE_F_SIZE,
	VIRTIO_CONSOLE_F_MULTIPORT,
	VIRTIO_CONSOLE_F_EMERG_WRITE,
};

static unsigned int consoles; /* hvcN so far */

/* ---- ports ----------------------------------------------------------------------------------- */

static struct vport *make_port(struct virtio_console *console, u32 id)
{
	struct vport *vport = kzalloc(sizeof(*vport));

	if (!vport)
		return NULL;
	vport->memory = alloc_pages_exact(VCONSOLE_PORT_BYTES);
	if (!vport->memory) {
		kfree(vport);
		return NULL;
	}
	vport->owner = console;
	vport->id = id;
	vport->port.ops = &vconsole_port_ops;
	snprintf(vport->port.device_name, sizeof(vport->port.device_name), "%s/%u",
		 dev_name(&console->vdev->dev), id);
	return vport;
}

int vconsole_add_port(struct virtio_console *console, u32 id)
{
	struct vport *vport = console->ports[id];
	int error;

	if (!vport)
		vport = console->ports[id] = make_port(console, id);
	if (!vport)
		return -ENOMEM;
	/* 5.3.2: the queues of port 1 follow those */
	vport->receiveq = console->vqs[id ? 2 * id + 2 : 0];
	vport->transmitq = console->vqs[id ? 2 * id + 3 : 1];
	error = vconsole_post_input(vport);
	if (error)
		return error;
	vport->present = true;
	port_register(&vport->port);
	return 0;
}

/* The device keeps its buffers: only a reset would return them. */
void vconsole_remove_port(struct vport *vport)
{
	if (!vport || !vport->present)
		return;
	vport->present = vport->host_open = false;
	port_unregister(&vport->port);
	if (vport->console_registered)
		console_unregister(&vport->console);
	vport->console_registered = false;
}

static void virtio_console_read_size(struct virtio_console *console, struct port *port)
{
	struct virtio_device *vdev = console->vdev;

	/* 2.5.1: an optional field counts only with its feature. */
	if (!virtio_has_feature(vdev, VIRTIO_CONSOLE_F_SIZE))
		return;
	if (virtio_cread(vdev, struct virtio_console_config, cols, &port->columns) ||
	    virtio_cread(vdev, struct virtio_console_config, rows, &port->rows))
		port->columns = port->rows = 0;
}

/* 5.3.5: without queues, at any time. */
static void virtio_console_emergency_write(struct console *console, char c)
{
	struct vport *vport = container_of(console, struct vport, console);
	u32 value = (u8)c;

	virtio_config_write(vport->owner->vdev, offsetof(struct virtio_console_config, emerg_wr),
			    &value, sizeof(value));
}

void vconsole_make_console(struct vport *vport)
{
	struct virtio_device *vdev = vport->owner->vdev;

	vport->port.is_console = true;
	if (vport->console_registered)
		return;
	if (!vport->console_name[0])
		snprintf(vport->console_name, sizeof(vport->console_name), "hvc%u", consoles++);
	if (vport->id == 0)
		virtio_console_read_size(vport->owner, &vport->port);
	vport->console.name = vport->console_name;
	vport->console.write = vconsole_console_write;
	vport->console.read = vconsole_console_read;
	if (virtio_has_feature(vdev, VIRTIO_CONSOLE_F_EMERG_WRITE))
		vport->console.emergency = virtio_console_emergency_write;
	vport->console_registered = true;
	dev_printk(&vdev->dev, "port %u is a console: %s\n", vport->id, vport->console_name);
	console_register(&vport->console);
}

/* ---- bring-up -------------------------------------------------------------------------------- */

static u32 ports_wanted(void)
{
	u64 number;

	if (!ports_option.value)
		return PORTS_USUAL;
	if (!kstrtou64(ports_option.value, 10, &number) && number && number <= VCONSOLE_PORTS_MAX)
		return (u32)number;
	printk("virtio_console: E24 virtio_console.ports=%s: choices: %s\n", ports_option.value,
	       ports_option.values);
	return PORTS_USUAL;
}

static int virtio_console_read_config(struct virtio_console *console)
{
	u32 offered = 1;
	int error = 0;

	console->multiport = virtio_has_feature(console->vdev, VIRTIO_CONSOLE_F_MULTIPORT);
	if (console->multiport)
		error = virtio_cread(console->vdev, struct virtio_console_config, max_nr_ports,
				     &offered);
	console->max_ports = min(max(offered, 1u), ports_wanted());
	return error;
}

/* 5.3.2 */
static const char *name_queue(struct virtio_console *console, unsigned int index)
{
	const char *direction = index % 2 ? "transmitq" : "receiveq";
	size_t size = sizeof(console->names[0]);

	if (index == 2 || index == 3)
		snprintf(console->names[index], size, "control %s", direction);
	else
		snprintf(console->names[index], size, "%s%u", direction,
			 index > 1 ? index / 2 - 1 : 0);
	return console->names[index];
}

/* Finds the queues. Output is polled, so only input queues interrupt. */
static int virtio_console_find_vqs(struct virtio_console *console)
{
	struct virtqueue_info infos[2 * VCONSOLE_PORTS_MAX + 2];
	unsigned int count = console->multiport ? 2 * console->max_ports + 2 : 2;
	int error;

	for (unsigned int i = 0; i < count; i++)
		infos[i] = (struct virtqueue_info){ .name = name_queue(console, i),
						    .waiters = i % 2 ? NULL : &console->waiters };
	memset(console->vqs, 0, sizeof(console->vqs));
	error = virtio_find_vqs(console->vdev, count, console->vqs, infos);
	if (error) {
		memset(console->vqs, 0, sizeof(console->vqs));
		return error;
	}
	console->control_receiveq = console->vqs[2];
	console->control_transmitq = console->vqs[3];
	return 0;
}

static void virtio_console_look(struct port_device *device, u64 timeout_ns)
{
	struct virtio_console *console = container_of(device, struct virtio_console, device);

	if (vconsole_service(console) || !console->multiport || !timeout_ns)
		return;
	if (!virtqueue_wait_any(&console->control_receiveq, 1, timeout_ns))
		vconsole_service(console);
}

static void free_console(struct virtio_console *console)
{
	for (unsigned int i = 0; i < VCONSOLE_PORTS_MAX; i++) {
		/* If the reset was not confirmed, the device may still write */
		if (console->ports[i] && !console->vdev->failed)
			free_pages_exact(console->ports[i]->memory, VCONSOLE_PORT_BYTES);
		kfree(console->ports[i]);
	}
	if (!console->vdev->failed)
		free_pages_exact(console->control_memory, VCONSOLE_CONTROL_BYTES);
	kfree(console);
}

static int virtio_console_probe(struct virtio_device *vdev)
{
	struct virtio_console *console = kzalloc(sizeof(*console));
	int error;

	if (!console)
		return -ENOMEM;
	console->vdev = vdev;
	console->device.look = virtio_console_look;
	console->control_memory = alloc_pages_exact(VCONSOLE_CONTROL_BYTES);
	error = console->control_memory ? virtio_console_read_config(console) : -ENOMEM;
	if (!error)
		error = virtio_console_find_vqs(console);
	if (error) {
		free_console(console);
		return error;
	}
	vdev->dev.driver_data = console;
	return 0;
}

static int virtio_console_restore(struct virtio_device *vdev)
{
	struct virtio_console *console = vdev->dev.driver_data;
	int error = virtio_console_read_config(console);

	if (!error)
		error = virtio_console_find_vqs(console);
	console->failed = error;
	return error;
}

/* Waits for the first ports. They announce themselves, and no message marks the last one. */
static int await_ports(struct virtio_console *console)
{
	u64 begun = ktime_get_ns(), limit = console_is_missing() ? CONSOLE_NS : PORTS_NS;
	u64 patience = limit;

	while (!virtqueue_wait_any(&console->control_receiveq, 1, patience)) {
		if (vconsole_service(console))
			return -EIO;
		if (ktime_get_ns() - begun > limit)
			break;
		patience = console_is_missing() ? limit : QUIET_NS;
	}
	return 0;
}

static int start_ports(struct virtio_console *console)
{
	int error;

	if (console->multiport) {
		error = vconsole_start_control(console);
		return error ? error : await_ports(console);
	}
	error = vconsole_add_port(console, 0);
	if (error)
		return error;
	console->ports[0]->host_open = true; /* no message tells */
	vconsole_make_console(console->ports[0]);
	return 0;
}

static int virtio_console_scan(struct virtio_device *vdev)
{
	struct virtio_console *console = vdev->dev.driver_data;
	unsigned int count = 0;
	int error = start_ports(console);

	if (error)
		return error;
	for (unsigned int i = 0; i < VCONSOLE_PORTS_MAX; i++)
		count += console->ports[i] && console->ports[i]->present;
	dev_printk(&vdev->dev, "ready: %u port%s of at most %u\n", count, count == 1 ? "" : "s",
		   console->max_ports);
	if (!console->registered)
		port_device_register(&console->device);
	console->registered = true;
	return 0;
}

void vconsole_drop_ports(struct virtio_console *console)
{
	for (unsigned int i = 0; i < VCONSOLE_PORTS_MAX; i++) {
		vconsole_remove_port(console->ports[i]);
		if (console->ports[i])
			console->ports[i]->posted = false;
	}
}

static void virtio_console_forget_all(struct virtio_console *console)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(console->vqs); i++)
		virtqueue_forget(console->vqs[i]);
	vconsole_drop_ports(console);
}

void vconsole_fail(struct virtio_console *console)
{
	if (console->failed)
		return;
	console->failed = true;
	if (!virtio_reset_device(console->vdev))
		dev_printk(&console->vdev->dev, "the device was reset; its ports were removed\n");
	virtio_console_forget_all(console);
}

/* Frees everything. The bus has reset the device, so its buffers are ours again. */
static void virtio_console_remove(struct virtio_device *vdev)
{
	struct virtio_console *console = vdev->dev.driver_data;

	if (console->registered)
		port_device_unregister(&console->device);
	virtio_console_forget_all(console);
	free_console(console);
}

/* Reads a new size, which is port 0's (5.3.6). Runs in the interrupt. */
static void virtio_console_config_changed(struct virtio_device *vdev)
{
	struct virtio_console *console = vdev->dev.driver_data;

	if (console->ports[0])
		virtio_console_read_size(console, &console->ports[0]->port);
}

static struct virtio_driver virtio_console_driver = {
	.driver = { .name = "virtio_console" },
	.id_table = virtio_console_ids,
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.probe = virtio_console_probe,
	.scan = virtio_console_scan,
	.restore = virtio_console_restore,
	.remove = virtio_console_remove,
	.config_changed = virtio_console_config_changed,
};
module_virtio_driver(virtio_console_driver);
