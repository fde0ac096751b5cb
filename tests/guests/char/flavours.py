# SPDX-License-Identifier: MIT
"""The machines that each small device is tried on: rings, register layouts, ways to interrupt."""

import time
from itertools import product

import pytest

from knobs import parse_knobs
from machine import Machine
from patience import patience
from qemu import command_line

LEGACY = "disable-modern=on,disable-legacy=off"
# name: (properties of the device, the value of virtio.irq)
INTERRUPTS = {"msix": "msix", "shared": "shared", "intx": "intx", "polled": "polled"}
LAYOUTS = {"split": "packed=off", "packed": "packed=on", "legacy": LEGACY}
# Without FULL=1: each layout and each way to interrupt once.
SAMPLE = {("split", "msix"), ("packed", "intx"), ("legacy", "msix"), ("split", "polled")}


def flavours():
    """pytest parameters: (properties, virtio.irq)."""
    for (layout, properties), (name, irq) in product(LAYOUTS.items(), INTERRUPTS.items()):
        marks = [] if (layout, name) in SAMPLE else [pytest.mark.full]
        yield pytest.param(properties, irq, id=f"{layout}-{name}", marks=marks)


def start(qemu, *arguments, irq="msix", seconds=60, app="chars", words="55", **settings):
    """A machine with these QEMU arguments and no other virtio device."""
    knobs = parse_knobs({"APP": app, "BOOT": "direct", "QEMU": qemu, "DEVICES": "none",
                         "CMDLINE": f"virtio.irq={irq} {words}", "TIMEOUT": str(seconds),
                         **settings})
    return Machine(command_line(knobs) + list(arguments), knobs["timeout"])


def tail(machine):
    """The end of the transcript, to be read where an assertion failed."""
    return "\n".join(machine.console.lines[-40:] + machine.errors.lines)


def read_for(machine, seconds):
    """Reads the console for a while, whatever comes."""
    whole = machine.deadline
    machine.deadline = min(whole, time.monotonic() + seconds)
    machine.pump()
    machine.deadline, machine.timed_out = whole, False


def wait_until(machine, condition, seconds=20):
    """Whether it comes true in time; the console is read meanwhile."""
    limit = time.monotonic() + patience(seconds)
    while not condition():
        if time.monotonic() > limit:
            return False
        read_for(machine, 0.02)
    return True
