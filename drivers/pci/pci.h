/* SPDX-License-Identifier: MIT */
/*
 * PCI: a function (struct pci_dev), access to its registers, and how a driver claims it. Names and
 * register layouts are those of <linux/pci_regs.h>.
 *
 * Everything here runs on the boot CPU outside interrupts, unless a comment says otherwise.
 */
#ifndef DRIVERS_PCI_PCI_H
#define DRIVERS_PCI_PCI_H

#include <linux/pci_regs.h>

#include "kernel/device.h"
#include "kernel/irq.h"
#include "kernel/irq_shared.h"
#include "kernel/types.h"

#define PCI_DEVFN(slot, func) ((u8)((((slot)&0x1f) << 3) | ((func)&0x07)))
#define PCI_SLOT(devfn) (((devfn) >> 3) & 0x1f)
#define PCI_FUNC(devfn) ((devfn)&0x07)

/*
 * Accesses configuration space; `size` is 1, 2 or 4, `where` a multiple of it below `space`. Any
 * CPU, any interrupt state.
 */
struct pci_config_ops {
	u32 (*read)(u8 bus, u8 devfn, u16 where, unsigned int size);
	void (*write)(u8 bus, u8 devfn, u16 where, unsigned int size, u32 value);
	u16 space;   /* bytes of each function: 256, or 4096 by ECAM */
	u8 last_bus; /* the highest reachable bus */
};

struct pci_bus {
	struct list_head node; /* a root bus: in pci_root_buses */
	u8 number;
	u8 last;	      /* highest bus number behind it */
	u8 limit;	      /* highest that could be */
	struct pci_dev *self; /* the bridge that leads here, NULL for a root bus */
	const struct pci_config_ops *ops;
	struct list_head devices;   /* struct pci_dev, bus_list, in the order of devfn */
	struct list_head claims[2]; /* struct pci_resource: I/O, memory */
};

enum pci_resource_flags {
	PCI_RESOURCE_IO = 1,
	PCI_RESOURCE_MEM = 2,
	PCI_RESOURCE_MEM_64 = 4,
	PCI_RESOURCE_PREFETCH = 8,
	PCI_RESOURCE_FIXED = 16,    /* ports that no register moves */
	PCI_RESOURCE_UNSET = 32,    /* `start` is invalid: it has no usable address */
	PCI_RESOURCE_NO_SPACE = 64, /* and none is available */
};

/* A range that a function answers to; absent when flags is 0. */
struct pci_resource {
	u64 start;
	u64 size; /* bytes; 0 for a closed window */
	unsigned int flags;
	u64 align;		/* 0: the same as its size */
	struct list_head claim; /* in the list of its bus's claims */
};

/* The windows of a bridge; flags are 0 for a window that it does not have. */
enum pci_window { PCI_WINDOW_IO, PCI_WINDOW_MEM, PCI_WINDOW_PREF, PCI_WINDOWS };

#define PCI_ROM_RESOURCE PCI_STD_NUM_BARS
#define PCI_NUM_RESOURCES (PCI_STD_NUM_BARS + 1)

/* (256 - 64) / 4: a longer list must loop. */
#define PCI_CAPABILITIES_MAX 48

struct pci_capability {
	u8 position;
	u8 id;
};

struct pci_msix; /* msix.c */

/* One function. Identity and capabilities are read once, at the scan. */
struct pci_dev {
	struct device dev;
	struct pci_bus *bus;
	struct pci_bus *subordinate; /* the bus behind a bridge, else NULL */
	struct list_head bus_list;
	u8 devfn;
	u8 hdr_type; /* without the multifunction bit */
	bool multifunction;
	bool unnumbered; /* a bridge without valid bus numbers */
	u8 revision;
	u16 vendor, device;
	u16 subsystem_vendor, subsystem_device;
	u32 class;	    /* base class, sub-class, interface: 24 bits */
	u16 pcie_flags_reg; /* of the PCI Express capability, 0 without one */
	unsigned int capability_count;
	struct pci_capability capabilities[PCI_CAPABILITIES_MAX];
	struct pci_resource resource[PCI_NUM_RESOURCES];
	struct pci_resource window[PCI_WINDOWS]; /* of a bridge */
	bool windows_moved;			 /* changed by us */
	unsigned int windows_to_close;		 /* one bit per window */
	bool pref_is_low;      /* the firmware opened the one for prefetchable memory below 4 GiB */
	struct pci_msix *msix; /* while MSI-X is enabled */
	struct irq_share *intx; /* while a handler is installed, on the wire */
	unsigned int intx_gsi;
};

