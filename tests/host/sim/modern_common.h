/* SPDX-License-Identifier: MIT */
/* The common configuration of the simulated device (virtio 1.2, 4.1.4.3). */
#ifndef TESTS_HOST_MODERN_COMMON_H
#define TESTS_HOST_MODERN_COMMON_H

#include "modern.h"

u32 common_read(struct modern *device, u64 offset, unsigned int size);
void common_write(struct modern *device, u64 offset, unsigned int size, u32 value);

/* As after a reset. */
void modern_clear(struct modern *device);

#endif
