// SPDX-License-Identifier: MIT
/*
 * Vectors for devices. Handlers run on the CPU that took the interrupt, with interrupts off, so
 * they never nest. One CPU: turning interrupts off protects the table.
 */
#include "kernel/irq.h"

#include "kernel/apic.h"
#include "kernel/irq_shared.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "kernel/traps.h"
#include <linux/errno.h>

/* Intel SDM 3A, 10.11.1: where a message interrupt is written; the APIC id is bits 19 to 12. */
#define MSI_ADDRESS 0xfee00000
#define MSI_ADDRESS_ID(id) ((id) << 12)

struct irq_slot {
	irq_handler_t handler; /* NULL: free */
	void *context;
	const char *name;
	u64 count;
};

static struct irq_slot slots[VECTOR_LAST_DEVICE - VECTOR_FIRST_DEVICE + 1];
static u64 total, spurious;

static struct irq_slot *find_slot(int vector)
{
	if (vector < VECTOR_FIRST_DEVICE || vector > VECTOR_LAST_DEVICE)
		return NULL;
	return &slots[vector - VECTOR_FIRST_DEVICE];
}

int request_irq(irq_handler_t handler, void *context, const char *name)
{
	u64 flags = local_irq_save();
	unsigned int i = 0;

	while (i < ARRAY_SIZE(slots) && slots[i].handler)
		i++;
	if (i < ARRAY_SIZE(slots) && apic_present())
		slots[i] =
			(struct irq_slot){ .handler = handler, .context = context, .name = name };
	local_irq_restore(flags);
	if (!apic_present())
		return -ENODEV;
	return i < ARRAY_SIZE(slots) ? VECTOR_FIRST_DEVICE + (int)i : -ENOSPC;
}

void free_irq(int vector)
{
	struct irq_slot *slot = find_slot(vector);
	u64 flags = local_irq_save();

	if (slot)
		*slot = (struct irq_slot){ .handler = NULL };
	local_irq_restore(flags);
}

void irq_compose_msi_msg(int vector, struct msi_msg *message)
{
	message->address_lo = MSI_ADDRESS | MSI_ADDRESS_ID(apic_id() & 0xff);
	message->address_hi = 0;
	message->data = (u32)vector; /* fixed delivery, edge-triggered */
}

u64 irq_count(int vector)
{
	const struct irq_slot *slot = find_slot(vector);

	return slot ? READ_ONCE(slot->count) : 0;
}

const char *irq_name(int vector)
{
	const struct irq_slot *slot = find_slot(vector);

	return slot && slot->handler ? slot->name : NULL;
}

u64 irq_total(void)
{
	return READ_ONCE(total);
}

u64 irq_spurious(void)
{
	return READ_ONCE(spurious);
}

/* True when the local APIC delivered `vector` and waits for the end of it. */
static bool in_service(unsigned int vector)
{
	u32 bits;

	if (!apic_present())
		return false;
	bits = apic_read(APIC_ISR + vector / 32 * 0x10);
	return bits >> (vector % 32) & 1;
}

void irq_dispatch(unsigned int vector)
{
	struct irq_slot *slot = find_slot((int)vector);

	if (vector == VECTOR_TIMER && apic_present()) {
		timer_interrupt();
		apic_write(APIC_EOI, 0);
	} else if (slot && slot->handler) {
		slot->count++;
		total++;
		slot->handler(slot->context);
		apic_write(APIC_EOI, 0);
	} else {
		spurious++;
		if (in_service(vector)) /* an EOI that is not due would end another's service */
			apic_write(APIC_EOI, 0);
	}
}

void irq_print_table(void)
{
	for (int vector = VECTOR_FIRST_DEVICE; vector <= VECTOR_LAST_DEVICE; vector++) {
		if (!irq_name(vector))
			continue;
		printk("irq: vector 0x%02x: %llu interrupts, ", vector, irq_count(vector));
		if (!irq_shared_print(vector))
			printk("%s\n", irq_name(vector));
	}
	if (irq_spurious())
		printk("irq: %llu interrupts had no handler\n", irq_spurious());
}
