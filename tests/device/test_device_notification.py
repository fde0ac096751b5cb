# SPDX-License-Identifier: MIT
"""NOTIFICATION_DATA: 32 bits with every kick, held against the ring and counted."""

import pytest

from simple import (DELAY, ECHO, EVENTQ, INDIRECT, MQ, NOP, NOTIFICATION_DATA, OK, PACKED,
                    VERSION_1, Indirect, Packed, Simple, Split, request)
from snapshot import make_qcow2, snapshot_arguments

LAYOUTS = {"split": ("", Split, ()), "indirect": ("", Indirect, (INDIRECT,)),
           "packed": (",packed=on", Packed, (PACKED,))}
each_layout = pytest.mark.parametrize("layout", LAYOUTS)


def next_place(ring):
    """The upper half of the value (4.1.5.2): where the next chain will start."""
    if isinstance(ring, Packed):
        return ring.wrap << 15 | ring.next
    return ring.posted & 0xFFFF


def ring_bell(ring, place=None, number=None):
    place = next_place(ring) if place is None else place
    number = ring.number if number is None else number
    ring.machine.store(ring.bell, 4, place << 16 | number)


def kicking_with_data(layout):
    class Told(layout):
        def kick(self):
            ring_bell(self)
    return Told


def start(machines, layout, options="", bits=(), arguments=(), **settings):
    more, ring, layout_bits = LAYOUTS[layout]
    device = Simple(machines("notification_data=on" + options + more, *arguments))
    features = (VERSION_1, EVENTQ, NOTIFICATION_DATA, *layout_bits, *bits)
    return device, *device.start(features, ring=kicking_with_data(ring), **settings)


def counters(device):
    """Notifications that carried data, and those of all that were wrong."""
    return tuple(device.machine.qmp("qom-get", path="/machine/peripheral/simple", property=name)
                 for name in ("notifications-with-data", "bad-notification-data"))


def test_offered_when_asked_for(machines):
    assert not Simple(machines()).offered() >> NOTIFICATION_DATA & 1
    assert Simple(machines("notification_data=on")).offered() >> NOTIFICATION_DATA & 1


def test_ioeventfd_gives_way(machines):
    """An eventfd would lose the data; the later option of two counts."""
    device, requests, _ = start(machines, "split", ",ioeventfd=on")
    assert requests.ask(NOP).status == OK and counters(device) == (1, 0)
    assert device.machine.qmp("qom-get", path="/machine/peripheral/simple",
                              property="ioeventfd") is False


@each_layout
def test_right_data_in_every_place_of_the_ring(machines, layout):
    device, requests, _ = start(machines, layout, size=8)
    for number in range(70):
        device.free = 0x600000
        for _ in range(1 + number % 3 if layout == "indirect" else 1):
            requests.submit(request(NOP), 16)
        requests.kick()
        assert requests.collect()
    assert counters(device) == (70, 0)


@each_layout
def test_right_data_while_requests_are_in_flight(machines, layout):
    device, requests, _ = start(machines, layout, size=8)
    for _ in range(3):
        requests.submit(request(DELAY, arg=100), 16)
        requests.kick()
    requests.kick()
    assert counters(device) == (4, 0), "the same again is right too"
    device.machine.step(100_000)
    assert len(requests.collect()) == 3
    assert requests.ask(NOP).status == OK and counters(device) == (5, 0)


