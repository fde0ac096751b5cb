/* SPDX-License-Identifier: MIT */
/*
 * Load for one cell of tests/guests/transport: as many requests as the queues take, again and
 * again, then requests one by one. Sizes and operations are mixed, so that chains of several
 * lengths lie side by side in the ring, now and then one is overtaken, and every answer is compared
 * with what it
 * must be.
 */
#include <linux/errno.h>

#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/bootinfo.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define AT_FULL_RING 70000 /* more than 65,536: 16-bit indices wrap */
#define ONE_BY_ONE 2000
#define QUEUES_MAX 8
#define WAIT_NS (5 * NSEC_PER_SEC)

#define BYTES_MAX 96 /* of a payload, and of an answer */
/* One request of so many takes its time. It shows that interrupts come where the device otherwise
 * answers within the notification. Primes, so that it lies in another place each time. */
#define DELAY_EVERY_MANY 499
#define DELAY_EVERY_FEW 47
#define DELAY_US 100
/* On a busy host 100 us may be over before the wait begins, and an interrupt is not wanted then.
 * One answer is slow enough to be waited for: so long, and twice as long until it interrupts. */
#define SLOW_MIN_US 1000
#define SLOW_MAX_US 1000000

/* A request with the memory it points to. */
struct slot {
	struct virtio_simple_request request;
	struct slot *next;
	u32 number;
	u32 wanted; /* bytes of answer */
	u8 payload[BYTES_MAX], answer[BYTES_MAX];
};

/* One request queue, and its slots: as many as the queue has entries. */
struct lane {
	unsigned int queue;
	size_t bytes;
	struct slot *slots, *free;
	u16 outstanding;
};

struct series {
	struct virtio_simple *simple;
	struct lane *lanes;
	unsigned int lane_count;
	const char *name;
	u32 total, delay_every, delay_us;
	u16 depth; /* outstanding on a queue at most */
	u32 submitted, done, batches;
	u16 deepest; /* that were outstanding */
};

/* ---- what is asked, and what must come ------------------------------------------------------- */

static void ask_multiply(struct slot *slot)
{
	__le64 factors[2] = { cpu_to_le64(0x9e3779b97f4a7c15ULL * (slot->number + 1)),
			      cpu_to_le64(slot->number | 1ULL << 40) };

	memcpy(slot->payload, factors, sizeof(factors));
	slot->request.op = VIRTIO_SIMPLE_OP_MULTIPLY;
	slot->request.payload_length = sizeof(factors);
	slot->wanted = slot->request.answer_size = 2 * sizeof(__le64);
}

static void ask_echo(struct slot *slot)
{
	slot->wanted = slot->number / 8 % (BYTES_MAX + 1);
	for (u32 i = 0; i < slot->wanted; i++)
		slot->payload[i] = (u8)(slot->number + i * 7);
	slot->request.op = VIRTIO_SIMPLE_OP_ECHO;
	slot->request.payload_length = slot->request.answer_size = slot->wanted;
}

/* Every other one has more room than the answer needs. */
static void ask_fill(struct slot *slot)
{
	slot->wanted = slot->number / 8 % (BYTES_MAX + 1);
	slot->request.op = VIRTIO_SIMPLE_OP_FILL;
	slot->request.arg = slot->wanted;
	slot->request.answer_size = slot->number & 16 ? BYTES_MAX : slot->wanted;
}

static void ask(struct slot *slot, u32 number, const struct series *series)
{
	slot->number = number;
	slot->wanted = 0;
	slot->request = (struct virtio_simple_request){
		.op = VIRTIO_SIMPLE_OP_NOP,
		.payload = slot->payload,
		.answer = slot->answer,
	};
	memset(slot->answer, 0xee, sizeof(slot->answer));
	if (number % series->delay_every == series->delay_every - 1) {
		slot->request.op = VIRTIO_SIMPLE_OP_DELAY;
		slot->request.arg = series->delay_us;
	} else if (number % 8 == 1) {
		ask_echo(slot);
	} else if (number % 8 == 3) {
		ask_fill(slot);
	} else if (number % 8 != 6) {
		ask_multiply(slot);
	}
}

static bool product_is_right(const struct slot *slot)
{
	__le64 numbers[4]; /* both factors, both halves of the product */
	unsigned __int128 wanted;

	memcpy(numbers, slot->payload, 2 * sizeof(*numbers));
	memcpy(numbers + 2, slot->answer, 2 * sizeof(*numbers));
	wanted = (unsigned __int128)le64_to_cpu(numbers[0]) * le64_to_cpu(numbers[1]);
	return le64_to_cpu(numbers[2]) == (u64)wanted &&
	       le64_to_cpu(numbers[3]) == (u64)(wanted >> 64);
}

