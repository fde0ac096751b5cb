// SPDX-License-Identifier: MIT
/* virtio-balloon: pages go and come back, and none is used, or asked back, too early. */
#include "test.h"

#include <linux/errno.h>
#include <linux/virtio_balloon.h>

#include "drivers/virtio/balloon/virtio_balloon.h"
#include "kernel/device.h"
#include "kernel/memory.h"
#include "modern.h"
#include "world.h"

#define MUST_TELL_HOST BIT_ULL(VIRTIO_BALLOON_F_MUST_TELL_HOST)
#define STATS_VQ BIT_ULL(VIRTIO_BALLOON_F_STATS_VQ)

enum { INFLATEQ, DEFLATEQ, STATSQ };

static struct {
	u32 lent[40000]; /* page numbers that the device holds */
	unsigned int count;
	bool slow; /* keeps a request until it is told to go on */
	struct ring_chain kept;
	unsigned int kept_queue, kept_count, requests;
	struct ring_chain statistics;
	unsigned int statistics_count;
} host;

static unsigned int find(u32 page)
{
	unsigned int i = 0;

	while (i < host.count && host.lent[i] != page)
		i++;
	return i;
}

/* Each page is the guest's to give, and each that it takes back was the device's. */
static void work(unsigned int queue, const struct ring_chain *chain)
{
	const u8 *bytes = chain->segments[0].address;

	for (u32 i = 0; i < chain->segments[0].length; i += 4) {
		unsigned int place;
		u32 page;

		memcpy(&page, bytes + i, 4);
		place = find(page);
		CHECK(world_is_allocated((void *)((u64)page << 12)));
		CHECK_EQ(place == host.count, queue == INFLATEQ);
		if (queue == INFLATEQ)
			host.lent[host.count++] = page;
		else
			host.lent[place] = host.lent[--host.count];
	}
	modern_use(&modern, queue, chain->head, 0);
}

static void serve(struct modern *device, unsigned int queue, struct ring_chain *chain)
{
	(void)device;
	CHECK_EQ(chain->in, 0);
	CHECK_EQ(chain->out, 1);
	if (queue == STATSQ) {
		host.statistics = *chain;
		CHECK_EQ(++host.statistics_count, 1); /* 5.5.6.3: one at most */
		return;
	}
	CHECK_EQ(chain->segments[0].length % 4, 0);
	host.requests++;
	CHECK(!host.kept_count); /* 5.5.6.1: nothing before the acknowledgement */
	if (!host.slow) {
		work(queue, chain);
		return;
	}
	host.kept = *chain;
	host.kept_queue = queue;
	host.kept_count++;
}

static void go_on(void)
{
	struct ring_chain chain = host.kept;

	CHECK(host.kept_count);
	host.kept_count = 0;
	work(host.kept_queue, &chain);
}

/* The host's wish, and what the driver has told of it. */
static void want(u32 pages)
{
	memcpy(modern.config, &pages, 4);
	modern_change(&modern);
}

static u32 actual(void)
{
	u32 pages;

	memcpy(&pages, modern.config + 4, 4);
	return pages;
}

static struct virtio_balloon *boot(u64 features)
{
	world_low_pages = true;
	modern.offered |= features;
	modern.queue_count = 3;
	modern.queue_size = 16;
	modern.vectors = 5;
	modern.serve = serve;
	modern_make(0x1045, 1, 0x1100);
	modern_boot();
	return virtio_balloon_get(0);
}

TEST(virtio_balloon_pages_go_and_come_back)
{
	struct virtio_balloon *balloon = boot(MUST_TELL_HOST);
	u64 in_use = world_in_use();

	CHECK_LOG("ready: the host wants 0 pages");
	want(1000);
	CHECK_EQ(actual(), 1000);
	CHECK_EQ(host.count, 1000);
	CHECK_EQ(virtio_balloon_actual(balloon), 1000);
	CHECK_EQ(host.requests, 4);
	CHECK_LOG("the host has the 1000 pages it wanted");
	want(300);
	CHECK_EQ(actual(), 300);
	CHECK_EQ(host.count, 300);
	want(700);
	CHECK_EQ(host.count, 700);
	want(0);
	CHECK_EQ(actual(), 0);
	CHECK_EQ(world_in_use(), in_use);
}

TEST(virtio_balloon_wanted_from_the_start)
{
	u32 pages = 5000;

	memcpy(modern.config, &pages, 4);
	boot(0);
	CHECK_EQ(actual(), 5000);
	CHECK_EQ(host.count, 5000);
}

/* 5.5.6.1: no page is free again before the device has acknowledged that. */
TEST(virtio_balloon_deflated_pages_wait_for_the_device)
{
	struct virtio_balloon *balloon = boot(MUST_TELL_HOST);
	u64 lent;

	want(10);
	lent = world_in_use();
	host.slow = true;
	want(0);
	CHECK_EQ(world_in_use(), lent);
	CHECK_EQ(actual(), 10);
	CHECK_EQ(virtio_balloon_service(balloon), 0);
	CHECK_EQ(world_in_use(), lent);
	go_on();
	CHECK(world_in_use() < lent);
	CHECK_EQ(actual(), 0);
}

