// SPDX-License-Identifier: MIT
/*
 * Operations of struct virtio_config_ops that no other file here calls for their own sake, through
 * the real transport: synchronize_cbs, bus_name, affinity, shared memory (virtio 1.2, 4.1.4.7).
 */
#include "test.h"

#include <linux/errno.h>

#include "kernel/percpu.h"
#include "transport_fixture.h"
#include "wires.h"
#include "world.h"

static const struct virtio_config_ops *ops(void)
{
	return driver.vdev->config;
}

static void serve(struct modern *device, unsigned int index, struct ring_chain *chain)
{
	modern_use(device, index, chain->head, 0);
}

/* What was sent before it was called has been taken when it returns, and nothing else has changed:
 * interrupts are off again where they were off. */
TEST(virtio_pci_synchronize_cbs_takes_what_is_pending)
{
	u8 memory[8];
	struct virtqueue_buffer buffer = { memory, sizeof(memory) };

	transport_boot();
	modern.serve = serve;
	CHECK(virtqueue_enable_cb(driver.vqs[0]));
	world_irqs_on = false;
	CHECK_EQ(virtqueue_add(driver.vqs[0], &buffer, 1, 0, memory), 0);
	CHECK(virtqueue_kick(driver.vqs[0]));
	CHECK_EQ(driver.called_back[0], 0);
	ops()->synchronize_cbs(driver.vdev);
	CHECK_EQ(driver.called_back[0], 1);
	CHECK(!world_irqs_on);
	world_irqs_on = true;
	ops()->synchronize_cbs(driver.vdev);
	CHECK(world_irqs_on);
	CHECK_EQ(driver.called_back[0], 1);
}

TEST(virtio_pci_bus_name_is_the_function)
{
	transport_boot();
	CHECK_STR(ops()->bus_name(driver.vdev), "0000:00:04.0");
}

/* ---- affinity -------------------------------------------------------------------------------- */

/* The message goes to the CPU again, with the queue's vector, and the entry is not left masked. */
TEST(virtio_pci_affinity_writes_the_message)
{
	u32 *entry, message[4];

	transport_boot();
	for (unsigned int i = 0; i < 2; i++) {
		entry = &modern.table[modern.queues[i].vector * 4];
		memcpy(message, entry, sizeof(message));
		entry[0] = entry[2] = 0;
		CHECK_EQ(ops()->set_vq_affinity(driver.vqs[i], 1), 0);
		CHECK(!memcmp(message, entry, sizeof(message)));
		CHECK_EQ(entry[3] & 1, 0);
		CHECK_EQ(ops()->set_vq_affinity(driver.vqs[i], ~0ULL), 0);
		CHECK_EQ(ops()->get_vq_affinity(driver.vdev, i), 1);
		transport_round_trip(i);
		CHECK_EQ(driver.called_back[i], 1);
	}
}

/* The first running CPU of the mask gets the message, by its APIC id, and counts the interrupts. */
TEST(virtio_pci_affinity_to_another_cpu)
{
	u32 *entry;
	int vector;

	world_cpu_count = 3;
	cpu_get(2)->apic_id = 6;
	transport_boot();
	entry = &modern.table[modern.queues[0].vector * 4];
	vector = (int)entry[2];
	CHECK_EQ(entry[0], 0xfee00000);
	CHECK_EQ(ops()->set_vq_affinity(driver.vqs[0], 0xc), 0);
	CHECK_EQ(entry[0], 0xfee06000);
	CHECK_EQ(entry[2], vector);
	CHECK_EQ(entry[3] & 1, 0);
	CHECK_EQ(ops()->get_vq_affinity(driver.vdev, 0), 4);
	CHECK_EQ(ops()->get_vq_affinity(driver.vdev, 1), 1);
	world_cpu = 2;
	world_raise((unsigned int)vector);
	world_cpu = 0;
	CHECK_EQ(irq_count_on(vector, 0), 0);
	CHECK_EQ(irq_count_on(vector, 2), 1);
	CHECK_EQ(irq_count(vector), 1);
}

