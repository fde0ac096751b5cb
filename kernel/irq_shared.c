// SPDX-License-Identifier: MIT
/*
 * Shared wires. They are level-triggered: the interrupt repeats until every device on the wire has
 * been quieted. So each device is asked, and the end of the interrupt (irq_dispatch) follows. A
 * wire that no driver can quiet would interrupt endlessly, and is masked. Handlers run with the
 * lock held, so when a share has been freed, its handler no longer runs.
 */
#include "kernel/irq_shared.h"

#include <linux/errno.h>

#include "kernel/irq.h"
#include "kernel/printk.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"

#define WIRES_MAX 32

/* A wire is stuck after this many idle interrupts in a row, each soon after the one before. Devices
 * that share a wire may cause a few; these take less than a tenth of a second. */
#define IDLE_MAX 10000
#define IDLE_GAP_NS (10 * NSEC_PER_MSEC)

struct wire {
	struct list_head shares; /* empty: this entry is free */
	unsigned int gsi;
	int vector;
	bool stuck;
	unsigned int idle;
	u64 last_idle;
};

static struct wire wires[WIRES_MAX];
static DEFINE_SPINLOCK(wires_lock);

static void mask_for_good(struct wire *wire)
{
	struct irq_share *share;

	wire->stuck = true;
	ioapic_set_masked(wire->gsi, true);
	printk("irq: E19 GSI %u (vector 0x%02x) stuck: %u idle interrupts in a row; masked\n",
	       wire->gsi, wire->vector, wire->idle);
	list_for_each_entry(share, &wire->shares, struct irq_share, node)
		if (share->lost)
			share->lost(share->context);
}

static void count_idle_interrupt(struct wire *wire)
{
	u64 now = ktime_get_ns();

	if (now - wire->last_idle > IDLE_GAP_NS)
		wire->idle = 0;
	wire->last_idle = now;
	if (++wire->idle >= IDLE_MAX && !wire->stuck)
		mask_for_good(wire);
}

/* Asks all devices on the wire, because several may have raised it at once. */
static void wire_interrupt(void *context)
{
	struct wire *wire = context;
	struct irq_share *share;
	bool news = false;

	spin_lock(&wires_lock); /* interrupts are off */
	list_for_each_entry(share, &wire->shares, struct irq_share, node) {
		enum irq_return result = share->handle(share->context);

		share->handled += result != IRQ_NOT_OURS;
		news |= result == IRQ_NEWS;
	}
	if (news)
		wire->idle = 0;
	else
		count_idle_interrupt(wire);
	spin_unlock(&wires_lock);
}

static bool wire_is_free(const struct wire *wire)
{
	return !wire->shares.next || list_empty(&wire->shares);
}

/* Returns the entry of the wire if it is in use, else a free one, else NULL. */
static struct wire *find_shared_wire(unsigned int gsi)
{
	struct wire *free = NULL;

	for (unsigned int i = 0; i < WIRES_MAX; i++) {
		if (wire_is_free(&wires[i]))
			free = free ? free : &wires[i];
		else if (wires[i].gsi == gsi)
			return &wires[i];
	}
	return free;
}

/* Takes a vector for a new wire, masked. *unused is a vector that the caller has to free. */
static int connect_wire(struct wire *wire, const struct gsi *gsi, int *unused)
{
	int error;

	*wire = (struct wire){ .gsi = gsi->number };
	INIT_LIST_HEAD(&wire->shares);
	wire->vector = request_irq(wire_interrupt, wire, "shared wire");
	if (wire->vector < 0)
		return wire->vector;
	error = ioapic_route(gsi, (unsigned int)wire->vector);
	if (error)
		*unused = wire->vector;
	return error;
}

/* Adds a share. The lock is held, but not while a vector is freed: free_irq waits for
 * wire_interrupt. */
static int add_irq_share(struct wire *wire, const struct gsi *gsi, struct irq_share *share,
			 int *unused)
{
	int error = 0;

	if (wire_is_free(wire))
		error = connect_wire(wire, gsi, unused);
	else if (wire->stuck)
		error = -EIO;
	if (error)
		return error;
	share->handled = 0;
	list_add_tail(&share->node, &wire->shares);
	ioapic_set_masked(wire->gsi, false);
	return wire->vector;
}

int request_shared_irq(const struct gsi *gsi, struct irq_share *share)
{
	struct wire *wire;
	int result, unused = -1;
	u64 flags;

	if (!gsi->level)
		return -EINVAL;
	flags = spin_lock_irqsave(&wires_lock);
	wire = find_shared_wire(gsi->number);
	result = wire ? add_irq_share(wire, gsi, share, &unused) : -ENOSPC;
	spin_unlock_irqrestore(&wires_lock, flags);
	free_irq(unused);
	return result;
}

void free_shared_irq(unsigned int gsi, struct irq_share *share)
{
	u64 flags = spin_lock_irqsave(&wires_lock);
	struct wire *wire = find_shared_wire(gsi);
	int unused = -1;

	list_del_init(&share->node);
	if (wire_is_free(wire)) {
		ioapic_set_masked(gsi, true);
		unused = wire->vector;
	}
	spin_unlock_irqrestore(&wires_lock, flags);
	free_irq(unused);
}

bool irq_shared_print(int vector)
{
	const struct wire *wire = wires;
	const struct irq_share *share;

	while (wire < wires + WIRES_MAX && (wire_is_free(wire) || wire->vector != vector))
		wire++;
	if (wire == wires + WIRES_MAX)
		return false;
	printk("GSI %u%s:", wire->gsi, wire->stuck ? ", masked" : "");
	list_for_each_entry(share, &wire->shares, struct irq_share, node)
		printk(" %s %llu", share->name, share->handled);
	printk("\n");
	return true;
}
