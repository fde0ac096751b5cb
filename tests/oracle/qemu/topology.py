# SPDX-License-Identifier: MIT
"""PCI topologies as data: machines/*.topology, and any number of random ones from a seed.

A topology is a machine type and a list of QEMU's -device arguments. The random ones obey the rules
QEMU has for what may be plugged where, so that every seed gives a machine that starts.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from knobs import KNOBS

MACHINES = Path(__file__).parent / "machines"
# Both kernels get the same machine, and Linux needs more than our 128M.
MEM = "256M"


@dataclass(frozen=True)
class Topology:
    """A machine to compare."""

    name: str
    machine: str = "pc"
    devices: str = "none"
    plugged: tuple = ()

    def settings(self):
        """As knobs."""
        words = [word for device in self.plugged for word in ("-device", device)]
        boot = {"BOOT": "direct"} if self.machine == "microvm" else {}
        return {"MACHINE": self.machine, "DEVICES": self.devices, "MEM": MEM,
                "QEMU_ARGS": " ".join(words), **boot}


def load_topology(path):
    """Header lines MACHINE = and DEVICES =, then a -device argument a line."""
    values, plugged = {"MACHINE": "pc", "DEVICES": "none"}, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        key, equals, value = (part.strip() for part in line.partition(" = "))
        if not line.strip() or line.startswith("#"):
            continue
        if not equals:
            plugged.append(line.strip())
        elif key in values:
            values[key] = value
            KNOBS[key][1](value)
        else:
            raise ValueError(f"{path.name}:{number}: unknown key {key}; known: {', '.join(values)}")
    return Topology(path.stem, values["MACHINE"], values["DEVICES"], tuple(plugged))


def load_all():
    """Every topology that has a file."""
    return [load_topology(path) for path in sorted(MACHINES.glob("*.topology"))]


@dataclass
class Bus:
    """A place to plug into: what kinds of device it takes, and its free slots."""

    name: str
    kind: str  # conventional, root, port or switch
    slots: list


ANYWHERE = ("edu", "pci-testdev", "virtio-rng-pci", "virtio-serial-pci", "usb-ehci", "lsi53c895a",
            "pci-testdev,membar=64K", "pci-testdev,membar=16M", "pci-testdev,membar=2G",
            "pci-testdev,membar=8G", "am53c974", "vmxnet3,romfile=", "pvscsi", "intel-hda")
EXPRESS = ("nvme,serial=doorbell", "nec-usb-xhci", "virtio-rng-pci", "virtio-scsi-pci", "megasas",
           "e1000e,romfile=", "qemu-xhci")
PORTS = ("pcie-root-port", "ioh3420")
# On each kind of bus: the endpoints and the bridges it takes.
TAKES = {
    "conventional": (ANYWHERE, ("pci-bridge",)),
    "root": (ANYWHERE + EXPRESS, (*PORTS, "i82801b11-bridge")),
    "extra root": ((), PORTS),
    "port": (EXPRESS, ("x3130-upstream", "pcie-pci-bridge")),
    "switch": ((), ("xio3130-downstream",)),
}
# The kind of bus behind each bridge, and how many slots of it may be used (the first is 1 where
# the bridge's own hot-plug controller keeps 0).
BEHIND = {
    "pci-bridge": ("conventional", 1, 6),
    "pcie-pci-bridge": ("conventional", 1, 6),
    "i82801b11-bridge": ("conventional", 0, 6),
    "pcie-root-port": ("port", 0, 1),
    "ioh3420": ("port", 0, 1),
    "xio3130-downstream": ("port", 0, 1),
    "x3130-upstream": ("switch", 0, 4),
    "pxb": ("conventional", 1, 6),
    "pxb-pcie": ("extra root", 0, 4),
}
NUMBERED = {"pci-bridge": "chassis_nr", "pcie-root-port": "chassis", "ioh3420": "chassis",
            "xio3130-downstream": "chassis"}
ROOTS = {"pc": Bus("pci.0", "conventional", list(range(3, 12))),
         "q35": Bus("pcie.0", "root", list(range(3, 12))),
         "microvm": Bus("pcie.0", "root", list(range(3, 12)))}
# QEMU 7.2 ends by a fault of its own, one time in five on a busy host, when the windows of bridges
# change beside this one: it watches the bus's ports, and QEMU forgets a window too early.
LEFT_OUT = {"microvm": ("lsi53c895a",)}
# A microvm's firmware leaves buses without numbers and BARs without addresses.
MACHINES_BY_SHARE = ("pc", "pc", "q35", "q35", "microvm")
# What makes a root bus of its own, and the numbers that one may have: QEMU and its firmware want
# room between them for the buses behind each.
EXTRA_ROOT = {"pc": "pxb", "q35": "pxb-pcie"}
EXTRA_NUMBERS = (0x20, 0x40, 0x60, 0x80, 0xc0, 0xf0)
EXTRA_ROOT_SHARE = 0.3
BRIDGE_SHARE = 0.4
BRIDGES_MAX = 8


class Builder:
    """Plugs devices one by one into buses that have room."""

    def __init__(self, machine, dice):
        root = ROOTS[machine]
        self.dice = dice
        self.left_out = LEFT_OUT.get(machine, ())
        self.buses = [Bus(root.name, root.kind, list(root.slots))]
        self.bridges = 0
        self.plugged = []

    def plug(self):
        """One more device, somewhere; a full machine stays as it is."""
        free = [bus for bus in self.buses if bus.slots]
        if not free:
            return
        bus = self.dice.choice(free)
        endpoints, bridges = TAKES[bus.kind]
        if self.bridges < BRIDGES_MAX and (not endpoints or self.dice.random() < BRIDGE_SHARE):
            self.plug_bridges(bus, self.dice.choice(bridges))
        elif endpoints:
            self.plug_endpoint(bus, endpoints)

    def plug_extra_roots(self, machine):
        """One or two root buses beside the first, each a device on that one."""
        for number in sorted(self.dice.sample(EXTRA_NUMBERS, self.dice.choice([1, 1, 2]))):
            self.plug_bridge(self.buses[0], EXTRA_ROOT[machine], f",bus_nr={number}")

    def plug_bridges(self, bus, model):
        """A bridge, or where the slot takes it several root ports as functions of one device."""
        count = self.dice.choice([1, 1, 2, 3]) if model in PORTS else 1
        slot = bus.slots[0]
        for function in range(min(count, BRIDGES_MAX - self.bridges)):
            if function:
                bus.slots.insert(0, slot)
            more = f".{function}" + (",multifunction=on" if count > 1 and not function else "")
            self.plug_bridge(bus, model, more if count > 1 else "")

    def plug_bridge(self, bus, model, more=""):
        """A bridge, and with it a bus; `more` goes behind its slot."""
        kind, first, count = BEHIND[model]
        self.bridges += 1
        name = f"bus{self.bridges}"
        number = f",{NUMBERED[model]}={self.bridges}" if model in NUMBERED else ""
        slot = bus.slots.pop(0)
        self.plugged.append(f"{model},id={name}{number},bus={bus.name},addr={slot:x}{more}")
        self.buses.append(Bus(name, kind, list(range(first, first + count))))

    def plug_endpoint(self, bus, models):
        """One function, or several in one slot."""
        slot = bus.slots.pop(self.dice.randrange(len(bus.slots)))
        functions = [0] + sorted(self.dice.sample(range(1, 8), self.dice.choice([0, 0, 0, 1, 2])))
        for function in functions:
            more = ",multifunction=on" if function == 0 and len(functions) > 1 else ""
            model = self.dice.choice([each for each in models if each not in self.left_out])
            self.plugged.append(f"{model},bus={bus.name},addr={slot:x}.{function}{more}")


def random_topology(seed):
    """The topology of this seed, the same one for ever."""
    dice = random.Random(seed)
    machine = dice.choice(MACHINES_BY_SHARE)
    builder = Builder(machine, dice)
    if machine in EXTRA_ROOT and dice.random() < EXTRA_ROOT_SHARE:
        builder.plug_extra_roots(machine)
    for _ in range(dice.randint(1, 14)):
        builder.plug()
    return Topology(f"seed-{seed}", machine, plugged=tuple(builder.plugged))
