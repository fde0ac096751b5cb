// SPDX-License-Identifier: MIT
/*
 * The virtio-simple driver over the real transport: which queues it takes, and what it believes of
 * answers and events (faults R07, R16; docs/virtio-simple.md).
 */
#include "test.h"

#include <linux/errno.h>

#include "drivers/virtio/simple/virtio_simple_priv.h"
#include "kernel/time.h"
#include "simple_fixture.h"
#include "wires.h"
#include "world.h"

/* ---- queues --------------------------------------------------------------------------------- */

static void check_enabled(unsigned int mask)
{
	for (unsigned int i = 0; i < MODERN_QUEUES; i++)
		CHECK_EQ(modern.queues[i].enable, mask >> i & 1);
}

TEST(virtio_simple_queues_without_features)
{
	struct virtio_simple *simple = simple_boot(0, 5, 8);

	CHECK(simple && !virtio_simple_has_events(simple));
	CHECK_EQ(virtio_simple_request_queues(simple), 1); /* C11: no MQ, no field */
	check_enabled(1);
	CHECK_LOG("ready: tag \"host\", 1 request queue");
}

TEST(virtio_simple_queues_with_eventq)
{
	CHECK(virtio_simple_has_events(simple_boot(1, 5, 8)));
	check_enabled(3);
}

/* The event queue keeps its index 1 where there is none. */
TEST(virtio_simple_queues_with_mq_only)
{
	CHECK_EQ(virtio_simple_request_queues(simple_boot(2, 3, 8)), 3);
	check_enabled(1 | 4 | 8);
}

TEST(virtio_simple_queues_with_both)
{
	struct virtio_simple *simple = simple_boot(3, 4, 8);
	struct virtio_simple_request request = { .op = VIRTIO_SIMPLE_OP_NOP };

	check_enabled(31);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK_EQ(virtio_simple_submit(simple, i, &request), 0);
		CHECK(virtio_simple_kick(simple, i));
		CHECK(virtio_simple_reap(simple, i) == &request);
		CHECK_EQ(request.error, 0);
	}
	CHECK_EQ(virtio_simple_submit(simple, 4, &request), -EINVAL);
	CHECK_EQ(modern.queues[4].notified, 1);
}

TEST(virtio_simple_queue_count_0_means_one)
{
	CHECK_EQ(virtio_simple_request_queues(simple_boot(2, 0, 8)), 1);
}

TEST(virtio_simple_queue_count_65535_is_bounded)
{
	modern.vectors = 8;
	CHECK_EQ(virtio_simple_request_queues(simple_boot(2, 65535, 16)), 8);
}

/* It says more queues than there are. */
TEST(virtio_simple_queue_count_beyond_the_device)
{
	CHECK(!simple_boot(2, 8, 2));
	CHECK_LOG("E08");
	CHECK_EQ(modern.status, 0x80);
}

static u32 counting[2];

static int region_of_two_words(struct virtio_device *vdev, struct virtio_shm_region *region, u8 id)
{
	(void)vdev;
	*region = (struct virtio_shm_region){ counting, sizeof(counting) };
	return id ? -ENODEV : 0;
}

static void carry(const void *field)
{
	counting[1] += field == &counting[1];
}

/* Shared memory is the device's too: one that carries into the upper half at each look is given up
 * on. */
TEST(virtio_simple_served_never_holds_still)
{
	struct virtio_simple *simple = simple_boot(0, 1, 1);
	struct virtio_config_ops ops = *simple->vdev->config;
	u64 served = 0;

	ops.get_shm_region = region_of_two_words;
	simple->vdev->config = &ops;
	counting[0] = 7;
	counting[1] = 3;
	CHECK_EQ(virtio_simple_read_served(simple, &served), 0);
	CHECK(served == (3ULL << 32 | 7));
	world_shared_hook = carry;
	CHECK_EQ(virtio_simple_read_served(simple, &served), -EAGAIN);
	world_shared_hook = NULL;
}

TEST(virtio_simple_wrong_magic)
{
	simple_make(0, 1, 1);
	modern.config[0] ^= 1;
	modern_boot();
	CHECK(!virtio_simple_get(0));
	CHECK_LOG("E17");
	CHECK_EQ(modern.status, 0x80);
}

/* The tag is text even if the device forgets its end. */
TEST(virtio_simple_tag_without_an_end)
{
	simple_make(0, 1, 1);
	memset(modern.config + offsetof(struct virtio_simple_config, tag), 'x', 32);
	modern_boot();
	CHECK_LOG("tag \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\", 1 request queue");
}

