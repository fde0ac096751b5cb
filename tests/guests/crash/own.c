// SPDX-License-Identifier: MIT
/* Crashes of the kernel's own making: panic, BUG_ON, a lock taken twice, in drivers and panics. */
#include <linux/errno.h>

#include "tests/guests/crash/crash.h"
#include "kernel/device.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/spinlock.h"

static void own_panic(void)
{
	panic("crash was asked for it");
}
CRASH_KIND(own_panic, "panic");

static void bug(void)
{
	BUG_ON(sizeof(u64) == 8);
}
CRASH_KIND(bug, "bug");

static void lock_twice(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	spin_lock(&lock);
}
CRASH_KIND(lock_twice, "spinlock");

/* ---- undefined behaviour: a panic in an image that was built with UBSAN=1, else no harm ------ */

static void shift_too_far(void)
{
	hide((void *)(uintptr_t)(1u << (u32)(32 + (uintptr_t)hide(NULL))));
}
CRASH_KIND(shift_too_far, "ubsan");

static void overflow_int(void)
{
	int most = (int)(0x7fffffff + (uintptr_t)hide(NULL));

	hide((void *)(uintptr_t)(u32)(most + 1));
}
CRASH_KIND(overflow_int, "ubsan-overflow");

static void index_past_the_end(void)
{
	u8 four[4] = { 1, 2, 3, 4 };
	size_t index = 4 + (uintptr_t)hide(NULL);

	hide((void *)(uintptr_t)four[index]);
}
CRASH_KIND(index_past_the_end, "ubsan-index");

static void load_misaligned(void)
{
	u64 words[2] = { 0 };

	hide((void *)(uintptr_t) * (u32 *)hide((u8 *)words + 1));
}
CRASH_KIND(load_misaligned, "ubsan-align");

static void load_no_bool(void)
{
	u8 two = 2;

	hide((void *)(uintptr_t) * (bool *)hide(&two));
}
CRASH_KIND(load_no_bool, "ubsan-bool");

/* ---- in a panic ----------------------------------------------------------------------------- */

static bool describer_breaks;

static bool breaking_describer(u64 address, char *text, size_t size)
{
	if (!describer_breaks)
		return false;
	write_byte(NULL);
	snprintf(text, size, "0x%llx", address);
	return true;
}
describe_addresses(breaking_describer);

static void double_panic(void)
{
	describer_breaks = true;
	read_word(0x7fff00000000); /* one that describers are asked about */
}
CRASH_KIND(double_panic, "double-panic");

/* ---- in a driver ---------------------------------------------------------------------------- */

static bool breaks_in_probe;

static bool match_any(struct device *device, const struct device_driver *driver)
{
	return device->bus == driver->bus;
}

static int break_in_probe(struct device *device)
{
	(void)device;
	if (breaks_in_probe)
		read_word(0x18);
	return 0;
}

static void break_in_remove(struct device *device)
{
	(void)device;
	read_word(0x28);
}

static struct bus_type crash_bus = {
	.name = "crash",
	.match = match_any,
	.probe = break_in_probe,
	.remove = break_in_remove,
};
static struct device_driver crash_driver = { .name = "crash-driver", .bus = &crash_bus };
static struct device crash_device = { .name = "crash0", .bus = &crash_bus };

static void crash_in_remove(void)
{
	if (bus_register(&crash_bus) || driver_register(&crash_driver) || device_add(&crash_device))
		return;
	device_del(&crash_device);
}
CRASH_KIND(crash_in_remove, "remove");

static void crash_in_probe(void)
{
	breaks_in_probe = true;
	crash_in_remove();
}
CRASH_KIND(crash_in_probe, "probe");
