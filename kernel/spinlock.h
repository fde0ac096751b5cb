/* SPDX-License-Identifier: MIT */
/*
 * Locks that several CPUs, or a CPU and its interrupt handlers, take for a few instructions. First
 * come, first served: a ticket is drawn, and served in order, so that no CPU starves. All zeroes is
 * an unlocked lock. Not recursive; nothing that waits or prints much runs inside.
 */
#ifndef KERNEL_SPINLOCK_H
#define KERNEL_SPINLOCK_H

#include "kernel/irq.h"
#include "kernel/types.h"

typedef struct {
	u32 next;    /* ticket to be drawn */
	u32 serving; /* ticket that holds the lock */
} spinlock_t;

#define DEFINE_SPINLOCK(name) spinlock_t name

/* Waits for the turn of `ticket`; a lock that is held for ten seconds is a panic. */
void spin_wait(spinlock_t *lock, u32 ticket);

/* Takes the lock; interrupts are off, or no handler takes it. Acquire: pairs with spin_unlock. */
static inline void spin_lock(spinlock_t *lock)
{
	u32 ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	if (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
		spin_wait(lock, ticket);
}

/* Gives the lock back. Release: what was written inside is seen by whoever takes it next. */
static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
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
