// SPDX-License-Identifier: MIT
/*
 * The work of virtio-balloon (virtio 1.2, 5.5.6): lends pages, takes them back, reports statistics.
 * Only one request is outstanding at a time. All of it runs with the lock held and interrupts off,
 * mostly in interrupts.
 *
 * A lent page is never touched. It is free again when the host has acknowledged that
 * (MUST_TELL_HOST), whether the host insists on it or not.
 */
#include "drivers/virtio/balloon/virtio_balloon_priv.h"

/* The reserve that is never lent: a sixteenth of all memory, and at least this. */
#define RESERVE_PAGES 1024
#define RESERVE_SHARE 16

/* ---- pages ----------------------------------------------------------------------------------- */

/* Makes room for another batch on the stack. */
static bool make_chunk_room(struct virtio_balloon *balloon)
{
	struct chunk *chunk = balloon->top;

	if (chunk && chunk->count + BATCH <= ARRAY_SIZE(chunk->pages))
		return true;
	chunk = alloc_pages_exact(sizeof(*chunk));
	if (!chunk)
		return false;
	chunk->below = balloon->top;
	balloon->top = chunk;
	return true;
}

static void drop_empty_chunks(struct virtio_balloon *balloon)
{
	struct chunk *chunk;

	while ((chunk = balloon->top) && !chunk->count) {
		balloon->top = chunk->below;
		free_pages_exact(chunk, sizeof(*chunk));
	}
}

/* Returns how many pages may be lent now. */
static u32 spare_pages(void)
{
	struct memory_counters memory;
	u64 reserve;

	memory_count(&memory);
	reserve = max(memory.pages_total / RESERVE_SHARE, (u64)RESERVE_PAGES);
	return memory.pages_free > reserve ? (u32)min(memory.pages_free - reserve, (u64)BATCH) : 0;
}

static void free_lent_page(struct virtio_balloon *balloon)
{
	u64 page = balloon->top->pages[--balloon->top->count];

	free_pages_exact((void *)(uintptr_t)(page << VIRTIO_BALLOON_PFN_SHIFT), PAGE_SIZE);
}

