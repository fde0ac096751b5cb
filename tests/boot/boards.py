#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every machine the kernel is said to run on, as data, and the table of docs/machines.md from it.

    tests/boot/boards.py    prints the table
"""

from dataclasses import dataclass
from itertools import product

MACHINES = ("pc", "q35", "microvm")
CPUS = (1, 2, 4, 16)
MEMORY = ("16M", "128M", "6G")
BOOTS = {"iso": "ISO, BIOS", "uefi": "ISO, UEFI", "direct": "PVH"}

# Why a machine cannot be: not ours to change.
NO_DRIVE = "no CD drive"
NO_FIRMWARE = "OVMF does not start"


@dataclass(frozen=True)
class Cell:
    """One machine."""

    machine: str
    cpus: int
    memory: str
    boot: str

    @property
    def name(self):
        """For people, as one word."""
        return f"{self.machine}-{self.cpus}-{self.memory}-{self.boot}"

    @property
    def refusal(self):
        """Why QEMU or its firmware does not have this machine; "" when it does."""
        if self.machine == "microvm" and self.boot != "direct":
            return NO_DRIVE
        return NO_FIRMWARE if (self.boot, self.memory) == ("uefi", "16M") else ""

    @property
    def sample(self):
        """Whether it runs without FULL=1: each value of each dimension is met."""
        return (self.machine, self.cpus, self.memory, self.boot) in (
            ("pc", 4, "16M", "iso"), ("q35", 2, "6G", "uefi"), ("microvm", 16, "128M", "direct"),
            ("microvm", 1, "16M", "direct"), ("q35", 16, "128M", "direct"))

    def settings(self):
        """As knobs."""
        return {"APP": "demo", "MACHINE": self.machine, "SMP": str(self.cpus), "MEM": self.memory,
                "BOOT": self.boot}


def all_cells():
    """The whole matrix, with what cannot be."""
    return [Cell(*values) for values in product(MACHINES, CPUS, MEMORY, BOOTS)]


def row(machine, memory):
    """A line of the table: what holds for each way to boot, whatever the number of CPUs."""
    words = []
    for boot in BOOTS:
        cells = [Cell(machine, cpus, memory, boot) for cpus in CPUS]
        good = ", ".join(str(cell.cpus) for cell in cells if not cell.refusal)
        words.append(f"{good} CPUs" if good else cells[0].refusal)
    return f"| {machine} | {memory} | " + " | ".join(words) + " |"


def table():
    """In Markdown."""
    lines = ["| machine | RAM | " + " | ".join(BOOTS.values()) + " |", "| --- " * 5 + "|"]
    lines += [row(machine, memory) for machine, memory in product(MACHINES, MEMORY)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
