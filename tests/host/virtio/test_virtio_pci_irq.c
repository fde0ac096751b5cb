// SPDX-License-Identifier: MIT
/*
 * How a device interrupts: a vector a queue, shared vectors, the pin, polling; in this order, each
 * fall back said and undone (virtio 1.2, 4.1.5.1.2, 4.1.5.3, 4.1.5.4; faults T18, T29, R23, R25,
 * P18, P21).
 */
#include "test.h"

#include <linux/errno.h>

#include "kernel/cmdline.h"
#include "kernel/ioapic.h"
#include "transport_fixture.h"
#include "wires.h"
#include "world.h"

static bool msix_is_on(void)
{
	return config32(modern.function, MODERN_CAP_MSIX) >> 16 & PCI_MSIX_FLAGS_ENABLE;
}

static bool intx_is_disabled(void)
{
	return modern.function->config[PCI_COMMAND + 1] & PCI_COMMAND_INTX_DISABLE >> 8;
}

static void force(char *option)
{
	char *words[] = { option, NULL };

	CHECK_EQ(cmdline_take_options(1, words), 0);
}

static void check_round_trips(unsigned int callbacks)
{
	CHECK(driver.live);
	for (unsigned int i = 0; i < 2; i++) {
		driver.called_back[i] = 0;
		transport_round_trip(i);
		CHECK_EQ(driver.called_back[i], callbacks);
		CHECK_EQ(virtqueue_can_interrupt(driver.vqs[i]), callbacks);
	}
}

/* C62: the simulated device fails the test when the ISR status is read with MSI-X on. */
static void check_shared(u16 config_entry, u16 queue_entry)
{
	CHECK_EQ(modern.msix_config, config_entry);
	CHECK_EQ(modern.queues[0].vector, queue_entry);
	CHECK_EQ(modern.queues[1].vector, queue_entry);
	CHECK(msix_is_on() && intx_is_disabled());
	check_round_trips(1);
	CHECK_STR(virtqueue_interrupt_name(driver.vqs[0]), "shared MSI-X");
	modern_change(&modern);
	CHECK_EQ(driver.config_changes, 1);
}

static void check_intx(void)
{
	u64 reads = modern.isr_reads;

	CHECK(!msix_is_on() && !intx_is_disabled());
	CHECK_EQ(modern.msix_config, NO_VECTOR);
	CHECK_EQ(modern.queues[0].vector, NO_VECTOR);
	check_round_trips(1);
	CHECK_EQ(modern.isr_reads, reads + 2); /* once an interrupt */
	CHECK_STR(virtqueue_interrupt_name(driver.vqs[1]), "INTx");
	modern_change(&modern);
	CHECK_EQ(driver.config_changes, 1);
	CHECK_EQ(modern.isr_reads, reads + 3);
	CHECK_EQ(modern.isr, 0);
}

static void check_polled(void)
{
	CHECK(!msix_is_on() && intx_is_disabled());
	check_round_trips(0);
	CHECK_EQ(modern.isr_reads, 0);
	CHECK_STR(virtqueue_interrupt_name(driver.vqs[0]), "polled");
}

/* ---- the order ------------------------------------------------------------------------------- */

TEST(virtio_pci_irq_a_vector_a_queue)
{
	wires_make();
	transport_boot();
	CHECK_NO_LOG("next:");
	CHECK(intx_is_disabled() && wires_masked(MODERN_GSI));
	check_round_trips(1);
	CHECK_STR(virtqueue_interrupt_name(driver.vqs[0]), "MSI-X");
}

TEST(virtio_pci_irq_2_entries_are_shared)
{
	modern.vectors = 2;
	transport_boot();
	CHECK_EQ(world_log_count("next:"), 1);
	CHECK_LOG("3 entries are needed, the table has 2; next: MSI-X with a shared vector");
	CHECK_NO_LOG("E11");
	check_shared(0, 1);
}

/* C69: one interrupt for the configuration and the queues. */
TEST(virtio_pci_irq_C69_1_entry_serves_everything)
{
	modern.vectors = 1;
	transport_boot();
	check_shared(0, 0);
	CHECK_EQ(driver.called_back[1], 1);
	/* What needs a reset is seen by it, too. */
	modern.status |= 64;
	modern.generation--; /* and stays the same, with what modern_change does */
	modern_change(&modern);
	CHECK(virtqueue_is_broken(driver.vqs[0]));
}

