/* SPDX-License-Identifier: MIT */
/* What the loader told us, in one form for multiboot2 and PVH; boot/ fills it for kernel_main. */
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
	u64 acpi_rsdp;	      /* physical address, 0 when not told */
	u64 ebda;	      /* of a BIOS's extended data area, or 0; not checked */
	unsigned int memory_count;
	struct boot_memory memory[BOOT_MEMORY_MAX];
	unsigned int memory_dropped; /* ranges that made no sense or found no room */
	bool cmdline_cut;	     /* the loader's text was longer than we keep */
	char cmdline[BOOT_CMDLINE_MAX];
};

/* The C side of boot: does not return. */
__noreturn void kernel_main(const struct boot_info *boot);

/* The app that is linked; its result becomes the machine's exit status. argv[0] is its name. */
int main(int argc, char **argv);

#endif
