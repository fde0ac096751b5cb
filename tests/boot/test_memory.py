# SPDX-License-Identifier: MIT
"""Memory above 4 GiB is what devices are told of; with too little of it, one line says so."""

import re
import subprocess

import pytest

from knobs import parse_knobs
from machine import Machine, run
from qemu import check_image, command_line, image_path

FOUR_GIB = 1 << 32
REQUEST_QUEUE, EVENT_QUEUE = 0, 1


@pytest.mark.parametrize("board, ring", [
    ("pc", "packed=off"), ("q35", "packed=on"),
    pytest.param("pc", "packed=on", marks=pytest.mark.full),
    pytest.param("q35", "packed=off", marks=pytest.mark.full)])
def test_rings_and_buffers_above_4_gib(board, ring, qemu):
    """B06: where the rings and buffers are, as QEMU sees it."""
    knobs = parse_knobs({"APP": "endure", "BOOT": "direct", "MACHINE": board, "MEM": "6G",
                         "QEMU": qemu, "TIMEOUT": "40", "CMDLINE": "3",
                         "SIMPLE": "modern,id=simple," + ring})
    check_image(knobs)
    with Machine(command_line(knobs), knobs["timeout"]) as machine:
        assert machine.wait_for("endure: started"), machine.console.lines
        ask = machine.qmp.execute
        path = next(device["path"] for device in ask("x-query-virtio")
                    if "simple" in device["name"])
        for queue in (REQUEST_QUEUE, EVENT_QUEUE):
            status = ask("x-query-virtio-queue-status", path=path, queue=queue)
            areas = [status[area] for area in ("vring-desc", "vring-avail", "vring-used")]
            assert min(areas) >= FOUR_GIB, status
        if ring == "packed=off":
            element = ask("x-query-virtio-queue-element", path=path, queue=EVENT_QUEUE, index=0)
            assert all(part["addr"] >= FOUR_GIB for part in element["descs"]), element
        result = machine.finish()
    assert result.outcome == "ok", result.lines[-5:]


def image_end(image):
    """Where the image ends in memory, in KiB."""
    symbols = subprocess.run(["nm", str(image)], text=True, check=True, stdout=subprocess.PIPE)
    return int(re.search(r"^(\w+) \w image_end$", symbols.stdout, re.MULTILINE)[1], 16) // 1024


# SeaBIOS keeps the last 128 KiB or so for itself, and works in what lies below, where QEMU has put
# the image by then: its .bss is not zeroes any more when the kernel starts.
@pytest.mark.parametrize("more", [192, 256, 320, 384])
@pytest.mark.parametrize("board", ["pc", "q35"])
def test_a_firmware_short_of_memory(board, more, qemu):
    """B05: one line names what is needed and what is there."""
    knobs = parse_knobs({"APP": "hello", "BOOT": "direct", "MACHINE": board, "DEVICES": "none",
                         "QEMU": qemu, "TIMEOUT": "20"})
    check_image(knobs)
    there = image_end(image_path(knobs)) + more
    result = run([*command_line(knobs), "-m", f"{there}K"], knobs["timeout"])
    assert result.outcome == "stop", result.lines
    found = re.search(r"stop: need (\d+) KiB of RAM, have (\d+) KiB$", result.lines[-1])
    assert found and int(found[2]) <= there < int(found[1]), result.lines
