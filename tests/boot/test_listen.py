# SPDX-License-Identifier: MIT
"""What a device does by itself: a person types at it, the host changes its configuration."""

import socket

import pytest

from knobs import parse_knobs
from machine import Machine
from qemu import check_image, command_line


# Each way to interrupt that a configuration change or an event can come by.
WAYS = ["modern", "transitional", "modern,vectors=2", "modern,vectors=1", "modern,vectors=0"]


@pytest.fixture(params=WAYS)
def listening(request, qemu):
    """A machine that runs APP=listen, and our end of its device's chardev."""
    ours, theirs = socket.socketpair()
    knobs = parse_knobs({
        "APP": "listen", "BOOT": "direct", "QEMU": qemu, "CMDLINE": "20", "TIMEOUT": "30",
        "SIMPLE": f"{request.param},id=simple,chardev=person",
        "QEMU_ARGS": f"-chardev socket,id=person,fd={theirs.fileno()}",
    })
    check_image(knobs)
    theirs.set_inheritable(True)
    with theirs, ours, Inheriting(knobs, theirs) as machine:
        assert machine.wait_for("listen: waiting for events"), machine.console.lines
        yield machine, ours


class Inheriting(Machine):
    """A machine whose QEMU inherits one more file descriptor, for a chardev."""

    def __init__(self, knobs, extra):
        self.extra = extra.fileno()
        super().__init__(command_line(knobs), knobs["timeout"])

    def descriptors(self):
        """Ours beside the control channel's."""
        return [*super().descriptors(), self.extra]


def test_typed_text_arrives_as_events(listening):
    machine, person = listening
    person.sendall(b"hello, device")
    assert machine.wait_for(r'listen: event from the chardev, 13 bytes: "hello, device"')
    person.sendall(b"\x00\xff\n")
    assert machine.wait_for(r'listen: event from the chardev, 3 bytes: "\\x00\\xff\\x0a"')
    person.sendall(b"quit")
    assert machine.finish().outcome == "ok"


def test_changes_of_the_counter_interrupt(listening):
    machine, person = listening
    for value in (7, 0x123456789abcdef0):
        machine.qmp.execute("qom-set", path="/machine/peripheral/simple",
                            property="counter", value=value)
        assert machine.wait_for(f"configuration changed: counter {value}$"), machine.console.lines
    person.sendall(b"quit")
    assert machine.wait_for("listen: 2 configuration changes; done")
    assert machine.finish().outcome == "ok"
