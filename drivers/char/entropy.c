// SPDX-License-Identifier: MIT
/* See entropy.h. */
#include "drivers/char/entropy.h"

#include <linux/errno.h>

#include "kernel/string.h"
#include "kernel/time.h"

/* After this many empty answers in a row, the source counts as empty. */
#define EMPTY_MAX 8

static struct list_head sources = LIST_HEAD_INIT(sources);

void entropy_register(struct entropy *entropy)
{
	INIT_LIST_HEAD(&entropy->done);
	entropy->own = (struct entropy_request){ entropy->page, ENTROPY_PAGE_SIZE, 0, 0, {} };
	entropy->under_way = false;
	entropy->first = entropy->end = 0;
	list_add_tail(&entropy->node, &sources);
}

void entropy_unregister(struct entropy *entropy)
{
	list_del_init(&entropy->node);
}

struct entropy *entropy_get(unsigned int index)
{
	struct entropy *entropy;

	list_for_each_entry(entropy, &sources, struct entropy, node)
		if (!index--)
			return entropy;
	return NULL;
}

const char *entropy_name(const struct entropy *entropy)
{
	return entropy->name;
}

const char *entropy_bus_name(const struct entropy *entropy)
{
	return entropy->bus_name;
}

/* ---- the queued form ------------------------------------------------------------------------- */

int entropy_submit(struct entropy *entropy, struct entropy_request *request)
{
	if (!request->buffer || !request->size)
		return -EINVAL;
	request->error = 0;
	request->length = 0;
	return entropy->ops->submit(entropy, request);
}

void entropy_kick(struct entropy *entropy)
{
	entropy->ops->kick(entropy);
}

/* Takes the driver's next finished request; keeps entropy_read's own here, and does not return
 * it. */
static struct entropy_request *take(struct entropy *entropy)
{
	struct entropy_request *request = entropy->ops->reap(entropy);

	if (request != &entropy->own)
		return request;
	entropy->under_way = false;
	entropy->first = 0;
	entropy->end = request->length;
	return entropy->ops->reap(entropy);
}

struct entropy_request *entropy_reap(struct entropy *entropy)
{
	struct entropy_request *request;

	if (list_empty(&entropy->done))
		return take(entropy);
	request = container_of(entropy->done.next, struct entropy_request, node);
	list_del_init(&request->node);
	return request;
}

int entropy_wait(struct entropy *entropy, u64 timeout_ns)
{
	return list_empty(&entropy->done) ? entropy->ops->wait(entropy, timeout_ns) : 0;
}

/* ---- the synchronous form -------------------------------------------------------------------- */

/* Copies bytes that have arrived already, and forgets them. */
static size_t give_out(struct entropy *entropy, u8 *buffer, size_t length)
{
	size_t part = min(length, (size_t)(entropy->end - entropy->first));

	memcpy(buffer, entropy->page + entropy->first, part);
	memset(entropy->page + entropy->first, 0, part);
	entropy->first += (u32)part;
	return part;
}

/* Submits our own request, unless the last one is still outstanding. */
static int ask(struct entropy *entropy, size_t length)
{
	int error;

	if (entropy->under_way)
		return 0;
	entropy->own.size = (u32)min(length, (size_t)ENTROPY_PAGE_SIZE);
	error = entropy_submit(entropy, &entropy->own);
	if (error)
		return error;
	entropy->under_way = true;
	entropy_kick(entropy);
	return 0;
}

/* Waits until our own request is back; keeps others for entropy_reap. */
static int await_own(struct entropy *entropy, u64 deadline)
{
	struct entropy_request *request;
	u64 now;
	int error;

	while (entropy->under_way) {
		now = ktime_get_ns();
		error = entropy->ops->wait(entropy, now < deadline ? deadline - now : 0);
		while ((request = take(entropy)))
			list_add_tail(&request->node, &entropy->done);
		if (error && entropy->under_way)
			return error;
	}
	return entropy->own.error;
}

static int read_all(struct entropy *entropy, u8 *buffer, size_t length, u64 deadline)
{
	unsigned int empty = 0;
	size_t got, have = give_out(entropy, buffer, length);
	int error = 0;

	while (!error && have < length) {
		error = ask(entropy, length - have);
		if (!error)
			error = await_own(entropy, deadline);
		got = error ? 0 : give_out(entropy, buffer + have, length - have);
		have += got;
		empty = got ? 0 : empty + 1;
		if (!error && empty == EMPTY_MAX)
			error = -EIO;
	}
	return error;
}

int entropy_read(struct entropy *entropy, void *buffer, size_t length, u64 timeout_ns)
{
	u64 now = ktime_get_ns();
	u64 deadline = timeout_ns < ~0ULL - now ? now + timeout_ns : ~0ULL;
	int error = read_all(entropy, buffer, length, deadline);

	/* Erase half an answer: the rest must not be taken for random. */
	if (error)
		memset(buffer, 0, length);
	return error;
}