/* A message has eight bits for the id. The next CPU of the mask is tried; without one the entry
 * stays as it was. */
TEST(virtio_pci_affinity_beyond_a_message)
{
	u32 *entry;

	world_cpu_count = 3;
	cpu_get(1)->apic_id = 0x100;
	cpu_get(2)->apic_id = 2;
	transport_boot();
	entry = &modern.table[modern.queues[0].vector * 4];
	CHECK_EQ(ops()->set_vq_affinity(driver.vqs[0], 2), -EINVAL);
	CHECK_EQ(entry[0], 0xfee00000);
	CHECK_EQ(ops()->set_vq_affinity(driver.vqs[0], 6), 0);
	CHECK_EQ(entry[0], 0xfee02000);
}

TEST(virtio_pci_affinity_to_no_running_cpu)
{
	u32 table[MODERN_VECTORS * 4];

	transport_boot();
	memcpy(table, modern.table, sizeof(table));
	CHECK_EQ(ops()->set_vq_affinity(driver.vqs[0], 0), -EINVAL);
	CHECK_EQ(ops()->set_vq_affinity(driver.vqs[0], 1ULL << 63), -EINVAL);
	CHECK(!memcmp(table, modern.table, sizeof(table)));
	transport_round_trip(0);
}

TEST(virtio_pci_affinity_of_a_polled_queue)
{
	driver.polled = 1;
	transport_boot();
	CHECK_EQ(ops()->set_vq_affinity(driver.vqs[0], 1), -EOPNOTSUPP);
	CHECK_EQ(ops()->get_vq_affinity(driver.vdev, 0), 0);
	CHECK_EQ(ops()->get_vq_affinity(driver.vdev, 1), 1);
	CHECK_EQ(ops()->get_vq_affinity(driver.vdev, 2), 0);
	CHECK_EQ(ops()->get_vq_affinity(driver.vdev, ~0u), 0);
}

/* A wire goes where the machine's table says, and is no queue's own. */
TEST(virtio_pci_affinity_of_a_queue_on_a_wire)
{
	modern_make(FIXTURE_DEVICE, 1, 0);
	wires_make();
	set8(modern.function, MODERN_CAP_MSIX, 0x42);
	modern_boot();
	CHECK(virtqueue_can_interrupt(driver.vqs[0]));
	CHECK_EQ(ops()->set_vq_affinity(driver.vqs[0], 1), -EOPNOTSUPP);
	CHECK_EQ(ops()->get_vq_affinity(driver.vdev, 0), 0);
}

/* ---- shared memory --------------------------------------------------------------------------- */

enum { SHM_CAP = 0xb0, SHM_SECOND = 0xc8, SHM_BAR = 0xc0000000, SHM_BAR_SIZE = 0x100000 };

static void shm_at(u8 position, u8 length, u8 bar, u8 id, u64 offset, u64 bytes)
{
	struct function *function = modern.function;

	machine_add_capability(function, position, PCI_CAP_ID_VNDR);
	set8(function, position + 2u, length);
	set8(function, position + 3u, 8);
	set8(function, position + 4u, bar);
	set8(function, position + 5u, id);
	set32(function, position + 8u, (u32)offset);
	set32(function, position + 12u, (u32)bytes);
	if (position + 24u > 256)
		return;
	set32(function, position + 16u, (u32)(offset >> 32));
	set32(function, position + 20u, (u32)(bytes >> 32));
}

static void make_with_memory(void)
{
	modern_make(FIXTURE_DEVICE, 1, 0);
	machine_set_bar(modern.function, 2, SHM_BAR, SHM_BAR_SIZE, SIM_64 | SIM_PREF);
}

