// SPDX-License-Identifier: MIT
/* Searches the symbol table. Touches nothing but the table: safe in a panic. */
#include "kernel/ksyms.h"

#include "kernel/image.h"

extern const u32 ksyms_count;
extern const u32 ksyms_addresses[]; /* sorted; the image lies below 4 GiB */
extern const u32 ksyms_offsets[];   /* into ksyms_names */
extern const char ksyms_names[];

/* The last symbol at or below `address`, which is not below the first. */
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

const char *ksyms_name(u64 address)
{
	struct ksym symbol;

	return ksyms_lookup(address, &symbol) ? symbol.name : "?";
}
