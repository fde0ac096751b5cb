/* SPDX-License-Identifier: MIT */
/*
 * The second halves of the PCI Express registers (PCI Express 5.0, 7.5.3.15 to 7.5.3.20), which
 * version 2 of the capability added. Bits without a name in Linux's header are given by number.
 */
#include "apps/lspci/lspci.h"
#include "kernel/printk.h"

#define DEVCAP2_NO_RO_ENABLED_PR_PR (1u << 10)
#define DEVCAP2_10BIT_TAG_COMPLETER (1u << 16)
#define DEVCAP2_10BIT_TAG_REQUESTER (1u << 17)
#define DEVCAP2_EXT_FMT (1u << 20)
#define DEVCAP2_EMERGENCY_INIT (1u << 26)
#define DEVCAP2_FRS (1u << 31)
#define DEVCTL2_10BIT_TAG_REQUESTER (1u << 12)
#define LNKCAP2_RETIMER (1u << 23)
#define LNKCAP2_2RETIMERS (1u << 24)
#define LNKCAP2_DRS (1u << 31)
#define LNKSTA2_DRS_RECEIVED (1u << 15)

#define WORD(words, code) ((code) < ARRAY_SIZE(words) && (words)[code] ? (words)[code] : "Unknown")

static bool routes(unsigned int type)
{
	return type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_UPSTREAM ||
	       type == PCI_EXP_TYPE_DOWNSTREAM;
}

static bool leads_down(unsigned int type)
{
	return type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM;
}

static bool is_endpoint(unsigned int type)
{
	return type == PCI_EXP_TYPE_ENDPOINT || type == PCI_EXP_TYPE_LEG_END ||
	       type == PCI_EXP_TYPE_RC_END;
}

/* ---- device ---------------------------------------------------------------------------------- */

static void show_timeouts(u32 value)
{
	static const char *const ranges[16] = {
		[0] = "Not Supported", [1] = "Range A",	  [2] = "Range B",    [3] = "Range AB",
		[6] = "Range BC",      [7] = "Range ABC", [14] = "Range BCD", [15] = "Range ABCD",
	};

	printk("\t\tDevCap2: Completion Timeout: %s, TimeoutDis%c NROPrPrP%c LTR%c\n",
	       WORD(ranges, value & 0xf), sign(value & PCI_EXP_DEVCAP2_COMP_TMOUT_DIS),
	       sign(value & DEVCAP2_NO_RO_ENABLED_PR_PR), sign(value & PCI_EXP_DEVCAP2_LTR));
}

static void show_tags_and_prefixes(u32 value)
{
	static const char *const obff[] = { "Not Supported", "Via message", "Via WAKE#",
					    "Via message/WAKE#" };
	static const char *const reductions[] = { "Not Supported", "Dev Specific",
						  "Form Factor Dev Specific", "Reserved" };
	u32 prefixes = value >> 22 & 3;

	printk("\t\t\t 10BitTagComp%c 10BitTagReq%c OBFF %s, ExtFmt%c EETLPPrefix%c",
	       sign(value & DEVCAP2_10BIT_TAG_COMPLETER), sign(value & DEVCAP2_10BIT_TAG_REQUESTER),
	       obff[value >> 18 & 3], sign(value & DEVCAP2_EXT_FMT),
	       sign(value & PCI_EXP_DEVCAP2_EE_PREFIX));
	if (value & PCI_EXP_DEVCAP2_EE_PREFIX)
		printk(", MaxEETLPPrefixes %u", prefixes ? prefixes : 4);
	printk("\n\t\t\t EmergencyPowerReduction %s, EmergencyPowerReductionInit%c\n",
	       reductions[value >> 24 & 3], sign(value & DEVCAP2_EMERGENCY_INIT));
}

static void show_hints(u32 value, unsigned int type)
{
	static const char *const cache_lines[] = { "Not Supported", "64byte cachelines",
						   "128byte cachelines", "Reserved" };
	static const char *const hints[] = { "TPHComp- ExtTPHComp-", "TPHComp+ ExtTPHComp-", "",
					     "TPHComp+ ExtTPHComp+" };

	printk("\t\t\t FRS%c", sign(value & DEVCAP2_FRS));
	if (type == PCI_EXP_TYPE_ROOT_PORT)
		printk(" LN System CLS %s,", cache_lines[value >> 14 & 3]);
	if (type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_ENDPOINT)
		printk(" %s", hints[value >> 12 & 3]);
	if (leads_down(type))
		printk(" ARIFwd%c", sign(value & PCI_EXP_DEVCAP2_ARI));
	printk("\n");
}