#define PCI_ANY_ID 0xffffffffu

struct pci_device_id {
	u32 vendor, device;
	u32 subvendor, subdevice;
	u32 class, class_mask;
};

#define PCI_DEVICE(vendor_id, device_id)                                       \
	.vendor = (vendor_id), .device = (device_id), .subvendor = PCI_ANY_ID, \
	.subdevice = PCI_ANY_ID

struct pci_driver {
	struct device_driver driver;
	const struct pci_device_id *id_table; /* ends with an entry of zeros */
	/* Claims the function: 0, -ENODEV to leave it to others, or another -errno. */
	int (*probe)(struct pci_dev *dev, const struct pci_device_id *id);
	void (*remove)(struct pci_dev *dev);
};

#define to_pci_dev(device) container_of(device, struct pci_dev, dev)
#define to_pci_driver(device_driver) container_of(device_driver, struct pci_driver, driver)

extern struct bus_type pci_bus_type;

/* Adds the driver to the PCI bus; returns as driver_register. */
int pci_register_driver(struct pci_driver *driver);
#define module_pci_driver(driver) module_driver(driver, pci_register_driver)

/* Returns the entry of `ids` that matches this function, or NULL (virtio and class drivers end with
 * one). */
const struct pci_device_id *pci_match_id(const struct pci_device_id *ids,
					 const struct pci_dev *dev);

/* ---- access.c: configuration space -------------------------------------------------------- */

/*
 * Read or write a register of a function. -EINVAL if the register is misaligned or beyond
 * dev->bus->ops->space; a read then gives all ones, as an absent function does. Any interrupt
 * state.
 */
int pci_read_config_byte(const struct pci_dev *dev, unsigned int where, u8 *value);
int pci_read_config_word(const struct pci_dev *dev, unsigned int where, u16 *value);
int pci_read_config_dword(const struct pci_dev *dev, unsigned int where, u32 *value);
int pci_write_config_byte(const struct pci_dev *dev, unsigned int where, u8 value);
int pci_write_config_word(const struct pci_dev *dev, unsigned int where, u16 value);
int pci_write_config_dword(const struct pci_dev *dev, unsigned int where, u32 value);

/* ---- probe.c, root.c: finding functions --------------------------------------------------- */

/*
 * Scans a root bus and all buses behind its bridges, prints each function, and returns the bus;
 * NULL without memory, or if the number is in use. The devices are not yet on the pci bus type;
 * pci_bus_add_devices puts them there.
 */
struct pci_bus *pci_scan_bus(u8 number, const struct pci_config_ops *ops);

/*
 * Scans bus 0, then every bus number up to ops->last_bus where a function answers and that no
 * bridge leads to: these are root buses, too. All of them are then in pci_root_buses.
 */
void pci_scan_roots(const struct pci_config_ops *ops);
extern struct list_head pci_root_buses;

/* Passes every function behind `bus` to the driver core, bus by bus. */
void pci_bus_add_devices(struct pci_bus *bus);

/* ---- bar.c: base address registers -------------------------------------------------------- */

/* Sizes `count` BARs from the first on, and the ROM at `rom` (0: none), into dev->resource.
 * Decoding is off meanwhile, and everything is restored (PCI 3.0, 6.2.5.1). Prints each. */
void pci_read_bases(struct pci_dev *dev, unsigned int count, unsigned int rom);

/* Writes "[mem 0xfe000000-0xfe003fff 64bit pref]" and the like; returns the length. */
int pci_format_resource(char *buffer, size_t size, const struct pci_resource *resource);

/* Reads and prints the buses behind a bridge and its windows (PCI-to-PCI Bridge 1.2, 3.2.5). */
void pci_read_bridge_windows(struct pci_dev *bridge);

/* ---- capability.c ------------------------------------------------------------------------- */

/* Reads the capability list once into dev->capabilities. If it loops, leaves its area or is
 * misaligned, the rest is ignored with a message (PCI 3.0, 6.7). */
void pci_read_capabilities(struct pci_dev *dev);

