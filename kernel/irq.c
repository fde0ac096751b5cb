// SPDX-License-Identifier: MIT
/*
 * Vectors for devices. A vector has the same meaning on every CPU, and each CPU may take it.
 * Handlers run with interrupts off on the CPU that took the interrupt, so they do not nest there.
 * Code that changes the table holds its lock. An interrupt only reads the table, and counts itself
 * as `running` before it looks, so that free_irq can wait until no CPU uses what it removed.
 */
#include "kernel/irq.h"

#include <linux/errno.h>

#include "kernel/apic.h"
#include "kernel/irq_shared.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/smp.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"
#include "kernel/timer.h"
#include "kernel/traps.h"

/* Intel SDM 3A, 10.11.1: where a message interrupt is written; the APIC id is bits 19 to 12. */
#define MSI_ADDRESS 0xfee00000
#define MSI_ADDRESS_ID(id) ((id) << 12)
#define MSI_ID_LAST 254 /* 255 is all CPUs */
#define SYNCHRONIZE_TIMEOUT_NS NSEC_PER_SEC

struct irq_slot {
	irq_handler_t handler; /* NULL: free, or being freed */
	void *context;
	const char *name;
	unsigned int cpu;
	u32 running; /* CPUs that are in the handler, or about to look for it */
	bool taken;
};

static struct irq_slot slots[DEVICE_VECTORS];
static DEFINE_SPINLOCK(slots_lock);

static struct irq_slot *find_slot(int vector)
{
	if (vector < VECTOR_FIRST_DEVICE || vector > VECTOR_LAST_DEVICE)
		return NULL;
	return &slots[vector - VECTOR_FIRST_DEVICE];
}

static unsigned int slot_index(const struct irq_slot *slot)
{
	return (unsigned int)(slot - slots);
}

static void clear_counts(const struct irq_slot *slot)
{
	struct cpu *cpu;

	for (unsigned int i = 0; (cpu = cpu_get(i)); i++)
		cpu->device_irqs[slot_index(slot)] = 0;
}

int request_irq(irq_handler_t handler, void *context, const char *name)
{
	struct irq_slot *slot = slots;
	u64 flags;

	if (!apic_present())
		return -ENODEV;
	flags = spin_lock_irqsave(&slots_lock);
	while (slot < slots + DEVICE_VECTORS && slot->taken)
		slot++;
	if (slot < slots + DEVICE_VECTORS) {
		slot->taken = true;
		slot->context = context;
		slot->name = name;
		slot->cpu = 0;
		clear_counts(slot);
		/* Release: pairs with run_irq_handler; the context is seen with the handler. */
		__atomic_store_n(&slot->handler, handler, __ATOMIC_RELEASE);
	}
	spin_unlock_irqrestore(&slots_lock, flags);
	if (slot == slots + DEVICE_VECTORS)
		return -ENOSPC;
	return VECTOR_FIRST_DEVICE + (int)slot_index(slot);
}

static bool irq_is_idle(void *context)
{
	const struct irq_slot *slot = context;

	/* Sequentially consistent: pairs with run_irq_handler, which counts first. */
	return !__atomic_load_n(&slot->running, __ATOMIC_SEQ_CST);
}

struct pending_query {
	unsigned int vector;
	bool pending;
};

/* Tests whether the vector is pending on this CPU. */
static void look_if_irq_pending(void *context)
{
	struct pending_query *query = context;

	query->pending = apic_read(APIC_IRR + query->vector / 32 * 0x10) >> query->vector % 32 & 1;
}

/* True when the vector is no longer pending on its CPU. */
static bool irq_is_taken(void *context)
{
	int vector = *(const int *)context;
	struct pending_query query = { .vector = (unsigned int)vector };

	smp_call_function_single(irq_cpu(vector), look_if_irq_pending, &query);
	return !query.pending;
}

/* Lets this CPU take its pending interrupts. */
static void enable_irqs_for_a_moment(void)
{
	u64 flags = local_irq_save();

	local_irq_enable();
	__asm__ volatile("nop" : : : "memory"); /* sti takes effect one instruction later */
	local_irq_disable();
	local_irq_restore(flags);
}

void synchronize_irq(int vector)
{
	struct irq_slot *slot = find_slot(vector);

	if (!slot)
		return;
	if (irq_cpu(vector) == smp_processor_id())
		enable_irqs_for_a_moment();
	else
		poll_until(irq_is_taken, &vector, SYNCHRONIZE_TIMEOUT_NS);
	poll_until(irq_is_idle, slot, SYNCHRONIZE_TIMEOUT_NS);
}

