// SPDX-License-Identifier: MIT
/* Two things of ACPI's hardware: the PM timer, and powering off (ACPI 6.4, 4.8.3, 16.1.6). */
#include "kernel/acpi/acpi.h"

#include "kernel/acpi/acpi_aml.h"
#include "kernel/io.h"
#include "kernel/memory.h"
#include "kernel/string.h"

/* The part of the FADT we read (ACPI 6.4, 5.2.9), by offsets. */
#define FADT_DSDT 40
#define FADT_PM1A_CNT 64
#define FADT_PM_TMR 76
#define FADT_FLAGS 112
#define FADT_X_DSDT 140
#define FADT_SLEEP_CONTROL 244

/* Without the fixed hardware (4.1), there is one register for sleeping (4.8.3.7). */
#define FADT_HARDWARE_REDUCED BIT_ULL(20)
#define SLEEP_TYPE_SHIFT 2
#define SLEEP_ENABLE 0x20

/* A generic address (5.2.3.2): the space, three bytes we do not need, the address. */
#define ADDRESS_SPACE_MEMORY 0
#define ADDRESS_SPACE_IO 1
#define ADDRESS_OFFSET 4

#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_EN BIT_ULL(13)

static const struct acpi_header *dsdt;
static u16 pm_timer_port, pm1a_port;
static u16 sleep_type; /* SLP_TYPa of state S5 */
static u16 sleep_port;
static volatile u8 *sleep_register; /* where it is no port */

/* Returns a field of `size` bytes, or 0 if the table ends before it. */
static u64 fadt_field(const struct acpi_header *fadt, u32 offset, u32 size)
{
	u64 value = 0;

	if (fadt->length >= offset + size)
		memcpy(&value, (const u8 *)fadt + offset, size);
	return value;
}

/* Name(_S5, Package() { SLP_TYPa, ... }). We do not interpret AML; the package is constant and is
 * found by its name. */
static bool find_s5(void)
{
	struct aml rest = acpi_dsdt_body(), elements, type;
	u64 number;

	while (aml_next_spelling(&rest, "_S5_"))
		if (aml_elements(rest, &elements) && aml_next_element(&elements, &type) &&
		    aml_number(type, &number) && number <= 7) {
			sleep_type = (u16)number;
			return true;
		}
	return false;
}

static void find_sleep_register(const struct acpi_header *fadt)
{
	u64 address = fadt_field(fadt, FADT_SLEEP_CONTROL + ADDRESS_OFFSET, 8);
	u64 space = fadt_field(fadt, FADT_SLEEP_CONTROL, 1);

	if (address && space == ADDRESS_SPACE_MEMORY)
		sleep_register = ioremap(address, 1);
	else if (address <= 0xffff && space == ADDRESS_SPACE_IO)
		sleep_port = (u16)address;
}

void acpi_power_init(void)
{
	const struct acpi_header *fadt = acpi_find_table("FACP");
	u64 address;

	if (!fadt)
		return;
	pm_timer_port = (u16)fadt_field(fadt, FADT_PM_TMR, 4);
	address = fadt_field(fadt, FADT_X_DSDT, 8);
	if (address)
		dsdt = acpi_open_table(address, "DSDT");
	if (!dsdt)
		dsdt = acpi_open_table(fadt_field(fadt, FADT_DSDT, 4), "DSDT");
	if (!dsdt || !find_s5())
		return;
	if (fadt_field(fadt, FADT_FLAGS, 4) & FADT_HARDWARE_REDUCED)
		find_sleep_register(fadt);
	else
		pm1a_port = (u16)fadt_field(fadt, FADT_PM1A_CNT, 4);
}

const struct acpi_header *acpi_dsdt(void)
{
	return dsdt;
}

u16 acpi_pm_timer_port(void)
{
	return pm_timer_port;
}

void acpi_power_off(void)
{
	if (sleep_register)
		writeb((u8)(sleep_type << SLEEP_TYPE_SHIFT | SLEEP_ENABLE), sleep_register);
	if (sleep_port)
		outb((u8)(sleep_type << SLEEP_TYPE_SHIFT | SLEEP_ENABLE), sleep_port);
	if (pm1a_port)
		outw((u16)(sleep_type << PM1_SLP_TYP_SHIFT | PM1_SLP_EN), pm1a_port);
}