static bool pattern_is_right(const struct slot *slot)
{
	for (u32 i = 0; i < slot->wanted; i++)
		if (slot->answer[i] != (u8)(slot->request.cookie + i))
			return false;
	return true;
}

static bool bytes_are_right(const struct slot *slot)
{
	switch (slot->request.op) {
	case VIRTIO_SIMPLE_OP_MULTIPLY:
		return product_is_right(slot);
	case VIRTIO_SIMPLE_OP_ECHO:
		return !memcmp(slot->payload, slot->answer, slot->wanted);
	case VIRTIO_SIMPLE_OP_FILL:
		return pattern_is_right(slot);
	default:
		return true;
	}
}

static bool is_right(const struct slot *slot)
{
	const struct virtio_simple_request *request = &slot->request;
	bool headers = !request->error && request->status == VIRTIO_SIMPLE_S_OK &&
		       request->answer_length == slot->wanted;

	if (headers && bytes_are_right(slot))
		return true;
	printk("matrix: request %u, op %u: error %d, status %u, %u bytes of answer, %u wanted%s\n",
	       slot->number, request->op, request->error, request->status, request->answer_length,
	       slot->wanted, headers ? ", and they are wrong" : "");
	return false;
}

/* ---- keeping queues busy --------------------------------------------------------------------- */

/* Submits until the queue is full, the depth is reached or nothing is left to do. False when the
 * queue refuses for another reason than being full, or refuses though it is empty. */
static bool fill_lane(struct series *series, struct lane *lane)
{
	u32 before = series->submitted;
	int error = 0;

	while (lane->free && lane->outstanding < series->depth &&
	       series->submitted < series->total) {
		struct slot *slot = lane->free;

		ask(slot, series->submitted, series);
		error = virtio_simple_submit(series->simple, lane->queue, &slot->request);
		if (error)
			break;
		lane->free = slot->next;
		lane->outstanding++;
		series->submitted++;
	}
	if (error && (error != -ENOSPC || !lane->outstanding)) {
		printk("matrix: queue %u refuses a request: error %d\n", lane->queue, error);
		return false;
	}
	series->batches += series->submitted != before;
	series->deepest = max(series->deepest, lane->outstanding);
	return virtio_simple_kick(series->simple, lane->queue);
}

/* What is there when the time is nearly over was there before: it was the timer that woke us. */
static bool wait_for(struct series *series, struct lane *lane, u16 count)
{
	u64 start = ktime_get_ns();
	int error = virtio_simple_wait(series->simple, lane->queue, VIRTQUEUE_INTERRUPT, count,
				       WAIT_NS);

	if (!error && ktime_get_ns() - start < WAIT_NS * 4 / 5)
		return true;
	printk("matrix: waited for %u of %u on queue %u: %s\n", count, lane->outstanding,
	       lane->queue, error ? "they did not come" : "they came, and no interrupt");
	return false;
}

/* Waits for half of them, or every other time for all, and takes back what is done. */
static bool drain_lane(struct series *series, struct lane *lane)
{
	u16 wanted = series->batches & 1 ? lane->outstanding : (u16)((lane->outstanding + 1) / 2);
	struct virtio_simple_request *request;

	if (!wanted)
		return true;
	if (!wait_for(series, lane, wanted))
		return false;
	while ((request = virtio_simple_reap(series->simple, lane->queue))) {
		struct slot *slot = container_of(request, struct slot, request);

		if (!is_right(slot))
			return false;
		slot->next = lane->free;
		lane->free = slot;
		lane->outstanding--;
		series->done++;
		wanted -= wanted > 0;
	}
	if (wanted)
		printk("matrix: %u answers are missing on queue %u\n", wanted, lane->queue);
	return !wanted;
}

static bool run_lanes(struct series *series)
{
	while (series->done < series->total) {
		for (unsigned int i = 0; i < series->lane_count; i++)
			if (!fill_lane(series, &series->lanes[i]))
				return false;
		for (unsigned int i = 0; i < series->lane_count; i++)
			if (!drain_lane(series, &series->lanes[i]))
				return false;
	}
	return series->done == series->total;
}

static struct virtqueue_counters count_all(const struct series *series)
{
	struct virtqueue_counters sum = {}, one;

