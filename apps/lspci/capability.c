/* SPDX-License-Identifier: MIT */
/*
 * The capability list (PCI 3.0, 6.7), walked in the copy with the same care as in the scan, and
 * those capabilities that take a few lines. AGP, PCI-X, HyperTransport and Enhanced Allocation,
 * which no function of QEMU's has, are told by number only.
 */
#include "apps/lspci/lspci.h"
#include "kernel/printk.h"

#define VENDOR_VIRTIO 0x1af4

/* ---- power management (PCI Power Management 1.2, 3.2) ---------------------------------------- */

static void show_power_capabilities(u16 pm)
{
	static const unsigned int milliamperes[] = { 0, 55, 100, 160, 220, 270, 320, 375 };
	static const struct flag flags[] = {
		{ PCI_PM_CAP_PME_CLOCK, "PMEClk" },
		{ PCI_PM_CAP_DSI, "DSI" },
		{ PCI_PM_CAP_D1, "D1" },
		{ PCI_PM_CAP_D2, "D2" },
		{},
	};

	printk("\t\tFlags: ");
	print_flags(pm, flags);
	printk(" AuxCurrent=%umA PME(D0%c,D1%c,D2%c,D3hot%c,D3cold%c)\n",
	       milliamperes[(pm & PCI_PM_CAP_AUX_POWER) >> 6], sign(pm & PCI_PM_CAP_PME_D0),
	       sign(pm & PCI_PM_CAP_PME_D1), sign(pm & PCI_PM_CAP_PME_D2),
	       sign(pm & PCI_PM_CAP_PME_D3hot), sign(pm & PCI_PM_CAP_PME_D3cold));
}

static void show_power_state(const struct function *function, unsigned int where)
{
	u16 control = get16(function, where + PCI_PM_CTRL);
	u8 bridge = get8(function, where + PCI_PM_PPB_EXTENSIONS);

	printk("\t\tStatus: D%u NoSoftRst%c PME-Enable%c DSel=%u DScale=%u PME%c\n",
	       control & PCI_PM_CTRL_STATE_MASK, sign(control & PCI_PM_CTRL_NO_SOFT_RESET),
	       sign(control & PCI_PM_CTRL_PME_ENABLE), (control & PCI_PM_CTRL_DATA_SEL_MASK) >> 9,
	       (control & PCI_PM_CTRL_DATA_SCALE_MASK) >> 13,
	       sign(control & PCI_PM_CTRL_PME_STATUS));
	if (bridge)
		printk("\t\tBridge: PM%c B3%c\n", sign(bridge & PCI_PM_BPCC_ENABLE),
		       sign(~bridge & PCI_PM_PPB_B2_B3));
}

static void show_power(const struct function *function, unsigned int where)
{
	u16 pm = get16(function, where + PCI_PM_PMC);

	printk("Power Management version %u\n", pm & PCI_PM_CAP_VER_MASK);
	if (listing.verbose < 2)
		return;
	show_power_capabilities(pm);
	if (has_bytes(where, PCI_PM_SIZEOF))
		show_power_state(function, where);
}

/* ---- interrupts (PCI 3.0, 6.8) --------------------------------------------------------------- */

/* The registers move down by a dword where the address is 64 bits wide. */
static void show_message(const struct function *function, unsigned int where, u16 control)
{
	bool wide = control & PCI_MSI_FLAGS_64BIT;
	unsigned int data = where + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32);
	unsigned int mask = where + (wide ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);

	if (!has_bytes(data, 2))
		return;
	printk("\t\tAddress: ");
	if (wide)
		printk("%08x", get32(function, where + PCI_MSI_ADDRESS_HI));
	printk("%08x  Data: %04x\n", get32(function, where + PCI_MSI_ADDRESS_LO),
	       get16(function, data));
	if (control & PCI_MSI_FLAGS_MASKBIT && has_bytes(mask, 8))
		printk("\t\tMasking: %08x  Pending: %08x\n", get32(function, mask),
		       get32(function, mask + 4));
}

static void show_msi(const struct function *function, unsigned int where)
{
	u16 control = get16(function, where + PCI_MSI_FLAGS);

	printk("MSI: Enable%c Count=%u/%u Maskable%c 64bit%c\n",
	       sign(control & PCI_MSI_FLAGS_ENABLE), 1u << ((control & PCI_MSI_FLAGS_QSIZE) >> 4),
	       1u << ((control & PCI_MSI_FLAGS_QMASK) >> 1), sign(control & PCI_MSI_FLAGS_MASKBIT),
	       sign(control & PCI_MSI_FLAGS_64BIT));
	if (listing.verbose >= 2)
		show_message(function, where, control);
}

