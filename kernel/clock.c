// SPDX-License-Identifier: MIT
/* Finds out how fast the time stamp counter runs. One CPU; interrupts off or on. */

#include "kernel/acpi/acpi.h"
#include "kernel/cpu.h"
#include "kernel/exit.h"
#include "kernel/io.h"
#include "kernel/printk.h"
#include "kernel/time.h"

/* A counter of known rate that counts up, modulo mask + 1. */
struct reference {
	const char *name;
	u32 hz;
	u32 mask;
	u32 ticks; /* length of the measurement */
	u32 still; /* reads without a change after which the counter counts as stopped */
	bool (*start)(void);
	u32 (*read)(void);
	void (*stop)(void); /* or NULL */
};

/* Intel 8254: channel 2, whose gate is bit 0 of port 0x61. */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61
#define PIT_CHANNEL2_MODE0 0xb0 /* low byte, high byte; counts down once */
#define PIT_LATCH2 0x80

/*
 * Motorola MC146818: its periodic flag is set 1024 times a second, and reading it clears it. A tick
 * that comes before the last was read is lost. Seconds are not, but two of them take two seconds.
 */
#define RTC_SECONDS 0x80
#define RTC_INDEX 0x70
#define RTC_DATA 0x71
#define RTC_A 0x8a /* with bit 7: no NMI */
#define RTC_B 0x8b
#define RTC_C 0x8c
#define RTC_D 0x8d
#define RTC_A_1024_HZ 0x26
#define RTC_B_PERIODIC 0x40
#define RTC_C_PERIODIC 0x40
#define RTC_C_ZERO 0x0f
#define RTC_D_VALID 0x80

/* Number of attempts to read both counters at the same moment; the quickest attempt counts. */
#define SAMPLE_TRIES 5

/* A counter that has not changed after this many reads is stopped: 5 ms at least, seconds for
 * RTCs. */
#define STILL_READS 50000
#define STILL_READS_RTC 5000000

/* The reference may wrap while the host runs something else, so two measurements in a row must
 * agree. */
#define MEASURE_TRIES 4
#define MEASURE_AGREES(a, b) (max(a, b) - min(a, b) <= (a) / 500)
#define TSC_HZ_MIN 50000000ULL
#define TSC_HZ_MAX 50000000000ULL
#define CPUID_HYPERVISOR BIT_ULL(31)

extern const u64 boot_tsc; /* boot/entry.S */

/* ns = ticks * ns_per_tick >> 32, ticks = ns * ticks_per_ns >> 24 */
static u64 ns_per_tick, ticks_per_ns;

u64 ktime_get_ns(void)
{
	return (u64)((unsigned __int128)(rdtsc() - boot_tsc) * ns_per_tick >> 32);
}

u64 clock_ns_to_tsc(u64 ns)
{
	unsigned __int128 tsc = ((unsigned __int128)ns * ticks_per_ns >> 24) + boot_tsc + 1;

	return tsc >> 64 ? ~0ULL : (u64)tsc;
}

static bool pit_start(void)
{
	outb((inb(PIT_GATE) & 0xfc) | 1, PIT_GATE); /* gate on, speaker off */
	outb(PIT_CHANNEL2_MODE0, PIT_COMMAND);
	outb(0xff, PIT_CHANNEL2);
	outb(0xff, PIT_CHANNEL2);
	return true;
}

static u32 pit_read(void)
{
	u32 count;

	outb(PIT_LATCH2, PIT_COMMAND);
	count = inb(PIT_CHANNEL2);
	count |= (u32)inb(PIT_CHANNEL2) << 8;
	return 0xffff - count;
}

static bool pm_timer_start(void)
{
	return acpi_pm_timer_port();
}

static u32 pm_timer_read(void)
{
	return inl(acpi_pm_timer_port());
}

static u8 rtc_get(u8 index)
{
	outb(index, RTC_INDEX);
	return inb(RTC_DATA);
}

static void rtc_set(u8 index, u8 value)
{
	outb(index, RTC_INDEX);
	outb(value, RTC_DATA);
}

static bool rtc_present(void)
{
	return rtc_get(RTC_D) == RTC_D_VALID;
}

/* The flag needs the interrupt enabled; its wire is masked, or has no handler. */
static bool rtc_start(void)
{
	if (!rtc_present())
		return false;
	rtc_set(RTC_A, RTC_A_1024_HZ);
	rtc_set(RTC_B, rtc_get(RTC_B) | RTC_B_PERIODIC);
	return !(rtc_get(RTC_C) & RTC_C_ZERO);
}

static void rtc_stop(void)
{
	rtc_set(RTC_B, (u8)(rtc_get(RTC_B) & ~RTC_B_PERIODIC));
	rtc_get(RTC_C);
}

static u32 rtc_read(void)
{
	static u32 count;

	if (rtc_get(RTC_C) & RTC_C_PERIODIC)
		count++;
	return count;
}

static u32 rtc_read_seconds(void)
{
	static u32 count;
	static u8 last;
	u8 now = rtc_get(RTC_SECONDS);

	if (now != last)
		count++;
	last = now;
	return count;
}

