/* SPDX-License-Identifier: MIT */
/* What the loader passed on, in one form for multiboot2 and PVH. boot/ fills it for kernel_main. */
#ifndef KERNEL_BOOTINFO_H
#define KERNEL_BOOTINFO_H

#include "kernel/types.h"

#define BOOT_MEMORY_MAX 128
#define BOOT_CMDLINE_MAX 1024

struct boot_memory {
	u64 base;
	u64 size; /* bytes; base + size never wraps */
	bool usable;
};

struct boot_info {
	const char *protocol; /* "multiboot2" or "PVH" */
	u64 acpi_rsdp;	      /* physical address, or 0 if not given */
	u64 ebda;	      /* of a BIOS's extended data area, or 0; not checked */
	unsigned int memory_count;
	struct boot_memory memory[BOOT_MEMORY_MAX];
	unsigned int memory_dropped; /* invalid ranges, and those without room */
	bool cmdline_cut;	     /* the loader's text was too long */
	char cmdline[BOOT_CMDLINE_MAX];
};

/* Runs everything after boot; does not return. */
__noreturn void kernel_main(const struct boot_info *boot);

/* The app that is linked; its result becomes the machine's exit status. argv[0] is its name. */
int main(int argc, char **argv);

#endif
