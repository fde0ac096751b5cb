/* SPDX-License-Identifier: MIT */
/*
 * The demo: what the bus found, then virtio-simple at work, by polling and by interrupt. Every
 * answer is compared with what was computed here, and the cost is counted, not guessed.
 */
#include "apps/demo/demo.h"
#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/bootinfo.h"
#include "kernel/device.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define ECHO_BYTES 4096 /* or as much as the device takes */
#define ONE_BY_ONE 1000
#define MANY 70000 /* more than 65,536, so that the 16-bit ring indices wrap */
#define DEPTH 32
#define WAIT_NS (2 * NSEC_PER_SEC)

static const char *name_of(const struct virtio_simple *simple, enum virtqueue_wait how)
{
	if (how == VIRTQUEUE_POLL)
		return "polled";
	return virtio_simple_can_interrupt(simple) ? virtio_simple_interrupt_name(simple)
						   : "polled (no interrupts)";
}

/* ---- one of each operation ------------------------------------------------------------------- */

static bool call_is_ok(struct virtio_simple *simple, enum virtqueue_wait how,
		       struct virtio_simple_request *request, u32 answer_length)
{
	int error = virtio_simple_call(simple, how, request);

	if (!error && request->status == VIRTIO_SIMPLE_S_OK &&
	    request->answer_length == answer_length)
		return true;
	printk("demo: op %u failed: error %d, status %u, %u bytes of answer\n", request->op, error,
	       request->status, request->answer_length);
	return false;
}

static bool show_multiply(struct virtio_simple *simple, enum virtqueue_wait how)
{
	__le64 factors[2] = { cpu_to_le64(6), cpu_to_le64(7) };
	__le64 product[2] = { 0, 0 };
	struct virtio_simple_request request = {
		.op = VIRTIO_SIMPLE_OP_MULTIPLY,
		.payload = factors,
		.payload_length = sizeof(factors),
		.answer = product,
		.answer_size = sizeof(product),
	};

	if (!call_is_ok(simple, how, &request, sizeof(product)))
		return false;
	printk("demo: MULTIPLY 6 x 7 = %llu (%s)\n", le64_to_cpu(product[0]), name_of(simple, how));
	return le64_to_cpu(product[0]) == 42 && !product[1];
}

static void fill_pattern(u8 *bytes, u32 length)
{
	for (u32 i = 0; i < length; i++)
		bytes[i] = (u8)(i * 31 + (i >> 8));
}

static u32 echo_bytes(const struct virtio_simple *simple)
{
	return min((u32)ECHO_BYTES, virtio_simple_max_payload(simple));
}

static bool show_echo(struct virtio_simple *simple, u8 *sent, u8 *received)
{
	u32 bytes = echo_bytes(simple);
	struct virtio_simple_request request = {
		.op = VIRTIO_SIMPLE_OP_ECHO,
		.payload = sent,
		.payload_length = bytes,
		.answer = received,
		.answer_size = bytes,
	};

	memset(received, 0xee, bytes);
	if (!call_is_ok(simple, VIRTQUEUE_INTERRUPT, &request, bytes))
		return false;
	if (memcmp(sent, received, bytes)) {
		printk("demo: ECHO came back changed\n");
		return false;
	}
	printk("demo: ECHO of %u bytes came back whole\n", bytes);
	return true;
}

