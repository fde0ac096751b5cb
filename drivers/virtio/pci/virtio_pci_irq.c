/* SPDX-License-Identifier: MIT */
/*
 * How a device interrupts (virtio 1.2, 4.1.5.1.2, 4.1.5.3 to 4.1.5.5). Four ways are tried, the
 * best first: an MSI-X vector a queue, one that the queues share, the interrupt pin, polling. All
 * of it is settled before a queue is enabled, because an enabled queue can only be taken back by a
 * reset. The option virtio.irq names the first way to try.
 */
#include <linux/errno.h>

#include "drivers/virtio/pci/virtio_pci.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define CONFIG_ENTRY 0
#define VIRTIO_PCI_ISR_QUEUE 0x1 /* 4.1.4.5; Linux's header has only the other bit */

BOOT_OPTION(irq_option, "virtio.irq", "msix, shared, intx or polled");

static const struct {
	const char *option; /* its value for virtio.irq */
	const char *name;   /* what interrupts are then called */
	const char *about;
} modes[] = {
	[IRQ_MSIX_PER_QUEUE] = { "msix", "MSI-X", "MSI-X with a vector a queue" },
	[IRQ_MSIX_SHARED] = { "shared", "shared MSI-X", "MSI-X with a shared vector" },
	[IRQ_INTX] = { "intx", "INTx", "INTx" },
	[IRQ_POLLED] = { "polled", "polled", "polling" },
};

/* ---- in the interrupt, interrupts off -------------------------------------------------------- */

/*
 * Whether the ring shows something that it did not show at the last interrupt: chains were taken
 * since, or there are some now that were not there. Only asked, for a device may lie about both.
 */
static bool vp_isr_is_new(struct virtio_pci_vq *queue)
{
	struct virtqueue_counters counters;
	bool has_used = virtqueue_has_used(queue->vq), news;

	virtqueue_count(queue->vq, &counters);
	news = counters.used != queue->seen_used || (has_used && !queue->seen_has_used);
	queue->seen_used = counters.used;
	queue->seen_has_used = has_used;
	return news;
}

/* One interrupt for all queues: each is looked at (4.1.5.3). True when one of them has news. A
 * queue may not be made yet when a stray interrupt comes, and a polled one has nobody to tell. */
static bool serve_queues(struct virtio_pci_device *vp)
{
	bool news = false;

	for (unsigned int i = 0; i < vp->vq_count; i++) {
		struct virtio_pci_vq *queue = &vp->vqs[i];

		if (!queue->vq || queue->vector < 0)
			continue;
		news |= vp_isr_is_new(queue);
		if (virtqueue_has_used(queue->vq))
			vring_interrupt(queue->vq);
	}
	return news;
}

/* 4.1.4.5.2: with MSI-X the vector alone says what happened, and the ISR status is not read. */
static void config_interrupt(void *context)
{
	struct virtio_pci_device *vp = context;

	virtio_config_changed(&vp->vdev);
}

static void queue_interrupt(void *context)
{
	struct virtio_pci_vq *queue = context;

	if (queue->vq)
		vring_interrupt(queue->vq);
}

static void shared_queue_interrupt(void *context)
{
	serve_queues(context);
}

/* 4.1.5.4.2: one vector for the configuration and for all queues. Which it was is not said, but a
 * change of the configuration changes its generation (2.5.1), and NEEDS_RESET is in the status. */
static void single_interrupt(void *context)
{
	struct virtio_pci_device *vp = context;
	const struct virtio_config_ops *config = vp->vdev.config;
	u32 generation = config->generation(&vp->vdev);

	if (generation != vp->seen_generation ||
	    config->get_status(&vp->vdev) & VIRTIO_CONFIG_S_NEEDS_RESET)
		virtio_config_changed(&vp->vdev);
	vp->seen_generation = generation;
	serve_queues(vp);
}

/*
 * The pin is shared, so this one may not be the device's. 4.1.5.3 and 4.1.5.4: the ISR status says
 * what it is, and reading it, once, quiets the pin. All ones is what an absent device reads as.
 */
static enum irq_return intx_interrupt(void *context)
{
	struct virtio_pci_device *vp = context;
	u8 isr = vp->interface->read_isr(vp);

	if (!isr || isr == 0xff)
		return IRQ_NOT_OURS;
	if (isr & VIRTIO_PCI_ISR_CONFIG)
		virtio_config_changed(&vp->vdev);
	return isr & VIRTIO_PCI_ISR_QUEUE && serve_queues(vp) ? IRQ_NEWS : IRQ_OURS;
}

/* The wire was masked: whoever waits for an interrupt looks at the ring itself from now on. */
static void intx_lost(void *context)
{
	struct virtio_pci_device *vp = context;

	for (unsigned int i = 0; i < vp->vq_count; i++)
		if (vp->vqs[i].vq)
			vring_lose_interrupts(vp->vqs[i].vq);
	dev_printk(&vp->vdev.dev, "E11 INTx is gone: the queues are polled from now on\n");
}

