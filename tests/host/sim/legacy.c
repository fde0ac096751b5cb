// SPDX-License-Identifier: MIT
/* See legacy.h. */
#include "legacy.h"

#include "test.h"

#include "kernel/init.h"
#include "transport_fixture.h"
#include "world.h"

/* 4.1.4.10; the last two are there only while MSI-X is enabled, and the configuration follows. */
enum {
	DEVICE_FEATURES = 0,
	DRIVER_FEATURES = 4,
	QUEUE_ADDRESS = 8,
	QUEUE_SIZE = 12,
	QUEUE_SELECT = 14,
	QUEUE_NOTIFY = 16,
	DEVICE_STATUS = 18,
	ISR_STATUS = 19,
	CONFIG_VECTOR = 20,
	QUEUE_VECTOR = 22,
};

struct legacy legacy = {
	.offered = 1u << 28 | 1u << 29 | 1u << 3,
	.vectors = 3,
	.ports = 0x40,
	.queues = { { .size = 128 }, { .size = 8 } },
	.config = { 1, 2, 3, 4, 5, 6, 7, 8 },
};

static u32 (*next_read)(u16 port, unsigned int size);
static void (*next_write)(u16 port, unsigned int size, u32 value);

static bool msix_enabled(void)
{
	return legacy.vectors && config32(legacy.function, LEGACY_CAP_MSIX) >> 31;
}

static u32 config_at(void)
{
	return msix_enabled() ? 24 : 20;
}

static struct legacy_queue *selected(void)
{
	static struct legacy_queue none;

	none = (struct legacy_queue){ .vector = NO_VECTOR };
	return legacy.select < LEGACY_QUEUES ? &legacy.queues[legacy.select] : &none;
}

static void clear(void)
{
	legacy.status = 0;
	legacy.accepted = 0;
	legacy.select = 0;
	legacy.config_vector = NO_VECTOR;
	for (unsigned int i = 0; i < LEGACY_QUEUES; i++) {
		legacy.queues[i].page = legacy.page_at_reset;
		legacy.queues[i].vector = NO_VECTOR;
	}
}

static u32 read_config(u32 offset, unsigned int size)
{
	CHECK_EQ(size, 1);
	CHECK(offset < sizeof(legacy.config));
	if (legacy.unrest) {
		legacy.unrest -= legacy.unrest != ~0u;
		legacy.config[offset]++;
	}
	return legacy.config[offset];
}

static u32 read_register(u32 offset, unsigned int size)
{
	CHECK_EQ(size, offset < 12 ? 4 : offset == DEVICE_STATUS ? 1 : 2);
	switch (offset) {
	case DEVICE_FEATURES:
		return legacy.offered;
	case QUEUE_ADDRESS:
		return selected()->page;
	case QUEUE_SIZE:
		return selected()->size;
	case DEVICE_STATUS:
		return legacy.status;
	case CONFIG_VECTOR:
		return legacy.config_vector;
	case QUEUE_VECTOR:
		return selected()->vector;
	}
	FAIL("register 0x%x is read", offset);
}

static u32 port_read(u16 port, unsigned int size)
{
	u32 offset = port - (u32)LEGACY_PORTS;

	if (port < LEGACY_PORTS || offset >= legacy.ports)
		return next_read(port, size);
	return offset >= config_at() ? read_config(offset - config_at(), size)
				     : read_register(offset, size);
}

/* 3.1.2: no FEATURES_OK; and bits are only ever added. */
static void write_status(u8 value)
{
	CHECK(legacy.history_length < sizeof(legacy.history));
	legacy.history[legacy.history_length++] = value;
	CHECK(!(value & 8));
	CHECK_EQ(legacy.status & ~value & (value ? 0xff : 0), 0);
	legacy.status = value;
	if (!value)
		clear();
}

/* 2.7.2: where the parts lie follows from the size alone. */
static void write_page(u32 page)
{
	struct legacy_queue *queue = selected();
	u64 desc = (u64)page << 12, avail = desc + 16u * queue->size;

	CHECK(queue->size && page);
	CHECK(!(legacy.status & 4));
	if (legacy.page_ignored)
		return;
	queue->page = page;
	device_ring_init(&queue->ring, queue->size, desc, avail,
			 (avail + 6 + 2u * queue->size + 4095) & ~4095ULL,
			 legacy.accepted & 1u << 29, legacy.accepted & 1u << 28);
}

