// SPDX-License-Identifier: MIT
/* Reads the boot information of a multiboot2 loader such as GRUB (multiboot2 3.6). */
#include "boot/boot.h"

#include "kernel/exit.h"
#include "kernel/printk.h"
#include "kernel/string.h"

/* multiboot2 3.6.1: the head of the information, and of each tag in it; tags are 8-aligned. */
struct multiboot2_info {
	u32 total_size;
	u32 reserved;
};

struct multiboot2_tag {
	u32 type;
	u32 size; /* with this head, without the padding */
};

enum multiboot2_tag_type {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_BASIC_MEMORY = 4,
	TAG_MEMORY_MAP = 6,
	TAG_ACPI_OLD = 14,
	TAG_ACPI_NEW = 15,
};

/* More than any real loader passes; bounds the cost of a damaged size. */
#define INFO_SIZE_MAX 0x100000

/* 3.6.4 */
struct multiboot2_basic_memory {
	struct multiboot2_tag tag;
	u32 lower; /* KiB from 0 */
	u32 upper; /* KiB from 1 MiB */
};

/* 3.6.8 */
struct multiboot2_memory_map {
	struct multiboot2_tag tag;
	u32 entry_size;
	u32 entry_version;
};

struct multiboot2_memory {
	u64 base;
	u64 size;
	u32 type; /* 1 is RAM; everything else we leave alone */
	u32 reserved;
};

#define MULTIBOOT2_MEMORY_AVAILABLE 1

/* 3.6.14, 3.6.15: the tag holds a copy of the RSDP; ours outlives the loader's memory. */
static u8 rsdp_copy[36];

static void take_rsdp(const struct multiboot2_tag *tag, struct boot_info *boot)
{
	memset(rsdp_copy, 0, sizeof(rsdp_copy));
	memcpy(rsdp_copy, tag + 1, min(tag->size - sizeof(*tag), sizeof(rsdp_copy)));
	boot->acpi_rsdp = (uintptr_t)rsdp_copy;
}

static void parse_multiboot2_map(const struct multiboot2_tag *tag, struct boot_info *boot)
{
	const struct multiboot2_memory_map *map = (const void *)tag;
	struct multiboot2_memory entry;
	u32 offset = sizeof(*map);

	if (tag->size < sizeof(*map) || map->entry_size < sizeof(entry)) {
		printk("boot: multiboot2 memory map ignored: entries of %u bytes\n",
		       tag->size < sizeof(*map) ? 0 : map->entry_size);
		return;
	}
	while (tag->size - offset >= map->entry_size) {
		memcpy(&entry, (const u8 *)map + offset, sizeof(entry)); /* of any alignment */
		boot_add_memory(boot, entry.base, entry.size,
				entry.type == MULTIBOOT2_MEMORY_AVAILABLE);
		offset += map->entry_size;
	}
}

static void parse_tag(const struct multiboot2_tag *tag, struct boot_info *boot, u32 *upper_memory)
{
	u64 address = (uintptr_t)tag;

	switch (tag->type) {
	case TAG_CMDLINE:
		boot_set_cmdline(boot, address + sizeof(*tag), tag->size - sizeof(*tag));
		break;
	case TAG_BASIC_MEMORY:
		if (tag->size >= sizeof(struct multiboot2_basic_memory))
			*upper_memory = ((const struct multiboot2_basic_memory *)tag)->upper;
		break;
	case TAG_MEMORY_MAP:
		parse_multiboot2_map(tag, boot);
		break;
	case TAG_ACPI_OLD:
	case TAG_ACPI_NEW: /* the newer one wins, whichever comes first */
		if (!boot->acpi_rsdp || tag->type == TAG_ACPI_NEW)
			take_rsdp(tag, boot);
		break;
	}
}

static void parse_tags(u32 info, u32 total_size, struct boot_info *boot, u32 *upper_memory)
{
	const struct multiboot2_tag *tag;
	u32 offset = sizeof(struct multiboot2_info);

	while (total_size - offset >= sizeof(*tag)) {
		tag = (const void *)(uintptr_t)(info + offset);
		if (tag->type == TAG_END)
			return;
		if (tag->size < sizeof(*tag) || tag->size > total_size - offset) {
			printk("boot: multiboot2 tag %u: size %u is impossible, the rest ignored\n",
			       tag->type, tag->size);
			return;
		}
		parse_tag(tag, boot, upper_memory);
		if (ALIGN_UP((u64)tag->size, 8) > total_size - offset)
			return;
		offset += ALIGN_UP(tag->size, 8);
	}
}

void boot_parse_multiboot2(u32 info, struct boot_info *boot)
{
	const struct multiboot2_info *head = (const void *)(uintptr_t)info;
	u32 upper_memory = 0;

	boot->protocol = "multiboot2";
	if (!IS_ALIGNED(info, 8) || !boot_readable(info, sizeof(*head)) ||
	    head->total_size < sizeof(*head) || head->total_size > INFO_SIZE_MAX ||
	    !boot_readable(info, head->total_size))
		machine_stop("multiboot2 information at 0x%x is damaged", info);
	parse_tags(info, head->total_size, boot, &upper_memory);
	if (!boot->memory_count && upper_memory)
		boot_add_memory(boot, 0x100000, (u64)upper_memory * 1024, true);
	if (!boot->memory_count)
		machine_stop("no memory map from the loader");
}