/* ---- trying the ways ------------------------------------------------------------------------- */

/* One way that is tried, and what is said when it does not work. */
struct attempt {
	enum virtio_pci_irq_mode mode, next; /* next: the one to try after it */
	bool fault;			     /* the device or the machine is to blame */
	char why[80];
};

static int vp_give_up_irqs(struct attempt *attempt, int error, const char *format, ...)
	__attribute__((__format__(__printf__, 3, 4)));

static int vp_give_up_irqs(struct attempt *attempt, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(attempt->why, sizeof(attempt->why), format, arguments);
	va_end(arguments);
	return error;
}

static int vp_vector_refused(struct attempt *attempt, const char *what, unsigned int entry)
{
	attempt->fault = true;
	return vp_give_up_irqs(attempt, -EBUSY, "the device refuses entry %u for %s (reads 0xffff)",
			       entry, what);
}

/* No vector: a full table leaves some for a mode that needs fewer, no local APIC leaves nothing. */
static int no_vector(struct attempt *attempt, int error)
{
	if (error == -ENODEV)
		attempt->next = IRQ_POLLED;
	return vp_give_up_irqs(attempt, error, "%s",
			       error == -ENODEV ? "the CPU has no local APIC"
						: "no vector is left");
}

/* Tells the device of the entry. 4.1.5.1.2.2: it must be read back, NO_VECTOR means refused. */
static int use_entry(struct virtio_pci_device *vp, unsigned int index, unsigned int entry,
		     int vector, const char *name, struct attempt *attempt)
{
	struct virtio_pci_vq *queue = &vp->vqs[index];

	if (vector < 0)
		return no_vector(attempt, vector);
	queue->entry = entry;
	queue->vector = vector;
	if (vp->interface->write_queue_entry(vp, index, (u16)entry) != entry)
		return vp_vector_refused(attempt, name, entry);
	return 0;
}

static const char *irq_name_for(const struct virtio_pci_device *vp,
				char name[VIRTIO_PCI_IRQ_NAME_SIZE], const char *what)
{
	snprintf(name, VIRTIO_PCI_IRQ_NAME_SIZE, "%s-%s", dev_name(&vp->vdev.dev), what);
	return name;
}

static int request_config_entry(struct virtio_pci_device *vp, irq_handler_t handler,
				struct attempt *attempt)
{
	const char *name = irq_name_for(vp, vp->config_irq_name, "config");

	vp->config_vector = pci_msix_request(vp->pci_dev, CONFIG_ENTRY, handler, vp, name);
	if (vp->config_vector < 0)
		return no_vector(attempt, vp->config_vector);
	if (vp->interface->write_config_entry(vp, CONFIG_ENTRY) != CONFIG_ENTRY)
		return vp_vector_refused(attempt, "configuration changes", CONFIG_ENTRY);
	return 0;
}

/* An entry for configuration changes, and one for each queue that wants interrupts. */
static int request_entry_per_queue(struct virtio_pci_device *vp,
				   const struct virtqueue_info infos[], struct attempt *attempt)
{
	unsigned int entry = CONFIG_ENTRY + 1;
	int error = request_config_entry(vp, config_interrupt, attempt);

	for (unsigned int i = 0; i < vp->vq_count && !error; i++) {
		struct virtio_pci_vq *queue = &vp->vqs[i];
		int vector;

		if (!virtqueue_wants_interrupts(&infos[i]))
			continue;
		vector = pci_msix_request(vp->pci_dev, entry, queue_interrupt, queue,
					  irq_name_for(vp, queue->irq_name, infos[i].name));
		error = use_entry(vp, i, entry++, vector, infos[i].name, attempt);
	}
	return error;
}

/* One entry for all queues beside that for configuration changes, or a single one for all of it. */
static int request_shared_entry(struct virtio_pci_device *vp, const struct virtqueue_info infos[],
				struct attempt *attempt)
{
	bool single = pci_msix_vec_count(vp->pci_dev) == 1;
	unsigned int entry = single ? CONFIG_ENTRY : CONFIG_ENTRY + 1;
	int vector, error;

	if (single && !vp->vdev.config->generation)
		return vp_give_up_irqs(attempt, -EINVAL,
				       "one entry, and no generation to tell changes by");
	if (single)
		vp->seen_generation = vp->vdev.config->generation(&vp->vdev);
	error = request_config_entry(vp, single ? single_interrupt : config_interrupt, attempt);
	if (error)
		return error;
	vector = single ? vp->config_vector
			: pci_msix_request(vp->pci_dev, entry, shared_queue_interrupt, vp,
					   irq_name_for(vp, vp->shared_irq_name, "virtqueues"));
	for (unsigned int i = 0; i < vp->vq_count && !error; i++)
		if (virtqueue_wants_interrupts(&infos[i]))
			error = use_entry(vp, i, entry, vector, infos[i].name, attempt);
	return error;
}

