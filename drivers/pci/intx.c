/* SPDX-License-Identifier: MIT */
/*
 * The interrupt pin of a function (PCI 3.0, 2.2.6). The board decides which wire it is connected
 * to. The firmware knows the board, and writes the number into the Interrupt Line register (6.2.4):
 * a wire of the old interrupt controllers, 0 to 15. An I/O APIC has the same wire on the pin of the
 * same number, unless the MADT overrides that. This also works behind bridges, because the firmware
 * has followed the pins through them.
 *
 * ACPI's _PRT would give the same result without that register, but it is a program in AML. On q35
 * it names GSI 16 to 23, which are a second path of the same wires: QEMU raises both (7.2, seen
 * with its trace event ioapic_set_irq), and we leave those pins masked. On a microvm no firmware
 * writes the register, and the _PRT is a constant, which we read there.
 *
 * A function may raise its pin only while a handler is installed: pci_enable_device forbids it,
 * pci_request_intx allows it, pci_free_intx forbids it again.
 */
#include <linux/errno.h>

#include "drivers/pci/internal.h"
#include "kernel/pci_host.h"

#define LINE_LAST 15 /* 255 is "none"; 0 was never written, and is the timer's */

void pci_intx(const struct pci_dev *dev, bool on)
{
	u16 command, wanted;

	pci_read_config_word(dev, PCI_COMMAND, &command);
	wanted = (u16)(on ? command & ~PCI_COMMAND_INTX_DISABLE
			  : command | PCI_COMMAND_INTX_DISABLE);
	if (wanted != command)
		pci_write_config_word(dev, PCI_COMMAND, wanted);
}

/* Finds the wire. Behind a bridge, each slot rotates the pins by one (PCI-to-PCI Bridge 1.2,
 * 9.1). */
static int find_intx_wire(const struct pci_dev *dev, u8 pin, u8 line, struct gsi *gsi)
{
	const struct pci_host *host;

	if (line && line <= LINE_LAST) {
		*gsi = ioapic_pci_gsi(line);
		return 0;
	}
	for (; dev->bus->self; dev = dev->bus->self)
		pin = (u8)((pin - 1 + PCI_SLOT(dev->devfn)) % PCI_PINS + 1);
	host = pci_host_of(dev->bus->number);
	if (host->bus != dev->bus->number)
		return -ENXIO;
	return acpi_pci_gsi(host, PCI_SLOT(dev->devfn), pin, gsi);
}

int pci_request_intx(struct pci_dev *dev, struct irq_share *share)
{
	struct gsi gsi;
	u8 pin, line;
	int vector;

	pci_read_config_byte(dev, PCI_INTERRUPT_PIN, &pin);
	pci_read_config_byte(dev, PCI_INTERRUPT_LINE, &line);
	if (!pin || pin > PCI_PINS)
		return -ENOENT;
	if (find_intx_wire(dev, pin, line, &gsi))
		return -ENXIO;
	vector = request_shared_irq(&gsi, share);
	if (vector < 0)
		return vector;
	dev->intx_gsi = gsi.number;
	dev->intx = share;
	pci_intx(dev, true);
	return vector;
}

void pci_free_intx(struct pci_dev *dev)
{
	if (!dev->intx)
		return;
	pci_intx(dev, false);
	free_shared_irq(dev->intx_gsi, dev->intx);
	dev->intx = NULL;
}

int pci_intx_state(const struct pci_dev *dev, struct pci_intx_state *state)
{
	struct ioapic_pin pin;
	u16 command, status;

	if (!dev->intx)
		return -EINVAL;
	pci_read_config_word(dev, PCI_COMMAND, &command);
	pci_read_config_word(dev, PCI_STATUS, &status);
	ioapic_look(dev->intx_gsi, &pin);
	state->gsi = dev->intx_gsi;
	state->handled = dev->intx->handled;
	state->disabled = command & PCI_COMMAND_INTX_DISABLE;
	state->raised = status & PCI_STATUS_INTERRUPT;
	state->masked = pin.masked;
	return 0;
}
