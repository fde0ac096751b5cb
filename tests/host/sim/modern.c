// SPDX-License-Identifier: MIT
/* The capabilities, notifications, interrupts and MSI-X table of the simulated device; modern.h. */
#include "modern.h"

#include "test.h"

#include "kernel/init.h"
#include "modern_common.h"
#include "wires.h"
#include "world.h"

struct modern modern = {
	.queue_count = 2,
	.queue_size = 64,
	.vectors = 3,
	.multiplier = 4,
	.config_length = 56,
	.offered = 1ULL << 32 | 1ULL << 28 | 1ULL << 29,
};

/* ---- surprise removal ----------------------------------------------------------------------- */

bool modern_gone(struct modern *device)
{
	device->accesses++;
	return device->gone_after && device->accesses >= device->gone_after;
}

static u32 config_space_read(struct function *function, u16 where, unsigned int size, u32 value)
{
	(void)function;
	(void)where;
	if (!modern_gone(&modern))
		return value;
	return size == 4 ? ~0u : (1u << size * 8) - 1;
}

/* ---- interrupts (4.1.5.1.2, PCI 3.0 6.8.2) -------------------------------------------------- */

static u16 msix_flags(const struct modern *device)
{
	return (u16)(config32(device->function, MODERN_CAP_MSIX) >> 16);
}

/* PCI 3.0, 6.2.2: unless it is disabled; the status register shows it in any case. */
void modern_drive_pin(struct modern *device)
{
	struct function *function = device->function;
	bool up = device->isr || device->isr_gone;
	u8 disabled = function->config[PCI_COMMAND + 1] & PCI_COMMAND_INTX_DISABLE >> 8;

	function->config[PCI_STATUS] &= (u8)~PCI_STATUS_INTERRUPT;
	function->config[PCI_STATUS] |= up ? PCI_STATUS_INTERRUPT : 0;
	wires_set(MODERN_GSI, 0, up && !disabled);
}

static void config_space_written(struct function *function, u16 where, unsigned int size)
{
	(void)function;
	if (where <= PCI_COMMAND + 1 && where + size > PCI_COMMAND)
		modern_drive_pin(&modern);
}

/* 4.1.4.5: reading clears it, and lowers the pin. C62: not with MSI-X. */
static u32 isr_read(struct modern *device, unsigned int size)
{
	u8 isr = device->isr_gone ? 0xff : device->isr;

	CHECK_EQ(size, 1);
	CHECK(!(msix_flags(device) & PCI_MSIX_FLAGS_ENABLE));
	device->isr_reads++;
	if (!device->isr_stuck)
		device->isr = 0;
	modern_drive_pin(device);
	return isr;
}

static void interrupt(struct modern *device, u16 vector, u8 isr)
{
	const u32 *entry;

	if (!(msix_flags(device) & PCI_MSIX_FLAGS_ENABLE)) {
		device->isr |= isr;
		modern_drive_pin(device);
		return;
	}
	if (vector == NO_VECTOR)
		return;
	CHECK(vector < device->vectors);
	entry = &device->table[vector * 4];
	CHECK(!(msix_flags(device) & PCI_MSIX_FLAGS_MASKALL));
	if (entry[3] & 1)
		return;
	CHECK_EQ(entry[0] & 0xfff00000, 0xfee00000);
	world_raise(entry[2] & 0xff);
}

static u32 table_read(void *context, u64 offset, unsigned int size)
{
	struct modern *device = context;

	if (modern_gone(device))
		return device->gone_value;
	CHECK_EQ(size, 4);
	return offset / 16 < device->vectors ? device->table[offset / 4] : 0;
}

static void table_write(void *context, u64 offset, unsigned int size, u32 value)
{
	struct modern *device = context;

	if (modern_gone(device))
		return;
	CHECK_EQ(size, 4);
	CHECK(offset / 16 < device->vectors); /* C65 */
	device->table[offset / 4] = value;
}

/* ---- the structures ------------------------------------------------------------------------- */

/* C46: a notification only when the device is live, 16 bits wide, of the queue's own index, or
 * C68: of what the device calls the queue; with NOTIFICATION_DATA the next place follows. */
static void notify_write(struct modern *device, u64 offset, unsigned int size, u32 value)
{
	bool data = device->accepted & 1ULL << 38;
	u32 index = (value & 0xffff) - (device->accepted & 1ULL << 39 ? MODERN_NOTIFY_VALUE : 0);
	struct modern_queue *queue = &device->queues[index % MODERN_QUEUES];
	struct ring_chain chain;

	CHECK_EQ(size, data ? 4 : 2); /* C67 */
	CHECK(index < device->queue_count + (u32)device->admin_count);
	CHECK(device->status & 4);
	CHECK_EQ(queue->enable, 1);
	CHECK_EQ(offset, (u64)queue->notify_off * device->multiplier);
	CHECK_EQ(value >> 16, data ? device_ring_avail_idx(&queue->ring) : 0);
	queue->notified++;
	while (device->serve && device_ring_pop(&queue->ring, &chain)) {
		device->serve(device, index, &chain);
		device_ring_want_notify(&queue->ring, true);
	}
}

/* 4.1.4.6: any width up to 4 bytes; C10: the generation tells of changes in between. */
static u32 config_read(struct modern *device, u64 offset, unsigned int size)
{
	u32 value = 0;

	CHECK(offset + size <= device->config_length);
	device->config_reads++;
	if (device->generation_unrest) {
		device->generation_unrest -= device->generation_unrest != ~0u;
		device->generation++;
		device->config[offset]++;
	}
	memcpy(&value, device->config + offset, size);
	return value;
}

