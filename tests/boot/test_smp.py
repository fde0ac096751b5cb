# SPDX-License-Identifier: MIT
"""All CPUs at work, on each machine: none is missing, no line is torn, each takes its own."""

import re

import pytest

from knobs import parse_knobs
from machine import run
from qemu import check_image, command_line
from transcript import STAMP

LINES = 40  # as tests/guests/smp.c
QUEUES_MAX = 8  # of virtio-simple
MACHINES = [
    pytest.param("pc", 1),
    pytest.param("pc", 2),
    pytest.param("q35", 4),
    pytest.param("pc", 16),
    pytest.param("q35", 1, marks=pytest.mark.full),
    pytest.param("pc", 4, marks=pytest.mark.full),
    pytest.param("q35", 16, marks=pytest.mark.full),
]


def console(qemu, machine, cpus, arguments=""):
    """The lines of APP=smp without their time stamps; it must end well."""
    queues = min(cpus, QUEUES_MAX)
    device = f"-device virtio-simple-pci,num-request-queues={queues},vectors={queues + 2}"
    knobs = parse_knobs({
        "APP": "smp", "BOOT": "direct", "MACHINE": machine, "SMP": str(cpus), "DEVICES": "none",
        "QEMU": qemu, "QEMU_ARGS": f"{device} {arguments}", "TIMEOUT": "120",
    })
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    assert result.outcome == "ok", result.lines[-5:]
    return [STAMP.sub("", line, count=1) for line in result.lines]


def interrupts(lines):
    """{what the interrupt table calls it: its counts, one a CPU}"""
    rows = [re.fullmatch(r"irq: +(\S+)((?: +\d+)+)  (.*)", line) for line in lines]
    return {row[3]: [int(count) for count in row[2].split()] for row in rows if row}


@pytest.mark.parametrize("machine, cpus", MACHINES)
def test_all_cpus_work(machine, cpus, qemu):
    """The app checks itself; what it cannot see from inside is checked here."""
    lines = console(qemu, machine, cpus)
    assert "smp: ok" in lines
    assert not [line for line in lines if line.startswith("smp: FAIL")]
    assert (f"smp: Brought up 1 node, {cpus} CPUs" in lines) == (cpus > 1)
    assert [line for line in lines if " prints line " in line and line.startswith("smp: CPU ")]
    for cpu in range(cpus):
        own = [line for line in lines if line.startswith(f"smp: CPU {cpu} prints")]
        assert own == [f"smp: CPU {cpu} prints line {number}, which no other CPU tears"
                       for number in range(LINES)]


@pytest.mark.parametrize("machine, cpus", MACHINES)
def test_interrupts_go_where_they_were_steered(machine, cpus, qemu):
    """A column a CPU, and a queue's interrupts all in the column of its own."""
    table = interrupts(console(qemu, machine, cpus))
    assert all(len(counts) == cpus for counts in table.values())
    for queue in range(min(cpus, QUEUES_MAX)):
        counts = table[f"virtio0-requestq{queue}"]
        assert counts[queue] > 0 and sum(counts) == counts[queue], counts
    calls = table["function call interrupts"]
    assert all(calls) if cpus > 1 else not any(calls)
    assert not any(table["interrupts that had no handler"])