void free_irq(int vector)
{
	struct irq_slot *slot = find_slot(vector);
	u64 flags;

	if (!slot)
		return;
	__atomic_store_n(&slot->handler, NULL, __ATOMIC_SEQ_CST);
	if (poll_until(irq_is_idle, slot, SYNCHRONIZE_TIMEOUT_NS))
		panic("the handler of vector 0x%02x (%s) does not return", vector, slot->name);
	flags = spin_lock_irqsave(&slots_lock);
	slot->taken = false;
	spin_unlock_irqrestore(&slots_lock, flags);
}

/* ---- routing of vectors --------------------------------------------------------------------- */

int irq_set_cpu(int vector, unsigned int cpu)
{
	struct irq_slot *slot = find_slot(vector);

	if (!slot || !slot->taken || cpu >= num_online_cpus() ||
	    cpu_get(cpu)->apic_id > MSI_ID_LAST)
		return -EINVAL;
	WRITE_ONCE(slot->cpu, cpu);
	return 0;
}

unsigned int irq_cpu(int vector)
{
	const struct irq_slot *slot = find_slot(vector);

	return slot && slot->taken ? READ_ONCE(slot->cpu) : 0;
}

u32 irq_apic_id(int vector)
{
	return cpu_get(irq_cpu(vector))->apic_id;
}

void irq_compose_msi_msg(int vector, struct msi_msg *message)
{
	message->address_lo = MSI_ADDRESS | MSI_ADDRESS_ID(irq_apic_id(vector) & 0xff);
	message->address_hi = 0;
	message->data = (u32)vector; /* fixed delivery, edge-triggered */
}

/* ---- counts ---------------------------------------------------------------------------------- */

u64 irq_count_on(int vector, unsigned int cpu)
{
	const struct irq_slot *slot = find_slot(vector);

	if (!slot || cpu >= num_online_cpus())
		return 0;
	return READ_ONCE(cpu_get(cpu)->device_irqs[slot_index(slot)]);
}

u64 irq_count(int vector)
{
	u64 sum = 0;

	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++)
		sum += irq_count_on(vector, cpu);
	return sum;
}

u64 irq_total(void)
{
	u64 sum = 0;

	for (int vector = VECTOR_FIRST_DEVICE; vector <= VECTOR_LAST_DEVICE; vector++)
		sum += irq_count(vector);
	return sum;
}

const char *irq_name(int vector)
{
	const struct irq_slot *slot = find_slot(vector);

	return slot && slot->handler ? slot->name : NULL;
}

/* ---- interrupts ------------------------------------------------------------------------------ */

/* True when the local APIC delivered `vector` and waits for the end of it. */
static bool vector_in_service(unsigned int vector)
{
	u32 bits;

	if (!apic_present())
		return false;
	bits = apic_read(APIC_ISR + vector / 32 * 0x10);
	return bits >> (vector % 32) & 1;
}

/* Runs the vector's handler; false if it has none, or is not a device's. */
static bool run_irq_handler(unsigned int vector)
{
	unsigned int index = vector - VECTOR_FIRST_DEVICE;
	struct irq_slot *slot;
	irq_handler_t handler;

	if (index >= DEVICE_VECTORS)
		return false;
	slot = &slots[index];
	__atomic_add_fetch(&slot->running, 1, __ATOMIC_SEQ_CST);
	handler = __atomic_load_n(&slot->handler, __ATOMIC_SEQ_CST);
	if (handler) {
		this_cpu()->device_irqs[index]++;
		handler(slot->context);
	}
	__atomic_sub_fetch(&slot->running, 1, __ATOMIC_RELEASE);
	return handler;
}

/* Handles a vector that the kernel sends itself; false if `vector` is none of those. */
static bool run_local_vector(unsigned int vector)
{
	u64 *counts = this_cpu()->local_irqs;

	switch (vector) {
	case VECTOR_TIMER:
		counts[LOCAL_IRQ_TIMER]++;
		timer_interrupt();
		return true;
	case VECTOR_CALL:
		counts[LOCAL_IRQ_CALL]++;
		smp_call_interrupt();
		return true;
	case VECTOR_WAKE: /* it has already done its work: ended the halt */
		counts[LOCAL_IRQ_WAKE]++;
		return true;
	}
	return false;
}

void irq_dispatch(unsigned int vector)
{
	if (run_irq_handler(vector) || (apic_present() && run_local_vector(vector))) {
		apic_write(APIC_EOI, 0);
		return;
	}
	this_cpu()->local_irqs[LOCAL_IRQ_SPURIOUS]++;
	if (vector_in_service(vector)) /* a needless EOI would end another interrupt's */
		apic_write(APIC_EOI, 0);
}
