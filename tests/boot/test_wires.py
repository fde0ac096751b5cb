# SPDX-License-Identifier: MIT
"""A wire that another device holds up: masked, said, and everything on it goes on without."""

import re
import socket

import pytest

from knobs import parse_knobs
from machine import Machine
from patience import patience
from qemu import check_image, command_line

EDU_RAISE = 0x60  # QEMU's edu device: what is written here raises its pin
EDU_LOWER = 0x64


class Wired(Machine):
    """A machine with QEMU's qtest protocol beside the running guest, and a person at a chardev."""

    def __init__(self, knobs, extra):
        self.extra = [one.fileno() for one in extra]
        super().__init__(command_line(knobs), knobs["timeout"])

    def descriptors(self):
        """Ours beside the control channel's."""
        return [*super().descriptors(), *self.extra]


class Outside:
    """Writes to the machine's memory from outside, register by register."""

    def __init__(self, connection, base):
        self.connection, self.base = connection, base
        connection.settimeout(patience(10))

    def write(self, offset, value):
        """Done when QEMU has answered."""
        self.connection.sendall(f"writel {self.base + offset:#x} {value:#x}\n".encode())
        assert self.connection.recv(100).startswith(b"OK")


def start(qemu, machine, person, outside):
    """APP=listen by INTx in slot 4, and a device that has no driver here on the same wire.

    The chardev is called qtest because QEMU 7.2 does not find it by another name.
    """
    knobs = parse_knobs({
        "APP": "listen", "BOOT": "direct", "QEMU": qemu, "CMDLINE": "virtio.irq=intx 20",
        "MACHINE": machine, "TIMEOUT": "30", "DEVICES": "simple",
        "SIMPLE": "modern,chardev=person",
        "QEMU_ARGS": f"-chardev socket,id=person,fd={person.fileno()} "
                     f"-chardev socket,id=qtest,fd={outside.fileno()} -qtest chardev:qtest "
                     "-device edu,addr=8",
    })
    check_image(knobs)
    for one in (person, outside):
        one.set_inheritable(True)
    return Wired(knobs, [person, outside])


@pytest.mark.parametrize("board", ["pc", "q35"])
def test_stuck_wire_is_masked_and_its_devices_are_polled(board, qemu):
    """R25: the wire of INTx is held up by a device without driver."""
    ours, theirs = zip(socket.socketpair(), socket.socketpair())
    with start(qemu, board, *theirs) as machine:
        for one in theirs:
            one.close()
        person = ours[0]
        assert machine.wait_for("listen: waiting for events"), machine.errors.lines
        log = "\n".join(machine.console.lines)
        edu = Outside(ours[1], int(re.search(r"00:08\.0: BAR 0 \[mem 0x([0-9a-f]+)", log)[1], 16))
        person.sendall(b"before")
        assert machine.wait_for('listen: event from the chardev, 6 bytes: "before"')
        edu.write(EDU_RAISE, 1)
        assert machine.wait_for(
            r"irq: E19 GSI 1[01] \(vector 0x30\) stuck: 10000 "
        ), machine.console.lines
        assert machine.wait_for("virtio_simple virtio0: E11 INTx is gone")
        person.sendall(b"during")
        assert machine.wait_for('listen: event from the chardev, 6 bytes: "during"')
        edu.write(EDU_LOWER, 1)
        person.sendall(b"quit")
        assert machine.finish().outcome == "ok"
        assert sum("E19" in line for line in machine.console.lines) == 1
    for one in ours:
        one.close()
