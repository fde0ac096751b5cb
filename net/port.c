// SPDX-License-Identifier: MIT
/* The functions that lwIP needs from the machine: time, memory, and a panic. */
#include <lwip/memp.h>
#include <lwip/priv/memp_priv.h>
#include <lwip/stats.h>
#include <lwip/sys.h>

#include "kernel/memory.h"
#include "kernel/panic.h"
#include "kernel/time.h"
#include "net/net.h"

static u64 objects_now;

/* Milliseconds since boot; lwIP knows that they wrap. */
u32_t sys_now(void)
{
	return (u32_t)(ktime_get_ns() / NSEC_PER_MSEC);
}

void *net_malloc(size_t size)
{
	void *object = kzalloc(size);

	objects_now += object != NULL;
	return object;
}

void *net_calloc(size_t count, size_t size)
{
	return size && count > SIZE_MAX / size ? NULL : net_malloc(count * size);
}

void net_free(void *object)
{
	objects_now -= object != NULL;
	kfree(object);
}

void net_memory(u64 *objects, u64 *bytes)
{
	*objects = objects_now;
	*bytes = lwip_stats.mem.used;
}

bool net_pool(unsigned int index, struct net_pool *pool)
{
	const struct memp_desc *desc;

	if (index >= MEMP_MAX)
		return false;
	desc = memp_pools[index];
	*pool = (struct net_pool){
		.name = desc->stats->name,
		.used = (u32)desc->stats->used,
		.most = (u32)desc->stats->max,
		.size = desc->num,
		.refused = (u32)desc->stats->err,
		.object_size = desc->size,
	};
	return true;
}

void net_assertion_failed(const char *message, const char *file, int line)
{
	panic("lwIP: %s (%s:%d)", message, file, line);
}
