// SPDX-License-Identifier: MIT
/* The common configuration of the simulated device, register by register; see modern_common.h. */
#include "modern_common.h"

#include "test.h"

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };

/* 4.1.4.3, offsets as printed there. */
enum {
	DEVICE_FEATURE_SELECT = 0,
	DEVICE_FEATURE = 4,
	DRIVER_FEATURE_SELECT = 8,
	DRIVER_FEATURE = 12,
	CONFIG_MSIX_VECTOR = 16,
	NUM_QUEUES = 18,
	DEVICE_STATUS = 20,
	CONFIG_GENERATION = 21,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_MSIX_VECTOR = 26,
	QUEUE_ENABLE = 28,
	QUEUE_NOTIFY_OFF = 30,
	QUEUE_DESC = 32,
	QUEUE_DRIVER = 40,
	QUEUE_DEVICE = 48,
	QUEUE_NOTIF_CONFIG_DATA = 56,
	QUEUE_RESET = 58,
	ADMIN_QUEUE_INDEX = 60,
	ADMIN_QUEUE_NUM = 62,
	COMMON_END = 64,
};

/* C50, 4.1.3.1: each field at its own width, 64-bit ones as two halves. */
static void check_width(u64 offset, unsigned int size)
{
	static const u8 widths[COMMON_END] = {
		[DEVICE_FEATURE_SELECT] = 4,
		[DEVICE_FEATURE] = 4,
		[DRIVER_FEATURE_SELECT] = 4,
		[DRIVER_FEATURE] = 4,
		[CONFIG_MSIX_VECTOR] = 2,
		[NUM_QUEUES] = 2,
		[DEVICE_STATUS] = 1,
		[CONFIG_GENERATION] = 1,
		[QUEUE_SELECT] = 2,
		[QUEUE_SIZE] = 2,
		[QUEUE_MSIX_VECTOR] = 2,
		[QUEUE_ENABLE] = 2,
		[QUEUE_NOTIFY_OFF] = 2,
		[QUEUE_DESC] = 4,
		[QUEUE_DESC + 4] = 4,
		[QUEUE_DRIVER] = 4,
		[QUEUE_DRIVER + 4] = 4,
		[QUEUE_DEVICE] = 4,
		[QUEUE_DEVICE + 4] = 4,
		[QUEUE_RESET] = 2,
		[ADMIN_QUEUE_INDEX] = 2,
		[ADMIN_QUEUE_NUM] = 2,
		[QUEUE_NOTIF_CONFIG_DATA] = 2,
	};

	if (offset >= COMMON_END || widths[offset] != size)
		FAIL("access of %u bytes at 0x%llx of the common configuration", size,
		     (unsigned long long)offset);
}

static struct modern_queue *selected(struct modern *device)
{
	static struct modern_queue none;

	none = (struct modern_queue){ .vector = NO_VECTOR };
	if (device->queue_select >= device->queue_count + device->admin_count ||
	    device->queue_select >= MODERN_QUEUES)
		return &none;
	return &device->queues[device->queue_select];
}

static u64 *address_of(struct modern_queue *queue, u64 offset)
{
	if (offset < QUEUE_DRIVER)
		return &queue->desc;
	return offset < QUEUE_DEVICE ? &queue->avail : &queue->used;
}

static u8 read_status(struct modern *device)
{
	if (!device->resets_pending)
		return device->status;
	device->resets_pending -= device->resets_pending != ~0u;
	return 0x2f; /* what it had, or anything */
}

/* C60: complete when it reads 0. */
static u32 read_queue_reset(struct modern *device)
{
	CHECK(device->accepted & 1ULL << 40);
	if (!device->queue_resets_pending)
		return 0;
	device->queue_resets_pending -= device->queue_resets_pending != ~0u;
	return 1;
}

static u32 read_queue(struct modern *device, u64 offset)
{
	struct modern_queue *queue = selected(device);

	switch (offset) {
	case QUEUE_SIZE:
		return queue->size;
	case QUEUE_MSIX_VECTOR:
		return queue->vector;
	case QUEUE_ENABLE:
		return queue->enable;
	case QUEUE_NOTIFY_OFF:
		return queue->notify_off;
	case QUEUE_RESET:
		return read_queue_reset(device);
	case QUEUE_NOTIF_CONFIG_DATA:
		CHECK(device->accepted & 1ULL << 39);
		return MODERN_NOTIFY_VALUE + device->queue_select;
	}
	return (u32)(*address_of(queue, offset) >> (offset & 4) * 8);
}

u32 common_read(struct modern *device, u64 offset, unsigned int size)
{
	check_width(offset, size);
	switch (offset) {
	case DEVICE_FEATURE:
		return device->feature_select > 1
			       ? 0
			       : (u32)(device->offered >> 32 * device->feature_select);
	case CONFIG_MSIX_VECTOR:
		return device->msix_config;
	case NUM_QUEUES:
		return device->queue_count;
	case DEVICE_STATUS:
		return read_status(device);
	case CONFIG_GENERATION:
		return device->generation;
	case QUEUE_SELECT:
		return device->queue_select;
	case ADMIN_QUEUE_INDEX:
	case ADMIN_QUEUE_NUM:
		CHECK(device->accepted & 1ULL << 41);
		if (offset == ADMIN_QUEUE_NUM || !device->admin_count)
			return device->admin_count;
		return device->queue_count;
	}
	CHECK(offset >= QUEUE_SIZE);
	return read_queue(device, offset);
}

