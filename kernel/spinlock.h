/* SPDX-License-Identifier: MIT */
/*
 * Locks that several CPUs, or a CPU and its interrupt handlers, take for a few instructions. Any
 * CPU that finds the lock free takes it. In a virtual machine the CPU whose turn it is may not be
 * running, and a queue in order of arrival would wait for the host at each step (measured: a
 * thousand times longer with 4 CPUs on 2). An unlocked lock is all zeroes. Locks are not recursive;
 * do not wait or print much while you hold one.
 */
#ifndef KERNEL_SPINLOCK_H
#define KERNEL_SPINLOCK_H

#include "kernel/irq.h"
#include "kernel/types.h"

typedef struct {
	u32 taken;
} spinlock_t;

#define DEFINE_SPINLOCK(name) spinlock_t name

/* True if the lock was free and is now the caller's. Acquire: pairs with spin_unlock. */
static inline bool spin_trylock(spinlock_t *lock)
{
	return !__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE);
}

/* Waits for the lock and takes it; panics if it is held for ten seconds. */
void spin_wait(spinlock_t *lock);

/* Takes the lock. Interrupts must be off, unless no handler takes it. */
static inline void spin_lock(spinlock_t *lock)
{
	if (!spin_trylock(lock))
		spin_wait(lock);
}

/* Releases the lock. Release: the next holder sees what was written inside. */
static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

/* Turns this CPU's interrupts off and takes the lock; returns what spin_unlock_irqrestore needs. */
static inline u64 spin_lock_irqsave(spinlock_t *lock)
{
	u64 flags = local_irq_save();

	spin_lock(lock);
	return flags;
}

static inline void spin_unlock_irqrestore(spinlock_t *lock, u64 flags)
{
	spin_unlock(lock);
	local_irq_restore(flags);
}

#endif
