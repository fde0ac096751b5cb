# SPDX-License-Identifier: MIT
"""Drivers that break the rules: NEEDS_RESET, a line that says why, and a QEMU that lives on."""

import struct

import pytest

from qtest import wait_until
from simple import (ACKNOWLEDGE, DRIVER, DRIVER_OK, ECHO, EVENT, EVENTQ, FEATURES_OK, IN_TABLE,
                    INDIRECT, NEXT, NOP, OK, PACKED, UNSUPPORTED, VERSION_1, WRITE, Packed, Simple,
                    Split, request)


def needs_reset_then_works(device, words):
    """The device stopped and said why; a reset makes it whole again."""
    assert device.needs_reset()
    assert device.machine.log() and words in device.machine.log()
    requests, _ = device.start()
    assert requests.ask(ECHO, payload=b"back", room=4).data == b"back"


SHORT = {
    "no readable part": (b"", 16),
    "15 readable bytes": (request(NOP)[:15], 16),
    "1 readable byte": (b"x", 16),
    "no writable part": (request(NOP), 0),
    "15 writable bytes": (request(NOP), 15),
}


@pytest.mark.parametrize("name", SHORT)
def test_chain_without_room_for_the_headers(device, name):
    readable, writable = SHORT[name]
    requests, _ = device.start()
    _, room = requests.submit(readable, writable)
    requests.kick()
    assert not requests.collect()
    assert device.machine.read(room, writable) == b"\xee" * writable
    needs_reset_then_works(device, "virtio-simple: queue 0: a chain of "
                           f"{len(readable)} readable and {writable} writable bytes")


def test_config_interrupt_tells_of_needs_reset(device):
    device.enable_msix(3)
    device.set("config_msix_vector", 0)
    requests, _ = device.start()
    device.set("config_msix_vector", 0)
    requests.submit(b"", 16)
    requests.kick()
    assert device.interrupted(0)


def test_good_requests_before_a_bad_one_are_answered(device):
    requests, _ = device.start()
    good, _ = requests.submit(request(NOP), 16)
    requests.submit(b"x", 16)
    requests.submit(request(NOP), 16)
    requests.kick()
    assert requests.collect() == [(good, 16)]
    assert device.needs_reset()


def test_a_stopped_device_answers_nothing(device):
    requests, _ = device.start()
    requests.submit(b"", 16)
    requests.kick()
    requests.submit(request(NOP), 16)
    requests.kick()
    assert not requests.collect()


def raw(requests, *descriptors):
    """Descriptors written as they are, and the first one offered."""
    for number, descriptor in enumerate(descriptors):
        requests.machine.write(requests.table + 16 * number, struct.pack("<QIHH", *descriptor))
    requests.offer(0)
    requests.kick()


ADDRESS = 0x300000
CHAINS = {
    "Incorrect order for descriptors": [(ADDRESS, 16, WRITE | NEXT, 1), (ADDRESS, 16, 0, 0)],
    "Looped descriptor": [(ADDRESS, 16, NEXT, 1), (ADDRESS, 16, NEXT, 0)],
    "Desc next is 99": [(ADDRESS, 16, NEXT, 99), (ADDRESS, 16, WRITE, 0)],
    "zero sized buffers are not allowed": [(ADDRESS, 16, NEXT, 1), (ADDRESS, 0, WRITE, 0)],
}


@pytest.mark.parametrize("words", CHAINS)
def test_malformed_chain(device, words):
    """QEMU's own checks, in the words that the diagnoses quote."""
    requests, _ = device.start()
    raw(requests, *CHAINS[words])
    assert not requests.collect()
    needs_reset_then_works(device, words)


def test_head_out_of_range(device):
    requests, _ = device.start()
    requests.offer(4000)
    requests.kick()
    needs_reset_then_works(device, "Guest says index 4000 is available")


def test_index_too_far(device):
    requests, _ = device.start()
    device.machine.store(requests.available + 2, 2, 1000)
    requests.kick()
    needs_reset_then_works(device, "")  # which check sees it first differs between versions


def test_buffer_outside_memory(device):
    """No RAM there: whatever the answer, nothing but the driver may be hurt."""
    requests, _ = device.start()
    raw(requests, (0xF00000000000, 0xFFFFFFF0, NEXT, 1), (0xF00000000000, 16, WRITE, 0))
    assert device.machine.alive()
    requests, _ = device.start()
    assert requests.ask(NOP).status == OK


def test_huge_buffers_cost_nothing(device):
    """Four chained gigabytes of readable memory are TOO_LARGE, not copied."""
    requests, _ = device.start()
    room = device.allocate(16)
    requests.machine.write(ADDRESS, request(ECHO))
    raw(requests, (ADDRESS, 16, NEXT, 1), (0x100000, 0x3000000, NEXT, 2),
        (0x100000, 0x3000000, NEXT, 3), (room, 16, WRITE, 0))
    assert requests.collect() == [(0, 16)]
    assert device.machine.load(room, 4) == 3, "TOO_LARGE"


def test_packed_chain_without_headers(machines):
    device = Simple(machines("packed=on"))
    requests, _ = device.start((VERSION_1, EVENTQ, PACKED), ring=Packed)
    requests.submit(b"abc", 16)
    requests.kick()
    needs_reset_then_works(device, "a chain of 3 readable and 16 writable bytes")


def test_empty_indirect_table_in_a_packed_ring(machines):
    """QEMU as shipped ends here with an assertion; the build script mends it."""
    device = Simple(machines("packed=on"))
    requests, _ = device.start((VERSION_1, EVENTQ, PACKED, INDIRECT), ring=Packed)
    requests.add([(ADDRESS, 0, IN_TABLE)])
    requests.kick()
    needs_reset_then_works(device, "Invalid size for indirect buffer table")


def test_queue_that_was_not_negotiated(machines):
    device = Simple(machines("num-request-queues=2"))
    _, _, more = device.start((VERSION_1, EVENTQ), queues=(0, 1, 2))
    more.submit(request(NOP), 16)
    more.kick()
    assert not more.collect()
    needs_reset_then_works(device, "queue 2 notified, but MQ was not accepted")


def test_kick_before_driver_ok(machines):
    """Nothing is used before DRIVER_OK (3.1.1, step 8); then the waiting request is."""
    device = Simple(machines("", "-d", "guest_errors"))
    device.negotiate((VERSION_1,))
    requests = Split(device, 0, 16)
    requests.submit(request(NOP), 16)
    requests.kick()
    assert not requests.collect()
    assert "queue 0 notified with status 0x0b" in device.machine.log()
    device.set("device_status", ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK)
    done = []
    wait_until(lambda: done.extend(requests.collect()) or done, "the answer")
    assert done == [(0, 16)]


def test_bad_chain_posted_before_driver_ok(device):
    """The status that says so is not lost under the DRIVER_OK that is being written."""
    device.negotiate((VERSION_1,))
    Split(device, 0, 16).submit(b"", 16)
    device.set("device_status", ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK)
    wait_until(device.needs_reset, "NEEDS_RESET")


def test_features_never_offered_count_for_nothing(machines):
    requests, = Simple(machines("eventq=off")).start((VERSION_1, EVENTQ), queues=(0,))
    assert requests.ask(EVENT, payload=b"x").status == UNSUPPORTED


def test_event_buffer_without_room_for_the_header(device):
    requests, events = device.start()
    events.submit(b"", 7)
    events.kick()
    requests.submit(request(EVENT, payload=b"x"), 16)
    requests.kick()
    needs_reset_then_works(device, "event buffer of 7 writable bytes")
