// SPDX-License-Identifier: MIT
/* Configuration space's place from the DSDT's _CBA method, where there is no MCFG. */
#include "test.h"

#include "kernel/acpi/acpi.h"
#include "world.h"

/* Its end is the end of an allocation, so that the sanitizer sees a look beyond it. */
static const struct mcfg_entry *look(const char *aml, u32 size)
{
	u32 length = (u32)sizeof(struct acpi_header) + size;
	struct acpi_header *dsdt = malloc(length);

	memset(dsdt, 0, sizeof(*dsdt));
	dsdt->length = length;
	memcpy(dsdt + 1, aml, size);
	world_dsdt = dsdt;
	return mcfg_next(NULL);
}

#define LOOK(text) look(text, sizeof(text) - 1)

TEST(cba_of_a_microvm)
{
	const struct mcfg_entry *entry = LOOK("PCI0\x14\x0c_CBA\0\xa4\x0c\0\0\0\xe0zz");

	CHECK(entry && entry->base == 0xe0000000 && !entry->segment);
	CHECK(entry->first_bus == 0 && entry->last_bus == 255);
	CHECK(!mcfg_next(entry));
	entry = LOOK("_CBA\0\xa4\x0e\0\0\0\0\x40\0\0\0");
	CHECK(entry && entry->base == 0x4000000000);
}

TEST(cba_that_is_no_such_method)
{
	CHECK(!LOOK(""));
	CHECK(!LOOK("_CBA"));
	CHECK(!LOOK("_CBA\0\xa4"));
	CHECK(!LOOK("_CBA\0\xa4\x0c\0\0\0"));
	CHECK(!LOOK("_CBA\0\xa4\x0e\0\0\0\xe0\0\0\0"));
	CHECK(!LOOK("_CBA\0\xa4\x0c\0\0\0\0"));
	CHECK(!LOOK("_CBA\0\x70\x0c\0\0\0\xe0"));		/* computes something first */
	CHECK(!LOOK("_CBA\0\x70\x0a\0\x60\xa4\x0c\0\0\0\xe0")); /* and returns then */
	CHECK(!LOOK("_CBA\0\xa4\x60\0\0\0\xe0"));		/* returns a variable */
	CHECK(LOOK("_CBA\0\xa4\x60_CBA\0\xa4\x0c\0\0\0\xe0"));	/* a later one does */
	world_dsdt = NULL;
	CHECK(!mcfg_next(NULL));
}
