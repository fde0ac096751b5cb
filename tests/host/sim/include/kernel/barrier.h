/* SPDX-License-Identifier: MIT */
/* The three barriers, told to whoever wants to know what another processor may see by then. */
#ifndef TESTS_HOST_KERNEL_BARRIER_H
#define TESTS_HOST_KERNEL_BARRIER_H

#include "world.h"

void world_barrier(enum world_barrier kind);

#define virtio_wmb() world_barrier(WORLD_WMB)
#define virtio_rmb() world_barrier(WORLD_RMB)
#define virtio_mb() world_barrier(WORLD_MB)

#endif