TEST(virtio_pci_irq_P18_no_msix_uses_the_pin)
{
	wires_make();
	modern_make(FIXTURE_DEVICE, 1, 0);
	set8(modern.function, MODERN_CAP_MSIX, 0x42);
	modern_boot();
	CHECK_EQ(world_log_count("next:"), 1);
	CHECK_LOG("GSI 11 -> vector 0x30");
	check_intx();
}

/* Refused by the device: a vector a queue, then the shared one; all of it is undone for the pin. */
TEST(virtio_pci_irq_T18_refused_vectors_lead_to_the_pin)
{
	wires_make();
	modern.vectors_refused = 2;
	transport_boot();
	CHECK_EQ(world_log_count("E11"), 2);
	CHECK_EQ(world_log_count("next:"), 2);
	CHECK_LOG(
		"the device refuses entry 2 for fixtureq (reads 0xffff); next: MSI-X with a shared vector");
	CHECK_LOG("the device refuses entry 1 for fixtureq (reads 0xffff); next: INTx");
	check_intx();
}

TEST(virtio_pci_irq_T18_refused_configuration_vector)
{
	wires_make();
	modern.vectors_refused = 1ULL << 63;
	transport_boot();
	check_intx();
}

static void polled_with(u8 pin, u8 line)
{
	wires_make();
	modern_make(FIXTURE_DEVICE, 1, 0);
	set8(modern.function, MODERN_CAP_MSIX, 0x42);
	set8(modern.function, PCI_INTERRUPT_PIN, pin);
	set8(modern.function, PCI_INTERRUPT_LINE, line);
	modern_boot();
	CHECK_LOG("next: polling");
	check_polled();
	CHECK(wires_masked(MODERN_GSI));
}

TEST(virtio_pci_irq_P21_no_pin)
{
	polled_with(0, MODERN_GSI);
}

TEST(virtio_pci_irq_P21_pin_5)
{
	polled_with(5, MODERN_GSI);
}

TEST(virtio_pci_irq_P21_line_255)
{
	polled_with(1, 255);
}

/* The I/O APIC has such a pin, but the register speaks of the old controllers' wires. */
TEST(virtio_pci_irq_P21_line_20)
{
	polled_with(1, 20);
}

TEST(virtio_pci_irq_P21_line_0)
{
	polled_with(1, 0);
}

TEST(virtio_pci_irq_no_io_apic)
{
	modern_make(FIXTURE_DEVICE, 1, 0);
	set8(modern.function, MODERN_CAP_MSIX, 0x42);
	modern_boot();
	CHECK_LOG("no I/O APIC");
	check_polled();
}

TEST(virtio_pci_irq_no_local_apic)
{
	world_has_apic = false;
	transport_boot();
	CHECK_LOG("no local APIC; next: polling");
	CHECK_EQ(world_log_count("next:"), 1);
	check_polled();
}

/* ---- the option ------------------------------------------------------------------------------ */

TEST(virtio_pci_irq_option_shared)
{
	force("virtio.irq=shared");
	transport_boot();
	CHECK_NO_LOG("next:");
	check_shared(0, 1);
}

TEST(virtio_pci_irq_option_intx)
{
	force("virtio.irq=intx");
	wires_make();
	transport_boot();
	CHECK_NO_LOG("next:");
	check_intx();
}

TEST(virtio_pci_irq_option_polled)
{
	force("virtio.irq=polled");
	wires_make();
	transport_boot();
	check_polled();
}

TEST(virtio_pci_irq_option_unknown)
{
	force("virtio.irq=pin");
	transport_boot();
	CHECK_LOG("virtio.irq=pin is none of msix, shared, intx or polled");
	check_round_trips(1);
	CHECK(msix_is_on());
}

/* ---- the pin --------------------------------------------------------------------------------- */

static void boot_with_intx(void)
{
	force("virtio.irq=intx");
	wires_make();
	transport_boot();
	CHECK(driver.live);
}

/* R23: nobody's: the device is asked once, and nothing happens. */
TEST(virtio_pci_irq_R23_interrupt_of_another_device)
{
	boot_with_intx();
	for (unsigned int i = 0; i < 100; i++) {
		world_irqs_on = false;
		wires_set(MODERN_GSI, 3, true);
		wires_set(MODERN_GSI, 3, false);
		local_irq_enable();
	}
	CHECK_EQ(modern.isr_reads, 100);
	CHECK_EQ(driver.called_back[0] + driver.called_back[1] + driver.config_changes, 0);
	check_intx();
}

