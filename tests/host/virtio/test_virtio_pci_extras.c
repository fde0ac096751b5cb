// SPDX-License-Identifier: MIT
/*
 * A queue's own reset (virtio 1.2, 2.6.1) and the administration queue (virtio 1.4, 2.12.1 and
 * 2.13) through the real transport. The device in modern.c checks each register that is touched.
 */
#include "test.h"

#include <linux/errno.h>

#include "drivers/virtio/virtio_admin.h"
#include "kernel/time.h"
#include "transport_fixture.h"
#include "world.h"

/* ---- RING_RESET ------------------------------------------------------------------------------ */

static u8 outstanding[16];
static unsigned int recycled;

static void recycle(struct virtqueue *vq, void *token)
{
	CHECK(vq == driver.vqs[0] && token == outstanding);
	CHECK(!modern.queues[0].enable); /* C13: not before the device has let go of it */
	recycled++;
}

/* Boots a device with one buffer outstanding, and resets the queue that has it. */
static int reset_queue_in_use(void)
{
	struct virtqueue_buffer buffer = { outstanding, sizeof(outstanding) };

	transport_boot();
	CHECK(driver.live);
	CHECK_EQ(virtqueue_add(driver.vqs[0], &buffer, 0, 1, outstanding), 0);
	CHECK(virtqueue_kick(driver.vqs[0]));
	return virtqueue_reset(driver.vqs[0], recycle);
}

/* C13, C14: what it had comes back once, and it works as before, interrupts included. */
TEST(virtio_pci_C13_C14_queue_is_reset_and_works_again)
{
	modern.offered |= 1ULL << 40;
	CHECK_EQ(reset_queue_in_use(), 0);
	CHECK_EQ(recycled, 1);
	CHECK(!virtqueue_is_broken(driver.vqs[0]));
	CHECK_EQ(modern.queues[0].vector, 1);
	CHECK_EQ(modern.queues[0].enable, 1);
	for (unsigned int i = 0; i < 10; i++)
		transport_round_trip(i % 2);
	CHECK_EQ(driver.called_back[0], 5);
}

/* C60: it is not done while queue_reset reads 1. */
TEST(virtio_pci_C60_queue_reset_takes_its_time)
{
	modern.offered |= 1ULL << 40;
	modern.queue_resets_pending = 5000;
	CHECK_EQ(reset_queue_in_use(), 0);
	CHECK_EQ(modern.queue_resets_pending, 0);
	CHECK_EQ(recycled, 1);
	transport_round_trip(0);
}

/* T27, C13: what a device does not let go of is not taken back. */
TEST(virtio_pci_C13_queue_reset_never_completes)
{
	modern.offered |= 1ULL << 40;
	modern.queue_resets_pending = ~0u;
	CHECK_EQ(reset_queue_in_use(), -ETIMEDOUT);
	CHECK_LOG("E04");
	CHECK_EQ(recycled, 0);
	CHECK(virtqueue_is_broken(driver.vqs[0]));
	CHECK(world_now < 3 * NSEC_PER_SEC);
}

static u64 interrupts_before_recycling;

static void serve(struct modern *device, unsigned int index, struct ring_chain *chain)
{
	modern_use(device, index, chain->head, 0);
}

static void count_interrupts(struct virtqueue *vq, void *token)
{
	struct virtqueue_counters counters;

	(void)token;
	virtqueue_count(vq, &counters);
	interrupts_before_recycling = counters.interrupts;
}

/* An interrupt that was sent before the reset does not come while the ring is made anew. */
TEST(virtio_pci_C13_queue_reset_waits_for_interrupts_on_their_way)
{
	static u8 memory[8];
	struct virtqueue_buffer buffer = { memory, sizeof(memory) };

	modern.offered |= 1ULL << 40;
	transport_boot();
	modern.serve = serve;
	interrupts_before_recycling = 0;
	CHECK(virtqueue_enable_cb(driver.vqs[0]));
	world_irqs_on = false;
	CHECK_EQ(virtqueue_add(driver.vqs[0], &buffer, 1, 0, memory), 0);
	CHECK(virtqueue_kick(driver.vqs[0]));
	CHECK_EQ(virtqueue_reset(driver.vqs[0], count_interrupts), 0);
	CHECK_EQ(interrupts_before_recycling, 1);
	world_irqs_on = true;
}

TEST(virtio_pci_queue_reset_without_the_feature)
{
	CHECK_EQ(reset_queue_in_use(), -EOPNOTSUPP);
	CHECK_EQ(recycled, 0);
	CHECK(!virtqueue_is_broken(driver.vqs[0]));
}

/* ---- the administration queue ---------------------------------------------------------------- */

static struct {
	u16 opcodes[64]; /* as they came */
	unsigned int count;
	u64 used; /* what LIST_USE said */
	u16 status;
	unsigned int again; /* so many commands are answered with EAGAIN */
	bool says_nothing;  /* writes, and claims that it did not */
} admin;