static void show_locator(const char *name, u32 locator)
{
	printk("\t\t%s: BAR=%u offset=%08x\n", name, locator & PCI_MSIX_TABLE_BIR,
	       locator & (u32)PCI_MSIX_TABLE_OFFSET);
}

static void show_msix(const struct function *function, unsigned int where)
{
	u16 control = get16(function, where + PCI_MSIX_FLAGS);

	printk("MSI-X: Enable%c Count=%u Masked%c\n", sign(control & PCI_MSIX_FLAGS_ENABLE),
	       (control & PCI_MSIX_FLAGS_QSIZE) + 1u, sign(control & PCI_MSIX_FLAGS_MASKALL));
	if (listing.verbose < 2 || !has_bytes(where, PCI_CAP_MSIX_SIZEOF))
		return;
	show_locator("Vector table", get32(function, where + PCI_MSIX_TABLE));
	show_locator("PBA", get32(function, where + PCI_MSIX_PBA));
}

/* ---- virtio (virtio 1.2, 4.1.4) -------------------------------------------------------------- */

/* The layout of struct virtio_pci_cap and virtio_pci_notify_cap, which the transport owns. */
#define VIRTIO_CAP_LENGTH 2
#define VIRTIO_CAP_TYPE 3
#define VIRTIO_CAP_BAR 4
#define VIRTIO_CAP_OFFSET 8
#define VIRTIO_CAP_SIZE 12
#define VIRTIO_CAP_MULTIPLIER 16
#define VIRTIO_TYPE_NOTIFY 2

/* 4.1.2 and the range for experiments, which holds virtio-simple and which pciutils leaves out. */
static bool is_virtio(const struct pci_dev *dev)
{
	return dev->vendor == VENDOR_VIRTIO && ((dev->device >= 0x1000 && dev->device <= 0x107f) ||
						(dev->device >= 0x10f0 && dev->device <= 0x10ff));
}

static void show_virtio(const struct function *function, unsigned int where, u8 length)
{
	static const char *const types[] = { NULL, "CommonCfg", "Notify", "ISR", "DeviceCfg" };
	u8 type = get8(function, where + VIRTIO_CAP_TYPE);
	const char *name = type < ARRAY_SIZE(types) ? types[type] : NULL;

	printk("VirtIO: %s\n", name ? name : "<unknown>");
	if (listing.verbose < 2)
		return;
	printk("\t\tBAR=%u offset=%08x size=%08x", get8(function, where + VIRTIO_CAP_BAR),
	       get32(function, where + VIRTIO_CAP_OFFSET),
	       get32(function, where + VIRTIO_CAP_SIZE));
	if (type == VIRTIO_TYPE_NOTIFY && length >= VIRTIO_CAP_MULTIPLIER + 4)
		printk(" multiplier=%08x", get32(function, where + VIRTIO_CAP_MULTIPLIER));
	printk("\n");
}

static void show_vendor(const struct function *function, unsigned int where)
{
	u8 length = get8(function, where + VIRTIO_CAP_LENGTH);

	printk("Vendor Specific Information: ");
	if (is_virtio(function->dev) && length >= 16 && has_bytes(where, length))
		show_virtio(function, where, length);
	else
		printk("Len=%02x <?>\n", length);
}

/* ---- the small ones -------------------------------------------------------------------------- */

static void show_vpd(const struct function *function, unsigned int where)
{
	(void)function;
	(void)where;
	printk("Vital Product Data\n");
	if (listing.verbose >= 2)
		printk("\t\tNot readable\n");
}

static void show_slot_id(const struct function *function, unsigned int where)
{
	u8 slots = get8(function, where + PCI_SID_ESR);

	printk("Slot ID: %u slots, First%c, chassis %02x\n", slots & PCI_SID_ESR_NSLOTS,
	       sign(slots & PCI_SID_ESR_FIC), get8(function, where + PCI_SID_CHASSIS_NR));
}

/* EHCI 1.0, appendix C.2. */
static void show_debug_port(const struct function *function, unsigned int where)
{
	u16 port = get16(function, where + 2);

	printk("Debug port: BAR=%u offset=%04x\n", port >> 13, port & 0x1fff);
}

static void show_subsystem_id(const struct function *function, unsigned int where)
{
	printk("Subsystem: ");
	print_ids(get16(function, where + PCI_SSVID_VENDOR_ID),
		  get16(function, where + PCI_SSVID_DEVICE_ID));
	printk("\n");
}