/* Both bits in one interrupt. */
TEST(virtio_pci_irq_queue_and_configuration_at_once)
{
	boot_with_intx();
	world_irqs_on = false;
	modern_change(&modern);
	transport_round_trip(0);
	CHECK_EQ(modern.isr, 3);
	local_irq_enable();
	CHECK_EQ(driver.config_changes, 1);
	CHECK_EQ(modern.isr_reads, 1);
}

/* The wire is stuck: it is masked, and the same requests go on, polled. */
static void check_storm_ended(void)
{
	CHECK_EQ(world_log_count("E19"), 1);
	CHECK_EQ(world_log_count("E11"), 1);
	CHECK(wires_masked(MODERN_GSI));
	CHECK(modern.isr_reads < 100000);
	check_round_trips(0);
}

TEST(virtio_pci_irq_T29_isr_never_clears)
{
	boot_with_intx();
	modern.isr_stuck = true;
	transport_round_trip(0);
	check_storm_ended();
}

TEST(virtio_pci_irq_T29_isr_reads_all_ones)
{
	boot_with_intx();
	modern.isr_gone = true;
	modern_drive_pin(&modern);
	CHECK_EQ(driver.config_changes, 0);
	check_storm_ended();
}

TEST(virtio_pci_irq_R25_another_device_holds_the_wire)
{
	boot_with_intx();
	wires_set(MODERN_GSI, 3, true);
	check_storm_ended();
}

static struct ring_chain held;
static unsigned int idle_calls;

static void hold(struct modern *device, unsigned int queue, struct ring_chain *chain)
{
	(void)device;
	(void)queue;
	held = *chain;
}

static void storm_then_answer(void)
{
	if (++idle_calls == 3)
		wires_set(MODERN_GSI, 3, true);
	if (idle_calls == 6)
		modern_use(&modern, 0, held.head, 0);
}

/* One that waits halted when its interrupts go finds what comes afterwards, and soon. */
TEST(virtio_pci_irq_waiter_survives_the_storm)
{
	struct virtqueue_buffer buffer = { &driver, 8 };
	u64 start;

	boot_with_intx();
	modern.serve = hold;
	world_idle_hook = storm_then_answer;
	CHECK_EQ(virtqueue_add(driver.vqs[0], &buffer, 1, 0, &buffer), 0);
	virtqueue_kick(driver.vqs[0]);
	start = world_now;
	CHECK_EQ(virtqueue_wait(driver.vqs[0], VIRTQUEUE_INTERRUPT, 1, 1000000000), 0);
	CHECK(world_now - start < 500000000);
	CHECK(wires_masked(MODERN_GSI));
	world_idle_hook = NULL;
	modern.serve = NULL;
	CHECK_EQ(virtqueue_add(driver.vqs[1], &buffer, 1, 0, &buffer), 0);
	virtqueue_kick(driver.vqs[1]);
	CHECK_EQ(virtqueue_wait(driver.vqs[1], VIRTQUEUE_INTERRUPT, 1, 1000000), -ETIMEDOUT);
	CHECK_LOG("INTx enabled, pin quiet, GSI 11 masked, vector 0x30 taken");
}

TEST(virtio_pci_irq_late_queue_with_intx_is_explained)
{
	struct virtqueue_buffer buffer = { &driver, 8 };

	boot_with_intx();
	modern.serve = NULL;
	CHECK_EQ(virtqueue_add(driver.vqs[0], &buffer, 1, 0, &buffer), 0);
	virtqueue_kick(driver.vqs[0]);
	CHECK_EQ(virtqueue_wait(driver.vqs[0], VIRTQUEUE_INTERRUPT, 1, 1000000), -ETIMEDOUT);
	CHECK_LOG(
		"INTx enabled, pin quiet, GSI 11 unmasked, vector 0x30 taken 0 times, 0 of them for this device");
}

TEST(virtio_pci_irq_remove_gives_the_pin_back)
{
	boot_with_intx();
	check_intx();
	transport_unregister();
	CHECK(intx_is_disabled() && wires_masked(MODERN_GSI));
	for (int vector = 0; vector < 256; vector++)
		CHECK(!irq_name(vector));
	modern.isr = 1; /* nothing comes of it */
	modern_drive_pin(&modern);
	CHECK_EQ(modern.isr, 1);
}

/* What the firmware left raised is not let through before somebody listens. */
TEST(virtio_pci_irq_pin_left_up_by_the_firmware)
{
	force("virtio.irq=polled");
	wires_make();
	modern_make(FIXTURE_DEVICE, 1, 0);
	modern.isr = 1;
	modern_drive_pin(&modern);
	modern_boot();
	check_polled();
}