static u16 answer_of(u16 opcode)
{
	if (admin.again) {
		admin.again -= admin.again != ~0u;
		return ADMIN_STATUS_EAGAIN;
	}
	return opcode > ADMIN_CMD_LIST_USE ? admin.status : ADMIN_STATUS_OK;
}

static void serve_admin(struct modern *device, unsigned int queue, struct ring_chain *chain)
{
	struct ring_segment *segments = chain->segments;
	struct admin_cmd_status status = {};
	struct admin_cmd_hdr header;
	u32 readable = 0;

	CHECK_EQ(queue, 2); /* C61 */
	for (unsigned int i = 0; i < chain->out; i++)
		readable += segments[i].length;
	CHECK(readable % 8 == 0 && chain->writable % 8 == 0); /* C75 */
	CHECK_EQ(segments[0].length, sizeof(header));
	memcpy(&header, segments[0].address, sizeof(header));
	CHECK(admin.count < ARRAY_SIZE(admin.opcodes));
	admin.opcodes[admin.count++] = header.opcode;
	if (header.opcode == ADMIN_CMD_LIST_USE)
		memcpy(&admin.used, segments[1].address, sizeof(admin.used));
	if (chain->in > 1)
		memset(segments[chain->out + 1].address, header.opcode ? 0xee : 7, 1);
	status.status = answer_of(header.opcode);
	if (admin.says_nothing)
		memset(&status, 0xee, sizeof(status));
	memcpy(segments[chain->out].address, &status, sizeof(status));
	modern_use(device, queue, chain->head, admin.says_nothing ? 0 : (u32)chain->writable);
}

static void boot_admin(void)
{
	modern.offered |= 1ULL << 41;
	modern.admin_count = 1;
	modern.serve = serve_admin;
	transport_boot();
	CHECK(driver.live);
}

static int send(u16 opcode, u8 result[8], u32 length)
{
	struct virtio_admin_cmd command = {
		.opcode = opcode,
		.result = result,
		.result_length = length,
	};

	return virtio_admin_exec(driver.vdev, &command);
}

/* C61, C74: at the index the device names; of what it knows, only what we know is used. */
TEST(virtio_pci_C61_C74_lists_come_first)
{
	boot_admin();
	CHECK_EQ(modern.queues[2].enable, 1);
	CHECK_EQ(admin.count, 2);
	CHECK(admin.opcodes[0] == ADMIN_CMD_LIST_QUERY && admin.opcodes[1] == ADMIN_CMD_LIST_USE);
	CHECK_EQ(admin.used, 3); /* of the 7 that it lists */
	CHECK_EQ(virtio_admin_opcodes(driver.vdev), 3);
}

/* C74: each status has its error, and one that nobody knows is EINVAL. */
TEST(virtio_pci_C74_unknown_status_is_einval)
{
	static const u16 statuses[] = { 0, 12, 16, 22, 1, 999, 0xffff };
	static const int errors[] = { 0, -ENOMEM, -EBUSY, -EINVAL, -EINVAL, -EINVAL, -EINVAL };
	u8 result[8];

	boot_admin();
	for (unsigned int i = 0; i < ARRAY_SIZE(statuses); i++) {
		admin.status = statuses[i];
		CHECK_EQ(send(5, result, 8), errors[i]);
	}
}

/* C75: what the device does not claim to have written counts as 0, whatever is there. */
TEST(virtio_pci_C75_unwritten_bytes_are_zero)
{
	u8 result[8] = { 1, 2, 3 };

	boot_admin();
	CHECK_EQ(send(5, result, 8), 0);
	CHECK_EQ(result[0], 0xee);
	CHECK_EQ(result[1], 0);
	admin.says_nothing = true;
	CHECK_EQ(send(5, result, 8), 0);
	CHECK_EQ(result[0], 0);
}

TEST(virtio_pci_C75_odd_lengths_are_refused)
{
	u8 result[8];

	boot_admin();
	for (u32 length = 1; length < 8; length++)
		CHECK_EQ(send(5, result, length), -EINVAL);
	CHECK_EQ(admin.count, 2);
}

/* C75: EAGAIN is tried again, but not for ever. */
TEST(virtio_pci_C75_again_is_tried_again)
{
	u8 result[8];

	boot_admin();
	admin.again = 3;
	CHECK_EQ(send(5, result, 8), 0);
	CHECK_EQ(admin.count, 2 + 4);
	admin.again = ~0u;
	CHECK_EQ(send(5, result, 8), -EAGAIN);
	CHECK(admin.count > 8 && admin.count < 32);
}

TEST(virtio_pci_no_administration_queue)
{
	u8 result[8];

	transport_boot();
	CHECK_EQ(send(5, result, 8), -EOPNOTSUPP);
}