/* ---- answers -------------------------------------------------------------------------------- */

static u8 payload[100], answer_memory[100];

static struct virtio_simple_request echo(void)
{
	memset(payload, 0x77, sizeof(payload));
	return (struct virtio_simple_request){ .op = VIRTIO_SIMPLE_OP_ECHO,
					       .payload = payload,
					       .payload_length = sizeof(payload),
					       .answer = answer_memory,
					       .answer_size = sizeof(answer_memory) };
}

/* One request after the driver's own first one, which is answered well. */
static int ask(void)
{
	struct virtio_simple *simple = simple_boot(0, 1, 1);
	struct virtio_simple_request request = echo();
	int error;

	CHECK(simple);
	error = virtio_simple_call(simple, VIRTQUEUE_INTERRUPT, &request);
	CHECK_EQ(request.error, error ? -EIO : 0);
	if (error)
		CHECK_EQ(request.answer_length, 0);
	return error;
}

TEST(virtio_simple_honest_answer)
{
	CHECK_EQ(ask(), 0);
	CHECK(!memcmp(payload, answer_memory, sizeof(payload)));
}

TEST(virtio_simple_all_operations_without_answer)
{
	struct virtio_simple *simple = simple_boot(0, 1, 1);
	struct virtio_simple_request request = { .op = 77 };

	CHECK_EQ(virtio_simple_call(simple, VIRTQUEUE_POLL, &request), 0);
	CHECK_EQ(request.status, VIRTIO_SIMPLE_S_UNSUPPORTED);
	CHECK_EQ(request.answer_length, 0);
}

TEST(virtio_simple_answer_with_a_wrong_cookie)
{
	lie.honest = 1;
	lie.cookie_xor = 1ULL << 63;
	CHECK_EQ(ask(), -EIO);
}

TEST(virtio_simple_answer_whose_lengths_differ)
{
	lie.honest = 1;
	lie.length_more = -1;
	CHECK_EQ(ask(), -EIO);
}

TEST(virtio_simple_answer_that_claims_too_much)
{
	lie.honest = 1;
	lie.length_more = 1;
	CHECK_EQ(ask(), -EIO);
}

TEST(virtio_simple_R07_answer_shorter_than_its_header)
{
	lie.honest = 1;
	lie.header_short = true;
	CHECK_EQ(ask(), -EIO);
}

/* R06: more written than there is room for breaks the queue, and the request ends with an error. */
TEST(virtio_simple_R06_used_length_too_long)
{
	lie.honest = 1;
	lie.written_more = 1;
	CHECK_EQ(ask(), -EIO);
	CHECK_LOG("E12");
	CHECK_EQ(modern.status, 0);
}

TEST(virtio_simple_R01_used_id_wrong)
{
	lie.honest = 1;
	lie.id_wrong = true;
	CHECK_EQ(ask(), -EIO);
	CHECK_LOG("E12");
}

/* R26: silence ends at the deadline; the device is reset, and all that was out comes back. */
TEST(virtio_simple_R26_no_answer)
{
	lie.honest = 1;
	lie.silent = true;
	CHECK_EQ(ask(), -ETIMEDOUT);
	CHECK_LOG("E07");
	CHECK(world_now < 4 * NSEC_PER_SEC);
	CHECK_EQ(modern.status, 0);
}

TEST(virtio_simple_after_a_failure_everything_comes_back_once)
{
	struct virtio_simple *simple = simple_boot(0, 1, 1);
	struct virtio_simple_request requests[5];

	lie.silent = true;
	for (unsigned int i = 0; i < 5; i++) {
		requests[i] = echo();
		CHECK_EQ(virtio_simple_submit(simple, 0, &requests[i]), 0);
	}
	virtio_simple_kick(simple, 0);
	CHECK_EQ(virtio_simple_wait(simple, 0, VIRTQUEUE_POLL, 5, NSEC_PER_MSEC), -ETIMEDOUT);
	for (unsigned int i = 0; i < 5; i++) {
		struct virtio_simple_request *done = virtio_simple_reap(simple, 0);

		CHECK(done && done->error == -EIO);
		done->error = 1;
	}
	CHECK(!virtio_simple_reap(simple, 0));
	CHECK_EQ(virtio_simple_submit(simple, 0, &requests[0]), -EIO);
	CHECK(!virtio_simple_kick(simple, 0));
}

/* All queues break while nobody waits, and one line says so: the first request is refused, the next
 * one restarts the device. */
