# SPDX-License-Identifier: MIT
"""RING_RESET: one queue starts anew, and the device and its other queues go on (2.6.1)."""

import pytest

from simple import (DELAY, ECHO, EVENT, EVENTQ, IN_ORDER, MQ, NOP, OK, PACKED, RING_RESET,
                    VERSION_1, Packed, Simple, Split, request)

LAYOUTS = {"split": ("", Split, ()), "packed": (",packed=on", Packed, (PACKED,))}
each_layout = pytest.mark.parametrize("layout", LAYOUTS)


def start(machines, layout, options="queue_reset=on", bits=(RING_RESET,), arguments=(), **settings):
    more, ring, layout_bits = LAYOUTS[layout]
    device = Simple(machines(options + more, *arguments))
    features = (VERSION_1, EVENTQ, *layout_bits, *bits)
    return device, ring, *device.start(features, ring=ring, **settings)


def reset_queue(device, number):
    """4.1.4.3: write 1, wait for 0."""
    device.set("queue_select", number)
    device.set("queue_reset", 1)
    assert device.get("queue_reset") == 0, "the reset is over when the write is"
    assert device.get("queue_enable") == 0


@each_layout
def test_requests_in_flight_end(machines, layout):
    device, ring, requests, _ = start(machines, layout)
    _, room = requests.submit(request(DELAY, arg=100), 16)
    requests.kick()
    reset_queue(device, 0)
    device.machine.step(1_000_000)
    assert device.machine.read(room, 16) == b"\xee" * 16, "written after the reset"
    assert not requests.collect(), "used after the reset"
    requests = ring(device, 0, 16)
    for _ in range(40):
        assert requests.ask(ECHO, payload=b"anew", room=4).data == b"anew"
        device.free = 0x600000


@each_layout
def test_requests_held_up_end(machines, layout):
    device, ring, requests, _ = start(machines, layout, "in_order=on", (RING_RESET, IN_ORDER))
    rooms = [requests.submit(request(op, 100), 16)[1] for op in (DELAY, NOP)]
    requests.kick()
    reset_queue(device, 0)
    device.machine.step(1_000_000)
    assert [device.machine.read(room, 16) for room in rooms] == [b"\xee" * 16] * 2
    assert ring(device, 0, 16).ask(NOP).status == OK


@each_layout
def test_other_queues_go_on(machines, layout):
    device, ring, requests, _, more = start(
        machines, layout, "num-request-queues=2", (RING_RESET, MQ), queues=(0, 1, 2))
    (here, _), _ = [one.submit(request(DELAY, arg=100), 16) for one in (requests, more)]
    requests.kick()
    more.kick()
    reset_queue(device, 2)
    device.machine.step(100_000)
    assert requests.collect() == [(here, 16)]
    assert not more.collect()
    assert ring(device, 2, 16).ask(NOP).status == OK


@each_layout
def test_event_buffers_are_forgotten_and_events_are_not(machines, layout):
    device, ring, requests, events = start(machines, layout)
    _, old = events.submit(b"", 64)
    events.kick()
    reset_queue(device, 1)
    assert requests.ask(EVENT, payload=b"later").status == OK
    assert device.machine.read(old, 64) == b"\xee" * 64, "an event in a buffer taken back"
    events = ring(device, 1, 16)
    token, room = events.submit(b"", 64)
    events.kick()
    assert events.collect() == [(token, 13)]
    assert device.machine.read(room + 8, 5) == b"later"


@each_layout
def test_no_interrupt_for_a_queue_that_was_reset(machines, layout):
    device, _, requests, _ = start(machines, layout)
    device.enable_msix(3)
    device.set("queue_select", 0)
    device.set("queue_msix_vector", 1)
    requests.submit(request(DELAY, arg=100), 16)
    requests.kick()
    reset_queue(device, 0)
    device.machine.step(1_000_000)
    assert device.get("queue_msix_vector") == 0xFFFF and not device.interrupted(1)


def test_another_size_after_the_reset(machines):
    device, ring, requests, _ = start(machines, "split", "queue-size=64")
    assert requests.ask(NOP).status == OK
    for size in (32, 4, 64):
        reset_queue(device, 0)
        assert device.get("queue_size") == 64, "the choice is open again"
        requests = ring(device, 0, size)
        assert device.get("queue_size") == size
        for _ in range(2 * size):
            device.free = 0x600000
            assert requests.ask(NOP).status == OK


def test_size_of_the_device_after_the_reset(machines):
    """A driver that leaves queue_size alone has a queue as large as it reads."""
    device, ring, _, _ = start(machines, "split", "queue-size=64")
    reset_queue(device, 0)

    class Untouched(ring):
        def __init__(self, owner, number, size):
            set_field = owner.set
            owner.set = lambda field, value: field == "queue_size" or set_field(field, value)
            super().__init__(owner, number, size)
            owner.set = set_field

    requests = Untouched(device, 0, 64)
    assert device.get("queue_size") == 64
    for _ in range(70):
        device.free = 0x600000
        assert requests.ask(NOP).status == OK


def test_size_above_the_maximum_is_ignored(machines):
    """QEMU's core would take it, and then write beyond its own memory."""
    device = Simple(machines("queue-size=16"))
    device.negotiate((VERSION_1,))
    device.set("queue_select", 0)
    device.set("queue_size", 1024)
    assert device.get("queue_size") == 16


@each_layout
def test_size_of_an_enabled_queue_is_settled(machines, layout):
    """QEMU's core would take it, and end with an assertion where the ring it mapped ends."""
    device, _, requests, _ = start(machines, layout, size=4)
    device.set("queue_select", 0)
    device.set("queue_size", 128)
    assert device.get("queue_size") == 4
    for _ in range(20):
        device.free = 0x600000
        assert requests.ask(NOP).status == OK


def test_queues_that_do_not_exist(machines):
    device, _, requests, _ = start(machines, "split")
    requests.ask(EVENT, payload=b"waits beside the device's notes on its queues")
    for number in (2, 66, 67, 1023, 1024, 65535):
        device.set("queue_select", number)
        device.set("queue_reset", 1)
    device.set("queue_select", 0)
    if device.get("queue_enable"):
        assert requests.ask(NOP).status == OK
    assert device.machine.alive()


def test_not_accepted_means_no_reset(machines):
    device, _, requests, _ = start(machines, "split", bits=(), arguments=("-d", "guest_errors"))
    token, _ = requests.submit(request(DELAY, arg=100), 16)
    requests.kick()
    device.set("queue_select", 0)
    device.set("queue_reset", 1)
    device.machine.step(100_000)
    assert requests.collect() == [(token, 16)]
    assert "queue_reset written without RING_RESET" in device.machine.log()


def test_device_reset_after_queue_reset(machines):
    device, ring, requests, _ = start(machines, "split")
    reset_queue(device, 0)
    requests, _ = device.start(ring=ring)
    assert requests.ask(NOP).status == OK
