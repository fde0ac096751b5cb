/* SPDX-License-Identifier: MIT */
/*
 * The corners of virtio-simple that the demo leaves out: what the device refuses, how large things
 * may be, a full queue, overtaking, all request queues. Each check prints one line.
 */
#include <linux/errno.h>

#include "tests/guests/check/check.h"
#include "drivers/virtio/simple/virtio_simple.h"
#include "drivers/virtio/virtio.h"
#include "kernel/bootinfo.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define WAIT_NS (2 * NSEC_PER_SEC)
#define FILL_BYTES 1000 /* or as much as the device takes */
#define DELAY_US 50000

static unsigned int passed, failed;

void check(bool ok, const char *what)
{
	printk("check: %s %s\n", ok ? "ok  " : "FAIL", what);
	if (ok)
		passed++;
	else
		failed++;
}

/* The request is answered as asked, and the device still answers the next one. */
static bool is_answered(struct virtio_simple *simple, struct virtio_simple_request *request,
			u32 status, u32 length)
{
	struct virtio_simple_request nop = { .op = VIRTIO_SIMPLE_OP_NOP };

	return !virtio_simple_call(simple, VIRTQUEUE_INTERRUPT, request) &&
	       request->status == status && request->answer_length == length &&
	       !virtio_simple_call(simple, VIRTQUEUE_POLL, &nop) &&
	       nop.status == VIRTIO_SIMPLE_S_OK;
}

static void check_refusals(struct virtio_simple *simple, u8 *memory)
{
	u32 largest = virtio_simple_max_payload(simple);
	struct virtio_simple_request unknown = { .op = 99 };
	struct virtio_simple_request odd = {
		.op = VIRTIO_SIMPLE_OP_MULTIPLY,
		.payload = memory,
		.payload_length = 15,
		.answer = memory + 16,
		.answer_size = 16,
	};
	struct virtio_simple_request oversize = {
		.op = VIRTIO_SIMPLE_OP_CRC32,
		.payload = memory,
		.payload_length = largest + 1,
		.answer = memory,
		.answer_size = 4,
	};
	struct virtio_simple_request overfill = {
		.op = VIRTIO_SIMPLE_OP_FILL,
		.arg = largest + 1,
		.answer = memory,
		.answer_size = largest + 1,
	};
	struct virtio_simple_request narrow = {
		.op = VIRTIO_SIMPLE_OP_FILL,
		.arg = 16,
		.answer = memory,
		.answer_size = 15,
	};

	check(is_answered(simple, &unknown, VIRTIO_SIMPLE_S_UNSUPPORTED, 0),
	      "an unknown op is UNSUPPORTED");
	check(is_answered(simple, &odd, VIRTIO_SIMPLE_S_INVALID, 0),
	      "MULTIPLY of 15 bytes is INVALID");
	check(is_answered(simple, &oversize, VIRTIO_SIMPLE_S_TOO_LARGE, 0),
	      "a payload of one byte too many is TOO_LARGE");
	check(is_answered(simple, &overfill, VIRTIO_SIMPLE_S_TOO_LARGE, 0),
	      "a FILL of one byte too many is TOO_LARGE");
	check(is_answered(simple, &narrow, VIRTIO_SIMPLE_S_INVALID, 0),
	      "an answer that does not fit is INVALID");
}

static bool echo_is_whole(struct virtio_simple *simple, u8 *memory, u32 length)
{
	struct virtio_simple_request echo = {
		.op = VIRTIO_SIMPLE_OP_ECHO,
		.payload = memory,
		.payload_length = length,
		.answer = memory + length,
		.answer_size = length,
	};

	for (u32 i = 0; i < length; i++)
		memory[i] = (u8)(i ^ i >> 8);
	memset(memory + length, 0, length);
	return is_answered(simple, &echo, VIRTIO_SIMPLE_S_OK, length) &&
	       !memcmp(memory, memory + length, length);
}

/* Byte i is (cookie + i) mod 256, and what lies beyond is left alone. */
static bool fill_is_right(struct virtio_simple *simple, u8 *memory)
{
	u32 bytes = min((u32)FILL_BYTES, virtio_simple_max_payload(simple));
	struct virtio_simple_request fill = {
		.op = VIRTIO_SIMPLE_OP_FILL,
		.arg = bytes,
		.answer = memory,
		.answer_size = bytes + 16,
	};
	bool ok;

	memset(memory, 0xee, bytes + 16);
	ok = is_answered(simple, &fill, VIRTIO_SIMPLE_S_OK, bytes);
	for (u32 i = 0; i < bytes + 16; i++)
		ok &= memory[i] == (i < bytes ? (u8)(fill.cookie + i) : 0xee);
	return ok;
}

static bool empty_echo_is_right(struct virtio_simple *simple)
{
	struct virtio_simple_request echo = { .op = VIRTIO_SIMPLE_OP_ECHO };

	return is_answered(simple, &echo, VIRTIO_SIMPLE_S_OK, 0);
}

static void check_sizes(struct virtio_simple *simple, u8 *memory)
{
	check(empty_echo_is_right(simple), "ECHO of nothing");
	check(echo_is_whole(simple, memory, 1), "ECHO of 1 byte");
	check(echo_is_whole(simple, memory, virtio_simple_max_payload(simple)),
	      "ECHO of the largest payload");
	check(fill_is_right(simple, memory), "FILL writes its pattern and nothing more");
}