TEST(virtio_simple_T21_needs_reset_while_idle)
{
	struct virtio_simple *simple = simple_boot(3, 2, 3);
	struct virtio_simple_request request = echo();

	modern.status |= 0x40;
	modern_change(&modern);
	modern_change(&modern);
	CHECK_EQ(world_log_count("E12"), 1);
	CHECK_LOG("E12 all queues are broken: the device says NEEDS_RESET");
	CHECK_EQ(virtio_simple_call(simple, VIRTQUEUE_POLL, &request), -EIO);
	CHECK_EQ(virtio_simple_call(simple, VIRTQUEUE_POLL, &request), 0);
	CHECK_LOG("restart 1 of at most 3");
}

/* The driver's first request goes unanswered: the device does not come up, and is given back. */
TEST(virtio_simple_R26_no_answer_to_the_first_request)
{
	lie.silent = true;
	CHECK(!simple_boot(3, 2, 8));
	CHECK_EQ(modern.status, 0x80);
}

TEST(virtio_simple_payload_without_memory)
{
	struct virtio_simple *simple = simple_boot(0, 1, 1);
	struct virtio_simple_request request = echo();

	request.payload = NULL;
	CHECK_EQ(virtio_simple_submit(simple, 0, &request), -EINVAL);
	request = echo();
	request.answer = NULL;
	CHECK_EQ(virtio_simple_submit(simple, 0, &request), -EINVAL);
}

TEST(virtio_simple_70000_requests_by_interrupt_and_polled)
{
	struct virtio_simple *simple = simple_boot(0, 1, 1);
	struct virtio_simple_request request = { .op = VIRTIO_SIMPLE_OP_NOP };
	struct virtqueue_counters counters;

	for (unsigned int i = 0; i < 70000; i++)
		CHECK_EQ(virtio_simple_call(simple, VIRTQUEUE_POLL, &request), 0);
	virtio_simple_count(simple, 0, &counters);
	CHECK_EQ(counters.interrupts, 1); /* the driver's own first request */
	lie.silent = false;
	for (unsigned int i = 0; i < 1000; i++)
		CHECK_EQ(virtio_simple_call(simple, VIRTQUEUE_INTERRUPT, &request), 0);
	virtio_simple_count(simple, 0, &counters);
	CHECK(counters.interrupts <= 1001);
	CHECK(counters.notifications <= 71001);
}

static void send_one_event(void)
{
	world_idle_hook = NULL;
	simple_send_event(10, 18);
}

/* P21, R24: the pin ends on another wire than the firmware says: seen at the first request, and
 * then all queues are polled. */
TEST(virtio_simple_P21_interrupts_that_never_come)
{
	struct virtio_simple *simple;
	struct virtio_simple_event event;
	u64 start;

	wires_make();
	simple_make(1, 1, 2);
	set8(modern.function, MODERN_CAP_MSIX, 0x42);
	set8(modern.function, PCI_INTERRUPT_LINE, MODERN_GSI - 1);
	modern_boot();
	simple = virtio_simple_get(0);
	CHECK(simple && !virtio_simple_can_interrupt(simple));
	CHECK_LOG("INTx enabled, pin raised, GSI 10 unmasked, vector 0x30 taken 0 times");
	start = world_now;
	world_idle_hook = send_one_event;
	CHECK_EQ(virtio_simple_next_event(simple, &event, NSEC_PER_SEC), 0);
	CHECK(world_now - start < NSEC_PER_SEC / 2); /* not at the deadline */
	CHECK_STR(virtio_simple_interrupt_name(simple), "polled");
}

/* ---- configuration -------------------------------------------------------------------------- */

TEST(virtio_simple_configuration_fields)
{
	struct virtio_simple *simple = simple_boot(0, 1, 1);
	u64 counter = 0x1122334455667788, seen;
	struct virtio_device *vdev = virtio_simple_vdev(simple);
	u32 wanted = 0xdeadbeef, value;

	memcpy(modern.config + 16, &counter, 8);
	modern_change(&modern);
	CHECK_EQ(virtio_simple_config_changes(simple), 1);
	CHECK_EQ(virtio_simple_read_counter(simple, &seen), 0);
	CHECK_EQ(seen, counter);
	CHECK_EQ(virtio_config_write(vdev, offsetof(struct virtio_simple_config, writable), &wanted,
				     sizeof(wanted)),
		 0);
	CHECK_EQ(virtio_cread(vdev, struct virtio_simple_config, writable, &value), 0);
	CHECK_EQ(value, 0xdeadbeef);
}
