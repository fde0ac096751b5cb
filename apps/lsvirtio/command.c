/* SPDX-License-Identifier: MIT */
/*
 * lsvirtio: the virtio devices of this machine: what each offers and what was accepted of it, its
 * queues and where they interrupt, its structures, its configuration. Words choose devices:
 *
 *     make run APP=lsvirtio
 *     make run APP=lsvirtio CMDLINE=virtio1
 *
 * Nothing is changed: a device without driver stays as the bus left it, acknowledged.
 */
#include "apps/lsvirtio/lsvirtio.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/pci/virtio_pci.h"
#include "kernel/printk.h"
#include "kernel/string.h"

struct chosen {
	int count;
	char **names;
	unsigned int shown;
};

static void show_status(struct virtio_device *vdev)
{
	static const struct {
		u8 bit;
		const char *name;
	} bits[] = {
		{ VIRTIO_CONFIG_S_ACKNOWLEDGE, "ACKNOWLEDGE" },
		{ VIRTIO_CONFIG_S_DRIVER, "DRIVER" },
		{ VIRTIO_CONFIG_S_FEATURES_OK, "FEATURES_OK" },
		{ VIRTIO_CONFIG_S_DRIVER_OK, "DRIVER_OK" },
		{ VIRTIO_CONFIG_S_NEEDS_RESET, "DEVICE_NEEDS_RESET" },
		{ VIRTIO_CONFIG_S_FAILED, "FAILED" },
	};
	u8 status = vdev->config->get_status(vdev);

	printk("\tStatus: 0x%02x", status);
	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++)
		if (status & bits[i].bit)
			printk(" %s", bits[i].name);
	printk("\n");
}

static void show_features(const struct virtio_device *vdev, const char *what, u64 features)
{
	char names[512];

	virtio_format_features(vdev, features, names, sizeof(names));
	printk("\t%s: 0x%llx%s%s\n", what, features, *names ? " " : "", names);
}

static void show_region(const char *name, const struct virtio_pci_region *region)
{
	if (region->base)
		printk("\t%s: BAR %u + 0x%04x, 0x%x bytes\n", name, region->bar, region->offset,
		       region->length);
}

/* A legacy device has none of them: its registers are at fixed places of BAR 0 (4.1.4.10). */
static void show_regions(const struct virtio_pci_device *vp)
{
	if (!vp->common.base)
		printk("\tRegisters: BAR 0 (legacy)\n");
	show_region("CommonCfg", &vp->common);
	show_region("Notify", &vp->notify);
	show_region("ISR", &vp->isr);
	show_region("DeviceCfg", &vp->device);
	if (vp->notify.base)
		printk("\tNotify multiplier: %u\n", vp->notify_off_multiplier);
}

static void show_queue(const struct virtio_pci_vq *queue)
{
	const struct virtqueue *vq = queue->vq;

	printk("\tQueue %u (%s): %u entries, notify at BAR %u + 0x%llx, ", virtqueue_index(vq),
	       virtqueue_name(vq), virtqueue_get_vring_size(vq), queue->notify_bar,
	       queue->notify_offset);
	virtio_pci_print_irq(queue);
}

/* A legacy device cannot tell how many queues it has, only whether one is there (4.1.5.1.3). */
static void show_queues(const struct virtio_pci_device *vp)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < vp->vq_count; i++)
		used += vp->vqs[i].vq != NULL;
	if (vp->common.base)
		printk("\tQueues: %u, %u in use\n", vp->interface->num_queues(vp), used);
	else
		printk("\tQueues: %u in use\n", used);
	for (unsigned int i = 0; i < vp->vq_count; i++)
		if (vp->vqs[i].vq)
			show_queue(&vp->vqs[i]);
	if (vp->admin.vq)
		show_queue(&vp->admin);
}

static void show_device(struct virtio_device *vdev)
{
	const struct device_driver *driver = vdev->dev.driver;
	u64 offered;

	printk("%s at %s: %s, virtio id %u, %s%s\n", dev_name(&vdev->dev),
	       vdev->config->bus_name(vdev), virtio_id_name(vdev->id.device), vdev->id.device,
	       driver ? "driver " : "no driver", driver ? driver->name : "");
	if (vdev->failed) {
		printk("\tdisabled: reset not confirmed\n");
		return;
	}
	offered = vdev->config->get_features(vdev);
	show_status(vdev);
	show_features(vdev, "Offered", offered);
	if (driver)
		show_features(vdev, "Accepted", vdev->features);
	/* The PCI transport is the one transport there is. */
	show_regions(to_vp_device(vdev));
	show_queues(to_vp_device(vdev));
	show_config(vdev, offered);
}

static bool is_chosen(const struct chosen *chosen, const char *name)
{
	for (int i = 0; i < chosen->count; i++)
		if (!strcmp(chosen->names[i], name))
			return true;
	return !chosen->count;
}

static int show_if_chosen(struct device *device, void *data)
{
	struct chosen *chosen = data;

	if (is_chosen(chosen, dev_name(device))) {
		show_device(to_virtio_device(device));
		chosen->shown++;
	}
	return 0;
}

int lsvirtio_main(int argc, char **argv)
{
	struct chosen chosen = { argc - 1, argv + 1, 0 };

	bus_for_each_dev(&virtio_bus_type, &chosen, show_if_chosen);
	if (!chosen.shown)
		printk("lsvirtio: no such device\n");
	return chosen.shown || !chosen.count ? 0 : 1;
}
