// SPDX-License-Identifier: MIT
/* Reads the start info of a PVH loader (Xen's x86/HVM direct boot ABI, start_info.h). */
#include "boot/boot.h"

#include "kernel/exit.h"
#include "kernel/printk.h"

struct pvh_start_info {
	u32 magic;
	u32 version; /* the memory map is there from 1 on */
	u32 flags;
	u32 nr_modules;
	u64 modlist_paddr;
	u64 cmdline_paddr;
	u64 rsdp_paddr;
	u64 memmap_paddr;
	u32 memmap_entries;
	u32 reserved;
};

struct pvh_memory {
	u64 base;
	u64 size;
	u32 type; /* as in ACPI's E820: 1 is RAM */
	u32 reserved;
};

#define PVH_MEMORY_RAM 1

/* A memory map has fewer entries than this; also bounds the messages about dropped ones. */
#define PVH_MEMORY_ENTRIES_MAX 1024

static void parse_pvh_map(u64 address, u32 entries, struct boot_info *boot)
{
	const struct pvh_memory *map = (const void *)(uintptr_t)address;
	u32 i;

	if (entries > PVH_MEMORY_ENTRIES_MAX || !boot_readable(address, entries * sizeof(*map))) {
		printk("boot: PVH memory map ignored: %u entries at 0x%llx\n", entries, address);
		return;
	}
	for (i = 0; i < entries; i++)
		boot_add_memory(boot, map[i].base, map[i].size, map[i].type == PVH_MEMORY_RAM);
}

void boot_parse_pvh(u32 info, struct boot_info *boot)
{
	const struct pvh_start_info *start = (const void *)(uintptr_t)info;

	boot->protocol = "PVH";
	if (!boot_readable(info, sizeof(*start)))
		machine_stop("PVH start info at 0x%x is damaged", info);
	boot->acpi_rsdp = start->rsdp_paddr;
	boot_set_cmdline(boot, start->cmdline_paddr, BOOT_MAPPED);
	if (start->version >= 1)
		parse_pvh_map(start->memmap_paddr, start->memmap_entries, boot);
	if (!boot->memory_count)
		machine_stop("no memory map from the loader");
}
