/* SPDX-License-Identifier: MIT */
/* Stands before the ring's own header: each read of the device's memory can be watched. */
#ifndef TESTS_HOST_SHARED_MEMORY_H
#define TESTS_HOST_SHARED_MEMORY_H

#include "kernel/types.h"

u16 world_shared_read16(const void *field);
u32 world_shared_read32(const void *field);

static inline u16 shared_read16(const __le16 *field)
{
	return world_shared_read16(field);
}

static inline u32 shared_read32(const __le32 *field)
{
	return world_shared_read32(field);
}

#endif