	for (unsigned int i = 0; i < series->lane_count; i++) {
		virtio_simple_count(series->simple, series->lanes[i].queue, &one);
		sum.used += one.used;
		sum.notifications += one.notifications;
		sum.interrupts += one.interrupts;
	}
	return sum;
}

static void print_series(const struct series *series, u64 ns, struct virtqueue_counters before)
{
	struct virtqueue_counters after = count_all(series);

	printk("matrix: %s: %u requests, %u batches, at most %u outstanding, %llu notifications, %llu interrupts, %llu.%03llu ms\n",
	       series->name, series->done, series->batches, series->deepest,
	       after.notifications - before.notifications, after.interrupts - before.interrupts,
	       ns / NSEC_PER_MSEC, ns / NSEC_PER_USEC % 1000);
}

static bool run_series(struct series series)
{
	struct virtqueue_counters before, after;
	u64 start, ns;
	bool ok;

	virtio_simple_settle(series.simple);
	before = count_all(&series);
	start = ktime_get_ns();
	ok = run_lanes(&series);
	ns = ktime_get_ns() - start;
	virtio_simple_settle(series.simple);
	after = count_all(&series);
	print_series(&series, ns, before);
	return ok && after.used - before.used == series.total;
}

/* One request at a time, slower and slower, until one interrupts; one is enough to see that none
 * does where the queues are polled. */
static bool run_slow_series(struct series series)
{
	struct virtqueue_counters before;
	u64 start = ktime_get_ns();
	bool done = false;

	virtio_simple_settle(series.simple);
	before = count_all(&series);
	for (; series.delay_us <= SLOW_MAX_US && !done; series.delay_us *= 2) {
		series.total++;
		if (!run_lanes(&series))
			return false;
		virtio_simple_settle(series.simple);
		done = count_all(&series).interrupts != before.interrupts ||
		       !virtio_simple_can_interrupt(series.simple);
	}
	print_series(&series, ktime_get_ns() - start, before);
	return done;
}

static bool run_all_series(struct virtio_simple *simple, struct lane *lanes, unsigned int count)
{
	struct series many = {
		.simple = simple,
		.lanes = lanes,
		.lane_count = count,
		.name = "full ring",
		.total = AT_FULL_RING,
		.delay_every = DELAY_EVERY_MANY,
		.delay_us = DELAY_US,
		.depth = UINT16_MAX,
	};
	struct series few = many, slow = many;

	few.name = "one by one";
	few.total = ONE_BY_ONE;
	few.delay_every = DELAY_EVERY_FEW;
	few.depth = 1;
	slow.name = "slow answers";
	slow.total = 0;
	slow.delay_every = slow.depth = slow.lane_count = 1;
	slow.delay_us = SLOW_MIN_US;
	return run_series(many) && run_series(few) && run_slow_series(slow);
}

/* ---- the app --------------------------------------------------------------------------------- */

static bool make_lane(struct virtio_simple *simple, struct lane *lane, unsigned int queue)
{
	u16 size = virtqueue_get_vring_size(virtio_simple_queue(simple, queue));

	*lane = (struct lane){ .queue = queue, .bytes = size * sizeof(struct slot) };
	lane->slots = alloc_pages_exact(lane->bytes);
	for (u16 i = 0; lane->slots && i < size; i++) {
		lane->slots[i].next = lane->free;
		lane->free = &lane->slots[i];
	}
	return lane->slots;
}

/* After a failure the memory is kept: the device may still own it. */
static bool run_device(struct virtio_simple *simple)
{
	static struct lane lanes[QUEUES_MAX];
	unsigned int count = min(virtio_simple_request_queues(simple), (unsigned int)QUEUES_MAX);

	for (unsigned int i = 0; i < count; i++)
		if (!make_lane(simple, &lanes[i], i)) {
			printk("matrix: out of memory\n");
			return false;
		}
	if (!run_all_series(simple, lanes, count))
		return false;
	for (unsigned int i = 0; i < count; i++)
		free_pages_exact(lanes[i].slots, lanes[i].bytes);
	return true;
}

int main(int argc, char **argv)
{
	struct virtio_simple *simple = virtio_simple_get(0);
	bool ok;

	(void)argc;
	(void)argv;
	if (!simple) {
		printk("matrix: E02 no virtio-simple device is up\n");
		return 1;
	}
	ok = run_device(simple);
	printk("matrix: %s\n", ok ? "ok" : "failed");
	return ok ? 0 : 1;
}
