# SPDX-License-Identifier: MIT
"""IN_ORDER: used in the order made available, also behind a DELAY, and in batches of one entry."""

import struct

import pytest

from simple import (DELAY, ECHO, EVENT, EVENTQ, EVENT_IDX, FILL, INDIRECT, IN_ORDER, NOP, OK,
                    PACKED, VERSION_1, Answer, Indirect, Packed, Simple, Split, request)
from snapshot import make_qcow2, snapshot_arguments

LAYOUTS = {"split": ("", Split, ()), "indirect": ("", Indirect, (INDIRECT,)),
           "packed": (",packed=on", Packed, (PACKED,))}
each_layout = pytest.mark.parametrize("layout", LAYOUTS)


def start(machines, layout, options="in_order=on", arguments=(), bits=(), size=16):
    more, ring, layout_bits = LAYOUTS[layout]
    device = Simple(machines(options + more, *arguments))
    queues = device.start((VERSION_1, EVENTQ, IN_ORDER, *layout_bits, *bits), ring=ring, size=size)
    return device, *queues


def submit(ring, *requests):
    """Requests as (op, arg, room for the answer's bytes); all posted, then one kick."""
    posted = [ring.submit(request(op, arg, cookie), 16 + room)
              for cookie, (op, arg, room) in enumerate(requests)]
    ring.kick()
    return [token for token, _ in posted], [room for _, room in posted]


def batches(ring, tokens):
    """Batches by the rules of 2.7.9 and 2.8.8, as ([tokens], used length); `tokens` is what is
    out, in order, and loses what came back."""
    got = []
    while True:
        entry = next_entry(ring)
        if entry is None:
            return got
        last, length = entry
        batch = tokens[:tokens.index(last) + 1]
        del tokens[:len(batch)]
        skip(ring, batch)
        got.append((batch, length))


def next_entry(ring):
    if isinstance(ring, Split):
        if ring.seen & 0xFFFF == ring.machine.load(ring.used + 2, 2):
            return None
        return struct.unpack("<II", ring.machine.read(
            ring.used + 4 + 8 * (ring.seen % ring.size), 8))
    _, length, token, flags = struct.unpack(
        "<QIHH", ring.machine.read(ring.ring + 16 * ring.seen, 16))
    used = (flags >> 7 & 1, flags >> 15 & 1) == (ring.seen_wrap, ring.seen_wrap)
    return (token, length) if used else None


def skip(ring, batch):
    if isinstance(ring, Split):
        ring.seen += len(batch)
        return
    for token in batch:
        ring.seen, ring.seen_wrap = ring._after(ring.seen, ring.seen_wrap, ring.lengths.pop(token))


def test_offered_when_asked_for(machines):
    assert not Simple(machines()).offered() >> IN_ORDER & 1
    assert Simple(machines("in_order=on")).offered() >> IN_ORDER & 1


def test_batches_need_the_feature(machines):
    with pytest.raises(AssertionError, match="in-order-batch needs in_order=on"):
        machines("in-order-batch=on")


@each_layout
def test_a_delay_holds_up_those_behind_it(machines, layout):
    device, requests, _ = start(machines, layout)
    tokens, rooms = submit(requests, (DELAY, 300, 0), (DELAY, 100, 0), (NOP, 0, 0), (FILL, 4, 4))
    assert not requests.collect()
    device.machine.step(100_000)
    assert not requests.collect(), "overtaken by the shorter DELAY"
    device.machine.step(200_000)
    assert requests.collect() == [(tokens[0], 16), (tokens[1], 16), (tokens[2], 16),
                                  (tokens[3], 20)]
    answer = Answer(20, device.machine.read(rooms[3], 20))
    assert (answer.status, answer.cookie, answer.data) == (OK, 3, bytes([3, 4, 5, 6]))


@each_layout
def test_without_accepting_it_they_overtake(machines, layout):
    more, ring, bits = LAYOUTS[layout]
    device = Simple(machines("in_order=on,in-order-batch=on" + more))
    requests, _ = device.start((VERSION_1, EVENTQ, *bits), ring=ring)
    tokens, _ = submit(requests, (DELAY, 300, 0), (NOP, 0, 0))
    assert requests.collect() == [(tokens[1], 16)]


@each_layout
def test_other_queues_are_not_held_up(machines, layout):
    _, requests, events = start(machines, layout)
    submit(requests, (DELAY, 300, 0), (EVENT, 0, 0))
    token, room = events.submit(b"", 64)
    events.kick()
    assert events.collect() == [(token, 8)]
    assert events.machine.load(room, 4) == 1, "type"


@each_layout
def test_a_batch_is_one_entry(machines, layout):
    """One kick, three answers, one used entry; the skipped buffers are written to their ends."""
    device, requests, _ = start(machines, layout, "in_order=on,in-order-batch=on")
    tokens, rooms = submit(requests, (NOP, 0, 8), (FILL, 4, 16), (FILL, 2, 8))
    assert batches(requests, list(tokens)) == [(tokens, 18)]
    assert device.machine.read(rooms[0], 24) == struct.pack("<IIQQ", OK, 0, 0, 0)
    assert device.machine.read(rooms[1], 32) == struct.pack(
        "<IIQ", OK, 4, 1) + bytes([1, 2, 3, 4]) + bytes(12)
    assert device.machine.read(rooms[2], 24) == struct.pack(
        "<IIQ", OK, 2, 2) + bytes([2, 3]) + b"\xee" * 6, "the last one has a length"


