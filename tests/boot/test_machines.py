# SPDX-License-Identifier: MIT
"""The demo on every machine, all of its CPUs up; and those that cannot be, shown to be so."""

import re
from pathlib import Path

import pytest

from boards import NO_DRIVE, NO_FIRMWARE, all_cells, table
from knobs import KnobError, parse_knobs
from machine import run
from qemu import build_directory, check_image, command_line
from transcript import STAMP

TREE = Path(__file__).resolve().parents[2]
TIMEOUT = "120"  # 16 CPUs under UEFI, on a busy host
FIRMWARE_SECONDS = 2
TROUBLE = re.compile(r"panic: |\bE\d\d |boot: |smp: (?!Brought up)|.*ignored")


def parameters():
    """One a machine that can be; what is not in the sample waits for FULL=1."""
    for cell in all_cells():
        if not cell.refusal:
            yield pytest.param(cell, id=cell.name,
                               marks=[] if cell.sample else [pytest.mark.full])


@pytest.mark.parametrize("cell", parameters())
def test_machine(cell, qemu, logs):
    knobs = parse_knobs({"QEMU": qemu, "TIMEOUT": TIMEOUT, **cell.settings()})
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    log = logs / f"machine-{cell.name}.log"
    log.write_text("\n".join(result.lines + result.complaints) + "\n", encoding="utf-8")
    assert result.outcome == "ok", f"ended with {result.outcome}: {result.lines[-1:]}, see {log}"
    lines = [STAMP.sub("", line, count=1) for line in result.lines]
    if cell.cpus > 1:
        assert lines.count(f"smp: Brought up 1 node, {cell.cpus} CPUs") == 1
    assert "demo: MULTIPLY 6 x 7 = 42 (MSI-X)" in lines and lines[-1] == "demo: ok"
    begun = next(i for i, line in enumerate(lines) if line.startswith("Doorbell: booted by"))
    assert not [line for line in lines[begun:] if TROUBLE.match(line)]
    assert not result.complaints


def test_the_runner_refuses_each_machine_that_cannot_be():
    refused = [cell for cell in all_cells() if cell.refusal]
    assert {cell.refusal for cell in refused} == {NO_DRIVE, NO_FIRMWARE}
    for cell in refused:
        with pytest.raises(KnobError):
            parse_knobs(cell.settings())


def starts_nothing(command):
    """Neither the loader nor the kernel says a word."""
    result = run(command, FIRMWARE_SECONDS)
    return not [line for line in result.lines if "Doorbell" in line or "GRUB" in line]


def test_a_microvm_starts_nothing_from_a_cd(qemu):
    iso = build_directory() / "demo" / "doorbell.iso"
    assert starts_nothing([qemu, "-machine", "microvm,isa-serial=on", "-nodefaults", "-display",
                           "none", "-serial", "stdio", "-boot", "order=d", "-cdrom", str(iso)])


def test_ovmf_does_not_start_in_16_mib(qemu):
    knobs = parse_knobs({"APP": "demo", "BOOT": "uefi", "MACHINE": "q35", "QEMU": qemu})
    assert starts_nothing([*command_line(knobs), "-m", "16M"])


def test_the_table_in_the_docs_is_this_one():
    text = (TREE / "docs" / "machines.md").read_text(encoding="utf-8")
    assert table() in text, "tests/boot/boards.py prints the one to put there"
