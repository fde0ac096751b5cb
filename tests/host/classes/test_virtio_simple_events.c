// SPDX-License-Identifier: MIT
/* Events of virtio-simple, from a device that lies about them when told to. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/time.h"
#include "simple_fixture.h"
#include "world.h"

static int next_event(u32 length, u32 written, struct virtio_simple_event *event)
{
	struct virtio_simple *simple = simple_boot(1, 1, 2);
	unsigned int posted = simple_event_count;
	int error;

	CHECK(posted >= 2);
	simple_send_event(length, written);
	error = virtio_simple_next_event(simple, event, NSEC_PER_MSEC);
	if (!strstr(world_log(), "E12"))
		CHECK_EQ(simple_event_count, posted); /* the buffer was posted again */
	return error;
}

TEST(virtio_simple_event_comes_whole)
{
	struct virtio_simple_event event;

	CHECK_EQ(next_event(VIRTIO_SIMPLE_EVENT_MAX, 512, &event), 0);
	CHECK_EQ(event.type, VIRTIO_SIMPLE_EVENT_CHARDEV);
	CHECK_EQ(event.length, VIRTIO_SIMPLE_EVENT_MAX);
	CHECK_EQ(event.data[VIRTIO_SIMPLE_EVENT_MAX - 1], 0x33);
}

TEST(virtio_simple_event_empty)
{
	struct virtio_simple_event event;

	CHECK_EQ(next_event(0, 8, &event), 0);
	CHECK_EQ(event.length, 0);
}

TEST(virtio_simple_event_shorter_than_its_header)
{
	struct virtio_simple_event event;

	CHECK_EQ(next_event(0, 7, &event), -EIO);
}

TEST(virtio_simple_event_that_claims_more_than_was_written)
{
	struct virtio_simple_event event;

	CHECK_EQ(next_event(100, 50, &event), -EIO);
}

TEST(virtio_simple_event_that_claims_less_than_was_written)
{
	struct virtio_simple_event event;

	CHECK_EQ(next_event(50, 8 + 100, &event), -EIO);
}

TEST(virtio_simple_event_that_fills_its_buffer_and_claims_less)
{
	struct virtio_simple_event event;

	CHECK_EQ(next_event(50, 512, &event), -EIO);
}

/* Longer than any buffer: what there was room for comes, and how much is missing. */
TEST(virtio_simple_event_comes_cut)
{
	struct virtio_simple_event event;

	CHECK_EQ(next_event(VIRTIO_SIMPLE_EVENT_MAX + 96, 512, &event), 0);
	CHECK_EQ(event.length, VIRTIO_SIMPLE_EVENT_MAX);
	CHECK_EQ(event.cut, 96);
	CHECK_EQ(event.data[VIRTIO_SIMPLE_EVENT_MAX - 1], 0x33);
}

TEST(virtio_simple_event_length_of_4_gib)
{
	struct virtio_simple_event event;

	CHECK_EQ(next_event(0xffffffff, 7 + 8, &event), -EIO);
}

TEST(virtio_simple_event_longer_than_the_buffer)
{
	struct virtio_simple_event event;

	CHECK_EQ(next_event(505, 513, &event), -EIO);
	CHECK_LOG("E12");
}

TEST(virtio_simple_no_event_in_time)
{
	struct virtio_simple *simple = simple_boot(1, 1, 2);
	struct virtio_simple_event event;

	CHECK_EQ(virtio_simple_next_event(simple, &event, NSEC_PER_MSEC), -ETIMEDOUT);
	CHECK_NO_LOG("E07");
	CHECK(simple_event_count > 0);
}

TEST(virtio_simple_no_event_queue)
{
	struct virtio_simple_event event;

	CHECK_EQ(virtio_simple_next_event(simple_boot(0, 1, 2), &event, 1), -ENODEV);
}

TEST(virtio_simple_1000_events)
{
	struct virtio_simple *simple = simple_boot(1, 1, 2);
	struct virtio_simple_event event;

	for (unsigned int i = 0; i < 1000; i++) {
		simple_send_event(i % 505, 8 + i % 505);
		CHECK_EQ(virtio_simple_next_event(simple, &event, NSEC_PER_MSEC), 0);
		CHECK_EQ(event.length, i % 505);
	}
}