def test_skipped_entries_are_not_written(machines):
    device, requests, _ = start(machines, "split", "in_order=on,in-order-batch=on")
    device.machine.write(requests.used + 4, b"\xaa" * 8 * 16)
    submit(requests, (NOP, 0, 0), (NOP, 0, 0), (NOP, 0, 0))
    assert device.machine.load(requests.used + 2, 2) == 3
    assert device.machine.read(requests.used + 12, 16) == b"\xaa" * 16


def test_skipped_descriptors_are_not_written(machines):
    device, requests, _ = start(machines, "packed", "in_order=on,in-order-batch=on")
    submit(requests, (NOP, 0, 0), (NOP, 0, 0), (NOP, 0, 0))
    flags = [device.machine.load(requests.ring + 16 * number + 14, 2) for number in range(6)]
    assert flags[0] == 0x8080, "used, in the first lap"
    assert [one & 0x8080 for one in flags[1:]] == [0x80] * 5, "as the driver left them"


@each_layout
def test_a_delay_makes_a_batch_of_what_it_held_up(machines, layout):
    device, requests, _ = start(machines, layout, "in_order=on,in-order-batch=on")
    first, _ = submit(requests, (NOP, 0, 0), (DELAY, 300, 0), (NOP, 0, 0))
    out = list(first)
    assert batches(requests, out) == [(first[:1], 16)]
    second, _ = submit(requests, (NOP, 0, 0), (DELAY, 900, 0), (NOP, 0, 0))
    out += second
    assert not batches(requests, out)
    device.machine.step(300_000)
    assert batches(requests, out) == [(first[1:] + second[:1], 16)]
    device.machine.step(600_000)
    assert batches(requests, out) == [(second[1:], 16)] and not out


@each_layout
def test_batches_round_the_ring_many_times(machines, layout):
    """Past the end of the ring in every position, with interrupts by event index."""
    device, requests, _ = start(machines, layout, "in_order=on,in-order-batch=on",
                                bits=(EVENT_IDX,), size=8)
    for lap in range(40):
        count = 1 + lap % 4
        device.free = 0x600000
        tokens, rooms = submit(requests, *[(FILL, 8, 8)] * count)
        assert batches(requests, list(tokens)) == [(tokens, 24)]
        for number, room in enumerate(rooms):
            data = device.machine.read(room, 24)
            assert Answer(24, data).data == bytes(range(number, number + 8))


@each_layout
def test_a_huge_buffer_ends_its_batch(machines, layout):
    """To fill it up would cost more than an answer may."""
    device, requests, _ = start(machines, layout,
                                "in_order=on,in-order-batch=on,max-payload=4096")
    device.free = 0x600000
    tokens, _ = submit(requests, (NOP, 0, 0), (NOP, 0, 5000), (NOP, 0, 0))
    assert batches(requests, list(tokens)) == [(tokens[:2], 16), (tokens[2:], 16)]


@each_layout
def test_a_batch_is_one_interrupt(machines, layout):
    device, requests, _ = start(machines, layout, "in_order=on,in-order-batch=on")
    device.enable_msix(3)
    device.set("queue_select", 0)
    device.set("queue_msix_vector", 1)
    submit(requests, (NOP, 0, 0), (NOP, 0, 0))
    assert device.interrupted(1) and not device.interrupted(1)


@each_layout
@pytest.mark.parametrize("batch", ["", ",in-order-batch=on"])
def test_reset_forgets_what_is_held_up(machines, layout, batch):
    device, requests, _ = start(machines, layout, "in_order=on" + batch)
    _, rooms = submit(requests, (DELAY, 100, 0), (NOP, 0, 0))
    device.reset()
    device.machine.step(1_000_000)
    assert [device.machine.read(room, 16) for room in rooms] == [b"\xee" * 16] * 2
    _, ring, bits = LAYOUTS[layout]
    requests, _ = device.start((VERSION_1, EVENTQ, IN_ORDER, *bits), ring=ring)
    assert requests.ask(ECHO, payload=b"on", room=2).data == b"on"


@each_layout
@pytest.mark.parametrize("batch", ["", ",in-order-batch=on"])
def test_snapshot_of_what_is_held_up(machines, tmp_path, layout, batch):
    """The answer that waits for its turn is part of the snapshot."""
    make_qcow2(tmp_path / "disk.qcow2")
    device, requests, _ = start(machines, layout, "in_order=on" + batch,
                                snapshot_arguments(tmp_path / "disk.qcow2"))
    tokens, rooms = submit(requests, (DELAY, 500, 0), (FILL, 4, 4), (DELAY, 200, 0))
    assert device.machine.hmp("savevm one") == ""
    device.reset()
    assert device.machine.hmp("loadvm one") == ""
    device.machine.qmp("cont")
    device.machine.step(499_999)
    assert not requests.collect()
    device.machine.step(1)
    assert [one for batch, _ in batches(requests, list(tokens)) for one in batch] == tokens
    assert Answer(20, device.machine.read(rooms[1], 20)).data == bytes([1, 2, 3, 4])
    assert requests.ask(NOP).status == OK
