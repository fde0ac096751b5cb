/* SPDX-License-Identifier: MIT */
/*
 * Class codes as words (PCI Code and ID Assignment 1.11, section 1), worded as the public list of
 * PCI ids has them. There is no list of vendors and devices here.
 */
#include "apps/lspci/lspci.h"
#include "kernel/printk.h"

#define IDE_INTERFACE 0x0101

struct code_name {
	u32 code;
	const char *name;
};

/* All base classes, and of the rest what occurs on QEMU's machines. */
static const struct code_name bases[] = {
	{ 0x00, "Unclassified device" },
	{ 0x01, "Mass storage controller" },
	{ 0x02, "Network controller" },
	{ 0x03, "Display controller" },
	{ 0x04, "Multimedia controller" },
	{ 0x05, "Memory controller" },
	{ 0x06, "Bridge" },
	{ 0x07, "Communication controller" },
	{ 0x08, "Generic system peripheral" },
	{ 0x09, "Input device controller" },
	{ 0x0a, "Docking station" },
	{ 0x0b, "Processor" },
	{ 0x0c, "Serial bus controller" },
	{ 0x0d, "Wireless controller" },
	{ 0x0e, "Intelligent controller" },
	{ 0x0f, "Satellite communications controller" },
	{ 0x10, "Encryption controller" },
	{ 0x11, "Signal processing controller" },
	{ 0x12, "Processing accelerators" },
	{ 0x13, "Non-Essential Instrumentation" },
	{ 0x40, "Coprocessor" },
	{ 0xff, "Unassigned class" },
};

static const struct code_name classes[] = {
	{ 0x0000, "Non-VGA unclassified device" },
	{ 0x0001, "VGA compatible unclassified device" },
	{ 0x0100, "SCSI storage controller" },
	{ 0x0101, "IDE interface" },
	{ 0x0104, "RAID bus controller" },
	{ 0x0106, "SATA controller" },
	{ 0x0107, "Serial Attached SCSI controller" },
	{ 0x0108, "Non-Volatile memory controller" },
	{ 0x0180, "Mass storage controller" },
	{ 0x0200, "Ethernet controller" },
	{ 0x0280, "Network controller" },
	{ 0x0300, "VGA compatible controller" },
	{ 0x0380, "Display controller" },
	{ 0x0400, "Multimedia video controller" },
	{ 0x0401, "Multimedia audio controller" },
	{ 0x0403, "Audio device" },
	{ 0x0500, "RAM memory" },
	{ 0x0502, "CXL" },
	{ 0x0580, "Memory controller" },
	{ 0x0600, "Host bridge" },
	{ 0x0601, "ISA bridge" },
	{ 0x0604, "PCI bridge" },
	{ 0x0680, "Bridge" },
	{ 0x0700, "Serial controller" },
	{ 0x0780, "Communication controller" },
	{ 0x0805, "SD Host controller" },
	{ 0x0806, "IOMMU" },
	{ 0x0880, "System peripheral" },
	{ 0x0900, "Keyboard controller" },
	{ 0x0902, "Mouse controller" },
	{ 0x0980, "Input device controller" },
	{ 0x0c03, "USB controller" },
	{ 0x0c05, "SMBus" },
	{ 0x0c07, "IPMI Interface" },
	{ 0x1000, "Network and computing encryption device" },
	{ 0x1080, "Encryption controller" },
};

/* Keyed by class and programming interface. */
static const struct code_name interfaces[] = {
	{ 0x010180, "ISA Compatibility mode-only controller, supports bus mastering" },
	{ 0x01018a,
	  "ISA Compatibility mode controller, supports both channels switched to PCI native mode, supports bus mastering" },
	{ 0x01018f,
	  "PCI native mode controller, supports both channels switched to ISA compatibility mode, supports bus mastering" },
	{ 0x010601, "AHCI 1.0" },
	{ 0x010802, "NVM Express" },
	{ 0x030000, "VGA controller" },
	{ 0x050210, "CXL Memory Device (CXL 2.x)" },
	{ 0x060400, "Normal decode" },
	{ 0x060401, "Subtractive decode" },
	{ 0x070000, "8250" },
	{ 0x070002, "16550" },
	{ 0x0c0300, "UHCI" },
	{ 0x0c0310, "OHCI" },
	{ 0x0c0320, "EHCI" },
	{ 0x0c0330, "XHCI" },
	{ 0x0c0701, "KCS" },
	{ 0x0c0702, "BT (Block Transfer)" },
};

static const char *find_name(const struct code_name *names, size_t count, u32 code)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].code == code)
			return names[i].name;
	return NULL;
}

const char *class_name(u16 class)
{
	return listing.nameless ? NULL : find_name(bases, ARRAY_SIZE(bases), class >> 8);
}

const char *subclass_name(u16 class)
{
	return listing.nameless ? NULL : find_name(classes, ARRAY_SIZE(classes), class);
}

/* PCI IDE 1.0: which mode each channel is in, whether that can change, and bus mastering. */
static const char *ide_modes(u8 interface, char *buffer, size_t size)
{
	static const struct flag modes[] = {
		{ 0x80, "Master" }, { 0x08, "SecP" }, { 0x04, "SecO" },
		{ 0x02, "PriP" },   { 0x01, "PriO" }, {},
	};
	size_t used = 0;

	if (interface & 0x70)
		return NULL;
	buffer[0] = '\0';
	for (const struct flag *mode = modes; mode->name; mode++)
		if (interface & mode->mask)
			used += (size_t)snprintf(buffer + used, size - used, "%s%s",
						 used ? " " : "", mode->name);
	return buffer;
}

const char *interface_name(u16 class, u8 interface, char *buffer, size_t size)
{
	const char *name = NULL;

	if (!listing.nameless)
		name = find_name(interfaces, ARRAY_SIZE(interfaces), (u32) class << 8 | interface);
	if (!name && class == IDE_INTERFACE)
		name = ide_modes(interface, buffer, size);
	return name;
}