static unsigned int entries_needed(const struct virtio_pci_device *vp,
				   const struct virtqueue_info infos[])
{
	unsigned int needed = CONFIG_ENTRY + 1;

	for (unsigned int i = 0; i < vp->vq_count; i++)
		needed += virtqueue_wants_interrupts(&infos[i]);
	return needed;
}

static int try_msix(struct virtio_pci_device *vp, const struct virtqueue_info infos[],
		    struct attempt *attempt)
{
	bool per_queue = attempt->mode == IRQ_MSIX_PER_QUEUE;
	int count = pci_msix_vec_count(vp->pci_dev);
	int needed = (int)entries_needed(vp, infos);
	int error;

	if (count < 0) {
		attempt->next = IRQ_INTX;
		return vp_give_up_irqs(attempt, count, "the device has no MSI-X");
	}
	if (per_queue && count < needed)
		return vp_give_up_irqs(attempt, -ENOSPC, "%d entries are needed, the table has %d",
				       needed, count);
	error = pci_enable_msix(vp->pci_dev);
	if (error) {
		attempt->next = IRQ_INTX;
		return vp_give_up_irqs(attempt, error, "MSI-X is not usable");
	}
	error = per_queue ? request_entry_per_queue(vp, infos, attempt)
			  : request_shared_entry(vp, infos, attempt);
	if (error)
		virtio_pci_free_irqs(vp);
	return error;
}

static int try_intx(struct virtio_pci_device *vp, const struct virtqueue_info infos[],
		    struct attempt *attempt)
{
	int vector;

	vp->intx = (struct irq_share){
		.handle = intx_interrupt,
		.lost = intx_lost,
		.context = vp,
		.name = dev_name(&vp->vdev.dev),
	};
	vector = pci_request_intx(vp->pci_dev, &vp->intx);
	switch (vector) {
	case -ENOENT:
		return vp_give_up_irqs(attempt, vector, "the function has no interrupt pin");
	case -ENXIO:
		return vp_give_up_irqs(attempt, vector, "no I/O APIC has the wire of its pin");
	case -ENODEV:
		return no_vector(attempt, vector);
	}
	if (vector < 0)
		return vp_give_up_irqs(attempt, vector, "the wire cannot be had: error %d", vector);
	vp->config_vector = vector;
	for (unsigned int i = 0; i < vp->vq_count; i++)
		if (virtqueue_wants_interrupts(&infos[i]))
			vp->vqs[i].vector = vector;
	return 0;
}

static enum virtio_pci_irq_mode first_mode(const struct virtio_pci_device *vp)
{
	const char *value = irq_option.value;

	for (unsigned int i = 0; value && i < ARRAY_SIZE(modes); i++)
		if (!strcmp(value, modes[i].option))
			return i;
	if (value)
		dev_printk(&vp->vdev.dev, "virtio.irq=%s is none of %s\n", value,
			   irq_option.values);
	return IRQ_MSIX_PER_QUEUE;
}

void virtio_pci_request_irqs(struct virtio_pci_device *vp, const struct virtqueue_info infos[])
{
	enum virtio_pci_irq_mode mode = first_mode(vp);

	while (mode != IRQ_POLLED) {
		struct attempt attempt = { .mode = mode, .next = mode + 1 };
		bool msix = mode <= IRQ_MSIX_SHARED;

		if (!(msix ? try_msix : try_intx)(vp, infos, &attempt))
			break;
		dev_printk(&vp->vdev.dev, "%sno %s: %s; next: %s\n", attempt.fault ? "E11 " : "",
			   modes[mode].about, attempt.why, modes[attempt.next].about);
		mode = attempt.next;
	}
	vp->irq_mode = mode;
	if (mode <= IRQ_MSIX_SHARED)
		dev_printk(&vp->vdev.dev,
			   "configuration changes: MSI-X entry %u -> vector 0x%02x\n", CONFIG_ENTRY,
			   vp->config_vector);
}

/* A device that was reset has no vectors any more; one that refused some must forget the others;
 * one that would not reset is not touched again. */
static void forget_entries(struct virtio_pci_device *vp)
{
	if (vp->vdev.failed)
		return;
	vp->interface->write_config_entry(vp, VIRTIO_MSI_NO_VECTOR);
	for (unsigned int i = 0; i < vp->vq_count; i++)
		vp->interface->write_queue_entry(vp, i, VIRTIO_MSI_NO_VECTOR);
}

void virtio_pci_free_irqs(struct virtio_pci_device *vp)
{
	if (vp->pci_dev->msix)
		forget_entries(vp);
	pci_disable_msix(vp->pci_dev);
	pci_free_intx(vp->pci_dev);
	vp->config_vector = -1;
	vp->irq_mode = IRQ_POLLED;
	for (unsigned int i = 0; i < vp->vq_count; i++) {
		vp->vqs[i].entry = VIRTIO_MSI_NO_VECTOR;
		vp->vqs[i].vector = -1;
	}
}

const char *virtio_pci_irq_name(const struct virtio_pci_device *vp)
{
	return modes[vp->irq_mode].name;
}
