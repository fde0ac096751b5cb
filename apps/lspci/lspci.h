/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of lspci. A function's configuration space is copied once; everything that is
 * said of it comes from the copy, so that all lines, and the dump, tell of the same moment.
 *
 * The words are those of pciutils 3.9, whose `lspci -F FILE` reads our dump;
 * tests/oracle/pciutils compares.
 */
#ifndef APPS_LSPCI_LSPCI_H
#define APPS_LSPCI_LSPCI_H

#include "drivers/pci/pci.h"
#include "kernel/types.h"

#define CONFIG_BYTES 256

/* As asked for by the options of one listing. */
struct listing {
	unsigned int verbose; /* how many -v */
	unsigned int numeric; /* how many -n */
	unsigned int hex;     /* how many -x */
	bool tree;	      /* -t */
	bool drivers;	      /* -k */
	bool domains;	      /* -D */
	bool nameless;	      /* -i: without the names of classes */
	/* -s and -d; -1 stands for any. */
	int domain, bus, slot, func, vendor, device, class;
};

extern struct listing listing;

struct function {
	const struct pci_dev *dev;
	u8 config[CONFIG_BYTES];
};

/* Registers of the copy; beyond its end they read as ones, as those of an absent function do. */
u8 get8(const struct function *function, unsigned int where);
u16 get16(const struct function *function, unsigned int where);
u32 get32(const struct function *function, unsigned int where);

/* Whether `length` bytes from `where` on are there. */
bool has_bytes(unsigned int where, unsigned int length);

struct flag {
	u32 mask;
	const char *name; /* NULL ends a table */
};

/* Prints "Name+ Other-", a blank between two. */
void print_flags(u32 value, const struct flag *flags);
/* The same as a line, behind `head`. */
void print_flag_line(const char *head, u32 value, const struct flag *flags);

static inline char sign(u32 bit)
{
	return bit ? '+' : '-';
}

/* " [size=16K]"; nothing for 0. */
void print_size(u64 size);

/* names.c: the words for a class code, or NULL; both without the ids. */
const char *class_name(u16 class);
const char *subclass_name(u16 class);
/* For a programming interface: a name of its own, or what the bits of IDE mean, or NULL. */
const char *interface_name(u16 class, u8 interface, char *buffer, size_t size);

/* show.c: one function, as the options say. */
void show_function(const struct function *function);
/* As the options want numbers; no vendor and no device has a name here. */
void print_ids(u16 vendor, u16 device);
/* How soon it answers (PCI 3.0, 6.2.3). */
const char *devsel(u16 status);

/* bases.c: what it decodes. */
void show_bases(const struct function *function, unsigned int count);
void show_rom(const struct function *function, unsigned int where);
void show_bridge(const struct function *function);
/* Whether one of its BARs is in memory, as far as the registers tell. */
bool has_memory_bar(const struct function *function);

/* capability.c, express.c, express2.c */
void show_capabilities(const struct function *function);
void show_express(const struct function *function, unsigned int where);
void show_express2(const struct function *function, unsigned int where, unsigned int type);

/* command.c: whether -s and -d let it through. */
bool is_selected(const struct pci_dev *dev);

/* tree.c: all buses as a tree, or of them what is selected. */
void show_tree(void);

/* command.c: the app, with its words behind its name; 0, or 1 after a line that says why. */
int lspci_main(int argc, char **argv);

#endif
