// SPDX-License-Identifier: MIT
/* Wires: what is believed of the MADT, how the I/O APIC is programmed, devices that share one. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/acpi/acpi.h"
#include "kernel/acpi/acpi_madt.h"
#include "kernel/irq.h"
#include "kernel/irq_shared.h"
#include "wires.h"
#include "world.h"

static unsigned int count(enum madt_type type, size_t size)
{
	const void *entry = NULL;
	unsigned int found = 0;

	while ((entry = madt_next(type, size, entry)))
		found++;
	return found;
}

/* ---- the MADT -------------------------------------------------------------------------------- */

TEST(madt_entries_of_a_type)
{
	wires_make();
	CHECK_EQ(count(MADT_IO_APIC, sizeof(struct madt_io_apic)), 1);
	CHECK_EQ(count(MADT_INTERRUPT_OVERRIDE, sizeof(struct madt_interrupt_override)), 5);
	CHECK_EQ(count(9, 2), 0);
}

TEST(madt_none)
{
	CHECK_EQ(count(MADT_IO_APIC, sizeof(struct madt_io_apic)), 0);
	ioapic_init();
	CHECK_LOG("ioapic: no I/O APIC");
}

TEST(madt_without_entries)
{
	wires_madt_clear();
	CHECK_EQ(count(MADT_IO_APIC, 2), 0);
}

/* B09: an entry of length 0 must not make the walk endless. */
TEST(madt_entry_of_length_0_ends_the_walk)
{
	wires_madt_clear();
	wires_madt_append("\1\0\0\0\0\0\0\0\0\0\0\0", 12);
	CHECK_EQ(count(MADT_IO_APIC, 2), 0);
}

TEST(madt_entry_beyond_the_table)
{
	wires_madt_clear();
	wires_madt_append("\1\14\0\0\0\0\0\0\0\0\0", 11);
	CHECK_EQ(count(MADT_IO_APIC, 2), 0);
	wires_madt_clear();
	wires_madt_append("\1", 1);
	CHECK_EQ(count(MADT_IO_APIC, 2), 0);
}

/* An entry that is too short for what is read of it is passed over; the next one counts. */
TEST(madt_entry_too_short)
{
	wires_make();
	wires_madt_append("\2\4\0\7", 4);
	wires_madt_override(7, 9, 0);
	CHECK_EQ(ioapic_pci_gsi(7).number, 9);
}

/* ---- where wires arrive ---------------------------------------------------------------------- */

static void check_gsi(u8 irq, unsigned int number, bool level, bool active_low)
{
	struct gsi gsi = ioapic_pci_gsi(irq);

	CHECK_EQ(gsi.number, number);
	CHECK_EQ(gsi.level, level);
	CHECK_EQ(gsi.active_low, active_low);
}

TEST(ioapic_pci_wires_and_overrides)
{
	wires_make();
	check_gsi(10, 10, true, false);
	check_gsi(12, 12, true, true);
	check_gsi(0, 2, true, true);
	wires_madt_override(12, 20, 0xf);
	check_gsi(12, 20, true, true);
	wires_madt_override(14, 14, 0x5);
	check_gsi(14, 14, false, false);
	wires_madt_append("\2\12\1\17\7\0\0\0\0\0", 10); /* another bus than ISA */
	check_gsi(15, 15, true, true);
}

TEST(ioapic_all_pins_are_masked)
{
	wires_make();
	for (unsigned int gsi = 0; gsi < WIRES; gsi++)
		CHECK(wires_masked(gsi));
}

static void ignored(u32 version)
{
	struct gsi gsi = { 10, true, false };

	wires_version = version;
	wires_make();
	CHECK_LOG("ignored");
	CHECK_EQ(ioapic_route(&gsi, 0x40), -ENXIO);
}

TEST(ioapic_nobody_there_zeroes)
{
	ignored(0);
}

TEST(ioapic_nobody_there_ones)
{
	ignored(~0u);
}

TEST(ioapic_255_pins)
{
	ignored(255 << 16 | 0x20);
}

TEST(ioapic_gsi_base_that_wraps)
{
	const struct madt_io_apic entry = { 1, sizeof(entry), 0, 0, WIRES_ADDRESS, 0xfffffff8 };
	struct gsi gsi = { 2, true, false };

	wires_make();
	wires_madt_clear();
	wires_madt_append(&entry, sizeof(entry));
	ioapic_init();
	CHECK_LOG("ignored");
	gsi.number = 0xfffffff9;
	CHECK_EQ(ioapic_route(&gsi, 0x40), -ENXIO);
}

/* ---- sharing --------------------------------------------------------------------------------- */

static const struct gsi gsi10 = { 10, true, false };

struct share {
	struct irq_share share;
	unsigned int who, asked, lost;
	bool up, deaf, idle;
};

static enum irq_return handle(void *context)
{
	struct share *share = context;

