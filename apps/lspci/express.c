/* SPDX-License-Identifier: MIT */
/*
 * The PCI Express capability (PCI Express 5.0, 7.5.3): device, link, slot and root registers. Which
 * of them a function has follows from the type of its port; express2.c has the second halves.
 */
#include "apps/lspci/lspci.h"
#include "kernel/printk.h"

#define BIT_OF(type) (1u << PCI_EXP_TYPE_##type)

/* Sets of port types, for what only some of them have. */
#define ENDPOINTS (BIT_OF(ENDPOINT) | BIT_OF(LEG_END))
#define BELOW_A_SLOT (BIT_OF(ENDPOINT) | BIT_OF(UPSTREAM) | BIT_OF(PCI_BRIDGE))
#define WITHOUT_LINK (BIT_OF(RC_END) | BIT_OF(RC_EC))
#define WITH_ROOT (BIT_OF(ROOT_PORT) | BIT_OF(RC_EC))
#define DOWNSTREAM_PORTS (BIT_OF(ROOT_PORT) | BIT_OF(DOWNSTREAM) | BIT_OF(PCIE_BRIDGE))

/* A register of this capability. */
struct express {
	const struct function *function;
	unsigned int where;
	unsigned int type;
};

static bool is_one_of(const struct express *express, u32 types)
{
	return types >> express->type & 1;
}

static u32 express32(const struct express *express, unsigned int offset)
{
	return get32(express->function, express->where + offset);
}

static u16 express16(const struct express *express, unsigned int offset)
{
	return get16(express->function, express->where + offset);
}

/* ---- device ---------------------------------------------------------------------------------- */

/* 7.5.3.3: in units of 1, 0.1, 0.01 or 0.001 W; of the first unit, values from 0xf0 on stand for
 * more. */
static void print_power(unsigned int value, unsigned int scale)
{
	static const unsigned int milliwatts[] = { 1000, 100, 10, 1 };
	unsigned int power, digits = 3, fraction;

	if (!scale && value == 0xff) {
		printk(">600W");
		return;
	}
	if (!scale && value >= 0xf0)
		value = 250 + 25 * (value - 0xf0);
	power = value * milliwatts[scale];
	for (fraction = power % 1000; fraction && fraction % 10 == 0; fraction /= 10)
		digits--;
	if (fraction)
		printk("%u.%0*uW", power / 1000, (int)digits, fraction);
	else
		printk("%uW", power / 1000);
}

static const char *latency_l0s(u32 code)
{
	static const char *const words[] = { "<64ns", "<128ns", "<256ns", "<512ns",
					     "<1us",  "<2us",	"<4us",	  "unlimited" };

	return words[code & 7];
}

static const char *latency_l1(u32 code)
{
	static const char *const words[] = { "<1us",  "<2us",  "<4us",	"<8us",
					     "<16us", "<32us", "<64us", "unlimited" };

	return words[code & 7];
}

static void show_device_capabilities(const struct express *express)
{
	static const struct flag slot_parts[] = {
		{ PCI_EXP_DEVCAP_ATN_BUT, "AttnBtn" },
		{ PCI_EXP_DEVCAP_ATN_IND, "AttnInd" },
		{ PCI_EXP_DEVCAP_PWR_IND, "PwrInd" },
		{},
	};
	u32 value = express32(express, PCI_EXP_DEVCAP);

	printk("\t\tDevCap:\tMaxPayload %u bytes, PhantFunc %u",
	       128u << (value & PCI_EXP_DEVCAP_PAYLOAD),
	       (1u << ((value & PCI_EXP_DEVCAP_PHANTOM) >> 3)) - 1);
	if (is_one_of(express, ENDPOINTS))
		printk(", Latency L0s %s, L1 %s", latency_l0s(value >> 6), latency_l1(value >> 9));
	printk("\n\t\t\tExtTag%c ", sign(value & PCI_EXP_DEVCAP_EXT_TAG));
	if (is_one_of(express, ENDPOINTS | BELOW_A_SLOT)) {
		print_flags(value, slot_parts);
		printk(" ");
	}
	printk("RBE%c", sign(value & PCI_EXP_DEVCAP_RBER));
	if (is_one_of(express, ENDPOINTS | BIT_OF(RC_END)))
		printk(" FLReset%c", sign(value & PCI_EXP_DEVCAP_FLR));
	if (is_one_of(express, BELOW_A_SLOT)) {
		printk(" SlotPowerLimit ");
		print_power((value & PCI_EXP_DEVCAP_PWR_VAL) >> 18,
			    (value & PCI_EXP_DEVCAP_PWR_SCL) >> 26);
	}
	printk("\n");
}

