# SPDX-License-Identifier: MIT
"""Life after trouble: a device that asks for its reset, and a machine that is reset under way."""

import re
import socket
import time

import pytest

from knobs import parse_knobs
from machine import Machine
from patience import patience
from qemu import check_image, command_line

AVAIL_IDX = 2  # its offset in the available ring (virtio 1.2, 2.7.6)
NOTIFY = 0x3000  # of virtio-simple's BAR 4


class Troubled(Machine):
    """A machine with a second way in: QEMU's test protocol, which writes memory and registers."""

    def __init__(self, qemu, options=(), without=(), **settings):
        self.ours, self.theirs = socket.socketpair()
        self.ours.settimeout(patience(10))
        knobs = parse_knobs({"APP": "endure", "BOOT": "direct", "QEMU": qemu, "CMDLINE": "5",
                             "SIMPLE": "modern,id=simple", "TIMEOUT": "40", **settings})
        check_image(knobs)
        command = [word for word in command_line(knobs) if word not in without]
        command += ["-chardev", f"socket,id=test,fd={self.theirs.fileno()}",
                    "-object", "qtest,id=second,chardev=test,log=none", *options]
        super().__init__(command, knobs["timeout"])
        self.theirs.close()

    def descriptors(self):
        return [*super().descriptors(), self.theirs.fileno()]

    def qtest(self, line):
        """One command of the test protocol."""
        self.ours.sendall(line.encode() + b"\n")
        answer = self.ours.recv(4096).decode()
        assert answer.startswith("OK"), answer

    def count(self, text):
        """Console lines so far that hold a text."""
        return sum(text in line for line in self.console.lines)

    def await_more(self, text, than, seconds=10):
        """Runs until more lines hold the text; False when that takes too long."""
        whole = self.deadline
        self.deadline = min(whole, time.monotonic() + patience(seconds))
        self.pump(lambda: self.count(text) > than)
        self.deadline, self.timed_out = whole, False
        return self.count(text) > than

    def break_device(self, path):
        """Breaks the ring until the device sees it: the driver may mend the index before that."""
        before = self.count("says NEEDS_RESET")
        for _ in range(50):
            self.break_ring(path)
            if self.await_more("says NEEDS_RESET", before, 1):
                return
        raise AssertionError(self.tail())

    def tail(self):
        """The end of the transcript, to be read where an assertion failed."""
        return "\n".join(self.console.lines[-40:])

    def break_ring(self, queue_path):
        """Makes the device find more available entries than there are, and look."""
        status = self.qmp.execute("x-query-virtio-queue-status", path=queue_path, queue=0)
        found = [re.search(r"BAR 4 \[mem (0x[0-9a-f]+)-", line) for line in self.console.lines
                 if "0000:00:04.0: BAR 4" in line]
        self.qtest(f"writew {status['vring-avail'] + AVAIL_IDX:#x} 0x7fff")
        self.qtest(f"writew {int(found[0][1], 16) + NOTIFY:#x} 0x0")


def queue_path(machine):
    """Where QEMU keeps the device behind the PCI function."""
    return next(device["path"] for device in machine.qmp.execute("x-query-virtio")
                if "simple" in device["name"])


@pytest.mark.parametrize("vectors", ["", ",vectors=0"])
def test_device_that_needs_a_reset_is_restarted(qemu, vectors):
    """T21: the request fails, the device is brought up anew, and the next request is answered."""
    with Troubled(qemu, SIMPLE=f"modern,id=simple{vectors}") as machine:
        assert machine.wait_for("endure: started"), machine.console.lines
        machine.break_device(queue_path(machine))
        assert machine.wait_for("endure: and the next one was answered"), machine.console.lines
        result = machine.finish()
    assert result.outcome == "ok", result.lines
    text = "\n".join(result.lines)
    assert text.count("restart 1 of at most 3") == 1
    assert re.search(r"endure: \d{2,} requests answered, 1 failed$", text, re.MULTILINE)


def test_device_that_keeps_failing_is_given_up(qemu):
    """T21: three restarts, then the device is left alone, and the app is told at once."""
    with Troubled(qemu, CMDLINE="20") as machine:
        assert machine.wait_for("endure: started"), machine.console.lines
        for restarts in range(3):
            machine.break_device(queue_path(machine))
            assert machine.await_more("next one was answered", restarts), machine.tail()
        machine.break_device(queue_path(machine))
        result = machine.finish()
    assert result.outcome == "fail", result.lines
    assert not [line for line in result.lines if "restart 4" in line]


def test_warm_reset_with_requests_in_flight(qemu):
    """B16: the machine is reset while the device works, and the second boot resets it first."""
    with Troubled(qemu, without=("-no-reboot",), CMDLINE="2") as machine:
        assert machine.wait_for("endure: started"), machine.console.lines
        machine.qmp.execute("system_reset")
        machine.pump(lambda: sum("endure: started" in line for line in machine.console.lines) > 1)
        result = machine.finish()
    assert result.outcome == "ok", result.lines
    assert sum("Doorbell: booted by" in line for line in result.lines) == 2
    assert re.search(r"endure: \d+ requests answered, 0 failed$", result.lines[-1])
