// SPDX-License-Identifier: MIT
/* The device's side of a split virtqueue; see device_ring.h. */
#include "device_ring.h"

#include "test.h"

/* 2.7.5, 2.7.6 and 2.7.8: where the fields are. */
enum {
	DESC_SIZE = 16,
	DESC_LENGTH = 8,
	DESC_FLAGS = 12,
	DESC_NEXT = 14,
	RING_FLAGS = 0,
	RING_IDX = 2,
	RING_ENTRIES = 4,
	AVAIL_SIZE = 2,
	USED_SIZE = 8,
};

enum { FLAG_NEXT = 1, FLAG_WRITE = 2, FLAG_INDIRECT = 4 };

static u16 get16(const u8 *at)
{
	return (u16)(at[0] | at[1] << 8);
}

static u64 get(const u8 *at, unsigned int bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

static void put(u8 *at, u64 value, unsigned int bytes)
{
	for (; bytes--; value >>= 8)
		*at++ = (u8)value;
}

void device_ring_init(struct device_ring *ring, u16 num, u64 desc, u64 avail, u64 used, bool event,
		      bool indirect)
{
	*ring = (struct device_ring){ .num = num, .event = event, .indirect = indirect };
	ring->desc = (u8 *)(uintptr_t)desc;
	ring->avail = (u8 *)(uintptr_t)avail;
	ring->used = (u8 *)(uintptr_t)used;
	CHECK_EQ(desc % 16, 0); /* C15, 2.7.1 */
	CHECK_EQ(avail % 2, 0);
	CHECK_EQ(used % 4, 0);
	CHECK_EQ(get16(ring->used + RING_FLAGS), 0); /* C28, 2.7.10.1 */
	CHECK_EQ(get16(ring->used + RING_IDX), 0);
}

/* ---- what the driver made available --------------------------------------------------------- */

u16 device_ring_avail_idx(const struct device_ring *ring)
{
	return get16(ring->avail + RING_IDX);
}

u16 device_ring_avail_flags(const struct device_ring *ring)
{
	u16 flags = get16(ring->avail + RING_FLAGS);

	CHECK(flags == 0 || (flags == 1 && !ring->event)); /* C25, 2.7.7.1 */
	return flags;
}

u16 device_ring_used_event(const struct device_ring *ring)
{
	return get16(ring->avail + RING_ENTRIES + AVAIL_SIZE * ring->num);
}

u16 device_ring_available(struct device_ring *ring)
{
	u16 idx = device_ring_avail_idx(ring);
	u16 step = (u16)(idx - ring->last_seen);

	if ((u16)(idx - ring->last_avail) > ring->num)
		FAIL("avail idx %u went back or too far: %u were taken", idx, ring->last_avail);
	CHECK(step <= ring->num); /* C24, 2.7.6.1 */
	ring->last_seen = idx;
	return (u16)(idx - ring->last_avail);
}

static void take_segment(const struct device_ring *ring, struct ring_chain *chain, const u8 *desc)
{
	u16 flags = get16(desc + DESC_FLAGS);
	struct ring_segment *segment = &chain->segments[chain->out + chain->in];

	CHECK(chain->out + chain->in < RING_SEGMENTS_MAX);
	CHECK(chain->out + chain->in < ring->num); /* C21, 2.7.5.3.1: not longer than the queue */
	segment->address = (u8 *)(uintptr_t)get(desc, 8);
	segment->length = (u32)get(desc + DESC_LENGTH, 4);
	CHECK(segment->length);
	if (flags & FLAG_WRITE) {
		chain->in++;
		chain->writable += segment->length;
	} else {
		CHECK_EQ(chain->in, 0); /* C16, 2.7.4.2: writable ones come last */
		chain->out++;
	}
}

/* 2.7.5.3: the table's entries are chained like the ring's. */
static void take_table(const struct device_ring *ring, struct ring_chain *chain, const u8 *desc)
{
	const u8 *table = (const u8 *)(uintptr_t)get(desc, 8);
	u32 bytes = (u32)get(desc + DESC_LENGTH, 4);
	u32 i = 0;
	u16 flags;

	CHECK(ring->indirect);				   /* C19, 2.7.5.3.1 */
	CHECK_EQ(get16(desc + DESC_FLAGS), FLAG_INDIRECT); /* C22: never with NEXT */
	CHECK(bytes && bytes % DESC_SIZE == 0);
	chain->indirect = true;
	do {
		CHECK(i < bytes / DESC_SIZE);
		flags = get16(table + i * DESC_SIZE + DESC_FLAGS);
		CHECK(!(flags & FLAG_INDIRECT)); /* C20: tables do not nest */
		take_segment(ring, chain, table + i * DESC_SIZE);
		i = get16(table + i * DESC_SIZE + DESC_NEXT);
	} while (flags & FLAG_NEXT);
	CHECK_EQ(chain->out + chain->in, bytes / DESC_SIZE);
}

bool device_ring_pop(struct device_ring *ring, struct ring_chain *chain)
{
	u16 at, flags;

	if (!device_ring_available(ring))
		return false;
	chain->out = chain->in = 0;
	chain->writable = 0;
	chain->descriptors = 0;
	chain->indirect = false;
	chain->head = at =
		get16(ring->avail + RING_ENTRIES + AVAIL_SIZE * (ring->last_avail++ % ring->num));
	do {
		const u8 *desc = ring->desc + at * DESC_SIZE;

		CHECK(at < ring->num);
		CHECK(chain->descriptors++ < ring->num);
		flags = get16(desc + DESC_FLAGS);
		CHECK(!(flags & ~7));
		if (flags & FLAG_INDIRECT)
			take_table(ring, chain, desc);
		else
			take_segment(ring, chain, desc);
		at = get16(desc + DESC_NEXT);
	} while (flags & FLAG_NEXT);
	return true;
}

/* ---- what the device has used --------------------------------------------------------------- */

void device_ring_write_element(struct device_ring *ring, u16 position, u32 id, u32 length)
{
	u8 *element = ring->used + RING_ENTRIES + USED_SIZE * (position % ring->num);

	put(element, id, 4);
	put(element + 4, length, 4);
}

void device_ring_write_idx(struct device_ring *ring, u16 idx)
{
	put(ring->used + RING_IDX, idx, 2);
}

void device_ring_push(struct device_ring *ring, u32 id, u32 length)
{
	device_ring_write_element(ring, ring->used_idx, id, length);
	device_ring_write_idx(ring, ++ring->used_idx);
}

/* `event` was passed on the way from `old` (not included) to `now`; 2.7.10.1 and 2.7.7.2. */
static bool passed(u16 event, u16 old, u16 now)
{
	for (; old != now; old++)
		if (old == event)
			return true;
	return false;
}

bool device_ring_must_interrupt(struct device_ring *ring)
{
	u16 old = ring->signalled;

	ring->signalled = ring->used_idx;
	if (old == ring->used_idx)
		return false;
	if (!ring->event)
		return !(device_ring_avail_flags(ring) & 1);
	device_ring_avail_flags(ring);
	return passed(device_ring_used_event(ring), old, ring->used_idx);
}

u8 *device_ring_avail_event(const struct device_ring *ring)
{
	return ring->used + RING_ENTRIES + USED_SIZE * ring->num;
}

/* Not wanting it by index means leaving avail_event where it is, behind. */
void device_ring_want_notify(struct device_ring *ring, bool wanted)
{
	if (ring->event)
		put(device_ring_avail_event(ring), wanted ? ring->last_avail : ring->last_avail - 1,
		    2);
	else
		put(ring->used + RING_FLAGS, !wanted, 2);
}

bool device_ring_expects_notify(const struct device_ring *ring, u16 old, u16 now)
{
	if (old == now)
		return false;
	if (ring->event)
		return passed(get16(device_ring_avail_event(ring)), old, now);
	return !(get16(ring->used + RING_FLAGS) & 1);
}