static void clear_queue(const struct modern *device, struct modern_queue *queue)
{
	queue->size = device->queue_size;
	queue->vector = NO_VECTOR;
	queue->enable = 0;
	queue->desc = queue->avail = queue->used = 0;
}

void modern_clear(struct modern *device)
{
	unsigned int count = device->queue_count + device->admin_count;

	device->status = 0;
	device->accepted = 0;
	device->isr = 0;
	modern_drive_pin(device);
	device->msix_config = NO_VECTOR;
	device->queue_select = 0;
	for (unsigned int i = 0; i < count && i < MODERN_QUEUES; i++) {
		clear_queue(device, &device->queues[i]);
		device->queues[i].enable = device->enabled_at_reset;
		device->queues[i].was_reset = false;
	}
}

/* 2.1.1: bits are added one after the other; only a reset clears them. */
static void write_status(struct modern *device, u8 value)
{
	CHECK(device->history_length < sizeof(device->history));
	device->history[device->history_length++] = value;
	if (value == 0) {
		modern_clear(device);
		return;
	}
	CHECK_EQ(device->status & ~value & ~NEEDS_RESET, 0); /* C2 */
	if (value & FEATURES_OK && !(device->status & FEATURES_OK)) {
		CHECK_EQ(value & 7, ACKNOWLEDGE | DRIVER);
		CHECK_EQ(device->accepted & ~device->offered, 0); /* C5 */
		if (device->accepted & device->features_refused)
			value &= ~FEATURES_OK;
	}
	if (value & DRIVER_OK)
		CHECK_EQ(device->status & 11, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	if (device->driver_ok_refused)
		value &= ~DRIVER_OK;
	if (value & DRIVER_OK && device->needs_reset_at_driver_ok)
		value |= NEEDS_RESET;
	device->status = value;
}

static void write_features(struct modern *device, u32 value)
{
	u32 shift = 32 * device->driver_feature_select;

	CHECK(!(device->status & FEATURES_OK)); /* C44 */
	CHECK(device->driver_feature_select <= 1);
	device->accepted = (device->accepted & ~(0xffffffffULL << shift)) | (u64)value << shift;
}

static void write_enable(struct modern *device, struct modern_queue *queue, u32 value)
{
	CHECK_EQ(value, 1); /* C59: never 0 */
	CHECK(device->status & FEATURES_OK);
	CHECK(queue->was_reset || !(device->status & DRIVER_OK));
	CHECK(queue->size && queue->desc && queue->avail && queue->used); /* C57 */
	if (device->enable_refused)
		return;
	queue->enable = 1;
	device_ring_init(&queue->ring, queue->size, queue->desc, queue->avail, queue->used,
			 device->accepted & 1ULL << 29, device->accepted & 1ULL << 28);
}

static u16 accept_vector(struct modern *device, unsigned int who, u32 value)
{
	if (value >= device->vectors || device->vectors_refused & 1ULL << who)
		return NO_VECTOR;
	return (u16)value;
}

static void write_queue(struct modern *device, u64 offset, u32 value)
{
	struct modern_queue *queue = selected(device);
	u64 *address = address_of(queue, offset), half = 0xffffffffULL << (offset & 4) * 8;

	if (offset == QUEUE_MSIX_VECTOR) {
		queue->vector = accept_vector(device, device->queue_select, value);
		return;
	}
	if (offset == QUEUE_RESET) {
		CHECK(device->accepted & 1ULL << 40);
		CHECK(value == 1 && queue->enable);
		clear_queue(device, queue);
		queue->was_reset = true;
		return;
	}
	CHECK_EQ(queue->enable, 0); /* C57: all else comes before */
	if (offset == QUEUE_ENABLE) {
		write_enable(device, queue, value);
	} else if (offset == QUEUE_SIZE) {
		CHECK(value && !(value & (value - 1))); /* C56 */
		CHECK(value <= queue->size);
		if (!device->size_ignored)
			queue->size = (u16)value;
	} else {
		if (device->high_ignored && offset & 4)
			value = 0xdead;
		*address = (*address & ~half) | (u64)value << (offset & 4) * 8;
	}
}

void common_write(struct modern *device, u64 offset, unsigned int size, u32 value)
{
	check_width(offset, size);
	switch (offset) {
	case DEVICE_FEATURE_SELECT:
		device->feature_select = value;
		return;
	case DRIVER_FEATURE_SELECT:
		device->driver_feature_select = value;
		return;
	case DRIVER_FEATURE:
		write_features(device, value);
		return;
	case CONFIG_MSIX_VECTOR:
		device->msix_config = accept_vector(device, 63, value);
		return;
	case DEVICE_STATUS:
		write_status(device, (u8)value);
		return;
	case QUEUE_SELECT:
		device->queue_select = (u16)value;
		return;
	}
	/* C55: what is read-only is not written. */
	CHECK(offset >= QUEUE_SIZE && offset != QUEUE_NOTIFY_OFF &&
	      offset != QUEUE_NOTIF_CONFIG_DATA);
	write_queue(device, offset, value);
}
