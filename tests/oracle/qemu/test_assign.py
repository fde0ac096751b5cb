# SPDX-License-Identifier: MIT
"""A microvm's firmware assigns nothing. What we assign is in QEMU's registers, and makes sense."""

import re

import pytest

from knobs import parse_knobs
from qemu import check_image, command_line
from query_pci import ROM_BAR, functions_of, functions_on, registers_of, started
from topology import random_topology

ECAM = 0xe0000000
# The host bridge's windows (QEMU 7.2, hw/i386/microvm.c); it has none for I/O.
WINDOWS = (range(0xc0000000, 0xe0000000), range(0xc000000000, 0x10000000000))
BAR_0 = 4
NO_SPACE = re.compile(r"pci (0000:\S+): BAR (\d) \[(io|mem) +size .*\]: can't assign; no space")
TOPOLOGIES = [each for each in map(random_topology, range(1000, 2000)) if each.machine == "microvm"]
PLAIN, FULL = 4, 60


def topologies():
    """A few, and with FULL=1 more."""
    for number, topology in enumerate(TOPOLOGIES[:FULL]):
        marks = [pytest.mark.full] if number >= PLAIN else []
        yield pytest.param(topology, id=topology.name, marks=marks)


def boot(topology, qemu):
    """Our console, QEMU's view, and the registers of every function."""
    knobs = parse_knobs({**topology.settings(), "QEMU": qemu, "APP": "hello"})
    check_image(knobs)
    command = command_line(knobs)
    command[command.index("isa-debug-exit,iobase=0xf4,iosize=4")] = "isa-debug-exit,iobase=0x8f4"
    with started([*command, "-no-shutdown"], r"argv\[0\]") as machine:
        console = list(machine.console.lines)
        functions = functions_of(machine.qmp.execute("query-pci"))
        registers = {address: registers_of(machine, ECAM, address, 16) for address in functions}
    return console, functions, registers


def address_in(registers, number, kind):
    """What a BAR's registers say."""
    low = registers[BAR_0 + number]
    if kind == "io":
        return low & ~3
    high = registers[BAR_0 + number + 1] if low & 6 == 4 else 0
    return high << 32 | low & ~15


def has_room(start, size, windows):
    """Whether a range lies within one of several."""
    return any(start in window and start + size - 1 in window for window in windows)


def bridge_of(address, functions):
    """The function that leads to the bus of this one."""
    bus = int(address[5:7], 16)
    above = [function for function in functions.values() if function.buses and
             function.buses[0] == bus]
    return above[0] if above else None


@pytest.mark.parametrize("topology", topologies())
def test_what_the_firmware_left_out(topology, qemu):
    """Each BAR is in its register, aligned, within the windows above it, and nobody else's."""
    console, theirs, registers = boot(topology, qemu)
    ours = functions_on(console)
    without = {(found[1], int(found[2])): found[3] for line in console
               if (found := NO_SPACE.search(line))}
    assert set(without.values()) <= {"io"}, "memory is plenty"
    taken = []
    for address, function in ours.items():
        assert function.windows == theirs[address].windows, address
        above = bridge_of(address, ours)
        windows = WINDOWS if above is None else [
            range(first, last + 1) for first, last in above.windows.values()]
        for number, (kind, _, start, size) in function.bars.items():
            if number == ROM_BAR or (address, number) in without:
                continue
            assert address_in(registers[address], number, kind) == start, (address, number)
            assert start and start % size == 0, (address, number)
            assert has_room(start, size, windows), (address, number, hex(start))
            taken.append((start, start + size))
        for first, last in function.windows.values():
            assert has_room(first, last - first + 1, windows), address
    taken.sort()
    assert all(end <= start for (_, end), (start, _) in zip(taken, taken[1:]))
