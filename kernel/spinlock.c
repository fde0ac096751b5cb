// SPDX-License-Identifier: MIT
/* The slow path of spin locks: waits, but not endlessly. */
#include "kernel/spinlock.h"

#include "kernel/cpu.h"
#include "kernel/panic.h"
#include "kernel/time.h"

#define HELD_TOO_LONG_NS (10 * NSEC_PER_SEC)

/* Only reads while the lock is taken, so that it does not slow down the holder's store. */
void spin_wait(spinlock_t *lock)
{
	u64 start = ktime_get_ns();

	while (READ_ONCE(lock->taken) || !spin_trylock(lock)) {
		if (panic_in_progress())
			return; /* its holder is stopped, or is us */
		cpu_relax();
		if (!READ_ONCE(lock->taken))
			start = ktime_get_ns(); /* it changes hands: others were quicker */
		if (ktime_get_ns() - start > HELD_TOO_LONG_NS)
			panic("spinlock at %p is held too long: taken twice, or never released",
			      (void *)lock);
	}
}
