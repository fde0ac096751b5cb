/* SPDX-License-Identifier: MIT */
/*
 * The device's side of a split virtqueue, written from the specification (virtio 1.2, 2.7) and from
 * nothing of the driver's: it reads raw bytes at the addresses it is given, and a driver that
 * breaks a rule fails the test.
 */
#ifndef TESTS_HOST_DEVICE_RING_H
#define TESTS_HOST_DEVICE_RING_H

#include "kernel/types.h"

#define RING_SEGMENTS_MAX 300

struct ring_segment {
	u8 *address;
	u32 length;
};

struct ring_chain {
	u16 head;
	u16 descriptors; /* of the ring */
	bool indirect;
	unsigned int out, in;
	u64 writable;
	struct ring_segment segments[RING_SEGMENTS_MAX]; /* the readable ones first */
};

struct device_ring {
	u16 num;
	u8 *desc, *avail, *used;
	bool event, indirect; /* negotiated */
	u16 last_avail;	      /* taken so far */
	u16 used_idx;	      /* written so far */
	u16 signalled;	      /* used_idx when it was last asked whether to interrupt */
	u16 last_seen;	      /* the driver's idx, which never goes back */
};

/* Checks the addresses (2.7.1), and that the memory starts as it must. */
void device_ring_init(struct device_ring *ring, u16 num, u64 desc, u64 avail, u64 used, bool event,
		      bool indirect);

/* Available and not yet taken. */
u16 device_ring_available(struct device_ring *ring);

/* Takes the next chain, checking every rule a driver has to keep; false when there is none. */
bool device_ring_pop(struct device_ring *ring, struct ring_chain *chain);

/* Writes a used entry, then idx. Nothing is checked here: devices lie. */
void device_ring_push(struct device_ring *ring, u32 id, u32 length);
void device_ring_write_element(struct device_ring *ring, u16 position, u32 id, u32 length);
void device_ring_write_idx(struct device_ring *ring, u16 idx);

/* 2.7.7.2: whether what was used since the last question is to be announced. */
bool device_ring_must_interrupt(struct device_ring *ring);

/* 2.7.10: asks to be notified, or asks not to be; then what has become available is looked at. */
void device_ring_want_notify(struct device_ring *ring, bool wanted);
/* Whether the driver must notify after it moved idx from `old` to `now`; else it should not. */
bool device_ring_expects_notify(const struct device_ring *ring, u16 old, u16 now);

u16 device_ring_avail_idx(const struct device_ring *ring);
u16 device_ring_avail_flags(const struct device_ring *ring);
u16 device_ring_used_event(const struct device_ring *ring);
/* Where the driver reads the device's wish to be notified. */
u8 *device_ring_avail_event(const struct device_ring *ring);

#endif
