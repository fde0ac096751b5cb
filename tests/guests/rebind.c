/* SPDX-License-Identifier: MIT */
/*
 * Takes the drivers from virtio-simple and gives them back, many times: first the class driver,
 * then virtio-pci below it. Memory and interrupt vectors are counted, and must be the same at the
 * end.
 */
#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/bootinfo.h"
#include "kernel/device.h"
#include "kernel/irq.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define CYCLES 50
#define VECTORS 256

struct census {
	struct memory_counters memory;
	unsigned int vectors;
};

static void take_census(struct census *census)
{
	memory_count(&census->memory);
	census->vectors = 0;
	for (int vector = 0; vector < VECTORS; vector++)
		census->vectors += irq_name(vector) != NULL;
}

static bool answers(void)
{
	struct virtio_simple *simple = virtio_simple_get(0);
	struct virtio_simple_request nop = { .op = VIRTIO_SIMPLE_OP_NOP };

	return simple && !virtio_simple_call(simple, VIRTQUEUE_INTERRUPT, &nop) &&
	       nop.status == VIRTIO_SIMPLE_S_OK;
}

/* One round to warm up, then each must leave what it found. */
static bool rebind(const char *bus, const char *name)
{
	struct census before, after;

	for (unsigned int i = 0; i <= CYCLES; i++) {
		struct device *device = device_find(bus, name);

		if (!device)
			return false;
		if (i == 1)
			take_census(&before);
		device_release_driver(device);
		if (virtio_simple_get(0) || device_attach(device) || !answers())
			return false;
	}
	take_census(&after);
	printk("rebind: %s: %d times; pages free %llu -> %llu, objects %llu -> %llu, vectors %u -> %u\n",
	       bus, CYCLES, before.memory.pages_free, after.memory.pages_free,
	       before.memory.objects, after.memory.objects, before.vectors, after.vectors);
	return !memcmp(&before.memory, &after.memory, sizeof(after.memory)) &&
	       before.vectors == after.vectors;
}

int main(int argc, char **argv)
{
	struct virtio_simple *simple = virtio_simple_get(0);
	char name[DEVICE_NAME_MAX], place[DEVICE_NAME_MAX];

	(void)argc;
	(void)argv;
	if (!simple) {
		printk("rebind: E02 no virtio-simple device is up\n");
		return 1;
	}
	snprintf(name, sizeof(name), "%s", virtio_simple_name(simple));
	snprintf(place, sizeof(place), "%s", virtio_simple_bus_name(simple));
	if (!rebind("virtio", name) || !rebind("pci", place)) {
		printk("rebind: failed\n");
		return 1;
	}
	printk("rebind: ok\n");
	return 0;
}
