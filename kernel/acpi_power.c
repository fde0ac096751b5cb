// SPDX-License-Identifier: MIT
/* Two things of ACPI's fixed hardware: the PM timer, and powering off (ACPI 6.4, 4.8.3, 16.1.6). */
#include "kernel/acpi.h"

#include "kernel/io.h"
#include "kernel/string.h"

/* The part of the FADT we read (ACPI 6.4, 5.2.9), by offsets. */
#define FADT_DSDT 40
#define FADT_PM1A_CNT 64
#define FADT_PM_TMR 76
#define FADT_X_DSDT 140

#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_EN BIT_ULL(13)

/* AML (ACPI 6.4, 20.2): what Name(_S5, Package() { a, b, ... }) is made of. */
#define AML_PACKAGE 0x12
#define AML_BYTE 0x0a

static u16 pm_timer_port, pm1a_port;
static u16 sleep_type; /* SLP_TYPa of state S5 */

/* A field of `size` bytes, or 0 when the table ends before it. */
static u64 fadt_field(const struct acpi_header *fadt, u32 offset, u32 size)
{
	u64 value = 0;

	if (fadt->length >= offset + size)
		memcpy(&value, (const u8 *)fadt + offset, size);
	return value;
}

/* `aml` stands behind the name _S5_, `size` bytes remain. False when it is no such package. */
static bool parse_s5(const u8 *aml, u32 size)
{
	u32 skip;

	if (size < 2 || aml[0] != AML_PACKAGE)
		return false;
	skip = 1 + 1 + (aml[1] >> 6) +
	       1; /* opcode, package length of 1 to 4 bytes, element count */
	if (size < skip + 2)
		return false;
	aml += skip;
	sleep_type = aml[0] == AML_BYTE ? aml[1] : aml[0];
	return sleep_type <= 7;
}

/* We do not interpret AML; the package is constant and is found by its name. */
static bool find_s5(const struct acpi_header *dsdt)
{
	const u8 *aml = (const u8 *)dsdt;
	u32 i;

	for (i = sizeof(*dsdt); i + 4 <= dsdt->length; i++) {
		if (!memcmp(aml + i, "_S5_", 4) && parse_s5(aml + i + 4, dsdt->length - i - 4))
			return true;
	}
	return false;
}

void acpi_power_init(void)
{
	const struct acpi_header *fadt = acpi_find_table("FACP"), *dsdt = NULL;
	u64 address;

	if (!fadt)
		return;
	pm_timer_port = (u16)fadt_field(fadt, FADT_PM_TMR, 4);
	address = fadt_field(fadt, FADT_X_DSDT, 8);
	if (address)
		dsdt = acpi_open_table(address, "DSDT");
	if (!dsdt)
		dsdt = acpi_open_table(fadt_field(fadt, FADT_DSDT, 4), "DSDT");
	if (dsdt && find_s5(dsdt))
		pm1a_port = (u16)fadt_field(fadt, FADT_PM1A_CNT, 4);
}

u16 acpi_pm_timer_port(void)
{
	return pm_timer_port;
}

void acpi_power_off(void)
{
	if (pm1a_port)
		outw((u16)(sleep_type << PM1_SLP_TYP_SHIFT | PM1_SLP_EN), pm1a_port);
}
