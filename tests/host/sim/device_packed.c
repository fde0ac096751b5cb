// SPDX-License-Identifier: MIT
/* The device's side of a packed virtqueue; see device_packed.h. */
#include "device_packed.h"

#include "test.h"

/* 2.8.13 and 2.8.14: where the fields are. */
enum {
	DESC_SIZE = 16,
	DESC_LENGTH = 8,
	DESC_ID = 12,
	DESC_FLAGS = 14,
	EVENT_OFF_WRAP = 0,
	EVENT_FLAGS = 2,
};

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

void device_packed_init(struct device_packed *ring, u16 num, u64 desc, u64 driver, u64 device,
			bool event, bool indirect)
{
	memset(ring, 0, sizeof(*ring));
	ring->num = num;
	ring->event = event;
	ring->indirect = indirect;
	ring->desc = (u8 *)(uintptr_t)desc;
	ring->driver = (u8 *)(uintptr_t)driver;
	ring->device = (u8 *)(uintptr_t)device;
	ring->next_avail.wrap = ring->next_used.wrap = ring->signalled.wrap = true; /* 2.8.1 */
	CHECK(num && num <= PACKED_NUM_MAX);
	CHECK_EQ(desc % 16, 0); /* C33, 2.8.11 */
	CHECK_EQ(driver % 4, 0);
	CHECK_EQ(device % 4, 0);
	for (u32 i = 0; i < num * (u32)DESC_SIZE; i++)
		CHECK_EQ(ring->desc[i], 0); /* 2.8.13 */
	CHECK_EQ(get(ring->device, 4), 0);
}

struct packed_place device_packed_advance(const struct device_packed *ring,
					  struct packed_place place, u32 count)
{
	u32 position = place.position + count;

	CHECK(count <= ring->num);
	if (position >= ring->num) {
		position -= ring->num;
		place.wrap = !place.wrap;
	}
	place.position = (u16)position;
	return place;
}

static bool same_place(struct packed_place a, struct packed_place b)
{
	return a.position == b.position && a.wrap == b.wrap;
}

/* ---- what the driver made available --------------------------------------------------------- */

u16 device_packed_flags(const struct device_packed *ring, u16 position)
{
	CHECK(position < ring->num);
	return (u16)get(ring->desc + position * DESC_SIZE + DESC_FLAGS, 2);
}

/* 2.8.1: AVAIL as the wrap counter, USED as its inverse. */
static bool is_available(const struct device_packed *ring, struct packed_place place)
{
	u16 flags = device_packed_flags(ring, place.position);

	return !!(flags & PACKED_AVAIL) == place.wrap && !!(flags & PACKED_USED) != place.wrap;
}

struct packed_place device_packed_driver_place(const struct device_packed *ring)
{
	struct packed_place place = ring->next_avail;

	for (u32 i = ring->held; i < ring->num && is_available(ring, place); i++)
		place = device_packed_advance(ring, place, 1);
	return place;
}

static void take_segment(const struct device_packed *ring, struct ring_chain *chain, const u8 *desc)
{
	struct ring_segment *segment = &chain->segments[chain->out + chain->in];

	CHECK(chain->out + chain->in < RING_SEGMENTS_MAX);
	CHECK(chain->out + chain->in < ring->num); /* C35, 2.8.17 */
	segment->address = (u8 *)(uintptr_t)get(desc, 8);
	segment->length = (u32)get(desc + DESC_LENGTH, 4);
	CHECK(segment->length);
	if (get(desc + DESC_FLAGS, 2) & PACKED_WRITE) {
		chain->in++;
		chain->writable += segment->length;
	} else {
		CHECK_EQ(chain->in, 0); /* C36, 2.8.17: writable ones come last */
		chain->out++;
	}
}

/* 2.8.7: the entries follow one another, and WRITE is their only flag. */
static void take_table(const struct device_packed *ring, struct ring_chain *chain, const u8 *desc)
{
	const u8 *table = (const u8 *)(uintptr_t)get(desc, 8);
	u32 bytes = (u32)get(desc + DESC_LENGTH, 4);

	CHECK(ring->indirect);		 /* C39, 2.8.19 */
	CHECK_EQ(chain->descriptors, 1); /* C40: not inside a list */
	CHECK(bytes && bytes % DESC_SIZE == 0);
	chain->indirect = true;
	for (u32 at = 0; at < bytes; at += DESC_SIZE) {
		CHECK_EQ(get(table + at + DESC_FLAGS, 2) & ~(u64)PACKED_WRITE, 0);
		take_segment(ring, chain, table + at);
	}
}

/* One descriptor of the ring; true when another one follows. */
static bool take_one(struct device_packed *ring, struct ring_chain *chain)
{
	const u8 *desc = ring->desc + ring->next_avail.position * DESC_SIZE;
	u16 flags = (u16)get(desc + DESC_FLAGS, 2);

	/* C38: when the first is available, all are, in the phase of their own lap. */
	CHECK(is_available(ring, ring->next_avail));
	CHECK_EQ(flags & ~(7 | PACKED_AVAIL | PACKED_USED), 0);
	CHECK(!(flags & PACKED_INDIRECT) || !(flags & PACKED_NEXT));
	CHECK(++ring->held <= ring->num); /* C34, C37: nothing of the device's is taken again */
	chain->descriptors++;
	if (flags & PACKED_INDIRECT)
		take_table(ring, chain, desc);
	else
		take_segment(ring, chain, desc);
	chain->head = (u16)get(desc + DESC_ID, 2); /* 2.8.6: that of the last one counts */
	ring->next_avail = device_packed_advance(ring, ring->next_avail, 1);
	return flags & PACKED_NEXT;
}

