/* SPDX-License-Identifier: MIT */
/*
 * Numbered frames of all sizes, both ways at once, with a peer that does the same
 * (tests/guests/net/peer.py). Each consists of an Ethernet header of type 88b5 (for
 * experiments), what it is (1 byte), its number (4), its length (2), and bytes that follow from the
 * number; all little-endian.
 */
#include <linux/errno.h>

#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "tests/guests/netcheck/netcheck.h"

#define TYPE_HIGH 0x88
#define TYPE_LOW 0xb5
#define SLOTS 128
#define BUDGET 64
#define SAID_BYTES (sizeof(struct numbered) + 64)
#define PATTERN_BYTES (4096 + NETDEV_FRAME_MAX)
/* No frame in either direction for so long, and it has failed. */
#define PATIENCE_NS (20 * NSEC_PER_SEC)
#define NAP_NS (1 * NSEC_PER_SEC)

enum { KIND_HELLO, KIND_DATA, KIND_DONE };

struct numbered {
	u8 to[ETH_ALEN], from[ETH_ALEN], type[2];
	u8 kind;
	u32 number;
	u16 length;
	u8 data[];
} __packed;

/* A frame that is on its way, or free. */
struct slot {
	struct netdev_tx tx;
	struct netdev_segment segments[NETDEV_SEGMENTS_MAX];
	u8 *frame;
	bool busy;
};

static struct {
	struct slot slots[SLOTS];
	u8 *pattern, *seen; /* PATTERN_BYTES and NETDEV_FRAME_MAX */
	u32 smallest, largest;
	u64 sent, returned, failed; /* frames */
	u64 received, bad, strange;
	u32 expected; /* number of the frame that comes next */
	bool done_received;
} state;

/* The same in tests/guests/net/peer.py. */
static void make_pattern(void)
{
	u32 x = 1;

	for (u32 i = 0; i < PATTERN_BYTES; i++) {
		x = x * 1103515245 + 12345;
		state.pattern[i] = (u8)(x >> 16);
	}
}

static const u8 *pattern_of(u32 number)
{
	return state.pattern + number * 61 % 4093;
}

/* 7919 is prime: so many frames in a row as there are sizes have each size once. */
static u16 length_of(u32 number)
{
	u32 sizes = state.largest - state.smallest + 1;

	return (u16)(state.smallest + (u64)number * 7919 % sizes);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void frame_sent(struct netdev *dev, struct netdev_tx *tx)
{
	struct slot *slot = tx->context;

	(void)dev;
	slot->busy = false;
	state.returned++;
	state.failed += !!tx->error;
}

/* Pieces of all kinds: mostly few, now and then more than a table of descriptors has. */
static unsigned int pieces_of(u32 number, u16 length)
{
	unsigned int pieces = number % 97 ? 1 + number % 6 : NETDEV_SEGMENTS_MAX;

	return min(pieces, (unsigned int)length);
}

static void cut(struct slot *slot, u16 length, unsigned int pieces)
{
	u32 each = length / pieces;

	for (unsigned int i = 0; i < pieces; i++)
		slot->segments[i] =
			(struct netdev_segment){ slot->frame + i * each,
						 i + 1 < pieces ? each : length - i * each };
	slot->tx.segments = slot->segments;
	slot->tx.segment_count = pieces;
}

static int send(struct netdev *dev, struct slot *slot, u8 kind, u32 number, u16 length)
{
	static const u8 peer[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x01 };
	struct numbered *frame = (struct numbered *)slot->frame;

	memcpy(frame->to, peer, ETH_ALEN);
	memcpy(frame->from, dev->mac, ETH_ALEN);
	frame->type[0] = TYPE_HIGH;
	frame->type[1] = TYPE_LOW;
	frame->kind = kind;
	frame->number = number;
	frame->length = length;
	memcpy(frame->data, pattern_of(number), length - sizeof(*frame));
	cut(slot, length, pieces_of(number, length));
	slot->tx.done = frame_sent;
	slot->tx.context = slot;
	return netdev_send(dev, number % dev->queue_pairs, &slot->tx);
}

static struct slot *free_slot(void)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		if (!state.slots[i].busy)
			return &state.slots[i];
	return NULL;
}

static bool has_busy_slots(void)
{
	bool busy = false;

	for (unsigned int i = 0; i < SLOTS; i++)
		busy |= state.slots[i].busy;
	return busy;
}

/* Sends as many as fit; how many. A frame that finds the queue full is tried again later. */
static int send_some(struct netdev *dev, u64 frames)
{
	struct slot *slot;
	int count = 0;

	while (state.sent < frames && (slot = free_slot())) {
		u32 number = (u32)state.sent;
		int error = send(dev, slot, KIND_DATA, number, length_of(number));

		if (error == -ENOSPC || error == -EIO)
			break;
		if (error)
			return error;
		slot->busy = true;
		state.sent++;
		count++;
	}
	for (unsigned int i = 0; count && i < dev->queue_pairs; i++)
		netdev_flush(dev, i);
	return count;
}

