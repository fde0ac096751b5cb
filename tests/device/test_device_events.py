# SPDX-License-Identifier: MIT
"""Events: from requests, from a chardev, kept while no buffer is there, and counted when lost."""

import socket
import struct
import time

import pytest

from qtest import wait_until
from simple import ECHO, EVENT, EVENTQ, OK, PACKED, VERSION_1, Packed, Simple, Split

PAYLOAD, CHARDEV, OVERRUN = 1, 2, 3


class Inbox:
    """Posts buffers to the event queue and reads what the device put there."""

    def __init__(self, ring, room=64):
        self.ring, self.room, self.rooms = ring, room, {}

    def post(self, count):
        for _ in range(count):
            token, at = self.ring.submit(b"", self.room)
            self.rooms[token] = at
        self.ring.kick()

    def collect(self):
        """Events as (type, len, the bytes that are there)."""
        got = []
        for token, used in self.ring.collect():
            data = self.ring.machine.read(self.rooms.pop(token), used)
            got.append((*struct.unpack_from("<II", data), data[8:]))
        return got


@pytest.mark.parametrize("layout", ["split", "packed"])
def test_payload_comes_back_as_an_event(machines, layout):
    device = Simple(machines("packed=on" if layout == "packed" else ""))
    ring, bits = (Packed, (PACKED,)) if layout == "packed" else (Split, ())
    requests, events = device.start((VERSION_1, EVENTQ, *bits), ring=ring)
    inbox = Inbox(events)
    inbox.post(2)
    answer = requests.ask(EVENT, cookie=4, payload=b"ding dong")
    assert (answer.used, answer.status, answer.cookie) == (16, OK, 4)
    assert inbox.collect() == [(PAYLOAD, 9, b"ding dong")]
    requests.ask(EVENT)
    assert inbox.collect() == [(PAYLOAD, 0, b"")]


def test_event_interrupt_has_its_own_vector(device):
    device.enable_msix(3)
    requests, events = device.start()
    Inbox(events).post(1)
    requests.ask(EVENT, payload=b"x")
    assert device.interrupted(2)
    requests.ask(EVENT, payload=b"x")
    assert not device.interrupted(2), "an interrupt without an event"


def test_events_wait_for_buffers_in_order(device):
    requests, events = device.start()
    inbox = Inbox(events)
    for letter in b"abc":
        requests.ask(EVENT, payload=bytes([letter]))
    assert not inbox.collect()
    inbox.post(2)
    assert [data for _, _, data in inbox.collect()] == [b"a", b"b"]
    inbox.post(2)
    assert [data for _, _, data in inbox.collect()] == [b"c"]


def test_overrun_is_counted_where_it_happened(machines):
    requests, events = Simple(machines("max-events=2")).start()
    inbox = Inbox(events)
    for letter in b"abcde":
        assert requests.ask(EVENT, payload=bytes([letter])).status == OK
    inbox.post(2)
    assert [data for _, _, data in inbox.collect()] == [b"a", b"b"]
    requests.ask(EVENT, payload=b"f")
    inbox.post(3)
    assert inbox.collect() == [(OVERRUN, 4, struct.pack("<I", 3)), (PAYLOAD, 1, b"f")]


def test_overrun_counts_afresh(machines):
    requests, events = Simple(machines("max-events=1")).start()
    inbox = Inbox(events)
    for lost in (1, 2):
        for _ in range(1 + lost):
            requests.ask(EVENT, payload=b"x")
        inbox.post(2)
        assert inbox.collect()[1] == (OVERRUN, 4, struct.pack("<I", lost))


def test_event_larger_than_the_buffer_is_cut_visibly(device):
    requests, events = device.start()
    inbox = Inbox(events, room=12)
    inbox.post(1)
    requests.ask(EVENT, payload=b"123456789")
    assert inbox.collect() == [(PAYLOAD, 9, b"1234")]


def test_reset_forgets_events(device):
    requests, events = device.start()
    requests.ask(EVENT, payload=b"old")
    _, events = device.start()
    inbox = Inbox(events)
    inbox.post(1)
    assert not inbox.collect()


class Visitor:
    """A person at the other end of the chardev."""

    def __init__(self, machines, folder, options=""):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / "chardev"))
        listener.listen(1)
        self.machine = machines(f"chardev=bell,{options}".rstrip(","), "-chardev",
                                f"socket,id=bell,path={folder}/chardev")
        self.connection = listener.accept()[0]
        listener.close()
        self.device = Simple(self.machine)

    def text(self, inbox, size):
        """That many typed bytes, however the device cut them into events."""
        got = b""

        def arrived():
            nonlocal got
            for kind, length, data in inbox.collect():
                assert kind == CHARDEV and length == len(data) <= 256
                got += data
                inbox.post(1)
            return len(got) >= size

        wait_until(arrived, f"{size} typed bytes")
        return got


@pytest.fixture
def visitor(machines, tmp_path):
    guest = Visitor(machines, tmp_path)
    yield guest
    guest.connection.close()


def test_typed_text_arrives(visitor):
    _, events = visitor.device.start()
    inbox = Inbox(events, room=264)
    inbox.post(4)
    visitor.connection.sendall(b"hello\n")
    assert visitor.text(inbox, 6) == b"hello\n"


def test_text_typed_early_waits_for_the_driver(visitor):
    visitor.connection.sendall(b"early")
    time.sleep(0.05)  # long enough for a device that would take it now, and lose it in the reset
    _, events = visitor.device.start()
    inbox = Inbox(events, room=264)
    inbox.post(1)
    assert visitor.text(inbox, 5) == b"early"


def test_chardev_waits_rather_than_overruns(machines, tmp_path):
    guest = Visitor(machines, tmp_path, "max-events=2")
    _, events = guest.device.start()
    inbox = Inbox(events, room=264)
    text = bytes(i % 251 for i in range(5000))
    guest.connection.sendall(text)
    time.sleep(0.05)
    inbox.post(2)
    assert guest.text(inbox, len(text)) == text
    guest.connection.close()


def test_requests_go_on_while_text_waits(visitor):
    requests, _ = visitor.device.start()
    visitor.connection.sendall(bytes(100_000))
    assert requests.ask(ECHO, payload=b"still here", room=10).data == b"still here"
