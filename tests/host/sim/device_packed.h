/* SPDX-License-Identifier: MIT */
/*
 * The device's side of a packed virtqueue, written from the specification (virtio 1.2, 2.8) and
 * from nothing of the driver's; the counterpart of device_ring.h. A driver that breaks a rule fails
 * the test.
 */
#ifndef TESTS_HOST_DEVICE_PACKED_H
#define TESTS_HOST_DEVICE_PACKED_H

#include "device_ring.h"

#define PACKED_NUM_MAX 32768

/* A place in the ring and the wrap counter of its lap (2.8.1). */
struct packed_place {
	u16 position;
	bool wrap;
};

/* The flags of an event suppression structure (2.8.10). */
enum packed_event { EVENT_ENABLE = 0, EVENT_DISABLE = 1, EVENT_DESC = 2, EVENT_RESERVED = 3 };

/* The flags of a descriptor (2.8.1 to 2.8.7). */
enum packed_flags {
	PACKED_NEXT = 1,
	PACKED_WRITE = 2,
	PACKED_INDIRECT = 4,
	PACKED_AVAIL = 1 << 7,
	PACKED_USED = 1 << 15,
};

struct device_packed {
	u16 num;
	u8 *desc, *driver, *device;
	bool event, indirect;		/* negotiated */
	struct packed_place next_avail; /* the next one to take */
	struct packed_place next_used;	/* the next one to write */
	struct packed_place signalled;	/* next_used when it was last asked whether to interrupt */
	u32 held;			/* descriptors taken and not used yet */
	u16 count[65536];		/* by id: descriptors of what is held; 0: not held */
	u16 order[PACKED_NUM_MAX];	/* ids as they were taken, for batches (2.8.8) */
	u32 taken, returned;		/* how many went in there, and came out */
};

/* Checks the addresses (2.8.11), and that the memory starts as it must. */
void device_packed_init(struct device_packed *ring, u16 num, u64 desc, u64 driver, u64 device,
			bool event, bool indirect);

/* Takes the next chain, checking every rule a driver has to keep; false when there is none. The id
 * is in chain->head. */
bool device_packed_pop(struct device_packed *ring, struct ring_chain *chain);

/* Writes a used descriptor for what is held as `id`, and goes on past its chain. */
void device_packed_push(struct device_packed *ring, u16 id, u32 length);
/* The same for the oldest `chains` that are held, by one entry that names the last (2.8.8). */
void device_packed_push_batch(struct device_packed *ring, u16 chains, u32 length);
/* Writes one at a place, in the phase of `place.wrap`. Nothing is checked: devices lie. */
void device_packed_write_used(struct device_packed *ring, struct packed_place place, u16 id,
			      u32 length);
/* The raw flags of a descriptor. */
u16 device_packed_flags(const struct device_packed *ring, u16 position);
void device_packed_write_flags(struct device_packed *ring, u16 position, u16 flags);

/* 2.8.10: whether what was used since the last question is to be announced. */
bool device_packed_must_interrupt(struct device_packed *ring);

/* Writes the device's wish to be notified. */
void device_packed_want(struct device_packed *ring, enum packed_event flags, u16 off_wrap);
void device_packed_want_notify(struct device_packed *ring, bool wanted);
/* Whether the driver must notify after it went from one place to another, at most a lap. */
bool device_packed_expects_notify(const struct device_packed *ring, struct packed_place from,
				  struct packed_place to);
/* Where the driver makes its next descriptor available, as the ring shows. */
struct packed_place device_packed_driver_place(const struct device_packed *ring);

struct packed_place device_packed_advance(const struct device_packed *ring,
					  struct packed_place place, u32 count);

#endif
