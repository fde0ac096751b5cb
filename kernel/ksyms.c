// SPDX-License-Identifier: MIT
/* Searches the symbol tables, and touches nothing else: safe in a panic. */
#include "kernel/ksyms.h"

#include "kernel/image.h"

extern const u32 ksyms_count;
extern const u32 ksyms_addresses[]; /* sorted; the image lies below 4 GiB */
extern const u32 ksyms_offsets[];   /* into ksyms_names */
extern const u32 ksyms_data_count;
extern const struct {
	u32 address, size, name; /* the name as an offset into ksyms_names */
} ksyms_data[];
extern const char ksyms_names[];

/* Returns the last symbol at or below `address`, which must not be below the first. */
static u32 find_symbol(u64 address)
{
	u32 low = 0, high = ksyms_count, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (ksyms_addresses[middle] <= address)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool ksyms_lookup(u64 address, struct ksym *symbol)
{
	u64 end = (uintptr_t)text_end;
	u32 i;

	if (!ksyms_count || address < ksyms_addresses[0] || address >= end)
		return false;
	i = find_symbol(address);
	if (i + 1 < ksyms_count)
		end = ksyms_addresses[i + 1];
	symbol->name = ksyms_names + ksyms_offsets[i];
	symbol->offset = address - ksyms_addresses[i];
	symbol->size = end - ksyms_addresses[i];
	return true;
}

bool ksyms_lookup_data(u64 address, struct ksym *symbol)
{
	for (u32 i = 0; i < ksyms_data_count; i++) {
		if (address - ksyms_data[i].address >= ksyms_data[i].size)
			continue;
		symbol->name = ksyms_names + ksyms_data[i].name;
		symbol->offset = address - ksyms_data[i].address;
		symbol->size = ksyms_data[i].size;
		return true;
	}
	return false;
}

const char *ksyms_name(u64 address)
{
	struct ksym symbol;

	return ksyms_lookup(address, &symbol) ? symbol.name : "?";
}