static const struct reference references[] = {
	/* 5 ms each; 63 ticks of the RTC, because some are late */
	{ "PIT", 1193182, 0xffff, 1193182 / 200, STILL_READS, pit_start, pit_read, NULL },
	{ "ACPI PM timer", 3579545, 0xffffff, 3579545 / 200, STILL_READS, pm_timer_start,
	  pm_timer_read, NULL },
	{ "RTC", 1024, ~0u, 1024 / 16, STILL_READS_RTC, rtc_start, rtc_read, rtc_stop },
	{ "RTC's seconds", 1, ~0u, 1, STILL_READS_RTC, rtc_present, rtc_read_seconds, NULL },
};

/* Reads both counters as close together as a few attempts allow: the host may interrupt in
 * between. */
static u64 sample_counters(const struct reference *reference, u32 *count)
{
	u64 before, after, best = ~0ULL, tsc = 0;
	u32 value;

	for (unsigned int i = 0; i < SAMPLE_TRIES; i++) {
		before = rdtsc();
		value = reference->read();
		after = rdtsc();
		if (after - before >= best)
			continue;
		best = after - before;
		tsc = before + best / 2;
		*count = value;
	}
	return tsc;
}

/* Reads until the counter is `ticks` beyond `first`; false if it is stopped. */
static bool wait_ticks(const struct reference *reference, u32 first, u32 ticks)
{
	u32 passed = 0, last = 0, still = 0;

	while (passed < ticks) {
		passed = (reference->read() - first) & reference->mask;
		still = passed == last ? still + 1 : 0;
		if (still > reference->still)
			return false;
		last = passed;
	}
	return true;
}

/* Returns the TSC's rate in Hz against a counter that has been started, or 0 if that is stopped. */
static u64 measure_started_counter(const struct reference *reference)
{
	u32 first = 0, last = 0, ticks;
	u64 start, end;

	if (!wait_ticks(reference, reference->read(), 1)) /* begin at the start of a tick */
		return 0;
	start = sample_counters(reference, &first);
	if (!wait_ticks(reference, first, reference->ticks))
		return 0;
	end = sample_counters(reference, &last);
	ticks = (last - first) & reference->mask;
	return ticks ? (end - start) * reference->hz / ticks : 0;
}

/* As above, for a counter that has to be started; 0 also if the machine has none. */
static u64 measure_counter(const struct reference *reference)
{
	u64 hz;

	if (!reference->start())
		return 0;
	hz = measure_started_counter(reference);
	if (reference->stop)
		reference->stop();
	return hz;
}

/* The same, repeated until two results in a row agree; 0 if none do. `least` is the smallest so
 * far: a missed wrap can only add to the rate. */
static u64 measure_counter_repeatedly(const struct reference *reference, u64 *least)
{
	u64 last = 0, hz;

	for (unsigned int i = 0; i < MEASURE_TRIES; i++) {
		hz = measure_counter(reference);
		if (!hz || MEASURE_AGREES(hz, last))
			return hz;
		*least = min(*least, hz);
		last = hz;
	}
	return 0;
}

/* Reads the rate from CPUID leaf 0x15 (Intel SDM 2A), or from the leaf that hypervisors use (kHz).
 * 0 if neither has it. */
static u64 told_by_cpuid(void)
{
	struct cpuid r;

	if (cpuid(0, 0).eax >= 0x15) {
		r = cpuid(0x15, 0);
		if (r.eax && r.ebx && r.ecx)
			return (u64)r.ecx * r.ebx / r.eax;
	}
	if (!(cpuid(1, 0).ecx & CPUID_HYPERVISOR))
		return 0;
	r = cpuid(0x40000000, 0);
	if (r.eax < 0x40000010 || r.eax > 0x400000ff)
		return 0;
	return cpuid(0x40000010, 0).eax * 1000ULL;
}

static bool tsc_hz_is_plausible(u64 hz)
{
	return hz >= TSC_HZ_MIN && hz <= TSC_HZ_MAX;
}

void clock_init(void)
{
	const char *by = "CPUID";
	u64 hz = told_by_cpuid(), least = ~0ULL;

	for (unsigned int i = 0; !tsc_hz_is_plausible(hz) && i < ARRAY_SIZE(references); i++) {
		hz = measure_counter_repeatedly(&references[i], &least);
		by = references[i].name;
	}
	if (!tsc_hz_is_plausible(hz)) { /* what was missed, by a busy host, only adds to the rate */
		hz = least;
		by = "the lowest measurement";
	}
	if (!tsc_hz_is_plausible(hz))
		machine_stop(
			"no clock: neither CPUID, PIT, ACPI PM timer nor RTC gives the TSC's rate");
	ticks_per_ns = (hz << 24) / NSEC_PER_SEC;
	ns_per_tick = (NSEC_PER_SEC << 32) / hz;
	printk("clock: TSC at %llu.%03llu MHz, by %s\n", hz / 1000000, hz / 1000 % 1000, by);
}