static void show_atomics(u32 value, unsigned int type, bool memory)
{
	static const struct flag completes[] = {
		{ PCI_EXP_DEVCAP2_ATOMIC_COMP32, "32bit" },
		{ PCI_EXP_DEVCAP2_ATOMIC_COMP64, "64bit" },
		{ PCI_EXP_DEVCAP2_ATOMIC_COMP128, "128bitCAS" },
		{},
	};

	if (!routes(type) && !memory)
		return;
	printk("\t\t\t AtomicOpsCap:");
	if (routes(type))
		printk(" Routing%c", sign(value & PCI_EXP_DEVCAP2_ATOMIC_ROUTE));
	if (type == PCI_EXP_TYPE_ROOT_PORT || memory) {
		printk(" ");
		print_flags(value, completes);
	}
	printk("\n");
}

static void show_device_control2(u16 value, unsigned int type)
{
	static const char *const timeouts[16] = {
		[0] = "50us to 50ms", [1] = "50us to 100us", [2] = "1ms to 10ms",
		[5] = "16ms to 55ms", [6] = "65ms to 210ms", [9] = "260ms to 900ms",
		[10] = "1s to 3.5s",  [13] = "4s to 13s",    [14] = "17s to 64s",
	};
	static const char *const obff[] = { "Disabled", "Via message A", "Via message B",
					    "Via WAKE#" };

	printk("\t\tDevCtl2: Completion Timeout: %s, TimeoutDis%c LTR%c 10BitTagReq%c OBFF %s,",
	       WORD(timeouts, value & 0xfu), sign(value & PCI_EXP_DEVCTL2_COMP_TMOUT_DIS),
	       sign(value & PCI_EXP_DEVCTL2_LTR_EN), sign(value & DEVCTL2_10BIT_TAG_REQUESTER),
	       obff[value >> 13 & 3]);
	if (leads_down(type))
		printk(" ARIFwd%c", sign(value & PCI_EXP_DEVCTL2_ARI));
	printk("\n");
	if (!routes(type) && !is_endpoint(type))
		return;
	printk("\t\t\t AtomicOpsCtl:");
	if (type == PCI_EXP_TYPE_ROOT_PORT || is_endpoint(type))
		printk(" ReqEn%c", sign(value & PCI_EXP_DEVCTL2_ATOMIC_REQ));
	if (routes(type))
		printk(" EgressBlck%c", sign(value & PCI_EXP_DEVCTL2_ATOMIC_EGRESS_BLOCK));
	printk("\n");
}

/* ---- link ------------------------------------------------------------------------------------ */

/* 8.2.1: every speed up to the highest, so that one is enough to tell. */
static const char *speeds_of(u32 value)
{
	static const char *const words[] = { "2.5GT/s",	   "2.5-5GT/s", "2.5-8GT/s", "2.5-16GT/s",
					     "2.5-32GT/s", "RsvdP",	"RsvdP" };
	u32 vector = value >> 1 & 0x7f;

	for (unsigned int i = ARRAY_SIZE(words); i--;)
		if (vector >> i & 1)
			return words[i];
	return "Unknown";
}

static const char *emphasis(u32 code)
{
	return code & 1 ? "-3.5dB" : "-6dB";
}

static void show_link_capabilities2(u32 value)
{
	static const struct flag flags[] = {
		{ PCI_EXP_LNKCAP2_CROSSLINK, "Crosslink" },
		{ LNKCAP2_RETIMER, "Retimer" },
		{ LNKCAP2_2RETIMERS, "2Retimers" },
		{ LNKCAP2_DRS, "DRS" },
		{},
	};

	if (!value)
		return;
	printk("\t\tLnkCap2: Supported Link Speeds: %s, ", speeds_of(value));
	print_flag_line("", value, flags);
}