/* Return the position of the first capability `id` (the next one after `position`), or 0. */
u8 pci_find_capability(const struct pci_dev *dev, u8 id);
u8 pci_find_next_capability(const struct pci_dev *dev, u8 position, u8 id);

/* ---- pci.c: switching a function on, and mapping its BARs ----------------------------------- */

/* Wakes the function (D0), disables its interrupt pin, and enables decoding of its BARs, and of the
 * bridges above it. -EINVAL if a BAR has no address, -EIO if a bit does not stick. */
int pci_enable_device(struct pci_dev *dev);
/* Switches decoding and bus mastering off. */
void pci_disable_device(struct pci_dev *dev);

/* Lets the function read and write memory; without this it ignores its rings. -EIO if the bit does
 * not stick. */
int pci_set_master(struct pci_dev *dev);
void pci_clear_master(struct pci_dev *dev);
bool pci_is_master(const struct pci_dev *dev);
/* True if the function is present and decodes BARs of this kind: PCI_COMMAND_MEMORY or _IO. */
bool pci_decodes(const struct pci_dev *dev, u16 kind);

/*
 * Maps `length` bytes at `offset` of memory BAR `bar`. NULL if the BAR is absent, unassigned or an
 * I/O BAR, if the range is not inside it, or if it cannot be mapped.
 */
volatile void *pci_iomap_range(const struct pci_dev *dev, unsigned int bar, u64 offset, u64 length);

/* ---- msix.c: message-signalled interrupts (PCI 3.0, 6.8.2) -------------------------------- */

/* Returns the number of entries in the MSI-X table (1 to 2048), or -ENODEV without the
 * capability. */
int pci_msix_vec_count(const struct pci_dev *dev);

/* Maps the table, masks every entry and enables MSI-X. -ENODEV without the capability, -EINVAL for
 * a table outside its BAR, -EIO if the enable bit does not stick, -ENOMEM. */
int pci_enable_msix(struct pci_dev *dev);

/* Disables MSI-X; all entries must be free. Ignored if MSI-X is not enabled. */
void pci_disable_msix(struct pci_dev *dev);

/* Routes table entry `entry` to `handler` and unmasks it. Returns the CPU's vector, or an error of
 * request_irq; -EINVAL for an entry that is in use or beyond the table. */
int pci_msix_request(struct pci_dev *dev, unsigned int entry, irq_handler_t handler, void *context,
		     const char *name);
void pci_msix_free(struct pci_dev *dev, unsigned int entry);

/* Routes an entry's interrupts to another CPU: 0, or -EINVAL if the entry is free, or for a CPU
 * that does not run or that a message cannot reach. */
int pci_msix_retarget(struct pci_dev *dev, unsigned int entry, unsigned int cpu);

/* The present state of an entry, for diagnosis: masked, and pending (PCI 3.0, 6.8.2.10). */
struct pci_msix_state {
	bool function_enabled, function_masked;
	bool masked, pending;
	int vector; /* the CPU's, -1 if free */
};
int pci_msix_state(const struct pci_dev *dev, unsigned int entry, struct pci_msix_state *state);

/* ---- intx.c: the interrupt pin, whose wire may be shared (PCI 3.0, 2.2.6) ------------------ */

#define PCI_PINS 4 /* INTA# to INTD# */

/* Routes the function's pin to `share` and enables it. Returns the CPU's vector; -ENOENT without a
 * pin, -ENXIO if the firmware or the I/O APICs have no wire for it, or an error of
 * request_shared_irq. */
int pci_request_intx(struct pci_dev *dev, struct irq_share *share);
/* Disables the pin and removes the share; ignored if the pin is not in use. */
void pci_free_intx(struct pci_dev *dev);

/* Enables or disables the function's pin. Functions older than PCI 2.3 cannot disable it. */
void pci_intx(const struct pci_dev *dev, bool on);

/* The state of the pin, for diagnosis; reading it has no effect on the device. -EINVAL if the pin
 * is not in use. */
struct pci_intx_state {
	unsigned int gsi;
	u64 handled;   /* interrupts that were this function's */
	bool disabled; /* INTX_DISABLE of the command register */
	bool raised;   /* the function has an interrupt pending */
	bool masked;   /* the wire, at the I/O APIC */
};
int pci_intx_state(const struct pci_dev *dev, struct pci_intx_state *state);

#endif
