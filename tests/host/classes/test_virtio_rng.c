// SPDX-License-Identifier: MIT
/* virtio-rng and the class of entropy sources, against a device that may lie. */
#include "test.h"

#include <linux/errno.h>

#include "drivers/char/entropy.h"
#include "kernel/device.h"
#include "kernel/time.h"
#include "modern.h"
#include "world.h"

#define TIMEOUT (100 * NSEC_PER_MSEC)

static struct {
	u32 most;	      /* bytes a request at most; 0: all it has room for */
	unsigned int honest;  /* so many requests come before the first lie */
	bool nothing, silent; /* lies */
	u32 more;	      /* claimed beyond the buffer */
	unsigned int served;
	struct ring_chain kept[8]; /* while silent */
	unsigned int kept_count;
	u8 next;
} source;

static void answer(struct modern *device, unsigned int index, struct ring_chain *chain)
{
	bool lies = source.served++ >= source.honest;
	u32 length = (u32)chain->writable;

	/* 5.4.6.1: the driver places no readable buffer. */
	CHECK_EQ(chain->out, 0);
	CHECK_EQ(chain->in, 1);
	if (lies && source.silent) {
		CHECK(source.kept_count < ARRAY_SIZE(source.kept));
		source.kept[source.kept_count++] = *chain;
		return;
	}
	if (lies && source.most && length > source.most)
		length = source.most;
	/* Not for ever, or a driver that does not give up would hang the test. */
	if (lies && source.nothing && source.served < 1000)
		length = 0;
	for (u32 i = 0; i < length; i++)
		chain->segments[0].address[i] = ++source.next;
	modern_use(device, index, chain->head, length + (lies ? source.more : 0));
}

static struct entropy *boot(u16 entries)
{
	modern.queue_count = 1;
	modern.queue_size = entries;
	modern.vectors = 2;
	modern.serve = answer;
	modern_make(0x1044, 1, 0x1100);
	modern_boot();
	return entropy_get(0);
}

static struct entropy *boot_honest(void)
{
	source.honest = 1;
	return boot(8);
}

TEST(virtio_rng_greets_and_fills)
{
	struct entropy *entropy = boot(8);
	u8 bytes[5000];

	CHECK_LOG("ready: the first bytes are 0x0807060504030201");
	CHECK_STR(entropy->name, "virtio0");
	CHECK_STR(entropy->bus_name, "0000:00:04.0");
	CHECK(!entropy_get(1));
	CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), 0);
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		CHECK_EQ(bytes[i], (u8)(9 + i));
	CHECK_EQ(entropy_read(entropy, bytes, 0, 0), 0);
}

/* 5.4.6.1: the length tells how many bytes are random; the others are never given out. */
TEST(virtio_rng_short_answers)
{
	struct entropy *entropy = boot_honest();
	u8 bytes[100];

	source.most = 3;
	CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), 0);
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		CHECK_EQ(bytes[i], 9 + i);
	CHECK_EQ(source.served, 1 + 34);
}

TEST(virtio_rng_answers_of_nothing)
{
	struct entropy *entropy = boot_honest();
	u8 bytes[16] = { 1, 2, 3 };

	source.nothing = true;
	CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), -EIO);
	CHECK_EQ(bytes[0], 0);
	CHECK(source.served < 20);
	source.nothing = false;
	CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), 0);
	CHECK_EQ(bytes[0], 9);
}

TEST(virtio_rng_nothing_at_bring_up_fails_the_probe)
{
	source.nothing = true;
	CHECK(!boot(8));
	CHECK_LOG("E20");
	CHECK_EQ(modern.status, 0x80);
}

/* A length beyond the buffer breaks the queue; the device is reset, and comes up again. */
TEST(virtio_rng_R06_length_beyond_the_buffer)
{
	struct entropy *entropy = boot_honest();
	u8 bytes[16];

	source.more = 1;
	CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), -EIO);
	CHECK_LOG("E12");
	source.more = 0;
	CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), 0);
	CHECK_LOG("restart 1 of at most 3");
	CHECK_EQ(world_log_count("ready:"), 1);
}

TEST(virtio_rng_that_keeps_lying_is_given_up)
{
	struct entropy *entropy = boot_honest();
	u8 bytes[16];

	source.more = 1;
	for (unsigned int i = 0; i < 10; i++)
		CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), -EIO);
	CHECK_EQ(world_log_count("restart"), 3);
}