/* Serial ATA AHCI 1.3.1, 2.4: where its index and data registers are. */
static void show_sata(const struct function *function, unsigned int where)
{
	bool told = listing.verbose >= 2 && has_bytes(where, PCI_SATA_REGS + 4);
	u8 version = get8(function, where + 2);
	u32 location = get32(function, where + PCI_SATA_REGS);
	u32 bar = location & PCI_SATA_REGS_MASK;

	printk("SATA HBA v%u.%u", version >> 4, version & 0xf);
	if (told && bar == PCI_SATA_REGS_INLINE)
		printk(" InCfgSpace");
	else if (told && bar >= 4 && bar <= 9)
		printk(" BAR%u Offset=%08x", bar - 4, location >> 4 & 0xfffff);
	else if (told)
		printk(" BAR??%u", bar);
	printk("\n");
}

static void show_advanced(const struct function *function, unsigned int where)
{
	u8 capabilities = get8(function, where + PCI_AF_CAP);

	printk("PCI Advanced Features\n");
	if (listing.verbose < 2 || !has_bytes(where, PCI_AF_STATUS + 1))
		return;
	printk("\t\tAFCap: TP%c FLR%c\n", sign(capabilities & PCI_AF_CAP_TP),
	       sign(capabilities & PCI_AF_CAP_FLR));
	printk("\t\tAFCtrl: FLR%c\n", sign(get8(function, where + PCI_AF_CTRL) & PCI_AF_CTRL_FLR));
	printk("\t\tAFStatus: TP%c\n",
	       sign(get8(function, where + PCI_AF_STATUS) & PCI_AF_STATUS_TP));
}

/* ---- the list -------------------------------------------------------------------------------- */

/* What is known of an id: words, or who tells more. */
static const struct {
	u8 id;
	const char *words;
	void (*show)(const struct function *function, unsigned int where);
} kinds[] = {
	{ 0, "Null", NULL },
	{ PCI_CAP_ID_PM, NULL, show_power },
	{ PCI_CAP_ID_VPD, NULL, show_vpd },
	{ PCI_CAP_ID_SLOTID, NULL, show_slot_id },
	{ PCI_CAP_ID_MSI, NULL, show_msi },
	{ PCI_CAP_ID_CHSWP, "CompactPCI hot-swap <?>", NULL },
	{ PCI_CAP_ID_VNDR, NULL, show_vendor },
	{ PCI_CAP_ID_DBG, NULL, show_debug_port },
	{ PCI_CAP_ID_CCRC, "CompactPCI central resource control <?>", NULL },
	{ PCI_CAP_ID_SHPC, "Hot-plug capable", NULL },
	{ PCI_CAP_ID_SSVID, NULL, show_subsystem_id },
	{ PCI_CAP_ID_AGP3, "AGP3 <?>", NULL },
	{ PCI_CAP_ID_SECDEV, "Secure device <?>", NULL },
	{ PCI_CAP_ID_EXP, NULL, show_express },
	{ PCI_CAP_ID_MSIX, NULL, show_msix },
	{ PCI_CAP_ID_SATA, NULL, show_sata },
	{ PCI_CAP_ID_AF, NULL, show_advanced },
};

static void show_capability(const struct function *function, unsigned int where)
{
	u8 id = get8(function, where + PCI_CAP_LIST_ID);

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].id != id)
			continue;
		if (kinds[i].show)
			kinds[i].show(function, where);
		else
			printk("%s\n", kinds[i].words);
		return;
	}
	printk("Capability ID %#02x [%04x]\n", id, get16(function, where + PCI_CAP_FLAGS));
}

void show_capabilities(const struct function *function)
{
	unsigned int where = get8(function, PCI_CAPABILITY_LIST) & 0xfcu;
	u64 visited = 0;

	if (!(get16(function, PCI_STATUS) & PCI_STATUS_CAP_LIST) ||
	    function->dev->hdr_type == PCI_HEADER_TYPE_CARDBUS)
		return;
	for (; where; where = get8(function, where + PCI_CAP_LIST_NEXT) & 0xfcu) {
		bool seen = visited & BIT_ULL(where / 4);

		printk("\tCapabilities: [%02x] ", where);
		if (seen || get8(function, where + PCI_CAP_LIST_ID) == 0xff) {
			printk("<chain %s>\n", seen ? "looped" : "broken");
			return;
		}
		visited |= BIT_ULL(where / 4);
		show_capability(function, where);
	}
}