static bool next_is(struct virtio_simple *simple, struct virtio_simple_request *wanted)
{
	return !virtio_simple_wait(simple, 0, VIRTQUEUE_INTERRUPT, 1, WAIT_NS) &&
	       virtio_simple_reap(simple, 0) == wanted && !wanted->error;
}

/* A request that takes its time does not hold up the next one, unless they are to come in order. */
static void check_overtaking(struct virtio_simple *simple)
{
	struct virtio_simple_request slow = { .op = VIRTIO_SIMPLE_OP_DELAY, .arg = DELAY_US };
	struct virtio_simple_request nop = { .op = VIRTIO_SIMPLE_OP_NOP };
	bool in_order = virtqueue_is_in_order(virtio_simple_queue(simple, 0));
	u64 start = ktime_get_ns();
	bool ok;

	ok = !virtio_simple_submit(simple, 0, &slow) && !virtio_simple_submit(simple, 0, &nop);
	virtio_simple_kick(simple, 0);
	ok = ok && next_is(simple, in_order ? &slow : &nop);
	ok = ok && next_is(simple, in_order ? &nop : &slow);
	check(ok, in_order ? "a NOP waits for the DELAY before it" : "a NOP overtakes a DELAY");
	/* Two clocks: the host's timer and ours, which was calibrated. */
	check(ktime_get_ns() - start >= DELAY_US * NSEC_PER_USEC * 9 / 10,
	      "the DELAY took its 50 ms");
}

/* Fills the queue to its last descriptor, sees it refuse, and gets all of it back. */
static bool queue_fills_and_drains(struct virtio_simple *simple, unsigned int queue)
{
	u16 room = virtqueue_get_vring_size(virtio_simple_queue(simple, queue));
	u16 count = 0, back = 0;
	struct virtio_simple_request *requests = kzalloc((room + 1u) * sizeof(*requests));
	int error = requests ? 0 : -ENOMEM;

	while (!error && count <= room) {
		requests[count].op = VIRTIO_SIMPLE_OP_NOP;
		error = virtio_simple_submit(simple, queue, &requests[count]);
		count += !error;
	}
	virtio_simple_kick(simple, queue);
	if (error == -ENOSPC &&
	    !virtio_simple_wait(simple, queue, VIRTQUEUE_INTERRUPT, count, WAIT_NS))
		while (virtio_simple_reap(simple, queue))
			back++;
	printk("check: queue %u of %u entries took %u requests and gave back %u\n", queue, room,
	       count, back);
	/* A queue that kept some may still write to them. */
	if (back == count)
		kfree(requests);
	return count && back == count && count <= room;
}

static void check_queues(struct virtio_simple *simple)
{
	for (unsigned int i = 0; i < virtio_simple_request_queues(simple); i++) {
		check(queue_fills_and_drains(simple, i), "a queue fills, refuses and drains");
		check(queue_fills_and_drains(simple, i), "and does so again");
	}
}

static void check_config(struct virtio_simple *simple)
{
	struct virtio_device *vdev = virtio_simple_vdev(simple);
	u32 wanted = 0xfeedc0de, value = 0;
	u64 counter = 0, again = 0;

	check(!virtio_config_write(vdev, offsetof(struct virtio_simple_config, writable), &wanted,
				   sizeof(wanted)) &&
		      !virtio_cread(vdev, struct virtio_simple_config, writable, &value) &&
		      value == wanted,
	      "the writable configuration field reads back");
	check(!virtio_simple_read_counter(simple, &counter) &&
		      !virtio_simple_read_counter(simple, &again) && again == counter,
	      "the counter stands still while nobody changes it");
}

/* An event longer than its buffer comes cut, and says how much is missing. */
static void check_long_event(struct virtio_simple *simple, u8 *memory)
{
	static struct virtio_simple_event event;
	u32 length = min(2u * VIRTIO_SIMPLE_EVENT_MAX, virtio_simple_max_payload(simple));
	u32 kept = min(length, (u32)VIRTIO_SIMPLE_EVENT_MAX);
	struct virtio_simple_request request = {
		.op = VIRTIO_SIMPLE_OP_EVENT,
		.payload = memory,
		.payload_length = length,
	};
	bool ok;

	for (u32 i = 0; i < length; i++)
		memory[i] = (u8)(i * 7);
	ok = is_answered(simple, &request, VIRTIO_SIMPLE_S_OK, 0) &&
	     !virtio_simple_next_event(simple, &event, WAIT_NS) && event.length == kept &&
	     event.cut == length - kept && !memcmp(event.data, memory, kept);
	check(ok, "an event longer than its buffer comes cut");
}

static int run_checks(struct virtio_simple *simple)
{
	size_t bytes = 2 * (size_t)virtio_simple_max_payload(simple) + PAGE_SIZE;
	u8 *memory = alloc_pages_exact(bytes);

	if (!memory) {
		printk("check: no memory for %zu bytes of payload\n", bytes);
		return 1;
	}
	check_refusals(simple, memory);
	check_sizes(simple, memory);
	check_overtaking(simple);
	check_queues(simple);
	check_config(simple);
	if (virtio_simple_has_events(simple))
		check_long_event(simple, memory);
	check_extras(simple);
	printk("check: %u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct virtio_simple *simple = virtio_simple_get(0);

	(void)argc;
	(void)argv;
	if (!simple) {
		printk("check: E02 no virtio-simple device is up\n");
		return 1;
	}
	return run_checks(simple);
}
