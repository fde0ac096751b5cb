# SPDX-License-Identifier: MIT
"""Each operation and each status, as the datasheet's request table has them."""

import struct
import zlib

import pytest

from qtest import wait_until
from simple import (CRC32, DELAY, ECHO, EVENT, EVENT_IDX, EVENTQ, FILL, INDIRECT, INVALID, MQ,
                    MULTIPLY, NOP, OK, PACKED, TOO_LARGE, UNSUPPORTED, VERSION_1, WRITE, Answer,
                    Indirect, Packed, Simple, Split, request)

MAX = 65536


@pytest.fixture
def requests(device):
    return device.start()[0]


def test_nop(requests):
    answer = requests.ask(NOP, cookie=0x1122334455667788, room=8)
    assert (answer.used, answer.status, answer.len) == (16, OK, 0)
    assert answer.cookie == 0x1122334455667788
    assert answer.rest == b"\xee" * 8, "the device wrote past its answer"


@pytest.mark.parametrize("size", [0, 1, 4096, MAX])
def test_echo(requests, size):
    payload = bytes(i * 7 & 0xFF for i in range(size))
    answer = requests.ask(ECHO, payload=payload, room=size)
    assert (answer.used, answer.status, answer.data) == (16 + size, OK, payload)


@pytest.mark.parametrize("a, b", [(6, 7), (0, 9), (2**64 - 1, 2**64 - 1), (2**63, 2)])
def test_multiply(requests, a, b):
    answer = requests.ask(MULTIPLY, payload=struct.pack("<QQ", a, b), room=16)
    assert (answer.used, answer.status) == (32, OK)
    assert int.from_bytes(answer.data, "little") == a * b


@pytest.mark.parametrize("size", [0, 8, 15, 17, 32])
def test_multiply_wants_two_numbers(requests, size):
    answer = requests.ask(MULTIPLY, cookie=3, payload=bytes(size), room=16)
    assert (answer.used, answer.status, answer.len, answer.cookie) == (16, INVALID, 0, 3)


@pytest.mark.parametrize("payload", [b"", b"123456789", bytes(range(256)) * 16])
def test_crc32(requests, payload):
    answer = requests.ask(CRC32, payload=payload, room=4)
    assert (answer.used, answer.status) == (20, OK)
    assert int.from_bytes(answer.data, "little") == zlib.crc32(payload)


@pytest.mark.parametrize("size, cookie", [(0, 0), (300, 250), (MAX, 2**64 - 2)])
def test_fill(requests, size, cookie):
    answer = requests.ask(FILL, arg=size, cookie=cookie, room=size)
    assert (answer.used, answer.status) == (16 + size, OK)
    assert answer.data == bytes(cookie + i & 0xFF for i in range(size))


@pytest.mark.parametrize("op", [7, 99, 0xFFFFFFFF])
@pytest.mark.parametrize("size", [0, MAX + 1])
def test_unknown_operation(requests, op, size):
    answer = requests.ask(op, cookie=5, payload=bytes(size), room=4)
    assert (answer.used, answer.status, answer.len, answer.cookie) == (16, UNSUPPORTED, 0, 5)


@pytest.mark.parametrize("op", [NOP, ECHO, MULTIPLY, CRC32, FILL, DELAY, EVENT])
def test_payload_too_large(requests, op):
    answer = requests.ask(op, payload=bytes(MAX + 1), room=MAX + 1)
    assert (answer.used, answer.status, answer.len) == (16, TOO_LARGE, 0)


@pytest.mark.parametrize("size", [MAX + 1, 0xFFFFFFFF])
def test_fill_too_large(requests, size):
    answer = requests.ask(FILL, arg=size, room=MAX)
    assert (answer.used, answer.status, answer.len) == (16, TOO_LARGE, 0)


def test_max_payload_is_a_property(machines):
    requests = Simple(machines("max-payload=100")).start()[0]
    assert requests.ask(ECHO, payload=bytes(100), room=100).status == OK
    assert requests.ask(ECHO, payload=bytes(101), room=101).status == TOO_LARGE


def test_answer_that_does_not_fit(requests):
    answer = requests.ask(ECHO, cookie=9, payload=bytes(100), room=99)
    assert (answer.used, answer.status, answer.len, answer.cookie) == (16, INVALID, 0, 9)
    assert answer.rest == b"\xee" * 99, "part of the answer was written"


def test_event_needs_the_feature(device):
    requests, = device.start(features=(VERSION_1,), queues=(0,))
    for size in (1, MAX + 1):
        assert requests.ask(EVENT, payload=bytes(size)).status == UNSUPPORTED


def test_scattered_chain(requests):
    """Headers and payload cut at odd places mean the same as in one piece."""
    device, data = requests.device, request(ECHO, cookie=8, payload=b"abcdefgh")
    cuts = [(data[:3], 0), (data[3:17], 0), (data[17:], 0)]
    rooms = [(device.place(b"\xee" * size), size) for size in (5, 12, 7)]
    pieces = [(device.place(part), len(part), flags) for part, flags in cuts]
    requests.add(pieces + [(at, size, WRITE) for at, size in rooms])
    requests.kick()
    assert [length for _, length in requests.collect()] == [24]
    answer = Answer(24, b"".join(device.machine.read(at, size) for at, size in rooms))
    assert (answer.status, answer.cookie, answer.data) == (OK, 8, b"abcdefgh")


LAYOUTS = {
    "split": ("", Split, ()),
    "indirect": ("", Indirect, (INDIRECT,)),
    "packed": ("packed=on", Packed, (PACKED,)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rings_wrap(machines, layout):
    options, ring, bits = LAYOUTS[layout]
    device = Simple(machines(options))
    requests, _ = device.start((VERSION_1, EVENTQ, *bits), size=4, ring=ring)
    for number in range(11):
        assert requests.ask(FILL, arg=3, cookie=number, room=3).data == bytes(
            (number, number + 1, number + 2))


def test_batch_is_answered_with_one_interrupt(device):
    device.enable_msix(3)
    requests, _ = device.start((VERSION_1, EVENTQ, EVENT_IDX))
    rooms = [requests.submit(request(NOP, cookie=number), 16)[1] for number in range(8)]
    requests.kick()
    assert len(requests.collect()) == 8
    assert [device.machine.load(room + 8, 8) for room in rooms] == list(range(8))
    assert device.interrupted(1)
    assert not device.interrupted(0) and not device.interrupted(2)


def test_no_interrupt_without_an_answer(device):
    device.enable_msix(3)
    requests, _ = device.start()
    requests.submit(request(DELAY, arg=1000), 16)
    requests.kick()
    assert not requests.collect() and not device.interrupted(1)
    device.machine.step(1_000_000)
    assert len(requests.collect()) == 1 and device.interrupted(1)


def test_more_request_queues(machines):
    device = Simple(machines("num-request-queues=3"))
    queues = device.start((VERSION_1, EVENTQ, MQ), queues=(0, 1, 2, 3))
    for ring in (queues[0], queues[2], queues[3]):
        assert ring.ask(ECHO, cookie=ring.number, payload=b"hi", room=2).data == b"hi"


def test_kick_through_the_main_loop(machines):
    """ioeventfd is QEMU's default: the answer comes in the device's own time."""
    requests = Simple(machines("ioeventfd=on")).start()[0]
    requests.submit(request(NOP), 16)
    requests.kick()
    done = []
    wait_until(lambda: done.extend(requests.collect()) or done, "the answer")
    assert done == [(0, 16)]
