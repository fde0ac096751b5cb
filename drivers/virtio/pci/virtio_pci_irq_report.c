/* SPDX-License-Identifier: MIT */
/* What people are told of a queue's interrupt: where it goes, and how it stands when it is late. */
#include "drivers/virtio/pci/virtio_pci.h"
#include "kernel/printk.h"

void virtio_pci_print_irq(const struct virtio_pci_vq *queue)
{
	const struct virtio_pci_device *vp = queue->owner;

	if (queue->vector < 0)
		printk("polled\n");
	else if (vp->irq_mode == IRQ_INTX)
		printk("INTx, GSI %u -> vector 0x%02x\n", vp->pci_dev->intx_gsi, queue->vector);
	else
		printk("%s entry %u -> vector 0x%02x\n", virtio_pci_irq_name(vp), queue->entry,
		       queue->vector);
}

static void report_msix(const struct virtio_pci_vq *queue)
{
	const struct virtio_pci_device *vp = queue->owner;
	struct pci_msix_state state;

	if (pci_msix_state(vp->pci_dev, queue->entry, &state))
		return;
	printk("  interrupt: %s %s%s, entry %u %s%s, vector 0x%02x taken %llu times\n",
	       virtio_pci_irq_name(vp), state.function_enabled ? "enabled" : "disabled",
	       state.function_masked ? " but masked" : "", queue->entry,
	       state.masked ? "masked" : "unmasked", state.pending ? ", pending" : "", state.vector,
	       irq_count(state.vector));
}

static void report_intx(const struct virtio_pci_vq *queue)
{
	struct pci_intx_state state;

	if (pci_intx_state(queue->owner->pci_dev, &state))
		return;
	printk("  interrupt: INTx %s, pin %s, GSI %u %s, vector 0x%02x taken %llu times, %llu of them for this device\n",
	       state.disabled ? "disabled" : "enabled", state.raised ? "raised" : "quiet",
	       state.gsi, state.masked ? "masked" : "unmasked", queue->vector,
	       irq_count(queue->vector), state.handled);
}

void virtio_pci_report_irq(const struct virtio_pci_vq *queue)
{
	if (queue->vector < 0)
		printk("  interrupt: none, the queue is polled\n");
	else if (queue->owner->irq_mode == IRQ_INTX)
		report_intx(queue);
	else
		report_msix(queue);
}