/* Region 7 as one capability says it: where it is then, or 0 for -ENODEV. */
static u64 found(u8 length, u8 bar, u64 offset, u64 bytes)
{
	struct virtio_shm_region region;
	int error;

	make_with_memory();
	shm_at(SHM_CAP, length, bar, 7, offset, bytes);
	modern_boot();
	CHECK(driver.live);
	error = ops()->get_shm_region(driver.vdev, &region, 7);
	if (error) {
		CHECK_EQ(error, -ENODEV);
		return 0;
	}
	CHECK_EQ(region.length, bytes);
	return (u64)(uintptr_t)region.address;
}

TEST(virtio_pci_shared_memory_is_found_by_its_id)
{
	struct virtio_shm_region region;

	make_with_memory();
	shm_at(SHM_CAP, 24, 2, 3, 0x1000, 0x2000);
	shm_at(SHM_SECOND, 24, 2, 7, 0x80000, 0x80000);
	modern_boot();
	CHECK_EQ(ops()->get_shm_region(driver.vdev, &region, 7), 0);
	CHECK_EQ((u64)(uintptr_t)region.address, SHM_BAR + 0x80000ULL);
	CHECK_EQ(region.length, 0x80000);
	CHECK_EQ(ops()->get_shm_region(driver.vdev, &region, 3), 0);
	CHECK_EQ((u64)(uintptr_t)region.address, SHM_BAR + 0x1000ULL);
	CHECK_EQ(region.length, 0x2000);
	CHECK_EQ(ops()->get_shm_region(driver.vdev, &region, 0), -ENODEV);
	CHECK_EQ(ops()->get_shm_region(driver.vdev, &region, 255), -ENODEV);
}

/* T05: the first usable one, not the first. */
TEST(virtio_pci_shared_memory_first_bad_second_good)
{
	struct virtio_shm_region region;

	make_with_memory();
	shm_at(SHM_CAP, 24, 2, 7, SHM_BAR_SIZE, 0x1000);
	shm_at(SHM_SECOND, 24, 2, 7, 0x3000, 0x1000);
	modern_boot();
	CHECK_EQ(ops()->get_shm_region(driver.vdev, &region, 7), 0);
	CHECK_EQ((u64)(uintptr_t)region.address, SHM_BAR + 0x3000ULL);
}

TEST(virtio_pci_shared_memory_whole_bar)
{
	CHECK_EQ(found(24, 2, 0, SHM_BAR_SIZE), SHM_BAR);
}

TEST(virtio_pci_shared_memory_of_a_longer_capability)
{
	CHECK_EQ(found(40, 2, 0x1000, 0x1000), SHM_BAR + 0x1000ULL);
}

TEST(virtio_pci_T02_shared_memory_one_byte_past_the_bar)
{
	CHECK_EQ(found(24, 2, 1, SHM_BAR_SIZE), 0);
}

TEST(virtio_pci_T02_shared_memory_beyond_4_gib)
{
	CHECK_EQ(found(24, 2, 1ULL << 32, 0x1000), 0);
}

TEST(virtio_pci_T02_shared_memory_longer_than_4_gib)
{
	CHECK_EQ(found(24, 2, 0, (1ULL << 32) + 0x1000), 0);
}

TEST(virtio_pci_T02_shared_memory_wraps_2_to_the_64)
{
	CHECK_EQ(found(24, 2, 0x1000, 0ULL - 0x1000), 0);
}

TEST(virtio_pci_T02_shared_memory_of_no_bytes)
{
	CHECK_EQ(found(24, 2, 0, 0), 0);
}

TEST(virtio_pci_T01_shared_memory_in_a_reserved_bar)
{
	CHECK_EQ(found(24, 6, 0, 0x1000), 0);
}

TEST(virtio_pci_P12_shared_memory_in_a_bar_that_is_not_there)
{
	CHECK_EQ(found(24, 5, 0, 0x1000), 0);
}

TEST(virtio_pci_P09_shared_memory_capability_too_short)
{
	CHECK_EQ(found(23, 2, 0, 0x1000), 0);
}

