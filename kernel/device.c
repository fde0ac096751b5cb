/* SPDX-License-Identifier: MIT */
/*
 * The driver core: device_add -> bus_for_each_drv -> match -> call_driver_probe, and the way back.
 * Knows no bus; drivers/pci and drivers/virtio bring theirs.
 */
#include "kernel/device.h"

#include <linux/errno.h>

#include "kernel/irq.h"
#include "kernel/printk.h"
#include "kernel/step.h"
#include "kernel/string.h"

static struct list_head buses = LIST_HEAD_INIT(buses);

void device_print_id_tables(void)
{
	printk("drivers in this image, by id table:\n");
	linker_table_for_each(table, module_device_table, const struct module_device_table *)
		printk("  %s bus: %s, %zu id%s\n", (*table)->bus, (*table)->name, (*table)->count,
		       (*table)->count == 1 ? "" : "s");
}

int bus_register(struct bus_type *bus)
{
	if (!bus->match || !bus->probe || !bus->remove)
		return -EINVAL;
	INIT_LIST_HEAD(&bus->devices);
	INIT_LIST_HEAD(&bus->drivers);
	list_add_tail(&bus->bus_node, &buses);
	return 0;
}

int bus_for_each_drv(struct bus_type *bus, void *data,
		     int (*function)(struct device_driver *driver, void *data))
{
	struct device_driver *driver;
	int result = 0;

	list_for_each_entry(driver, &bus->drivers, struct device_driver, bus_node) {
		result = function(driver, data);
		if (result)
			break;
	}
	return result;
}

int bus_for_each_dev(struct bus_type *bus, void *data,
		     int (*function)(struct device *device, void *data))
{
	struct device *device, *following;
	int result = 0;

	list_for_each_entry_safe(device, following, &bus->devices, struct device, bus_node) {
		result = function(device, data);
		if (result)
			break;
	}
	return result;
}

/* Sets the device's driver while its probe runs, so that messages printed there name it. */
static int call_driver_probe(struct device *device, struct device_driver *driver)
{
	struct step step;
	int error;

	device->driver = driver;
	step_begin(&step, "probe", device->name, driver->name);
	error = device->bus->probe(device);
	step_end(&step);
	/* -ENODEV from a driver that matched means "not my device", and is no failure. */
	device->probe_error = error == -ENODEV ? 0 : error;
	if (!error)
		return 0;
	if (error != -ENODEV)
		dev_printk(device, "probe failed: error %d; the device is left without a driver\n",
			   error);
	device->driver = NULL;
	device->driver_data = NULL;
	return error;
}

struct attach_search {
	struct device *device;
	int error;
};

/* Tries one driver. If it matches but its probe fails, a later driver may succeed. */
static int __device_attach_driver(struct device_driver *driver, void *data)
{
	struct attach_search *search = data;
	struct device *device = search->device;

	if (!device->bus->match(device, driver))
		return 0;
	search->error = call_driver_probe(device, driver);
	return search->error ? 0 : 1;
}

int device_attach(struct device *device)
{
	struct attach_search search = { device, -ENODEV };

	if (device->driver)
		return 0;
	device->probe_error = 0;
	bus_for_each_drv(device->bus, &search, __device_attach_driver);
	return search.error;
}

struct device *device_find(const char *bus_name, const char *name)
{
	struct bus_type *bus;
	struct device *device;

	list_for_each_entry(bus, &buses, struct bus_type, bus_node) {
		if (strcmp(bus->name, bus_name))
			continue;
		list_for_each_entry(device, &bus->devices, struct device, bus_node)
			if (!strcmp(device->name, name))
				return device;
	}
	return NULL;
}

int device_add(struct device *device)
{
	if (!device->bus || !device->name[0])
		return -EINVAL;
	device->driver = NULL;
	list_add_tail(&device->bus_node, &device->bus->devices);
	device_attach(device);
	return 0;
}

void device_release_driver(struct device *device)
{
	struct step step;

	if (!device->driver)
		return;
	step_begin(&step, "remove", device->name, device->driver->name);
	device->bus->remove(device);
	step_end(&step);
	device->driver = NULL;
	device->driver_data = NULL;
}

void device_del(struct device *device)
{
	device_release_driver(device);
	list_del_init(&device->bus_node);
}

static bool driver_is_registered(const struct device_driver *driver)
{
	struct device_driver *known;

	list_for_each_entry(known, &driver->bus->drivers, struct device_driver, bus_node)
		if (known == driver)
			return true;
	return false;
}

int driver_register(struct device_driver *driver)
{
	struct device *device, *following;

	if (!driver->bus || !driver->name)
		return -EINVAL;
	if (driver_is_registered(driver))
		return -EEXIST;
	list_add_tail(&driver->bus_node, &driver->bus->drivers);
	list_for_each_entry_safe(device, following, &driver->bus->devices, struct device, bus_node)
		if (!device->driver && device->bus->match(device, driver))
			call_driver_probe(device, driver);
	return 0;
}

void driver_unregister(struct device_driver *driver)
{
	struct device *device, *following;

	list_for_each_entry_safe(device, following, &driver->bus->devices, struct device, bus_node)
		if (device->driver == driver)
			device_release_driver(device);
	list_del_init(&driver->bus_node);
}

void dev_printk(const struct device *device, const char *format, ...)
{
	u64 flags = printk_lock();
	va_list arguments;

	printk("%s %s: ", device->driver ? device->driver->name : device->bus->name, device->name);
	va_start(arguments, format);
	vprintk(format, arguments);
	va_end(arguments);
	printk_unlock(flags);
}

static void print_device(const struct device *device, unsigned int depth)
{
	char text[64] = "";

	if (device->bus->describe)
		device->bus->describe(device, text, sizeof(text));
	printk("%*s%s %s", (int)(2 * depth + 2), "", device->bus->name, device->name);
	printk("%s%s: ", text[0] ? " " : "", text);
	if (device->driver)
		printk("driver %s\n", device->driver->name);
	else if (device->probe_error)
		printk("no driver (the probe failed: %d)\n", device->probe_error);
	else
		printk("no driver\n");
}

/* The recursion uses the boot stack; no machine we know has bridges nested deeper than this. */
#define TREE_DEPTH_MAX 64

static void print_children(const struct device *parent, unsigned int depth)
{
	struct bus_type *bus;
	struct device *device;

	if (depth > TREE_DEPTH_MAX) {
		printk("%*s... deeper levels are not shown\n", (int)(2 * depth + 2), "");
		return;
	}
	list_for_each_entry(bus, &buses, struct bus_type, bus_node) {
		list_for_each_entry(device, &bus->devices, struct device, bus_node) {
			if (device->parent != parent)
				continue;
			print_device(device, depth);
			print_children(device, depth + 1);
		}
	}
}

void device_print_tree(void)
{
	printk("devices:\n");
	print_children(NULL, 0);
}