/* All but a few slots are free when something is said. */
static int say(struct netdev *dev, u8 kind, u64 frames)
{
	struct slot *slot = free_slot();
	int error = slot ? send(dev, slot, kind, (u32)frames, SAID_BYTES) : -ENOSPC;

	if (error)
		return error;
	slot->busy = true;
	netdev_flush(dev, frames % dev->queue_pairs);
	return 0;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Only over one queue do they come in order. */
static bool is_as_sent(const struct numbered *frame, u32 length, bool ordered)
{
	if (ordered && frame->number != state.expected)
		return false;
	/* A short one may have been padded on the way. */
	return frame->length == length_of(frame->number) &&
	       (frame->length == length || (frame->length < length && length == ETH_ZLEN)) &&
	       !memcmp(frame->data, pattern_of(frame->number), frame->length - sizeof(*frame));
}

static void receive(struct netdev *dev, const struct netdev_frame *frame, void *context)
{
	const struct numbered *numbered = (const struct numbered *)state.seen;
	u32 length = netdev_copy(frame, 0, state.seen, NETDEV_FRAME_MAX);

	(void)context;
	if (length < sizeof(*numbered) || numbered->type[0] != TYPE_HIGH ||
	    numbered->type[1] != TYPE_LOW) {
		state.strange++;
		return;
	}
	if (numbered->kind == KIND_DONE)
		state.done_received = true;
	if (numbered->kind != KIND_DATA)
		return;
	state.bad +=
		length != frame->length || !is_as_sent(numbered, length, dev->queue_pairs == 1);
	state.expected = numbered->number + 1;
	state.received++;
}

/* ---- both ------------------------------------------------------------------------------------ */

static int poll_all(struct netdev *dev)
{
	int count = 0;

	for (unsigned int i = 0; i < dev->queue_pairs; i++) {
		int one = netdev_poll(dev, i, BUDGET, receive, NULL);

		if (one < 0)
			return one;
		count += one;
	}
	return count;
}

/* One round: 0 when nothing moved, more when something did, or -errno. */
static int move(struct netdev *dev, u64 to_send)
{
	u64 before = state.returned;
	int sent = send_some(dev, to_send);
	int received = sent < 0 ? 0 : poll_all(dev);

	if (sent < 0 || received < 0)
		return sent < 0 ? sent : received;
	return sent + received + (int)(state.returned - before);
}

static bool is_complete(u64 to_send, u64 to_receive)
{
	return state.sent == to_send && !has_busy_slots() && state.received >= to_receive;
}

/* Until all have gone and come, or nothing moves any more. */
static int run(struct netdev *dev, u64 to_send, u64 to_receive)
{
	bool sleeps = !netcheck_option("poll", 0);
	u64 last = ktime_get_ns();

	while (!is_complete(to_send, to_receive)) {
		int moved = move(dev, to_send);

		if (moved < 0)
			return moved;
		if (moved)
			last = ktime_get_ns();
		else if (ktime_get_ns() - last > PATIENCE_NS)
			return -ETIMEDOUT;
		else if (sleeps)
			netdev_wait(dev, NETDEV_RECEIVED | NETDEV_SENT, NAP_NS);
	}
	return 0;
}

static bool alloc_all(void)
{
	bool all = true;

	state.pattern = alloc_pages_exact(PATTERN_BYTES);
	state.seen = alloc_pages_exact(NETDEV_FRAME_MAX);
	for (unsigned int i = 0; i < SLOTS; i++) {
		state.slots[i].frame = alloc_pages_exact(state.largest);
		all &= !!state.slots[i].frame;
	}
	return all && state.pattern && state.seen;
}

static void free_all(void)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		free_pages_exact(state.slots[i].frame, state.largest);
	free_pages_exact(state.seen, NETDEV_FRAME_MAX);
	free_pages_exact(state.pattern, PATTERN_BYTES);
}

/* The peer begins when it has heard us, and then sends while we sleep: the ring fills up. */
static int exchange(struct netdev *dev)
{
	u64 to_send = netcheck_option("send", 3000), to_receive = netcheck_option("receive", 3000);
	u64 hold_ms = netcheck_option("hold", 0);
	int error = say(dev, KIND_HELLO, to_receive);

	if (!error && hold_ms)
		udelay((u32)(hold_ms * 1000));
	if (!error)
		error = run(dev, to_send, to_receive);
	if (!error)
		error = say(dev, KIND_DONE, to_send);
	for (u64 start = ktime_get_ns(); !error && (!state.done_received || has_busy_slots());) {
		error = poll_all(dev) < 0 ? -EIO : 0;
		if (ktime_get_ns() - start > PATIENCE_NS)
			error = -ETIMEDOUT;
	}
	return error;
}

int netcheck_exchange(struct netdev *dev)
{
	int error = netdev_set_queue_pairs(dev, (u32)netcheck_option("pairs", 1));

	state.smallest = sizeof(struct numbered);
	state.largest = dev->mtu + ETH_HLEN;
	if (!error)
		error = alloc_all() ? 0 : -ENOMEM;
	if (!error) {
		make_pattern();
		error = exchange(dev);
	}
	printk("netcheck: %llu frames sent, %llu received, %llu bad, %llu strange, %llu ended with an error; error %d\n",
	       state.sent, state.received, state.bad, state.strange, state.failed, error);
	if (!has_busy_slots()) /* else the device still has some */
		free_all();
	return error || state.bad || state.failed ? -EIO : 0;
}