static void show_link_control2(u16 value, unsigned int type)
{
	static const char *const speeds[] = { "2.5GT/s", "2.5GT/s", "5GT/s", "8GT/s",
					      "16GT/s",	 "32GT/s",  "64GT/s" };
	static const char *const full = "800-1200mV(full-swing)/400-700mV(half-swing)";
	static const char *const half = "200-400mV(full-swing)/100-200mV(half-swing)";
	const char *const margins[] = { "Normal Operating Range", full, half, half, half, half };
	static const char *const presets[] = {
		"-6dB de-emphasis, 0dB preshoot",     "-3.5dB de-emphasis, 0dB preshoot",
		"-4.4dB de-emphasis, 0dB preshoot",   "-2.5dB de-emphasis, 0dB preshoot",
		"0dB de-emphasis, 0dB preshoot",      "0dB de-emphasis, 1.9dB preshoot",
		"0dB de-emphasis, 2.5dB preshoot",    "-6.0dB de-emphasis, 3.5dB preshoot",
		"-3.5dB de-emphasis, 3.5dB preshoot", "0dB de-emphasis, 3.5dB preshoot",
	};

	printk("\t\tLnkCtl2: Target Link Speed: %s, EnterCompliance%c SpeedDis%c",
	       WORD(speeds, value & 0xfu), sign(value & PCI_EXP_LNKCTL2_ENTER_COMP),
	       sign(value & PCI_EXP_LNKCTL2_HASD));
	if (type == PCI_EXP_TYPE_DOWNSTREAM)
		printk(", Selectable De-emphasis: %s", emphasis(value >> 6));
	printk("\n\t\t\t Transmit Margin: %s, EnterModifiedCompliance%c ComplianceSOS%c\n",
	       WORD(margins, value >> 7 & 7u), sign(value & 1u << 10), sign(value & 1u << 11));
	printk("\t\t\t Compliance Preset/De-emphasis: %s\n", WORD(presets, value >> 12 & 0xfu));
}

static void show_equalisation(u16 value)
{
	static const struct flag phases[] = {
		{ 1 << 1, "EqualizationComplete" },
		{ 1 << 2, "EqualizationPhase1" },
		{},
	};
	static const struct flag further[] = {
		{ 1 << 3, "EqualizationPhase2" },
		{ 1 << 4, "EqualizationPhase3" },
		{ 1 << 5, "LinkEqualizationRequest" },
		{},
	};

	printk("\t\tLnkSta2: Current De-emphasis Level: %s, ", emphasis(value));
	print_flag_line("", value, phases);
	print_flag_line("\t\t\t ", value, further);
}

static void show_link_status2(u16 value, bool tells_readiness)
{
	static const char *const crosslinks[] = { "unsupported", "Upstream Port", "Downstream Port",
						  "incomplete" };
	static const char *const components[] = {
		"Link Down - Not Determined",
		"Link Down - Not Present",
		"Link Down - Present",
		"Reserved",
		"Link Up - Present",
		"Link Up - Present and DRS Received",
		"Reserved",
		"Reserved",
	};

	show_equalisation(value);
	printk("\t\t\t Retimer%c 2Retimers%c CrosslinkRes: %s", sign(value & 1u << 6),
	       sign(value & 1u << 7), crosslinks[value >> 8 & 3]);
	if (tells_readiness)
		printk(", DRS%c\n\t\t\t DownstreamComp: %s", sign(value & LNKSTA2_DRS_RECEIVED),
		       components[value >> 12 & 7]);
	printk("\n");
}

/* 7.5.3.18 and .19: of the functions that share a link below, the first one speaks for all. */
static bool speaks_for_link(const struct function *function, unsigned int type)
{
	return !function->dev->devfn ||
	       (type != PCI_EXP_TYPE_ENDPOINT && type != PCI_EXP_TYPE_LEG_END);
}

static void show_link2(const struct function *function, unsigned int where, unsigned int type)
{
	u32 capabilities = get32(function, where + PCI_EXP_LNKCAP2);
	bool speaks = speaks_for_link(function, type);

	if (speaks) {
		show_link_capabilities2(capabilities);
		show_link_control2(get16(function, where + PCI_EXP_LNKCTL2), type);
	}
	show_link_status2(get16(function, where + PCI_EXP_LNKSTA2),
			  (leads_down(type) || type == PCI_EXP_TYPE_PCIE_BRIDGE) && speaks &&
				  capabilities & LNKCAP2_DRS);
}

void show_express2(const struct function *function, unsigned int where, unsigned int type)
{
	u32 capabilities = get32(function, where + PCI_EXP_DEVCAP2);

	show_timeouts(capabilities);
	show_tags_and_prefixes(capabilities);
	show_hints(capabilities, type);
	show_atomics(capabilities, type, has_memory_bar(function));
	show_device_control2(get16(function, where + PCI_EXP_DEVCTL2), type);
	if (type != PCI_EXP_TYPE_RC_END && type != PCI_EXP_TYPE_RC_EC)
		show_link2(function, where, type);
}