static void show_device_control(const struct express *express)
{
	static const struct flag errors[] = {
		{ PCI_EXP_DEVCTL_CERE, "CorrErr" },
		{ PCI_EXP_DEVCTL_NFERE, "NonFatalErr" },
		{ PCI_EXP_DEVCTL_FERE, "FatalErr" },
		{ PCI_EXP_DEVCTL_URRE, "UnsupReq" },
		{},
	};
	static const struct flag flags[] = {
		{ PCI_EXP_DEVCTL_RELAX_EN, "RlxdOrd" },	  { PCI_EXP_DEVCTL_EXT_TAG, "ExtTag" },
		{ PCI_EXP_DEVCTL_PHANTOM, "PhantFunc" },  { PCI_EXP_DEVCTL_AUX_PME, "AuxPwr" },
		{ PCI_EXP_DEVCTL_NOSNOOP_EN, "NoSnoop" }, {},
	};
	u16 value = express16(express, PCI_EXP_DEVCTL);
	bool resets = express32(express, PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR;

	print_flag_line("\t\tDevCtl:\t", value, errors);
	printk("\t\t\t");
	print_flags(value, flags);
	/* One bit, which a bridge and an endpoint read differently. */
	if (is_one_of(express, BIT_OF(PCI_BRIDGE)))
		printk(" BrConfRtry%c", sign(value & PCI_EXP_DEVCTL_BCR_FLR));
	if (is_one_of(express, ENDPOINTS | BIT_OF(RC_END)) && resets)
		printk(" FLReset%c", sign(value & PCI_EXP_DEVCTL_BCR_FLR));
	printk("\n\t\t\tMaxPayload %u bytes, MaxReadReq %u bytes\n",
	       128u << ((value & PCI_EXP_DEVCTL_PAYLOAD) >> 5),
	       128u << ((value & PCI_EXP_DEVCTL_READRQ) >> 12));
}

static void show_device_status(const struct express *express)
{
	static const struct flag flags[] = {
		{ PCI_EXP_DEVSTA_CED, "CorrErr" },
		{ PCI_EXP_DEVSTA_NFED, "NonFatalErr" },
		{ PCI_EXP_DEVSTA_FED, "FatalErr" },
		{ PCI_EXP_DEVSTA_URD, "UnsupReq" },
		{ PCI_EXP_DEVSTA_AUXPD, "AuxPwr" },
		{ PCI_EXP_DEVSTA_TRPND, "TransPend" },
		{},
	};

	print_flag_line("\t\tDevSta:\t", express16(express, PCI_EXP_DEVSTA), flags);
}

/* ---- link ------------------------------------------------------------------------------------ */

static const char *speed_of(u32 code)
{
	static const char *const words[] = { NULL,     "2.5GT/s", "5GT/s", "8GT/s",
					     "16GT/s", "32GT/s",  "64GT/s" };

	return code && code < ARRAY_SIZE(words) ? words[code] : "unknown";
}

static void show_link_capabilities(const struct express *express)
{
	static const char *const aspm_words[] = { "not supported", "L0s", "L1", "L0s L1" };
	static const struct flag flags[] = {
		{ PCI_EXP_LNKCAP_CLKPM, "ClockPM" },
		{ PCI_EXP_LNKCAP_SDERC, "Surprise" },
		{ PCI_EXP_LNKCAP_DLLLARC, "LLActRep" },
		{ PCI_EXP_LNKCAP_LBNC, "BwNot" },
		{ 1 << 22, "ASPMOptComp" },
		{},
	};
	u32 value = express32(express, PCI_EXP_LNKCAP);
	u32 aspm = (value & PCI_EXP_LNKCAP_ASPMS) >> 10;

	printk("\t\tLnkCap:\tPort #%u, Speed %s, Width x%u, ASPM %s", value >> 24,
	       speed_of(value & PCI_EXP_LNKCAP_SLS), (value & PCI_EXP_LNKCAP_MLW) >> 4,
	       aspm_words[aspm]);
	if (aspm)
		printk(", Exit Latency ");
	if (aspm & 1)
		printk("L0s %s%s", latency_l0s(value >> 12), aspm & 2 ? ", " : "");
	if (aspm & 2)
		printk("L1 %s", latency_l1(value >> 15));
	printk("\n");
	print_flag_line("\t\t\t", value, flags);
}

static void show_link_control(const struct express *express)
{
	static const char *const aspm_words[] = { "Disabled", "L0s Enabled", "L1 Enabled",
						  "L0s L1 Enabled" };
	static const struct flag flags[] = {
		{ PCI_EXP_LNKCTL_ES, "ExtSynch" },    { PCI_EXP_LNKCTL_CLKREQ_EN, "ClockPM" },
		{ PCI_EXP_LNKCTL_HAWD, "AutWidDis" }, { PCI_EXP_LNKCTL_LBMIE, "BWInt" },
		{ PCI_EXP_LNKCTL_LABIE, "AutBWInt" }, {},
	};
	u16 value = express16(express, PCI_EXP_LNKCTL);

	printk("\t\tLnkCtl:\tASPM %s;", aspm_words[value & PCI_EXP_LNKCTL_ASPMC]);
	if (is_one_of(express, ENDPOINTS | BIT_OF(ROOT_PORT) | BIT_OF(PCI_BRIDGE)))
		printk(" RCB %u bytes,", value & PCI_EXP_LNKCTL_RCB ? 128 : 64);
	printk(" Disabled%c CommClk%c\n", sign(value & PCI_EXP_LNKCTL_LD),
	       sign(value & PCI_EXP_LNKCTL_CCC));
	print_flag_line("\t\t\t", value, flags);
}

/* A port above a link is not to blame for what is plugged in below. */
static const char *compared(const struct express *express, u32 is, u32 could_be)
{
	if (is > could_be)
		return " (overdriven)";
	return is == could_be || is_one_of(express, DOWNSTREAM_PORTS) ? "" : " (downgraded)";
}

static void show_link_status(const struct express *express)
{
	static const struct flag flags[] = {
		{ 1 << 10, "TrErr" },
		{ PCI_EXP_LNKSTA_LT, "Train" },
		{ PCI_EXP_LNKSTA_SLC, "SlotClk" },
		{ PCI_EXP_LNKSTA_DLLLA, "DLActive" },
		{ PCI_EXP_LNKSTA_LBMS, "BWMgmt" },
		{ PCI_EXP_LNKSTA_LABS, "ABWMgmt" },
		{},
	};
	u32 limits = express32(express, PCI_EXP_LNKCAP);
	u16 value = express16(express, PCI_EXP_LNKSTA);
	u32 speed = value & PCI_EXP_LNKSTA_CLS, width = (value & PCI_EXP_LNKSTA_NLW) >> 4;

	printk("\t\tLnkSta:\tSpeed %s%s, Width x%u%s\n", speed_of(speed),
	       compared(express, speed, limits & PCI_EXP_LNKCAP_SLS), width,
	       compared(express, width, (limits & PCI_EXP_LNKCAP_MLW) >> 4));
	print_flag_line("\t\t\t", value, flags);
}

/* ---- slot and root --------------------------------------------------------------------------- */

static void show_slot_capabilities(const struct express *express)
{
	static const struct flag flags[] = {
		{ PCI_EXP_SLTCAP_ABP, "AttnBtn" },  { PCI_EXP_SLTCAP_PCP, "PwrCtrl" },
		{ PCI_EXP_SLTCAP_MRLSP, "MRL" },    { PCI_EXP_SLTCAP_AIP, "AttnInd" },
		{ PCI_EXP_SLTCAP_PIP, "PwrInd" },   { PCI_EXP_SLTCAP_HPC, "HotPlug" },
		{ PCI_EXP_SLTCAP_HPS, "Surprise" }, {},
	};
	u32 value = express32(express, PCI_EXP_SLTCAP);

	print_flag_line("\t\tSltCap:\t", value, flags);
	printk("\t\t\tSlot #%u, PowerLimit ", value >> 19);
	print_power((value & PCI_EXP_SLTCAP_SPLV) >> 7, (value & PCI_EXP_SLTCAP_SPLS) >> 15);
	printk("; Interlock%c NoCompl%c\n", sign(value & PCI_EXP_SLTCAP_EIP),
	       sign(value & PCI_EXP_SLTCAP_NCCS));
}

static void show_slot_control(const struct express *express)
{
	static const char *const indicators[] = { "Unknown", "On", "Blink", "Off" };
	static const struct flag flags[] = {
		{ PCI_EXP_SLTCTL_ABPE, "AttnBtn" },   { PCI_EXP_SLTCTL_PFDE, "PwrFlt" },
		{ PCI_EXP_SLTCTL_MRLSCE, "MRL" },     { PCI_EXP_SLTCTL_PDCE, "PresDet" },
		{ PCI_EXP_SLTCTL_CCIE, "CmdCplt" },   { PCI_EXP_SLTCTL_HPIE, "HPIrq" },
		{ PCI_EXP_SLTCTL_DLLSCE, "LinkChg" }, {},
	};
	u16 value = express16(express, PCI_EXP_SLTCTL);

	print_flag_line("\t\tSltCtl:\tEnable: ", value, flags);
	printk("\t\t\tControl: AttnInd %s, PwrInd %s, Power%c Interlock%c\n",
	       indicators[(value & PCI_EXP_SLTCTL_AIC) >> 6],
	       indicators[(value & PCI_EXP_SLTCTL_PIC) >> 8], sign(value & PCI_EXP_SLTCTL_PCC),
	       sign(value & PCI_EXP_SLTCTL_EIC));
}

static void show_slot_status(const struct express *express)
{
	static const struct flag states[] = {
		{ PCI_EXP_SLTSTA_ABP, "AttnBtn" },
		{ PCI_EXP_SLTSTA_PFD, "PowerFlt" },
		{ PCI_EXP_SLTSTA_MRLSS, "MRL" },
		{ PCI_EXP_SLTSTA_CC, "CmdCplt" },
		{ PCI_EXP_SLTSTA_PDS, "PresDet" },
		{ PCI_EXP_SLTSTA_EIS, "Interlock" },
		{},
	};
	static const struct flag changes[] = {
		{ PCI_EXP_SLTSTA_MRLSC, "MRL" },
		{ PCI_EXP_SLTSTA_PDC, "PresDet" },
		{ PCI_EXP_SLTSTA_DLLSC, "LinkState" },
		{},
	};
	u16 value = express16(express, PCI_EXP_SLTSTA);

	print_flag_line("\t\tSltSta:\tStatus: ", value, states);
	print_flag_line("\t\t\tChanged: ", value, changes);
}

static void show_root(const struct express *express)
{
	static const struct flag controls[] = {
		{ PCI_EXP_RTCTL_SECEE, "ErrCorrectable" }, { PCI_EXP_RTCTL_SENFEE, "ErrNon-Fatal" },
		{ PCI_EXP_RTCTL_SEFEE, "ErrFatal" },	   { PCI_EXP_RTCTL_PMEIE, "PMEIntEna" },
		{ PCI_EXP_RTCTL_CRSSVE, "CRSVisible" },	   {},
	};
	u32 status = express32(express, PCI_EXP_RTSTA);

	printk("\t\tRootCap: CRSVisible%c\n",
	       sign(express16(express, PCI_EXP_RTCAP) & PCI_EXP_RTCAP_CRSVIS));
	print_flag_line("\t\tRootCtl: ", express16(express, PCI_EXP_RTCTL), controls);
	printk("\t\tRootSta: PME ReqID %04x, PMEStatus%c PMEPending%c\n", status & 0xffff,
	       sign(status & PCI_EXP_RTSTA_PME), sign(status & PCI_EXP_RTSTA_PENDING));
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void print_type(const struct express *express, bool slot)
{
	static const char *const words[16] = {
		[PCI_EXP_TYPE_ENDPOINT] = "Endpoint",
		[PCI_EXP_TYPE_LEG_END] = "Legacy Endpoint",
		[PCI_EXP_TYPE_ROOT_PORT] = "Root Port",
		[PCI_EXP_TYPE_UPSTREAM] = "Upstream Port",
		[PCI_EXP_TYPE_DOWNSTREAM] = "Downstream Port",
		[PCI_EXP_TYPE_PCI_BRIDGE] = "PCI-Express to PCI/PCI-X Bridge",
		[PCI_EXP_TYPE_PCIE_BRIDGE] = "PCI/PCI-X to PCI-Express Bridge",
		[PCI_EXP_TYPE_RC_END] = "Root Complex Integrated Endpoint",
		[PCI_EXP_TYPE_RC_EC] = "Root Complex Event Collector",
	};

	if (words[express->type])
		printk("%s", words[express->type]);
	else
		printk("Unknown type %u", express->type);
	if (is_one_of(express, DOWNSTREAM_PORTS))
		printk(" (Slot%c)", sign(slot));
}

static void show_device(const struct express *express)
{
	show_device_capabilities(express);
	show_device_control(express);
	show_device_status(express);
}

static void show_link(const struct express *express)
{
	show_link_capabilities(express);
	show_link_control(express);
	show_link_status(express);
}

static void show_slot(const struct express *express)
{
	show_slot_capabilities(express);
	show_slot_control(express);
	show_slot_status(express);
}

/* How far the registers of the first half go (7.5.3, figure 7-24). */
static unsigned int first_half(const struct express *express, bool slot)
{
	if (is_one_of(express, WITH_ROOT))
		return PCI_EXP_RTSTA + 4;
	return slot ? PCI_EXP_SLTSTA + 2 : PCI_EXP_LNKSTA + 2;
}

void show_express(const struct function *function, unsigned int where)
{
	u16 flags = get16(function, where + PCI_EXP_FLAGS);
	struct express express = { function, where, (flags & PCI_EXP_FLAGS_TYPE) >> 4 };
	bool slot = flags & PCI_EXP_FLAGS_SLOT && is_one_of(&express, DOWNSTREAM_PORTS);

	printk("Express ");
	if (listing.verbose >= 2)
		printk("(v%u) ", flags & PCI_EXP_FLAGS_VERS);
	print_type(&express, slot);
	printk(", MSI %02x\n", (flags & PCI_EXP_FLAGS_IRQ) >> 9);
	if (listing.verbose < 2 || !has_bytes(where, first_half(&express, slot)))
		return;
	show_device(&express);
	if (!is_one_of(&express, WITHOUT_LINK))
		show_link(&express);
	if (slot)
		show_slot(&express);
	if (is_one_of(&express, WITH_ROOT))
		show_root(&express);
	if ((flags & PCI_EXP_FLAGS_VERS) >= 2 && has_bytes(where, slot ? 0x3c : 0x34))
		show_express2(function, where, express.type);
}
