# SPDX-License-Identifier: MIT
"""A host so busy that QEMU's own thread hardly runs: the clock is right all the same."""

import os
import re
import subprocess
import sys

import pytest

from knobs import parse_knobs
from machine import Machine
from qemu import check_image, command_line

SPIN = "while True: pass"
RATE = re.compile(r"clock: TSC at (\d+)\.\d{3} MHz")


def rate(qemu, starved, arguments):
    """MHz, as the kernel finds them; `starved`: what makes the ticks of the RTC hardly runs."""
    knobs = parse_knobs({"APP": "hello", "BOOT": "direct", "MACHINE": "microvm", "QEMU": qemu,
                         "DEVICES": "none", "TIMEOUT": "30", "QEMU_ARGS": arguments})
    check_image(knobs)
    with Machine(command_line(knobs), knobs["timeout"]) as machine:
        if starved:
            os.sched_setaffinity(machine.process.pid, {min(os.sched_getaffinity(0))})
            os.setpriority(os.PRIO_PROCESS, machine.process.pid, 10)
        result = machine.finish()
    assert result.outcome == "ok", result.lines
    return int(RATE.search("\n".join(result.lines))[1])


@pytest.mark.full
def test_seconds_are_counted_where_ticks_are_lost(qemu):
    """Each of these is a thread of its own for the host: only the first one starves."""
    spinning = subprocess.Popen([sys.executable, "-c", SPIN])
    try:
        os.sched_setaffinity(spinning.pid, {min(os.sched_getaffinity(0))})
        found = rate(qemu, True, "-machine pit=off")
    finally:
        spinning.kill()
        spinning.wait()
    assert found == pytest.approx(rate(qemu, False, ""), rel=0.03)
