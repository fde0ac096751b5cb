/* SPDX-License-Identifier: MIT */
/*
 * Interrupts, counted: requests to every virtio-simple at once, each waited for by interrupt, then
 * the table of vectors, and who took how many.
 */
#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/bootinfo.h"
#include "kernel/irq.h"
#include "kernel/printk.h"
#include "kernel/time.h"

#define DEVICES_MAX 8
#define ROUNDS 500
#define DELAY_US 50 /* an answer that is there before it is waited for needs no interrupt */
#define WAIT_NS (2 * NSEC_PER_SEC)

static struct virtio_simple_request requests[DEVICES_MAX];

/* One request each, all of them under way together. */
static bool start_round(unsigned int count)
{
	bool ok = true;

	for (unsigned int i = 0; i < count; i++) {
		requests[i] = (struct virtio_simple_request){ .op = VIRTIO_SIMPLE_OP_DELAY,
							      .arg = DELAY_US };
		ok = ok && !virtio_simple_submit(virtio_simple_get(i), 0, &requests[i]);
	}
	for (unsigned int i = 0; i < count; i++)
		virtio_simple_kick(virtio_simple_get(i), 0);
	return ok;
}

/* Whoever is waited for first interrupts; the others are often done by then. */
static bool finish_round(unsigned int count, unsigned int first)
{
	bool ok = true;

	for (unsigned int n = 0; n < count; n++) {
		unsigned int i = (first + n) % count;
		struct virtio_simple *simple = virtio_simple_get(i);

		ok = ok && !virtio_simple_wait(simple, 0, VIRTQUEUE_INTERRUPT, 1, WAIT_NS) &&
		     virtio_simple_reap(simple, 0) == &requests[i] && !requests[i].error &&
		     requests[i].status == VIRTIO_SIMPLE_S_OK;
	}
	return ok;
}

static void print_device_irqs(struct virtio_simple *simple)
{
	struct virtqueue_counters counters;

	virtio_simple_count(simple, 0, &counters);
	printk("irqs: %s at %s: %s, %llu requests, %llu interrupts\n", virtio_simple_name(simple),
	       virtio_simple_bus_name(simple), virtio_simple_interrupt_name(simple), counters.used,
	       counters.interrupts);
}

int main(int argc, char **argv)
{
	unsigned int count = 0;
	bool ok = true;

	(void)argc;
	(void)argv;
	while (count < DEVICES_MAX && virtio_simple_get(count))
		count++;
	if (!count) {
		printk("irqs: E02 no virtio-simple device is up\n");
		return 1;
	}
	for (unsigned int i = 0; i < ROUNDS && ok; i++)
		ok = start_round(count) && finish_round(count, i % count);
	for (unsigned int i = 0; i < count; i++)
		print_device_irqs(virtio_simple_get(i));
	irq_print_table();
	printk("irqs: %s\n", ok ? "ok" : "FAILED");
	return ok ? 0 : 1;
}
