// SPDX-License-Identifier: MIT
/* See entropy.h. What a device gives is kept in a page of our own until it is given out. */
#include "drivers/char/entropy.h"

#include <linux/errno.h>

#include "kernel/string.h"
#include "kernel/time.h"

/* After this many empty answers in a row, the source counts as empty. */
#define EMPTY_MAX 8

static struct list_head sources = LIST_HEAD_INIT(sources);

void entropy_register(struct entropy *entropy)
{
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
	return list_nth_entry(index, &sources, struct entropy, node);
}

/* Copies bytes that have arrived already, and forgets them. */
static size_t entropy_give_out(struct entropy *entropy, u8 *buffer, size_t length)
{
	size_t part = min(length, (size_t)(entropy->end - entropy->first));

	memcpy(buffer, entropy->page + entropy->first, part);
	memset(entropy->page + entropy->first, 0, part);
	entropy->first += (u32)part;
	return part;
}

/* Another request, unless the last one is still under way. */
static int entropy_ask(struct entropy *entropy, size_t length)
{
	int error;

	if (entropy->under_way)
		return 0;
	entropy->own = (struct entropy_request){ .buffer = entropy->page };
	entropy->own.size = (u32)min(length, (size_t)ENTROPY_PAGE_SIZE);
	error = entropy->ops->submit(entropy, &entropy->own);
	if (error)
		return error;
	entropy->under_way = true;
	entropy->ops->kick(entropy);
	return 0;
}

/* Waits until the request is back. After a failure the driver gives it back, too. */
static int entropy_await(struct entropy *entropy, u64 deadline)
{
	bool back;
	int error;

	do {
		u64 now = ktime_get_ns();

		error = entropy->ops->wait(entropy, now < deadline ? deadline - now : 0);
		back = entropy->ops->reap(entropy);
	} while (!error && !back);
	if (!back)
		return error;
	entropy->under_way = false;
	entropy->first = 0;
	entropy->end = entropy->own.length;
	return entropy->own.error;
}

static int entropy_read_all(struct entropy *entropy, u8 *buffer, size_t length, u64 deadline)
{
	unsigned int empty = 0;
	size_t got, have = entropy_give_out(entropy, buffer, length);
	int error = 0;

	while (!error && have < length) {
		error = entropy_ask(entropy, length - have);
		if (!error)
			error = entropy_await(entropy, deadline);
		got = error ? 0 : entropy_give_out(entropy, buffer + have, length - have);
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
	int error = entropy_read_all(entropy, buffer, length, deadline);

	/* Erase half an answer: the rest must not be taken for random. */
	if (error)
		memset(buffer, 0, length);
	return error;
}
