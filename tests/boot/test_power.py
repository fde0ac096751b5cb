# SPDX-License-Identifier: MIT
"""Leaving a machine without isa-debug-exit: it is switched off, by the way its tables name."""

import pytest

from knobs import parse_knobs
from machine import run
from qemu import check_image, command_line


@pytest.mark.parametrize("board", ["pc", "q35", "microvm"])
def test_power_off(board, qemu):
    knobs = parse_knobs({"APP": "hello", "BOOT": "direct", "MACHINE": board, "DEVICES": "none",
                         "QEMU": qemu, "TIMEOUT": "20"})
    check_image(knobs)
    command = command_line(knobs)
    at = command.index("isa-debug-exit,iobase=0xf4,iosize=4")
    result = run(command[:at - 1] + command[at + 1:], knobs["timeout"])
    assert "hello, world" in "\n".join(result.lines)
    assert (result.outcome, result.shutdown) == ("off", "guest-shutdown")