/* IEEE 802.3, reflected, as the device is asked to compute it. */
static u32 crc32(const u8 *bytes, u32 length)
{
	u32 crc = ~0u;

	for (u32 i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static bool show_crc32(struct virtio_simple *simple, u8 *payload)
{
	u32 bytes = echo_bytes(simple);
	u32 wanted = crc32(payload, bytes);
	__le32 answer = 0;
	struct virtio_simple_request request = {
		.op = VIRTIO_SIMPLE_OP_CRC32,
		.payload = payload,
		.payload_length = bytes,
		.answer = &answer,
		.answer_size = sizeof(answer),
	};

	if (!call_is_ok(simple, VIRTQUEUE_INTERRUPT, &request, sizeof(answer)))
		return false;
	printk("demo: CRC32 of %u bytes = 0x%08x, computed here 0x%08x\n", bytes,
	       le32_to_cpu(answer), wanted);
	return le32_to_cpu(answer) == wanted;
}

/* With no event queue offered there is nothing to show, and that is no failure. */
static bool show_event(struct virtio_simple *simple)
{
	char text[] = "knock, knock";
	struct virtio_simple_event event;
	struct virtio_simple_request request = {
		.op = VIRTIO_SIMPLE_OP_EVENT,
		.payload = text,
		.payload_length = sizeof(text) - 1,
	};
	int error;

	if (!virtio_simple_has_events(simple)) {
		printk("demo: the device has no event queue\n");
		return true;
	}
	if (!call_is_ok(simple, VIRTQUEUE_INTERRUPT, &request, 0))
		return false;
	error = virtio_simple_next_event(simple, &event, WAIT_NS);
	if (error || event.type != VIRTIO_SIMPLE_EVENT_PAYLOAD ||
	    event.length != sizeof(text) - 1 || memcmp(event.data, text, event.length)) {
		printk("demo: the EVENT did not come back: error %d\n", error);
		return false;
	}
	printk("demo: EVENT received: \"%.*s\"\n", (int)event.length, (const char *)event.data);
	return true;
}

static bool show_operations(struct virtio_simple *simple)
{
	u8 *pages = alloc_pages_exact(2 * ECHO_BYTES);
	bool ok = pages;

	if (!pages) {
		printk("demo: out of memory\n");
		return false;
	}
	fill_pattern(pages, ECHO_BYTES);
	ok = show_multiply(simple, VIRTQUEUE_POLL) && show_multiply(simple, VIRTQUEUE_INTERRUPT) &&
	     show_echo(simple, pages, pages + ECHO_BYTES) && show_crc32(simple, pages) &&
	     show_event(simple);
	/* After a failure the device may still own them. */
	if (ok)
		free_pages_exact(pages, 2 * ECHO_BYTES);
	return ok;
}

/* ---- many of them ---------------------------------------------------------------------------- */

/* A request with the memory it points to. */
struct product {
	struct virtio_simple_request request;
	__le64 factors[2];
	__le64 result[2];
};

static struct product products[DEPTH];

struct series {
	struct virtio_simple *simple;
	enum virtqueue_wait how;
	u32 total;
	u16 depth;
	u32 batches;
};

static void prepare(struct product *product, u32 number)
{
	product->factors[0] = cpu_to_le64(0x9e3779b97f4a7c15ULL * (number + 1));
	product->factors[1] = cpu_to_le64(number | 1ULL << 40);
	product->request = (struct virtio_simple_request){
		.op = VIRTIO_SIMPLE_OP_MULTIPLY,
		.payload = product->factors,
		.payload_length = sizeof(product->factors),
		.answer = product->result,
		.answer_size = sizeof(product->result),
	};
}

static bool is_right(const struct product *product)
{
	unsigned __int128 wanted = (unsigned __int128)le64_to_cpu(product->factors[0]) *
				   le64_to_cpu(product->factors[1]);

	return !product->request.error && product->request.status == VIRTIO_SIMPLE_S_OK &&
	       product->request.answer_length == sizeof(product->result) &&
	       le64_to_cpu(product->result[0]) == (u64)wanted &&
	       le64_to_cpu(product->result[1]) == (u64)(wanted >> 64);
}

/* Submits until the depth is reached or the queue is full; returns how many. */
static u16 submit_batch(const struct series *series, u32 number)
{
	u16 count = 0;

	while (count < series->depth && number + count < series->total) {
		prepare(&products[count], number + count);
		if (virtio_simple_submit(series->simple, 0, &products[count].request))
			break;
		count++;
	}
	return count;
}

static bool reap_batch(const struct series *series, u16 count)
{
	for (u16 i = 0; i < count; i++) {
		struct virtio_simple_request *request = virtio_simple_reap(series->simple, 0);

		if (!request || !is_right(container_of(request, struct product, request))) {
			printk("demo: %s answer\n", request ? "a wrong" : "a missing");
			return false;
		}
	}
	return true;
}

static bool run_batches(struct series *series)
{
	for (u32 number = 0; number < series->total;) {
		u16 count = submit_batch(series, number);

		if (!count) {
			printk("demo: the queue refuses requests although it is empty\n");
			return false;
		}
		virtio_simple_kick(series->simple, 0);
		if (virtio_simple_wait(series->simple, 0, series->how, count, WAIT_NS))
			return false;
		if (!reap_batch(series, count))
			return false;
		number += count;
		series->batches++;
	}
	return true;
}

/* What the numbers may be at most: asked of the queue, held against what was counted. */
static bool cost_is_right(const struct series *series, const struct virtqueue_counters *cost)
{
	bool interrupts = series->how == VIRTQUEUE_INTERRUPT;

	if (cost->notifications > series->batches)
		return false;
	if (!interrupts)
		return cost->interrupts == 0;
	if (series->depth > 1 && !virtio_simple_has_event_idx(series->simple))
		return cost->interrupts <= series->total;
	return cost->interrupts <= series->batches;
}

static bool run_series(struct virtio_simple *simple, enum virtqueue_wait how, u32 total, u16 depth)
{
	struct series series = { simple, how, total, depth, 0 };
	struct virtqueue_counters before, after, cost = {};
	u64 start, ns;
	bool ok;

	virtio_simple_settle(simple);
	virtio_simple_count(simple, 0, &before);
	start = ktime_get_ns();
	ok = run_batches(&series);
	ns = ktime_get_ns() - start;
	virtio_simple_count(simple, 0, &after);
	cost.notifications = after.notifications - before.notifications;
	cost.interrupts = after.interrupts - before.interrupts;
	printk("demo: %s, depth %u: %u requests, %u batches, %llu notifications, %llu interrupts, %llu.%03llu ms\n",
	       name_of(simple, how), depth, total, series.batches, cost.notifications,
	       cost.interrupts, ns / NSEC_PER_MSEC, ns / NSEC_PER_USEC % 1000);
	if (ok && !cost_is_right(&series, &cost)) {
		printk("demo: more notifications or interrupts than expected\n");
		return false;
	}
	return ok;
}

static bool run_all_series(struct virtio_simple *simple)
{
	return run_series(simple, VIRTQUEUE_POLL, ONE_BY_ONE, 1) &&
	       run_series(simple, VIRTQUEUE_INTERRUPT, ONE_BY_ONE, 1) &&
	       run_series(simple, VIRTQUEUE_POLL, MANY, DEPTH) &&
	       run_series(simple, VIRTQUEUE_INTERRUPT, MANY, DEPTH);
}

int main(int argc, char **argv)
{
	struct virtio_simple *simple = virtio_simple_get(0);

	(void)argc;
	(void)argv;
	device_print_id_tables();
	device_print_tree();
	if (!simple) {
		printk("demo: E02 no virtio-simple device is up (-device virtio-simple-pci)\n");
		return 1;
	}
	if (!demo_greet_disks()) {
		printk("demo: failed\n");
		return 1;
	}
	printk("demo: driving %s at %s\n", virtio_simple_name(simple),
	       virtio_simple_bus_name(simple));
	if (!show_operations(simple) || !run_all_series(simple)) {
		printk("demo: failed\n");
		return 1;
	}
	printk("demo: ok\n");
	return 0;
}
