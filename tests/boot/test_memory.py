# SPDX-License-Identifier: MIT
"""Memory above 4 GiB is what devices are told of, where there is some."""

import pytest

from knobs import parse_knobs
from machine import Machine
from qemu import check_image, command_line

FOUR_GIB = 1 << 32
REQUEST_QUEUE, EVENT_QUEUE = 0, 1


@pytest.mark.parametrize("ring", ["packed=off", "packed=on"])
@pytest.mark.parametrize("board", ["pc", "q35"])
def test_rings_and_buffers_above_4_gib(board, ring, qemu):
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