/* P09: its second half would lie past the configuration space. */
TEST(virtio_pci_P09_shared_memory_capability_cut_off)
{
	struct virtio_shm_region region;

	make_with_memory();
	shm_at(0xec, 24, 2, 7, 0, 0x1000);
	modern_boot();
	CHECK_EQ(ops()->get_shm_region(driver.vdev, &region, 7), -ENODEV);
}

/* ---- queues that end, and queues that start again -------------------------------------------- */

static void answer_zeros(struct modern *device, unsigned int index, struct ring_chain *chain)
{
	for (unsigned int i = chain->out; i < chain->out + chain->in; i++)
		memset(chain->segments[i].address, 0, chain->segments[i].length);
	modern_use(device, index, chain->head, (u32)chain->writable);
}

/* The administration queue goes with the driver, and comes again with it. */
TEST(virtio_pci_administration_queue_is_given_back)
{
	u64 in_use;

	modern.offered |= 1ULL << 41;
	modern.admin_count = 1;
	modern.serve = answer_zeros;
	driver.wanted = 0; /* -ENOENT: what is there without queues */
	transport_boot();
	CHECK(!driver.live);
	CHECK(!driver.vdev->admin_vq);
	in_use = world_in_use();
	driver.wanted = 2;
	CHECK_EQ(device_attach(&driver.vdev->dev), 0);
	CHECK(driver.live && driver.vdev->admin_vq);
	transport_unregister();
	CHECK(!driver.vdev->admin_vq);
	CHECK_EQ(world_in_use(), in_use);
}

static void forget(struct virtqueue *vq, void *token)
{
	(void)vq;
	(void)token;
}

/* virtqueue_reset: after any error but -EOPNOTSUPP the queue is broken. */
static void check_reset_fails(void)
{
	u8 memory[8];
	struct virtqueue_buffer buffer = { memory, sizeof(memory) };

	CHECK(virtqueue_reset(driver.vqs[0], forget) < 0);
	CHECK(virtqueue_is_broken(driver.vqs[0]));
	CHECK_EQ(virtqueue_add(driver.vqs[0], &buffer, 1, 0, memory), -EIO);
	CHECK(!virtqueue_is_broken(driver.vqs[1]));
	transport_round_trip(1);
}

TEST(virtio_pci_C14_queue_does_not_start_again)
{
	modern.offered |= 1ULL << 40;
	transport_boot();
	modern.enable_refused = true;
	check_reset_fails();
}

TEST(virtio_pci_C14_address_not_taken_after_a_queue_reset)
{
	modern.offered |= 1ULL << 40;
	transport_boot();
	modern.high_ignored = true;
	check_reset_fails();
}

TEST(virtio_pci_C66_vector_refused_after_a_queue_reset)
{
	modern.offered |= 1ULL << 40;
	transport_boot();
	modern.vectors_refused = 1;
	check_reset_fails();
}

/* 4.1.4.3: queue_reset ends at 60, the administration registers at 64; what is not there is not
 * offered to the driver, whatever the device says. */
static void boot_with_common(u32 length)
{
	modern.offered |= 1ULL << 40 | 1ULL << 41;
	modern.admin_count = 1;
	modern.serve = answer_zeros;
	modern_make(FIXTURE_DEVICE, 1, 0);
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, MODERN_COMMON, length);
	modern_boot();
	CHECK(driver.live);
}

TEST(virtio_pci_T03_structure_without_queue_reset)
{
	boot_with_common(58);
	CHECK_EQ(modern.accepted >> 40, 0);
	CHECK_EQ(virtqueue_reset(driver.vqs[0], forget), -EOPNOTSUPP);
	CHECK(!virtqueue_is_broken(driver.vqs[0]));
}

TEST(virtio_pci_T03_structure_without_the_administration_queue)
{
	boot_with_common(62);
	CHECK_EQ(modern.accepted >> 40, 1);
	CHECK(!driver.vdev->admin_vq);
}