void vballoon_take_back(struct virtio_balloon *balloon)
{
	while (balloon->top) {
		if (balloon->top->count)
			free_lent_page(balloon);
		drop_empty_chunks(balloon);
	}
	balloon->actual = balloon->inflating = balloon->deflating = 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* Arms the queue, which is empty. If the device reports used buffers there, reading them breaks the
 * queue. */
static void arm_queue_callback(struct virtqueue *vq)
{
	u32 length;

	if (!virtqueue_enable_cb(vq))
		virtqueue_get_buf(vq, &length);
}

static bool submit_pages(struct virtio_balloon *balloon, unsigned int queue, u32 count)
{
	struct virtqueue *vq = balloon->vqs[queue];
	struct virtqueue_buffer buffer = { balloon->shared->pages, count * (u32)sizeof(__le32) };

	arm_queue_callback(vq);
	return !virtqueue_add(vq, &buffer, 1, 0, balloon) && virtqueue_kick(vq);
}

static void say_balloon_short(struct virtio_balloon *balloon)
{
	if (balloon->short_of == balloon->wanted)
		return;
	balloon->short_of = balloon->wanted;
	dev_printk(&balloon->vdev->dev,
		   "E23 the host wants %u pages, has %u: no more can be spared\n", balloon->wanted,
		   balloon->actual);
}

/* Lends pages. They go onto the stack at once, and count when the device has acknowledged them. */
static void inflate_balloon(struct virtio_balloon *balloon)
{
	u32 count = min(balloon->wanted - balloon->actual, spare_pages());
	struct chunk *chunk;
	void *page;

	if (!count || !make_chunk_room(balloon)) {
		say_balloon_short(balloon);
		return;
	}
	chunk = balloon->top;
	for (u32 i = 0; i < count && (page = alloc_pages_exact(PAGE_SIZE)); i++) {
		u32 number = (u32)(virt_to_phys(page) >> VIRTIO_BALLOON_PFN_SHIFT);

		balloon->shared->pages[balloon->inflating++] = cpu_to_le32(number);
		chunk->pages[chunk->count++] = number;
	}
	if (balloon->inflating && !submit_pages(balloon, INFLATEQ, balloon->inflating))
		balloon->failed = true;
	drop_empty_chunks(balloon);
}

static void deflate_balloon(struct virtio_balloon *balloon)
{
	struct chunk *chunk = balloon->top;
	u32 count = min(min(balloon->actual - balloon->wanted, chunk->count), (u32)BATCH);

	for (u32 i = 0; i < count; i++)
		balloon->shared->pages[i] = cpu_to_le32(chunk->pages[chunk->count - 1 - i]);
	balloon->deflating = count;
	if (!submit_pages(balloon, DEFLATEQ, count))
		balloon->failed = true;
}

/* 5.5.6.1: `actual` follows each change, in one access of 4 bytes. */
static void tell_actual(struct virtio_balloon *balloon)
{
	__le32 actual = cpu_to_le32(balloon->actual);

	if (virtio_config_write(balloon->vdev, offsetof(struct virtio_balloon_config, actual),
				&actual, sizeof(actual)))
		balloon->failed = true;
}

/* Completes the request once the device has acknowledged it; false until then. 5.5.6.1: no page is
 * used, and none requested back, before that. The length has no meaning (5.5.6.2.1). */
static bool finish_pages(struct virtio_balloon *balloon)
{
	struct virtqueue *vq = balloon->vqs[balloon->inflating ? INFLATEQ : DEFLATEQ];
	u32 length;

	if (!balloon->inflating && !balloon->deflating)
		return true;
	if (!virtqueue_get_buf(vq, &length)) {
		balloon->failed = virtqueue_is_broken(vq);
		return false;
	}
	virtqueue_disable_cb(vq);
	balloon->actual += balloon->inflating;
	balloon->actual -= balloon->deflating;
	for (; balloon->deflating; balloon->deflating--)
		free_lent_page(balloon);
	balloon->inflating = 0;
	drop_empty_chunks(balloon);
	tell_actual(balloon);
	return true;
}

void vballoon_read_wanted(struct virtio_balloon *balloon)
{
	__le32 wanted = 0;

	if (!virtio_cread(balloon->vdev, struct virtio_balloon_config, num_pages, &wanted))
		balloon->wanted = le32_to_cpu(wanted);
}

static void say_balloon_reached(struct virtio_balloon *balloon)
{
	if (balloon->told == balloon->actual)
		return;
	balloon->told = balloon->actual;
	dev_printk(&balloon->vdev->dev, "the host has the %u pages it wanted\n", balloon->actual);
}

/* 5.5.6.1: lends pages while the host wants more, and takes them back while it wants fewer. */
void vballoon_step(struct virtio_balloon *balloon)
{
	if (balloon->failed || !finish_pages(balloon) || balloon->failed)
		return;
	vballoon_read_wanted(balloon);
	if (balloon->wanted > balloon->actual)
		inflate_balloon(balloon);
	else if (balloon->wanted < balloon->actual)
		deflate_balloon(balloon);
	else
		say_balloon_reached(balloon);
}

/* ---- statistics ------------------------------------------------------------------------------ */

static void fill_statistics(struct virtio_balloon_stat *statistics)
{
	struct memory_counters memory;

	memory_count(&memory);
	statistics[0].tag = cpu_to_le16(VIRTIO_BALLOON_S_MEMFREE);
	statistics[0].val = cpu_to_le64(memory.pages_free * PAGE_SIZE);
	statistics[1].tag = cpu_to_le16(VIRTIO_BALLOON_S_MEMTOT);
	statistics[1].val = cpu_to_le64(memory.pages_total * PAGE_SIZE);
	statistics[2].tag = cpu_to_le16(VIRTIO_BALLOON_S_AVAIL);
	statistics[2].val = cpu_to_le64(memory.pages_free * PAGE_SIZE);
}

/* 5.5.6.3: one buffer, always, with the same statistics; the device keeps it until it wants new
 * ones. */
void vballoon_give_statistics(struct virtio_balloon *balloon)
{
	struct virtqueue *vq = balloon->vqs[STATSQ];
	struct virtqueue_buffer buffer = { balloon->shared->statistics,
					   sizeof(balloon->shared->statistics) };

	fill_statistics(balloon->shared->statistics);
	arm_queue_callback(vq);
	if (virtqueue_add(vq, &buffer, 1, 0, balloon) || !virtqueue_kick(vq))
		balloon->failed = true;
}

void vballoon_serve_statistics(struct virtio_balloon *balloon)
{
	struct virtqueue *vq = balloon->vqs[STATSQ];
	u32 length;

	if (!vq || balloon->failed)
		return;
	if (virtqueue_get_buf(vq, &length))
		vballoon_give_statistics(balloon);
	else if (virtqueue_is_broken(vq))
		balloon->failed = true;
}