/* 5.5.6.1: no page is asked back before the device has acknowledged that it has it. */
TEST(virtio_balloon_no_deflation_before_the_inflation_is_acknowledged)
{
	boot(0);
	host.slow = true;
	want(10);
	want(20);
	want(0);
	CHECK_EQ(host.requests, 1);
	CHECK_EQ(actual(), 0);
	go_on();
	CHECK_EQ(host.requests, 2);
	CHECK_EQ(host.kept_queue, DEFLATEQ);
	CHECK_EQ(actual(), 10);
	go_on();
	CHECK_EQ(actual(), 0);
}

/* However much a host wants, what the machine needs itself it keeps, and says so once. */
TEST(virtio_balloon_host_that_wants_everything)
{
	struct virtio_balloon *balloon = boot(0);

	want(0xffffffff);
	CHECK_EQ(world_log_count("E23"), 1);
	CHECK(actual() > 30000 && actual() < 32768 - 2048);
	for (unsigned int i = 0; i < 5; i++)
		CHECK_EQ(virtio_balloon_service(balloon), 0);
	CHECK_EQ(world_log_count("E23"), 1);
	want(0);
	CHECK_EQ(host.count, 0);
}

TEST(virtio_balloon_without_memory_for_a_page)
{
	struct virtio_balloon *balloon = boot(0);

	for (unsigned int nth = 1; nth < 6; nth++) {
		memory_fail_nth(nth);
		want(3);
		memory_fail_nth(0);
		CHECK_EQ(virtio_balloon_service(balloon), 0);
		CHECK_EQ(actual(), 3);
		want(0);
		CHECK_EQ(actual(), 0);
	}
}

/* 5.5.6.3: one buffer from the start, a multiple of 6 bytes, and a fresh one when it was used. */
TEST(virtio_balloon_statistics)
{
	struct virtio_balloon_stat first[3], second[3];

	boot(STATS_VQ);
	CHECK_EQ(host.statistics_count, 1);
	CHECK_EQ(host.statistics.segments[0].length, sizeof(first));
	CHECK_EQ(sizeof(first) % 6, 0);
	memcpy(first, host.statistics.segments[0].address, sizeof(first));
	want(100);
	host.statistics_count = 0;
	modern_use(&modern, STATSQ, host.statistics.head, 0);
	CHECK_EQ(host.statistics_count, 1);
	memcpy(second, host.statistics.segments[0].address, sizeof(second));
	for (unsigned int i = 0; i < 3; i++)
		CHECK_EQ(first[i].tag, second[i].tag);
	CHECK_EQ(first[0].tag, VIRTIO_BALLOON_S_MEMFREE);
	CHECK_EQ(first[0].val, second[0].val + 101 * 4096); /* one page is the list of them */
	CHECK_EQ(first[1].val, 0x8000000);
}

TEST(virtio_balloon_no_statistics_without_the_feature)
{
	boot(0);
	CHECK_EQ(host.statistics_count, 0);
	CHECK_NO_LOG("statsq");
}

/* Features that we do not serve are left alone, and the queues keep their places. */
TEST(virtio_balloon_C7_other_features)
{
	boot(STATS_VQ | 0x3c);
	CHECK_EQ(modern.accepted & 0x3f, STATS_VQ);
}

/* A device that lies is restarted: it has forgotten the pages, so they are ours, and it gets
 * others. */
TEST(virtio_balloon_restart)
{
	struct virtio_balloon *balloon = boot(STATS_VQ);
	u64 in_use = world_in_use();

	want(500);
	modern_use(&modern, INFLATEQ, 3, 0);
	want(600);
	CHECK_LOG("E12");
	CHECK_EQ(host.count, 500);
	host.count = host.statistics_count = 0;
	CHECK_EQ(virtio_balloon_service(balloon), 0);
	CHECK_LOG("restart 1 of at most 3");
	CHECK_EQ(actual(), 600);
	CHECK_EQ(host.count, 600);
	want(0);
	CHECK_EQ(world_in_use(), in_use);
}

TEST(virtio_balloon_device_that_dies_keeps_nothing)
{
	struct virtio_balloon *balloon = boot(0);

	want(100);
	modern.status |= 0x40;
	modern_change(&modern);
	modern.resets_pending = ~0u;
	CHECK_EQ(virtio_balloon_service(balloon), -EIO);
	CHECK_EQ(virtio_balloon_service(balloon), -EIO);
	CHECK_LOG("E04");
}

TEST(virtio_balloon_gives_back_what_it_took)
{
	struct virtio_balloon *balloon = boot(STATS_VQ);
	struct device *device = device_find("virtio", virtio_balloon_name(balloon));
	u64 in_use = world_in_use();

	want(1234);
	want(234);
	host.slow = true;
	want(300);
	device_release_driver(device);
	CHECK(!virtio_balloon_get(0));
	CHECK(world_in_use() < in_use);
	host.count = host.kept_count = host.statistics_count = 0;
	host.slow = false;
	modern.config[0] = modern.config[1] = 0;
	CHECK_EQ(device_attach(device), 0);
	CHECK_EQ(world_in_use(), in_use);
}