def test_the_index_beyond_fifteen_bits(machines):
    device, requests, _ = start(machines, "indirect", size=128)
    requests.device.place = lambda data: 0x600000 + 0x1000 * (len(data) == 16)
    table = device.allocate(4096)
    device.machine.write(table, request(NOP))
    one = b"".join(requests._descriptors([(table, 16, 0), (table + 16, 16, 2)], 0))
    device.machine.write(table + 64, one)
    device.machine.write(requests.table, b"".join(
        requests._descriptors([(table + 64, 32, 4)], 0)))
    device.machine.write(requests.available + 4, bytes(2 * 128))
    while requests.posted < 0x10080:
        requests.posted += 128
        device.machine.store(requests.available + 2, 2, requests.posted & 0xFFFF)
        requests.kick()
    assert device.machine.load(requests.used + 2, 2) == 0x80
    assert counters(device) == (0x10080 // 128, 0)


@each_layout
@pytest.mark.parametrize("wrong", [-1, 1, 0x8000])
def test_wrong_place(machines, layout, wrong):
    """Counted and logged, and the request is served: the ring is what counts."""
    device, requests, _ = start(machines, layout, arguments=("-d", "guest_errors"))
    requests.submit(request(NOP), 16)
    place = next_place(requests)
    ring_bell(requests, place + wrong & 0xFFFF)
    assert len(requests.collect()) == 1 and counters(device) == (1, 1)
    assert f"not 0x{place << 16:08x}" in device.machine.log()


@each_layout
def test_wrong_queue(machines, layout):
    device, requests, events = start(machines, layout)
    requests.submit(request(NOP), 16)
    ring_bell(requests, number=events.number)
    assert len(requests.collect()) == 1, "the address counts"
    assert counters(device) == (1, 1)


@each_layout
def test_sixteen_bits_only(machines, layout):
    device, requests, _ = start(machines, layout)
    requests.submit(request(NOP), 16)
    device.machine.store(requests.bell, 2, 0)
    assert len(requests.collect()) == 1 and counters(device) == (0, 1)


def test_sixteen_bits_that_happen_to_be_right(machines):
    device, requests, _ = start(machines, "split")
    device.machine.store(requests.bell, 2, 0)
    assert counters(device) == (0, 1), "the width counts (4.1.5.2)"


def test_not_accepted_means_not_looked_at(machines):
    device = Simple(machines("notification_data=on"))
    requests, _ = device.start()
    assert requests.ask(ECHO, payload=b"abc", room=3).data == b"abc"
    assert counters(device) == (0, 0)


@each_layout
def test_every_queue_has_its_own_place(machines, layout):
    device, requests, events, more = start(machines, layout, ",num-request-queues=2", (MQ,),
                                           queues=(0, 1, 2))
    for _ in range(3):
        events.submit(b"", 64)
        events.kick()
        assert more.ask(NOP).status == OK
    assert requests.ask(NOP).status == OK
    assert counters(device) == (7, 0)


@each_layout
@pytest.mark.parametrize("options", [",page-per-vq=on", ",modern-pio-notify=on"])
def test_other_doorbells(machines, layout, options):
    device, _, events = start(machines, layout, options)
    events.submit(b"", 64)
    events.kick()
    assert counters(device) == (1, 0)


@each_layout
def test_doorbell_in_io_space(machines, layout):
    """One port for all queues: the value's lower half says which."""
    device, requests, _ = start(machines, layout, ",modern-pio-notify=on")
    device.machine.config_write(device.slot, 0x18, 4, 0xC000)
    device.machine.config_write(device.slot, 0x04, 2, 0x0007)
    token, _ = requests.submit(request(NOP), 16)
    device.machine.command(f"outl 0xc000 0x{next_place(requests) << 16:x}")
    assert requests.collect() == [(token, 16)] and counters(device) == (1, 0)


def test_doorbell_in_configuration_space(machines):
    """The window of 4.1.4.9 counts as well."""
    device, requests, _ = start(machines, "split")
    requests.submit(request(NOP), 16)
    window, bell = device.regions[5], requests.bell - 0xE0000000
    for offset, width, value in ((4, 1, 4), (8, 4, bell), (12, 4, 4), (16, 4, 1 << 16)):
        device.machine.config_write(device.slot, window + offset, width, value)
    assert len(requests.collect()) == 1 and counters(device) == (1, 0)


@each_layout
def test_data_for_a_queue_without_a_ring(machines, layout):
    device, requests, _ = start(machines, layout, queues=(0, 1))
    for offset in (8, 12, 4 * 1023):
        device.machine.store(device.notify + offset, 4, 0xFFFFFFFF)
    assert counters(device) == (0, 0) and requests.ask(NOP).status == OK


def test_counters_are_the_devices_own(machines):
    device, _, _ = start(machines, "split")
    with pytest.raises(RuntimeError):
        device.machine.qmp("qom-set", path="/machine/peripheral/simple",
                           property="bad-notification-data", value=0)


def test_counters_survive_a_snapshot(machines, tmp_path):
    make_qcow2(tmp_path / "disk.qcow2")
    device, requests, _ = start(machines, "split",
                                arguments=snapshot_arguments(tmp_path / "disk.qcow2"))
    ring_bell(requests, 5)
    assert device.machine.hmp("savevm one") == ""
    requests.kick()
    assert counters(device) == (2, 1)
    assert device.machine.hmp("loadvm one") == ""
    assert counters(device) == (1, 1)