/* A source that is slow is no failure: what comes late is for the next call. */
TEST(virtio_rng_slow_answer_is_kept)
{
	struct entropy *entropy = boot_honest();
	u8 bytes[16];

	source.silent = true;
	CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), -ETIMEDOUT);
	CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), -ETIMEDOUT);
	CHECK_NO_LOG("E07");
	CHECK_EQ(source.kept_count, 1);
	memset(source.kept[0].segments[0].address, 0x42, 16);
	modern_use(&modern, 0, source.kept[0].head, 16);
	source.silent = false;
	CHECK_EQ(entropy_read(entropy, bytes, sizeof(bytes), TIMEOUT), 0);
	CHECK_EQ(bytes[15], 0x42);
	CHECK_EQ(source.served, 2);
}

TEST(virtio_rng_silent_at_bring_up_is_no_failure)
{
	u8 bytes[4];

	source.silent = true;
	CHECK(boot(8));
	CHECK_LOG("ready, but the host gave no entropy within 500 ms");
	CHECK_EQ(entropy_read(entropy_get(0), bytes, 4, TIMEOUT), -ETIMEDOUT);
}

TEST(virtio_rng_queued_requests)
{
	struct entropy *entropy = boot_honest();
	struct entropy_request requests[9] = {}, *back;
	u8 bytes[9][8];

	for (unsigned int i = 0; i < 8; i++) {
		requests[i] = (struct entropy_request){ .buffer = bytes[i], .size = 8 };
		CHECK_EQ(entropy->ops->submit(entropy, &requests[i]), 0);
	}
	requests[8] = (struct entropy_request){ .buffer = bytes[8], .size = 8 };
	CHECK_EQ(entropy->ops->submit(entropy, &requests[8]), -ENOSPC);
	entropy->ops->kick(entropy);
	for (unsigned int i = 0; i < 8; i++) {
		CHECK_EQ(entropy->ops->wait(entropy, TIMEOUT), 0);
		back = entropy->ops->reap(entropy);
		CHECK(back == &requests[i]);
		CHECK_EQ(back->error, 0);
		CHECK_EQ(back->length, 8);
	}
	CHECK(!entropy->ops->reap(entropy));
	CHECK_EQ(entropy->ops->wait(entropy, NSEC_PER_MSEC), -ETIMEDOUT);
}

TEST(virtio_rng_queued_requests_end_when_the_device_fails)
{
	struct entropy *entropy = boot_honest();
	u8 bytes[2][8];
	struct entropy_request requests[2] = { { .buffer = bytes[0], .size = 8 },
					       { .buffer = bytes[1], .size = 8 } };

	source.more = 9;
	for (unsigned int i = 0; i < 2; i++)
		CHECK_EQ(entropy->ops->submit(entropy, &requests[i]), 0);
	entropy->ops->kick(entropy);
	CHECK_EQ(entropy->ops->wait(entropy, TIMEOUT), 0);
	for (unsigned int i = 0; i < 2; i++) {
		struct entropy_request *back = entropy->ops->reap(entropy);

		CHECK(back && back->error == -EIO && back->length == 0);
		if (!i)
			CHECK_EQ(entropy->ops->submit(entropy, back), -EBUSY);
	}
	CHECK(!entropy->ops->reap(entropy));
}

/* 2.1.2: a device that asks for its reset gets it at the next request. */
TEST(virtio_rng_needs_reset_when_idle)
{
	struct entropy *entropy = boot_honest();
	u8 bytes[8];

	modern.status |= 0x40;
	modern_change(&modern);
	CHECK_LOG("NEEDS_RESET");
	CHECK_EQ(entropy_read(entropy, bytes, 8, TIMEOUT), 0);
	CHECK_LOG("restart 1 of at most 3");
}

TEST(virtio_rng_gives_back_what_it_took)
{
	struct entropy *entropy = boot_honest();
	struct device *device = device_find("virtio", entropy->name);
	u64 in_use = world_in_use();
	u8 bytes[4];

	source.silent = true;
	CHECK_EQ(entropy_read(entropy, bytes, 4, 0), -ETIMEDOUT);
	device_release_driver(device);
	CHECK(!entropy_get(0));
	CHECK(world_in_use() < in_use);
	source.silent = false;
	CHECK_EQ(device_attach(device), 0);
	CHECK_EQ(world_in_use(), in_use);
}

TEST(virtio_rng_polled)
{
	u8 bytes[64];

	modern.vectors = 0;
	world_has_apic = false;
	CHECK_EQ(entropy_read(boot(8), bytes, 64, TIMEOUT), 0);
}
