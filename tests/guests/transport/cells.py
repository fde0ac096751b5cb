# SPDX-License-Identifier: MIT
"""The cells of the matrix as data: how each machine differs, and what its console must show.

The core is every combination of five dimensions. The rows beside it vary what would multiply the
core without end: other features, other sizes, other transports.
"""

from dataclasses import dataclass, replace
from itertools import product

RINGS = ("split", "packed")
SWITCH = (True, False)
# Value of virtio.irq: what the line of a queue says then.
INTERRUPTS = {"msix": ", MSI-X entry", "shared": ", shared MSI-X entry", "intx": ", INTx, GSI",
              "polled": ", polled"}
NEVER_FOR_LEGACY = {"VERSION_1", "RING_PACKED", "IN_ORDER", "NOTIFICATION_DATA", "RING_RESET"}
LEGACY = "virtio-simple-pci,disable-modern=on,disable-legacy=off"
# A device as QEMU's -device argument takes it, when it is not in the reference machine's slot.
ROOT_PORT = "-device pcie-root-port,id=root1,chassis=1 -device {simple},bus=root1"


@dataclass(frozen=True)
class Cell:
    """One machine. `on` and `off` are names of features that must and must not be accepted."""

    ring: str = "split"
    indirect: bool = True
    event: bool = True
    in_order: bool = False
    irq: str = "msix"
    model: str = "virtio-simple-pci"
    more: str = ""  # properties
    on: tuple = ()
    off: tuple = ()
    entries: int = 128
    queues: int = 1
    machine: str = "pc"
    plugged: str = ""  # QEMU arguments in place of the device's slot
    ask: str = ""  # what virtio.irq is set to, when it is not `irq`
    says: str = ""  # a pattern that a line of the console must match
    sample: bool = False  # runs without FULL=1

    @property
    def legacy(self):
        """Whether the device has its legacy interface only."""
        return self.model == LEGACY

    @property
    def name(self):
        """For people: what differs, as one word."""
        def said(name, value):
            return name if value else "no-" + name

        words = [self.machine] if self.machine != "pc" else []
        words += ["legacy"] if self.legacy else [self.model.removeprefix("virtio-simple-pci")[1:]]
        words += [self.ring, said("indirect", self.indirect), said("event", self.event)]
        words += [said("order", self.in_order), self.irq]
        words += [self.more.replace(",", "-").replace("=", "-").replace("_", "-")]
        return "-".join(word for word in words if word)

    @property
    def simple(self):
        """The device: its model and all properties."""
        switches = {"packed": self.ring == "packed", "indirect_desc": self.indirect,
                    "event_idx": self.event, "in_order": self.in_order}
        words = [f"{name}={'on' if value else 'off'}" for name, value in switches.items()]
        return ",".join([self.model, *words, *([self.more] if self.more else [])])

    def settings(self):
        """As knobs; what the device holds against a driver comes on QEMU's standard error."""
        arguments = "-d guest_errors " + self.plugged.format(simple=self.simple)
        return {"APP": "matrix", "BOOT": "direct", "MACHINE": self.machine,
                "DEVICES": "none" if self.plugged else "simple", "SIMPLE": self.simple,
                "CMDLINE": "virtio.irq=" + (self.ask or self.irq), "QEMU_ARGS": arguments}

    def features(self):
        """(accepted, not accepted), by name."""
        known = {"RING_PACKED": self.ring == "packed", "INDIRECT_DESC": self.indirect,
                 "EVENT_IDX": self.event, "IN_ORDER": self.in_order,
                 "NOTIFICATION_DATA": "notification_data=on" in self.more,
                 "RING_RESET": "queue_reset=off" not in self.more, "VERSION_1": True,
                 "MQ": self.queues > 1, "ACCESS_PLATFORM": "iommu_platform=on" in self.more}
        accepted = {name for name, value in known.items() if value} | set(self.on)
        accepted -= (NEVER_FOR_LEGACY if self.legacy else set()) | set(self.off)
        return accepted, set(known) - accepted


def core():
    """All 64. Of the sample, each half and each way to interrupt is met by each other one."""
    for ring, indirect, event, in_order, irq in product(RINGS, SWITCH, SWITCH, SWITCH, INTERRUPTS):
        packed = ring == "packed"
        chosen = (packed ^ event) * 2 + (indirect ^ event)
        sample = in_order == packed ^ indirect ^ event and irq == list(INTERRUPTS)[chosen]
        yield Cell(ring, indirect, event, in_order, irq, sample=sample)


def notification_data():
    """The place in the ring goes with each notification, and the device checks it."""
    for ring, indirect, event in product(RINGS, SWITCH, SWITCH):
        yield Cell(ring, indirect, event, more="notification_data=on",
                   sample=not indirect and event == (ring == "packed"))
    for ring in RINGS:
        yield Cell(ring, in_order=True, irq="intx", more="notification_data=on")
        yield Cell(ring, irq="polled", indirect=False, more="notification_data=on,queue-size=16",
                   entries=16)


def batches():
    """One used entry stands for many requests."""
    for ring, indirect in product(RINGS, SWITCH):
        yield Cell(ring, indirect, in_order=True, more="in-order-batch=on",
                   sample=ring == "packed" and not indirect)
    for ring in RINGS:
        yield Cell(ring, event=False, in_order=True, irq="intx", more="in-order-batch=on")


def transports():
    """The same requests by other roads."""
    plain = Cell()
    for ring in RINGS:
        cell = Cell(ring)
        yield replace(cell, more="queue_reset=off")
        yield replace(cell, more="page-per-vq=on",
                      says=r"virtio_simple .*: queue 1 .*notify at BAR 4 \+ 0x4000")
        yield replace(cell, more="modern-pio-notify=on", says=r"notify .*BAR 2.*",
                      sample=ring == "packed")
        yield replace(cell, more="iommu_platform=on")
        yield replace(cell, more="ioeventfd=off")
        yield replace(cell, machine="q35", plugged=ROOT_PORT, sample=ring == "packed")
        yield replace(cell, model="virtio-simple-pci-transitional", irq="shared")
    yield replace(plain, more="vectors=2", irq="shared", ask="msix")
    yield replace(plain, more="vectors=1", irq="shared", ask="msix")
    yield replace(plain, more="vectors=0", irq="intx", ask="msix")


def legacy():
    """Ports, a queue of the device's size, and no ring but the split one."""
    for irq, event in product(INTERRUPTS, SWITCH):
        yield Cell(model=LEGACY, irq=irq, event=event, indirect=event,
                   sample=(irq, event) == ("intx", False))


def sizes():
    """Small rings wrap all the time; 1024 is more than the driver wants, and it takes less."""
    for ring, (size, entries) in product(RINGS, ((4, 4), (8, 8), (1024, 256))):
        yield Cell(ring, more=f"queue-size={size}", entries=entries, indirect=size != 8,
                   sample=(ring, size) == ("packed", 4))
    for ring, irq in product(RINGS, ("msix", "shared")):
        yield Cell(ring, irq=irq, more="num-request-queues=3", queues=3,
                   sample=(ring, irq) == ("split", "shared"))


ROWS = (core, notification_data, batches, transports, legacy, sizes)


def all_cells():
    """The whole matrix."""
    return [cell for row in ROWS for cell in row()]
