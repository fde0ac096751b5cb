# SPDX-License-Identifier: MIT
"""What we print of a machine is what QEMU itself says of it, and sizing BARs leaves no trace."""

import pytest

import tiny_guest
from knobs import parse_knobs
from machine import run
from qemu import check_image, command_line
from query_pci import ROM_BAR, UNASSIGNED, functions_of, functions_on, started
from topology import Topology, load_all, random_topology
from words import scan_lines

REFERENCE = [Topology(f"reference-{machine}", machine, "reference") for machine in ("pc", "q35")]
SEEDS = range(100, 110)
FULL_SEEDS = range(110, 600)
DEBUG_EXIT = "isa-debug-exit,iobase=0xf4,iosize=4"
ELSEWHERE = "isa-debug-exit,iobase=0x8f4,iosize=4"


def topologies():
    """The reference machines, those with a file, and random ones."""
    for topology in REFERENCE + load_all() + [random_topology(seed) for seed in SEEDS]:
        yield pytest.param(topology, id=topology.name)
    for seed in FULL_SEEDS:
        yield pytest.param(random_topology(seed), id=f"seed-{seed}", marks=pytest.mark.full)


def with_firmware():
    """Some whose firmware numbers and assigns everything; with FULL=1 not all of them again."""
    for number, parameter in enumerate(topologies()):
        if parameter.values[0].machine != "microvm" and (not parameter.marks or number % 20 == 0):
            yield parameter


def look(command, line):
    """The console up to `line`, and QEMU's view at that moment."""
    with started(command, line) as machine:
        return machine.console.lines, functions_of(machine.qmp.execute("query-pci"))


def before(knobs, tmp_path):
    """As the firmware leaves the machine to a kernel."""
    image = tiny_guest.write(tmp_path / "up.elf", tiny_guest.say("up\n"), tiny_guest.HANG)
    return look(command_line(knobs, image), "^up$")[1]


def after(knobs):
    """As our kernel leaves it; it finds no way out, so the machine is still there to be asked."""
    check_image(knobs)
    command = command_line(knobs)
    command[command.index(DEBUG_EXIT)] = ELSEWHERE
    return look([*command, "-no-shutdown"], r"argv\[0\]")


def findable(functions):
    """A function is found by way of function 0 of its slot (PCI 3.0, 3.2.2.3.4)."""
    return {address for address in functions if address[:-1] + "0" in functions}


def assigned(function):
    """BARs that decode; a ROM does so only while somebody reads it."""
    return {number: bar for number, bar in function.bars.items() if bar[2] != UNASSIGNED}


def same_bars(ours, theirs):
    """The same BARs, and where QEMU has an address at the moment, the same one."""
    known = assigned(theirs)
    addressed = {number: bar for number, bar in ours.items() if number in known}
    sizes = {number: (bar[0], bar[3]) for number, bar in ours.items()}
    wanted = {number: (bar[0], bar[3]) for number, bar in theirs.bars.items()}
    return addressed == known and sizes == wanted


def open_windows(function):
    """Without one from 0 up to 4 GiB: Linux, and so we, print this for a window that is closed by
    its upper halves alone."""
    return {kind: window for kind, window in function.windows.items()
            if window != (0, 0xffffffff)}


def full_house():
    """256 buses: 232 root ports, and a switch with 22 ports below the last one."""
    nothing = "io-reserve=0,mem-reserve=0,pref64-reserve=0"
    slots = [f"{slot:x}.{function}" for slot in [1, *range(3, 0x1f)] for function in range(8)]
    ports = [f"pcie-root-port,id=p{number},chassis={number},addr={slot},multifunction=on,{nothing}"
             for number, slot in enumerate(slots, 1)]
    below = [f"xio3130-downstream,bus=up,id=d{number},chassis={number},addr={number - 233:x}"
             for number in range(233, 255)]
    devices = [*ports, f"x3130-upstream,bus=p{len(ports)},id=up", *below, "nvme,serial=x,bus=d254"]
    return Topology("q35-256-buses", "q35", plugged=tuple(devices))


@pytest.mark.parametrize("topology", [
    *topologies(), pytest.param(full_house(), id="256-buses", marks=pytest.mark.full)])
def test_agrees_with_qemu(topology, qemu, tmp_path):
    """The same functions, ids, classes, buses, windows and BARs; nothing moved by looking."""
    knobs = parse_knobs({**topology.settings(), "QEMU": qemu, "BOOT": "direct", "APP": "hello"})
    console, qemus = after(knobs)
    ours = functions_on(console)
    given = [line for line in console if "assign" in line]
    assert not given or topology.machine == "microvm"
    assert ours.keys() == findable(qemus) and len(ours) >= 3
    for address, function in ours.items():
        theirs = qemus[address]
        assert (function.ids, function.pci_class) == (theirs.ids, theirs.pci_class), address
        assert (function.buses, open_windows(function)) == (theirs.buses, theirs.windows), address
        assert same_bars(function.bars, theirs), (address, function.bars, theirs.bars)
        assert ROM_BAR not in assigned(theirs), address


@pytest.mark.parametrize("topology", with_firmware())
def test_nothing_is_moved(topology, qemu, tmp_path):
    """What the firmware assigned is where it was; sizing BARs leaves no trace."""
    knobs = parse_knobs({**topology.settings(), "QEMU": qemu, "BOOT": "direct", "APP": "hello"})
    untouched, qemus = before(knobs, tmp_path), after(knobs)[1]
    for address, theirs in qemus.items():
        moved = assigned(untouched[address]).items() - assigned(theirs).items()
        assert not moved, (address, moved)


@pytest.mark.parametrize("machine, ways", [("q35", ("ECAM", "type 1")), ("pc", ("type 1",) * 2)])
def test_both_ways_to_configuration_space_agree(machine, ways, qemu):
    """The same lines, whichever way they were read by; a machine without ECAM says so."""
    topology = next(each for each in load_all() if each.machine == machine)
    scans = []
    for config, way in zip(("ecam", "cf8"), ways):
        knobs = parse_knobs({**topology.settings(), "QEMU": qemu, "BOOT": "direct", "APP": "hello",
                             "CMDLINE": f"pci.config={config}"})
        check_image(knobs)
        result = run(command_line(knobs), 20)
        assert result.outcome == "ok", result.lines[-3:]
        said = [line for line in result.lines if "PCI: ECAM" in line or "PCI: Using" in line]
        assert len(said) == 1 and way in said[0]
        scans.append(scan_lines(result.lines))
    assert scans[0] == scans[1] and len(scans[0]) >= 4