	CHECK(!world_irqs_on);
	share->asked++;
	if (!share->up)
		return IRQ_NOT_OURS;
	if (!share->deaf) {
		share->up = false;
		wires_set(10, share->who, false);
	}
	return share->idle ? IRQ_OURS : IRQ_NEWS;
}

static void lost(void *context)
{
	((struct share *)context)->lost++;
}

static int request(struct share *share, unsigned int who)
{
	share->who = who;
	share->share = (struct irq_share){
		.handle = handle, .lost = lost, .context = share, .name = "share"
	};
	return request_shared_irq(&gsi10, &share->share);
}

static void raise_wire(struct share *share)
{
	share->up = true;
	wires_set(10, share->who, true);
}

TEST(irq_shared_each_device_gets_its_own)
{
	struct share a = {}, b = {};
	int vector;

	wires_make();
	vector = request(&a, 1);
	CHECK(vector >= 0x30);
	CHECK_EQ(request(&b, 2), vector);
	CHECK_EQ(wires_pin(10), 0x8000 | (u32)vector); /* level, active high, unmasked */
	raise_wire(&a);
	raise_wire(&b);
	raise_wire(&b);
	CHECK_EQ(a.share.handled, 1);
	CHECK_EQ(b.share.handled, 2);
	CHECK_EQ(a.asked, 3);
	CHECK_EQ(irq_count(vector), 3);
	CHECK_EQ(world_eois(), 3);
}

/* Both at once: one interrupt serves both, for each is asked. */
TEST(irq_shared_two_at_once)
{
	struct share a = {}, b = {};
	int vector;

	wires_make();
	vector = request(&a, 1);
	request(&b, 2);
	world_irqs_on = false;
	raise_wire(&a);
	raise_wire(&b);
	local_irq_enable();
	CHECK_EQ(a.share.handled + b.share.handled, 2);
	CHECK_EQ(irq_count(vector), 1);
}

TEST(irq_shared_active_low_is_programmed)
{
	struct gsi gsi = { 12, true, true };
	struct share a = {};

	wires_make();
	a.share.handle = handle;
	CHECK(request_shared_irq(&gsi, &a.share) > 0);
	CHECK_EQ(wires_pin(12) & 0xff00, 0x8000 | 0x2000);
}

TEST(irq_shared_wires_that_cannot_be_had)
{
	struct gsi edge = { 10, false, false }, beyond = { WIRES, true, false };
	struct share a = {};

	wires_make();
	a.share.handle = handle;
	CHECK_EQ(request_shared_irq(&edge, &a.share), -EINVAL);
	CHECK_EQ(request_shared_irq(&beyond, &a.share), -ENXIO);
	world_has_apic = false;
	CHECK_EQ(request_shared_irq(&gsi10, &a.share), -ENODEV);
	for (int vector = 0; vector < 256; vector++)
		CHECK(!irq_name(vector));
}

TEST(irq_shared_free_masks_with_the_last)
{
	struct share a = {}, b = {};
	int vector;

	wires_make();
	vector = request(&a, 1);
	request(&b, 2);
	free_shared_irq(10, &a.share);
	CHECK(!wires_masked(10));
	raise_wire(&b);
	CHECK_EQ(a.asked, 0);
	free_shared_irq(10, &b.share);
	CHECK(wires_masked(10));
	CHECK(!irq_name(vector));
	CHECK_EQ(request(&a, 1), vector);
	raise_wire(&a);
	CHECK_EQ(a.share.handled, 1);
}

/* A wire that a device without driver holds up: masked, said once, both told (R25). */
TEST(irq_shared_stuck_wire_is_masked)
{
	struct share a = {}, b = {};

	wires_make();
	request(&a, 1);
	request(&b, 2);
	wires_set(10, 7, true);
	CHECK(wires_masked(10));
	CHECK_EQ(world_log_count("E19"), 1);
	CHECK_EQ(a.lost, 1);
	CHECK_EQ(b.lost, 1);
	CHECK(a.asked < 100000);
	wires_set(10, 7, false);
	raise_wire(&a);
	CHECK_EQ(a.share.handled, 0);
	free_shared_irq(10, &b.share);
	CHECK_EQ(request(&b, 2), -EIO);
}

/* One that says it is its own but never falls silent (T29). */
TEST(irq_shared_T29_device_that_is_never_quiet)
{
	struct share a = { .deaf = true, .idle = true };

	wires_make();
	request(&a, 1);
	raise_wire(&a);
	CHECK(wires_masked(10));
	CHECK_EQ(a.lost, 1);
}

/* Many interrupts without news are no storm when they are far apart, or when some bring news. */
TEST(irq_shared_idle_interrupts_far_apart)
{
	struct share a = { .idle = true };

	wires_make();
	request(&a, 1);
	for (unsigned int i = 0; i < 30000; i++) {
		world_now += 11000000;
		raise_wire(&a);
	}
	for (unsigned int i = 0; i < 30000; i++) {
		a.idle = i % 9000;
		raise_wire(&a);
	}
	CHECK_EQ(a.share.handled, 60000);
	CHECK(!wires_masked(10) && !a.lost);
}
