/* SPDX-License-Identifier: MIT */
/*
 * The driver core: buses, devices on them, and the drivers that match. A bus defines the match, and
 * how a driver is called (probe, remove); the core only keeps the lists and the order.
 *
 * All of it runs on the boot CPU, outside interrupts, with interrupts on; nothing is locked.
 */
#ifndef KERNEL_DEVICE_H
#define KERNEL_DEVICE_H

#include "kernel/init.h"
#include "kernel/list.h"
#include "kernel/types.h"

#define DEVICE_NAME_MAX 24

struct device;
struct device_driver;

struct bus_type {
	const char *name;
	/* True when `driver` can drive `device`; has no effect on either. */
	bool (*match)(struct device *device, const struct device_driver *driver);
	/* Offers the device to the driver that matched. Returns 0, or -errno with everything
	 * undone. */
	int (*probe)(struct device *device);
	/* Takes the device from the driver; never fails. */
	void (*remove)(struct device *device);
	/* Writes one line about the device, for the tree; may be NULL. */
	void (*describe)(const struct device *device, char *buffer, size_t size);

	struct list_head devices; /* the core's, like all list heads here */
	struct list_head drivers;
	struct list_head bus_node;
};

/* Embedded in a bus's own device (struct pci_dev, struct virtio_device), which owns the memory. */
struct device {
	char name[DEVICE_NAME_MAX];   /* unique on its bus; set before device_add */
	struct bus_type *bus;	      /* set before device_add */
	struct device *parent;	      /* the device that it is behind, or NULL */
	struct device_driver *driver; /* bound, or while probe runs; NULL otherwise */
	int probe_error;	      /* why the last probe failed, or 0 */
	void *driver_data;	      /* the bound driver's own */
	struct list_head bus_node;
};

/* Embedded in a bus's own driver type, next to its id table. */
struct device_driver {
	const char *name;
	struct bus_type *bus;
	struct list_head bus_node;
};

/* Registers a bus. Returns 0, or -EINVAL if match, probe or remove is missing. */
int bus_register(struct bus_type *bus);

/* Calls `function` for each driver, or device, of the bus, in the order in which they came, until a
 * call returns non-zero; returns that value, or 0. A device may be deleted by its own call. */
int bus_for_each_drv(struct bus_type *bus, void *data,
		     int (*function)(struct device_driver *driver, void *data));
int bus_for_each_dev(struct bus_type *bus, void *data,
		     int (*function)(struct device *device, void *data));

/* Offers the driver to every device of its bus that has none. Returns 0, -EINVAL without a bus, or
 * -EEXIST if it is registered already. A device whose probe fails is not an error here. */
int driver_register(struct device_driver *driver);

/* Takes the driver from its devices, then from its bus. */
void driver_unregister(struct device_driver *driver);

/* Puts a device on its bus and offers it to the bus's drivers. 0 also when no driver fits or a
 * probe fails (the device then stays, without driver); -EINVAL without a bus or a name. */
int device_add(struct device *device);

/* Undoes device_add: removes the driver first, if one is bound. The memory stays the caller's. */
void device_del(struct device *device);

/* Returns the device of that name on the bus of that name, or NULL. */
struct device *device_find(const char *bus_name, const char *name);

/* Binds a device to the first driver that matches and whose probe succeeds. Returns 0 if it is
 * bound (or was already), -ENODEV if no driver matches, else the probe's error. */
int device_attach(struct device *device);

/* Unbinds the driver, if there is one. */
void device_release_driver(struct device *device);

/* Prints the devices as a tree, each with its driver or "no driver". */
void device_print_tree(void);

static inline const char *dev_name(const struct device *device)
{
	return device->name;
}

/* Prints "<driver, else bus> <device>: ..."; the text carries its own newline. */
void dev_printk(const struct device *device, const char *format, ...) __printf(2, 3);

/* One record per id table. It only serves device_print_id_tables; matching uses the driver's own
 * table. (Linux's modules.alias has this role.) */
struct module_device_table {
	const char *bus;
	const char *name; /* the table's name in the source */
	const void *ids;
	size_t id_size;
	size_t count; /* without the empty last entry */
};

#define MODULE_DEVICE_TABLE(bus_name, table)                                        \
	static const struct module_device_table module_device_table_##table = {     \
		#bus_name, #table, table, sizeof((table)[0]), ARRAY_SIZE(table) - 1 \
	};                                                                          \
	linker_table_add(module_device_table, 5, module_device_table_entry_##table, \
			 const struct module_device_table *, &module_device_table_##table)

/* Prints the id tables of this image, per bus. */
void device_print_id_tables(void);

/* Defines the start-up call that registers a driver; a bus wraps it (module_pci_driver). */
#define module_driver(driver, register_function)     \
	static int driver##_init(void)               \
	{                                            \
		return register_function(&(driver)); \
	}                                            \
	module_init(driver##_init)

#endif