bool device_packed_pop(struct device_packed *ring, struct ring_chain *chain)
{
	if (ring->held == ring->num || !is_available(ring, ring->next_avail))
		return false;
	chain->out = chain->in = 0;
	chain->writable = 0;
	chain->descriptors = 0;
	chain->indirect = false;
	while (take_one(ring, chain))
		;
	CHECK_EQ(ring->count[chain->head], 0); /* an id is one chain's at a time */
	ring->count[chain->head] = chain->descriptors;
	ring->order[ring->taken++ % PACKED_NUM_MAX] = chain->head;
	return true;
}

/* ---- what the device has used --------------------------------------------------------------- */

void device_packed_write_flags(struct device_packed *ring, u16 position, u16 flags)
{
	put(ring->desc + position * DESC_SIZE + DESC_FLAGS, flags, 2);
}

void device_packed_write_used(struct device_packed *ring, struct packed_place place, u16 id,
			      u32 length)
{
	u8 *desc = ring->desc + place.position * DESC_SIZE;
	u16 phase = place.wrap ? PACKED_AVAIL | PACKED_USED : 0;

	put(desc, 0xdeaddeaddeaddeadULL, 8); /* 2.8.5: unused in a used descriptor */
	put(desc + DESC_LENGTH, length, 4);
	put(desc + DESC_ID, id, 2);
	device_packed_write_flags(ring, place.position, phase | (length ? PACKED_WRITE : 0));
}

static void go_past(struct device_packed *ring, u16 id)
{
	u16 count = ring->count[id];

	CHECK(count);
	ring->count[id] = 0;
	ring->held -= count;
	ring->returned++;
	ring->next_used = device_packed_advance(ring, ring->next_used, count);
}

void device_packed_push(struct device_packed *ring, u16 id, u32 length)
{
	device_packed_write_used(ring, ring->next_used, id, length);
	go_past(ring, id);
}

void device_packed_push_batch(struct device_packed *ring, u16 chains, u32 length)
{
	u16 last = ring->order[(ring->returned + chains - 1) % PACKED_NUM_MAX];

	CHECK(chains && ring->returned + chains <= ring->taken);
	device_packed_write_used(ring, ring->next_used, last, length);
	while (chains--)
		go_past(ring, ring->order[ring->returned % PACKED_NUM_MAX]);
}

/* ---- who wants to hear (2.8.10) ------------------------------------------------------------- */

/* The place that `off_wrap` names lies between `from` (included) and `to`. */
static bool passed(const struct device_packed *ring, u16 off_wrap, struct packed_place from,
		   struct packed_place to)
{
	struct packed_place event = { off_wrap & 0x7fff, off_wrap >> 15 };

	for (; !same_place(from, to); from = device_packed_advance(ring, from, 1))
		if (same_place(from, event))
			return true;
	return false;
}

bool device_packed_must_interrupt(struct device_packed *ring)
{
	u16 flags = (u16)get(ring->driver + EVENT_FLAGS, 2);
	u16 off_wrap = (u16)get(ring->driver + EVENT_OFF_WRAP, 2);
	struct packed_place old = ring->signalled;

	CHECK(flags <= (ring->event ? EVENT_DESC : EVENT_DISABLE)); /* the rest is reserved */
	ring->signalled = ring->next_used;
	if (flags != EVENT_DESC)
		return flags == EVENT_ENABLE && !same_place(old, ring->next_used);
	CHECK((off_wrap & 0x7fff) < ring->num);
	return passed(ring, off_wrap, old, ring->next_used);
}

void device_packed_want(struct device_packed *ring, enum packed_event flags, u16 off_wrap)
{
	put(ring->device + EVENT_OFF_WRAP, off_wrap, 2);
	put(ring->device + EVENT_FLAGS, flags, 2);
}

void device_packed_want_notify(struct device_packed *ring, bool wanted)
{
	struct packed_place next = ring->next_avail;

	if (!wanted)
		device_packed_want(ring, EVENT_DISABLE, 0);
	else if (ring->event)
		device_packed_want(ring, EVENT_DESC, (u16)(next.position | next.wrap << 15));
	else
		device_packed_want(ring, EVENT_ENABLE, 0);
}

bool device_packed_expects_notify(const struct device_packed *ring, struct packed_place from,
				  struct packed_place to)
{
	u16 flags = (u16)get(ring->device + EVENT_FLAGS, 2);

	if (flags == EVENT_DESC)
		return passed(ring, (u16)get(ring->device + EVENT_OFF_WRAP, 2), from, to);
	return flags == EVENT_ENABLE && !same_place(from, to);
}
