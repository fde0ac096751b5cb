// SPDX-License-Identifier: MIT
/* Finds the firmware's tables. One CPU, at boot. */
#include "kernel/acpi/acpi.h"

#include "kernel/page_alloc.h"
#include "kernel/paging.h"
#include "kernel/printk.h"
#include "kernel/string.h"

/* Where the firmware puts the RSDP, if the loader does not pass it (ACPI 6.4, 5.2.5.1). */
#define BIOS_START 0xe0000ULL
#define BIOS_END 0x100000ULL

/* More than any real table; bounds what a bad length can cost. */
#define TABLE_SIZE_MAX 0x100000U
#define TABLES_MAX 256

/* ACPI 6.4, 5.2.5.3 */
struct acpi_rsdp {
	char signature[8];
	u8 checksum; /* of the first 20 bytes */
	char oem_id[6];
	u8 revision;
	u32 rsdt;
	u32 length; /* from here on only if revision is 2 or more */
	u64 xsdt;
	u8 extended_checksum;
	u8 reserved[3];
} __packed;

#define RSDP_SIZE_1 20

static const struct boot_info *boot_info;
static const struct acpi_header *root; /* RSDT or XSDT */
static unsigned int root_entry_size;   /* 4 or 8 */

/* True for the first MiB, and for addresses that the loader's map mentions. */
static bool table_is_plausible(u64 address, u64 size)
{
	const struct boot_memory *memory;

	if (address < BIOS_END)
		return size <= BIOS_END - address;
	for (unsigned int i = 0; i < boot_info->memory_count; i++) {
		memory = &boot_info->memory[i];
		if (address >= memory->base && address - memory->base < memory->size &&
		    size <= memory->size - (address - memory->base))
			return true;
	}
	return false;
}

static const void *map_table(u64 address, u64 size)
{
	return table_is_plausible(address, size) ? map_firmware(address, size) : NULL;
}

/* Returns the table if it is complete, with a good checksum and this signature, else NULL. Prints
 * if it is damaged. */
static const struct acpi_header *acpi_table_at(u64 address, const char *signature)
{
	const struct acpi_header *table = map_table(address, sizeof(*table));

	if (!table || memcmp(table->signature, signature, 4))
		return NULL;
	if (table->length < sizeof(*table) || table->length > TABLE_SIZE_MAX ||
	    !map_table(address, table->length)) {
		printk("acpi: table at 0x%llx ignored: length %u\n", address, table->length);
		return NULL;
	}
	if (!acpi_checksum_is_good(table, table->length)) {
		printk("acpi: table at 0x%llx ignored: bad checksum\n", address);
		return NULL;
	}
	pages_reserve(address, table->length); /* in case the map calls that RAM */
	return table;
}

static bool rsdp_good(const struct acpi_rsdp *rsdp)
{
	return !memcmp(rsdp->signature, "RSD PTR ", 8) && acpi_checksum_is_good(rsdp, RSDP_SIZE_1);
}

static const struct acpi_rsdp *find_rsdp(void)
{
	const struct acpi_rsdp *rsdp;
	const u8 *area;
	u64 offset;

	rsdp = boot_info->acpi_rsdp ? map_table(boot_info->acpi_rsdp, sizeof(*rsdp)) : NULL;
	if (rsdp && rsdp_good(rsdp))
		return rsdp;
	area = map_firmware(BIOS_START, BIOS_END - BIOS_START);
	for (offset = 0; area && offset + sizeof(*rsdp) <= BIOS_END - BIOS_START; offset += 16) {
		rsdp = (const void *)(area + offset);
		if (rsdp_good(rsdp))
			return rsdp;
	}
	return NULL;
}

static void find_root(void)
{
	const struct acpi_rsdp *rsdp = find_rsdp();

	if (!rsdp)
		return;
	if (rsdp->revision >= 2 && rsdp->xsdt && rsdp->length == sizeof(*rsdp) &&
	    acpi_checksum_is_good(rsdp, sizeof(*rsdp))) {
		root = acpi_table_at(rsdp->xsdt, "XSDT");
		root_entry_size = 8;
	}
	if (!root) {
		root = acpi_table_at(rsdp->rsdt, "RSDT");
		root_entry_size = 4;
	}
}

void acpi_init(const struct boot_info *boot)
{
	boot_info = boot;
	find_root();
	if (root)
		acpi_power_init();
	else
		printk("acpi: no tables\n");
}

const struct acpi_header *acpi_find_table(const char *signature)
{
	const struct acpi_header *table;
	unsigned int count;
	u64 address;

	if (!root)
		return NULL;
	count = (root->length - sizeof(*root)) / root_entry_size;
	for (unsigned int i = 0; i < min(count, (unsigned int)TABLES_MAX); i++) {
		address = 0;
		memcpy(&address, (const u8 *)(root + 1) + i * root_entry_size, root_entry_size);
		table = acpi_table_at(address, signature);
		if (table)
			return table;
	}
	return NULL;
}

const struct acpi_header *acpi_open_table(u64 address, const char *signature)
{
	return root ? acpi_table_at(address, signature) : NULL;
}