static void use(struct legacy_queue *queue, const struct ring_chain *chain)
{
	const u32 *entry;

	memset(chain->segments[0].address, 0x5a, chain->writable);
	device_ring_push(&queue->ring, chain->head, (u32)chain->writable);
	if (!device_ring_must_interrupt(&queue->ring) || queue->vector == NO_VECTOR)
		return;
	entry = &legacy.table[queue->vector * 4];
	CHECK(msix_enabled() && !(entry[3] & 1));
	world_raise(entry[2] & 0xff);
}

/* C46, C67: when it is live, the queue's index. */
static void notify(u32 index)
{
	struct ring_chain chain;

	CHECK(legacy.status & 4);
	CHECK(index < LEGACY_QUEUES && legacy.queues[index].page);
	legacy.queues[index].notified++;
	while (device_ring_pop(&legacy.queues[index].ring, &chain)) {
		use(&legacy.queues[index], &chain);
		device_ring_want_notify(&legacy.queues[index].ring, true);
	}
}

static u16 accept_vector(u32 value, bool refused)
{
	return value >= legacy.vectors || refused ? NO_VECTOR : (u16)value;
}

static void write_register(u32 offset, unsigned int size, u32 value)
{
	CHECK_EQ(size, offset < 12 ? 4 : offset == DEVICE_STATUS ? 1 : 2);
	if (offset == DRIVER_FEATURES)
		legacy.accepted = value;
	else if (offset == QUEUE_ADDRESS)
		write_page(value);
	else if (offset == QUEUE_SELECT)
		legacy.select = (u16)value;
	else if (offset == QUEUE_NOTIFY)
		notify(value);
	else if (offset == DEVICE_STATUS)
		write_status((u8)value);
	else if (offset == CONFIG_VECTOR)
		legacy.config_vector = accept_vector(value, false);
	else if (offset == QUEUE_VECTOR)
		selected()->vector =
			accept_vector(value, legacy.vectors_refused & 1u << legacy.select);
	else
		FAIL("register 0x%x is written", offset);
}

static void port_write(u16 port, unsigned int size, u32 value)
{
	u32 offset = port - (u32)LEGACY_PORTS;

	if (port < LEGACY_PORTS || offset >= legacy.ports) {
		next_write(port, size, value);
	} else if (offset >= config_at()) {
		CHECK_EQ(size, 1);
		CHECK(offset - config_at() < sizeof(legacy.config));
		legacy.config[offset - config_at()] = (u8)value;
	} else {
		write_register(offset, size, value);
	}
}

static u32 table_read(void *context, u64 offset, unsigned int size)
{
	(void)context;
	CHECK_EQ(size, 4);
	return offset / 16 < legacy.vectors ? legacy.table[offset / 4] : 0;
}

static void table_write(void *context, u64 offset, unsigned int size, u32 value)
{
	(void)context;
	CHECK_EQ(size, 4);
	CHECK(offset / 16 < legacy.vectors); /* C65 */
	legacy.table[offset / 4] = value;
}

static const struct world_mmio table = { LEGACY_TABLE, 0x1000, table_read, table_write, NULL };

static void add_msix(struct function *function)
{
	machine_set_bar(function, 1, LEGACY_TABLE, 0x1000, 0);
	machine_add_capability(function, LEGACY_CAP_MSIX, PCI_CAP_ID_MSIX);
	set16(function, LEGACY_CAP_MSIX + 2, (u16)(legacy.vectors - 1));
	function->writable[LEGACY_CAP_MSIX + 3] = 0xc0;
	set32(function, LEGACY_CAP_MSIX + 4, 1);
	set32(function, LEGACY_CAP_MSIX + 8, 0x800 | 1);
	world_add_mmio(&table);
}

void legacy_boot(void)
{
	struct function *function = machine_add(0, 4, 0, 0x1af4, 0x1003);

	legacy.function = function;
	world_low_pages = true;
	set_class(function, 0x00ff00);
	set16(function, PCI_SUBSYSTEM_VENDOR_ID, 0x1af4);
	set16(function, PCI_SUBSYSTEM_ID, FIXTURE_DEVICE - 0x1040);
	machine_set_bar(function, 0, LEGACY_PORTS, legacy.ports, SIM_IO);
	if (legacy.vectors)
		add_msix(function);
	clear();
	machine_use_ports();
	next_read = world_port_read;
	next_write = world_port_write;
	world_port_read = port_read;
	world_port_write = port_write;
	do_initcalls();
}
