/* SPDX-License-Identifier: MIT */
/*
 * Outstanding requests: submits them to the driver, takes them back, waits for them. Each queue's
 * lock is held, with interrupts off, around every call of the driver for it, and never while
 * waiting.
 *
 * If a queue breaks or does not answer, one CPU stops the device. From then on no request is
 * submitted. Once the device touches no memory any more, the requests of every queue are taken back
 * with -EIO. The next submit restarts the device.
 */
#include <linux/errno.h>

#include "drivers/block/block.h"
#include "kernel/percpu.h"
#include "kernel/time.h"

/* request.state: zero, or where the request is. */
#define REQUEST_IDLE 0u
#define REQUEST_QUEUED 0x424c4b51u  /* comes back by block_reap */
#define REQUEST_AWAITED 0x424c4b53u /* of block_execute, which looks at this field */

static bool change_state(struct block_device *disk, enum block_state from, enum block_state to)
{
	return __atomic_compare_exchange_n(&disk->state, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static bool disk_is_up(const struct block_device *disk)
{
	return READ_ONCE(disk->state) == BLOCK_STATE_UP;
}

/* ---- taking back ----------------------------------------------------------------------------- */

static void append_done_request(struct block_queue *queue, struct block_request *request)
{
	request->next = NULL;
	*queue->done_end = request;
	queue->done_end = &request->next;
	queue->done_count++;
}

/* Takes all finished requests from the driver. Call with the queue's lock held. */
static void drain_queue(struct block_device *disk, unsigned int index)
{
	struct block_queue *queue = &disk->queues[index];
	struct block_request *request;

	while ((request = disk->ops->take(disk, index))) {
		request->error_sector = request->error ? request->sector : 0;
		queue->with_driver--;
		if (request->state == REQUEST_AWAITED) {
			/* From here on it belongs to its owner, which may free it */
			WRITE_ONCE(request->state, REQUEST_IDLE);
			continue;
		}
		queue->queued--;
		append_done_request(queue, request);
	}
}

struct block_request *block_reap(struct block_device *disk, unsigned int index)
{
	struct block_queue *queue = &disk->queues[index];
	struct block_request *request;
	u64 flags;

	if (index >= disk->queue_count)
		return NULL;
	flags = spin_lock_irqsave(&queue->lock);
	if (disk_is_up(disk))
		drain_queue(disk, index);
	request = queue->done;
	if (request) {
		queue->done = request->next;
		queue->done_count--;
		request->state = REQUEST_IDLE;
	}
	if (!queue->done)
		queue->done_end = &queue->done;
	spin_unlock_irqrestore(&queue->lock, flags);
	if (request && request->error)
		block_say_error(disk, request);
	return request;
}

/* ---- stopping a device, and restarting it --------------------------------------------------- */

static bool is_not_stopping(void *context)
{
	const struct block_device *disk = context;

	return READ_ONCE(disk->state) != BLOCK_STATE_STOPPING;
}

/* Stops the device. A CPU that holds a queue's lock while the state changes is done with it before
 * this CPU gets the lock, and no CPU submits after that. */
static void stop_disk(struct block_device *disk)
{
	if (!change_state(disk, BLOCK_STATE_UP, BLOCK_STATE_STOPPING)) {
		/* This ends, because a reset has a deadline. Until then the requests are not their
		 * owners'. */
		while (poll_until(is_not_stopping, disk, NSEC_PER_SEC))
			;
		return;
	}
	disk->ops->stop(disk);
	for (unsigned int i = 0; i < disk->queue_count; i++) {
		u64 flags = spin_lock_irqsave(&disk->queues[i].lock);

		drain_queue(disk, i);
		spin_unlock_irqrestore(&disk->queues[i].lock, flags);
	}
	change_state(disk, BLOCK_STATE_STOPPING, BLOCK_STATE_DOWN);
}

static bool disk_is_settled(void *context)
{
	const struct block_device *disk = context;
	enum block_state state = READ_ONCE(disk->state);

	return state == BLOCK_STATE_UP || state == BLOCK_STATE_DOWN;
}

/* Restarts the device, on one CPU; the others wait for that, which has its own deadlines. */
static int make_disk_up(struct block_device *disk)
{
	int error;

	while (!change_state(disk, BLOCK_STATE_DOWN, BLOCK_STATE_STARTING))
		if (!poll_until(disk_is_settled, disk, NSEC_PER_SEC) && disk_is_up(disk))
			return 0;
	error = disk->ops->restart(disk);
	change_state(disk, BLOCK_STATE_STARTING, error ? BLOCK_STATE_DOWN : BLOCK_STATE_UP);
	return error ? -EIO : 0;
}

/* ---- submitting ------------------------------------------------------------------------------ */

static int hand_over_request(struct block_device *disk, unsigned int index,
			     struct block_request *request, u32 state)
{
	struct block_queue *queue = &disk->queues[index];
	u64 flags = spin_lock_irqsave(&queue->lock);
	bool broken = false;
	int error = -EIO;

	if (disk_is_up(disk)) {
		request->state = state;
		request->status = -1;
		error = disk->ops->submit(disk, index, request);
		broken = error && disk->ops->is_broken(disk, index);
	}
	if (error)
		request->state = REQUEST_IDLE;
	else
		queue->with_driver++;
	if (!error && state == REQUEST_QUEUED)
		queue->queued++;
	spin_unlock_irqrestore(&queue->lock, flags);
	if (!broken)
		return error;
	stop_disk(disk);
	return -EIO;
}

/* True for a flush without a write cache: nothing is held back. */
static bool request_is_done_already(const struct block_device *disk,
				    const struct block_request *request)
{
	return request->op == BLOCK_FLUSH && !disk->properties.write_cache;
}

static void finish_request_at_once(struct block_queue *queue, struct block_request *request)
{
	u64 flags = spin_lock_irqsave(&queue->lock);

	request->error = 0;
	request->state = REQUEST_QUEUED;
	append_done_request(queue, request);
	spin_unlock_irqrestore(&queue->lock, flags);
}

int block_submit(struct block_device *disk, unsigned int index, struct block_request *request)
{
	int error = index < disk->queue_count ? 0 : -EINVAL;

	if (!error && request->state != REQUEST_IDLE)
		error = -EBUSY;
	if (!error)
		error = block_check_request(disk, request);
	if (!error && !disk_is_up(disk))
		error = make_disk_up(disk);
	if (error)
		return error;
	if (!request_is_done_already(disk, request))
		return hand_over_request(disk, index, request, REQUEST_QUEUED);
	finish_request_at_once(&disk->queues[index], request);
	return 0;
}

void block_kick(struct block_device *disk, unsigned int index)
{
	u64 flags;

	if (index >= disk->queue_count)
		return;
	flags = spin_lock_irqsave(&disk->queues[index].lock);
	if (disk_is_up(disk))
		disk->ops->kick(disk, index);
	spin_unlock_irqrestore(&disk->queues[index].lock, flags);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* What a CPU waits for, on which queue: one request, or `count` in the list of finished ones, or
 * fewer than `room` with the driver. */
struct waiting {
	struct block_device *disk;
	unsigned int index;
	const struct block_request *request;
	unsigned int count, room;
	bool by_interrupt;
};

static bool wait_has_happened(const struct waiting *waiting)
{
	const struct block_queue *queue = &waiting->disk->queues[waiting->index];

	if (waiting->request)
		return READ_ONCE(waiting->request->state) != REQUEST_AWAITED;
	if (waiting->room)
		return queue->with_driver < waiting->room;
	return queue->done_count >= waiting->count;
}

/* True when the wait is over. Call with the queue's lock held. */
static bool wait_is_over(const struct waiting *waiting)
{
	struct block_device *disk = waiting->disk;

	if (!disk_is_up(disk))
		return true;
	drain_queue(disk, waiting->index);
	return wait_has_happened(waiting) || disk->ops->is_broken(disk, waiting->index);
}

/* Returns how many more must be done before the CPU has to be woken. */
static u16 requests_missing(const struct waiting *waiting)
{
	const struct block_queue *queue = &waiting->disk->queues[waiting->index];

	if (waiting->request || waiting->room || queue->waiters > 1)
		return 1;
	return (u16)max(1u, min(waiting->count - queue->done_count, queue->with_driver));
}

static bool wait_is_over_or_armed(void *context)
{
	const struct waiting *waiting = context;
	struct block_device *disk = waiting->disk;
	u64 flags = spin_lock_irqsave(&disk->queues[waiting->index].lock);
	bool over = wait_is_over(waiting);

	while (!over && waiting->by_interrupt) {
		/* Interrupts may be given up at any time; without them nothing would end a halt. */
		if (!disk->ops->can_interrupt(disk, waiting->index))
			over = true;
		else if (disk->ops->arm(disk, waiting->index, requests_missing(waiting)))
			break;
		else
			over = wait_is_over(waiting);
	}
	spin_unlock_irqrestore(&disk->queues[waiting->index].lock, flags);
	return over;
}

/* Counts a waiting CPU in or out; without any, interrupts are not needed. */
static void count_waiter(const struct waiting *waiting, int change)
{
	struct block_queue *queue = &waiting->disk->queues[waiting->index];
	u64 flags = spin_lock_irqsave(&queue->lock);

	queue->waiters += (unsigned int)change;
	if (!queue->waiters && disk_is_up(waiting->disk))
		waiting->disk->ops->disarm(waiting->disk, waiting->index);
	spin_unlock_irqrestore(&queue->lock, flags);
}

static int wait_on_disk(struct waiting *waiting, enum block_wait how, u64 timeout_ns)
{
	struct block_device *disk = waiting->disk;
	unsigned int index = waiting->index;
	int error = 0;

	waiting->by_interrupt = how == BLOCK_INTERRUPT && disk->ops->can_interrupt(disk, index);
	count_waiter(waiting, 1);
	if (waiting->by_interrupt)
		error = wait_event(&disk->waiters[index], wait_is_over_or_armed, waiting,
				   timeout_ns);
	if (!waiting->by_interrupt || !disk->ops->can_interrupt(disk, index)) {
		waiting->by_interrupt = false;
		error = poll_until(wait_is_over_or_armed, waiting, timeout_ns);
	}
	count_waiter(waiting, -1);
	if (error && disk_is_up(disk))
		disk->ops->late(disk, index, timeout_ns);
	if (error || !disk_is_up(disk) || disk->ops->is_broken(disk, index))
		stop_disk(disk);
	return error;
}

int block_wait(struct block_device *disk, unsigned int index, enum block_wait how,
	       unsigned int count, u64 timeout_ns)
{
	struct waiting waiting = { .disk = disk, .index = index };
	struct block_queue *queue = &disk->queues[index];
	u64 flags;

	if (index >= disk->queue_count)
		return -EINVAL;
	flags = spin_lock_irqsave(&queue->lock);
	waiting.count = min(count, queue->done_count + queue->queued);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (queue->done_count >= waiting.count)
		return 0;
	return wait_on_disk(&waiting, how, timeout_ns);
}

/* ---- one synchronous request ---------------------------------------------------------------- */

/* Waits for room in a queue that is full of other requests. */
static int wait_for_room(struct block_device *disk, unsigned int index, u64 timeout_ns)
{
	struct waiting waiting = { .disk = disk, .index = index };

	waiting.room = READ_ONCE(disk->queues[index].with_driver);
	if (!waiting.room)
		return 0;
	block_kick(disk, index);
	return wait_on_disk(&waiting, BLOCK_INTERRUPT, timeout_ns);
}

int block_execute(struct block_device *disk, struct block_request *request, u64 timeout_ns)
{
	/* CPUs share a queue only if there are more CPUs */
	unsigned int index = smp_processor_id() % disk->queue_count;
	struct waiting waiting = { .disk = disk, .index = index, .request = request };
	int error = disk_is_up(disk) ? 0 : make_disk_up(disk);

	if (!error)
		error = hand_over_request(disk, index, request, REQUEST_AWAITED);
	while (error == -ENOSPC) {
		error = wait_for_room(disk, index, timeout_ns);
		if (!error)
			error = hand_over_request(disk, index, request, REQUEST_AWAITED);
	}
	if (error)
		return error;
	block_kick(disk, index);
	error = wait_on_disk(&waiting, BLOCK_INTERRUPT, timeout_ns);
	return error ? error : request->error;
}
