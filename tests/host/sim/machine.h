/* SPDX-License-Identifier: MIT */
/*
 * A simulated PCI machine: functions with 256 bytes of configuration space, of which some bits can
 * be written. A base address register is just that: its low bits do not stick. It watches its
 * driver: no BAR is written while the function decodes, no status bit is cleared by accident.
 */
#ifndef TESTS_HOST_MACHINE_H
#define TESTS_HOST_MACHINE_H

#include "drivers/pci/internal.h"

struct function {
	u8 bus, devfn;
	struct function *parent, *next; /* of those behind a bridge, whatever its number is */
	u8 config[256];
	u8 writable[256];
	u32 extended; /* register 0x100, which only ECAM reaches */
	/* May change what a read gives, and acts on what is written; NULL for neither. */
	u32 (*on_read)(struct function *function, u16 where, unsigned int size, u32 value);
	void (*on_write)(struct function *function, u16 where, unsigned int size);
};

extern const struct pci_config_ops machine_ops;
/* The same through ports 0xcf8 and 0xcfc. */
void machine_use_ports(void);
/* And in memory, with bus 0 at `base`, up to bus `last`. */
void machine_use_ecam(u64 base, u8 last);

/* Accesses so far, and the number at which the test has failed (0: none). */
extern u64 machine_accesses, machine_access_limit;
/* While decoding of some function is off that was on, nothing may be printed. */
void machine_no_print_while_sizing(void);

/* A function with vendor and device id and a header of type 0; more is set by hand. */
struct function *machine_add(u8 bus, u8 slot, u8 fn, u16 vendor, u16 device);
/* The same as a bridge (header type 1). */
struct function *machine_add_bridge(u8 bus, u8 slot, u8 fn, u8 secondary, u8 subordinate);
void machine_remove(struct function *function);
/* The same behind a bridge: they answer on the bus that it and those above it lead to now. */
struct function *machine_add_behind(struct function *parent, u8 slot, u16 vendor, u16 device);
struct function *machine_add_bridge_behind(struct function *parent, u8 slot);
/* Lets a bridge's windows be written: memory, and the two others if it has them (then as 32 bits of
 * ports and 64 bits of prefetchable memory). */
void machine_set_windows(struct function *bridge, bool all);
/* Takes every function away. */
void machine_clear(void);

void set8(struct function *function, unsigned int where, u8 value);
void set16(struct function *function, unsigned int where, u16 value);
void set32(struct function *function, unsigned int where, u32 value);
u32 config32(const struct function *function, unsigned int where);
void set_class(struct function *function, u32 class);

enum { SIM_IO = 1, SIM_64 = 4, SIM_PREF = 8 };
/* `size` is a power of two; a 64-bit one takes the next register too. */
void machine_set_bar(struct function *function, unsigned int bar, u64 address, u64 size, u32 flags);
void machine_set_rom(struct function *function, unsigned int where, u32 address, u32 size);

/* Appends to the capability list at `position`; returns it. */
u8 machine_add_capability(struct function *function, u8 position, u8 id);

/* Registers the buses and finds all functions; then those of one can be asked for. */
struct pci_bus *machine_scan(void);
struct pci_dev *machine_find(struct pci_bus *bus, u8 number, u8 slot, u8 fn);
/* One function alone, scanned and found. */
struct pci_dev *machine_scan_one(struct function *function);

#endif
