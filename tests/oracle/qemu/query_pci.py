# SPDX-License-Identifier: MIT
"""QEMU's own view of a machine's PCI functions (QMP query-pci), in the terms of our lines."""

import re
from contextlib import contextmanager
from dataclasses import dataclass, field

from machine import Machine
from words import ASSIGNED, DETAIL, FUNCTION, STAMP

UNASSIGNED = -1
ROM_BAR = 6
RANGES = {"io_range": "io", "memory_range": "mem", "prefetchable_range": "pref"}
RESOURCE = re.compile(
    r"(?:BAR (\d)|ROM|bridge window| ) ?.*"
    r"\[(io|mem) +0x([0-9a-f]+)(?:-0x([0-9a-f]+))?(?: 64bit)?( pref)?\]"
)
BUSES = re.compile(r"PCI bridge to \[bus (\w\w)(?:-(\w\w))?\]")


@dataclass
class Function:
    """What both sides tell of one function; a BAR is (io or mem, prefetchable, start, size)."""

    ids: tuple
    pci_class: int
    bars: dict = field(default_factory=dict)
    buses: tuple = None
    windows: dict = field(default_factory=dict)


def functions_of(answer):
    """Address -> Function, from the answer of query-pci."""
    found = {}
    for bus in answer:
        add_devices(found, bus["devices"])
    return found


def add_devices(found, devices):
    """The functions of a bus and of the buses behind it."""
    for device in devices:
        address = f"0000:{device['bus']:02x}:{device['slot']:02x}.{device['function']}"
        ids = device["id"]["vendor"], device["id"]["device"]
        function = Function(ids, device["class_info"]["class"])
        function.bars = {region["bar"]: bar_of(region) for region in device["regions"]}
        found[address] = function
        if "pci_bridge" in device:
            add_bridge(function, device["pci_bridge"]["bus"])
            add_devices(found, device["pci_bridge"].get("devices", []))


def bar_of(region):
    """A region as our lines tell it."""
    kind = "io" if region["type"] == "io" else "mem"
    return kind, region.get("prefetch", False), region["address"], region["size"]


def add_bridge(function, bus):
    """The bus numbers and the windows that are open."""
    function.buses = bus["secondary"], bus["subordinate"]
    for name, kind in RANGES.items():
        window = bus[name]
        if window["base"] <= window["limit"]:
            function.windows[kind] = window["base"], window["limit"]


@contextmanager
def started(command, line):
    """A machine that has printed `line`."""
    with Machine(command, 20) as machine:
        assert machine.wait_for(line), machine.errors.lines + machine.console.lines[-3:]
        yield machine


def registers_of(machine, base, address, count):
    """The first `count` words of a function's configuration space, through ECAM at `base`, as QEMU
    itself reads them: query-pci tells of a BAR only while it is switched on."""
    bus, slot, number = (int(part, 16) for part in re.split(r"[:.]", address)[1:])
    at = base + (bus << 20) + (slot << 15) + (number << 12)
    answer = machine.qmp.execute("human-monitor-command", command_line=f"xp /{count}xw {at:#x}")
    return [int(word, 16) for word in re.findall(r"0x(\w{8})", answer)]


def functions_on(console):
    """Address -> Function, from the lines on a console."""
    found = {}
    for line in console:
        text = STAMP.sub("", line, count=1)
        header = FUNCTION.fullmatch(text)
        detail = DETAIL.fullmatch(text) or ASSIGNED.fullmatch(text)
        if header:
            ids = int(header[2], 16), int(header[3], 16)
            found[header[1]] = Function(ids, int(header[5], 16) >> 8)
        elif detail:
            add_detail(found[detail[1]], detail[2])
    return found


def add_detail(function, text):
    """A BAR, the ROM, a bridge's buses or one of its windows."""
    buses, resource = BUSES.match(text), RESOURCE.match(text)
    if buses:
        function.buses = int(buses[1], 16), int(buses[2] or buses[1], 16)
        function.windows = {}  # those that are open follow
    elif "legacy IDE quirk" not in text:
        bar, kind, first, last, pref = resource.groups()
        start, end = int(first, 16), int(last or first, 16)
        if text.startswith((" ", "bridge")):
            function.windows["pref" if pref else kind] = start, end
        else:
            number = ROM_BAR if text.startswith("ROM") else int(bar)
            function.bars[number] = kind, bool(pref), start, end - start + 1
