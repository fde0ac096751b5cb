/* SPDX-License-Identifier: MIT */
/*
 * The three barriers a ring needs, between this CPU and the device (which is another thread of the
 * host). x86 keeps stores in order and loads in order, so two of them only stop the compiler; a
 * store followed by a load may be swapped, so the full one is an instruction. The rings are
 * ordinary write-back memory, which devices see in the processor's order, so the three are enough
 * for hardware, too, as ORDER_PLATFORM wants them (virtio 1.2, 6.1). Each use names the section of
 * virtio 1.2 that asks for it and what it pairs with.
 */
#ifndef KERNEL_BARRIER_H
#define KERNEL_BARRIER_H

/* Earlier stores are seen before later stores. */
#define virtio_wmb() __asm__ volatile("" : : : "memory")

/* Earlier loads are done before later loads. */
#define virtio_rmb() __asm__ volatile("" : : : "memory")

/* Earlier stores are seen before later loads are done. */
#define virtio_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