static u32 bar_read(void *context, u64 offset, unsigned int size)
{
	struct modern *device = context;

	if (modern_gone(device))
		return device->gone_value;
	if (offset < MODERN_ISR)
		return common_read(device, offset, size);
	if (offset == MODERN_ISR)
		return isr_read(device, size);
	CHECK(offset >= MODERN_DEVICE && offset < MODERN_NOTIFY);
	return config_read(device, offset - MODERN_DEVICE, size);
}

static void bar_write(void *context, u64 offset, unsigned int size, u32 value)
{
	struct modern *device = context;

	if (modern_gone(device))
		return;
	if (offset < MODERN_ISR) {
		common_write(device, offset, size, value);
	} else if (offset >= MODERN_NOTIFY) {
		notify_write(device, offset - MODERN_NOTIFY, size, value);
	} else {
		CHECK(offset >= MODERN_DEVICE);
		CHECK(device->status & 8); /* C43: not before FEATURES_OK */
		CHECK(offset - MODERN_DEVICE + size <= device->config_length);
		memcpy(&device->config[offset - MODERN_DEVICE], &value, size);
		device->config_writes++;
	}
}

static u32 doorbell_read(void *context, u64 offset, unsigned int size)
{
	(void)context;
	FAIL("%u bytes at 0x%llx of the notifications are read", size, (unsigned long long)offset);
}

static void doorbell_write(void *context, u64 offset, unsigned int size, u32 value)
{
	notify_write(context, offset, size, value);
}

static const struct world_mmio bar = { MODERN_BAR, 0x4000, bar_read, bar_write, &modern };
static const struct world_mmio doorbells = { MODERN_DOORBELLS, 0x10000000, doorbell_read,
					     doorbell_write, &modern };
static const struct world_mmio table = { MODERN_TABLE, 0x1000, table_read, table_write, &modern };

/* ---- making it ------------------------------------------------------------------------------ */

void modern_set_cap(u8 position, u8 type, u8 bar_number, u32 offset, u32 length)
{
	struct function *function = modern.function;

	set8(function, position + 2u, position == MODERN_CAP_NOTIFY ? 20 : 16);
	set8(function, position + 3u, type);
	set8(function, position + 4u, bar_number);
	set32(function, position + 8u, offset);
	set32(function, position + 12u, length);
}

static void add_capabilities(struct function *function)
{
	machine_add_capability(function, MODERN_CAP_MSIX, PCI_CAP_ID_MSIX);
	set16(function, MODERN_CAP_MSIX + 2, (u16)(modern.vectors - 1));
	function->writable[MODERN_CAP_MSIX + 3] = 0xc0;
	set32(function, MODERN_CAP_MSIX + 4, 1);
	set32(function, MODERN_CAP_MSIX + 8, 0x800 | 1);
	machine_add_capability(function, MODERN_CAP_NOTIFY, PCI_CAP_ID_VNDR);
	modern_set_cap(MODERN_CAP_NOTIFY, 2, 4, MODERN_NOTIFY, 0x1000);
	set32(function, MODERN_CAP_NOTIFY + 16, modern.multiplier);
	machine_add_capability(function, MODERN_CAP_DEVICE, PCI_CAP_ID_VNDR);
	modern_set_cap(MODERN_CAP_DEVICE, 4, 4, MODERN_DEVICE, modern.config_length);
	machine_add_capability(function, MODERN_CAP_ISR, PCI_CAP_ID_VNDR);
	modern_set_cap(MODERN_CAP_ISR, 3, 4, MODERN_ISR, 0x1000);
	machine_add_capability(function, MODERN_CAP_COMMON, PCI_CAP_ID_VNDR);
	modern_set_cap(MODERN_CAP_COMMON, 1, 4, MODERN_COMMON, 0x1000);
}

void modern_make(u16 device_id, u8 revision, u16 subsystem_device)
{
	struct function *function = machine_add(0, 4, 0, 0x1af4, device_id);

	modern.function = function;
	set8(function, PCI_REVISION_ID, revision);
	set_class(function, 0x00ff00);
	set16(function, PCI_SUBSYSTEM_VENDOR_ID, 0x1af4);
	set16(function, PCI_SUBSYSTEM_ID, subsystem_device);
	machine_set_bar(function, 1, MODERN_TABLE, 0x1000, 0);
	machine_set_bar(function, 4, MODERN_BAR, 0x4000, SIM_64 | SIM_PREF);
	add_capabilities(function);
	for (u16 i = 0; i < MODERN_QUEUES; i++)
		modern.queues[i].notify_off = i;
	modern_clear(&modern);
	set8(function, PCI_INTERRUPT_PIN, 1);
	set8(function, PCI_INTERRUPT_LINE, MODERN_GSI);
	function->on_read = config_space_read;
	function->on_write = config_space_written;
	world_add_mmio(&doorbells);
	world_add_mmio(&bar);
	world_add_mmio(&table);
}

void modern_use(struct modern *device, unsigned int queue, u32 id, u32 length)
{
	device_ring_push(&device->queues[queue].ring, id, length);
	if (device_ring_must_interrupt(&device->queues[queue].ring))
		interrupt(device, device->queues[queue].vector, 1);
}

void modern_change(struct modern *device)
{
	device->generation++;
	interrupt(device, device->msix_config, 2);
}

void modern_boot(void)
{
	machine_use_ports();
	do_initcalls();
}
