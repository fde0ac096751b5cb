# SPDX-License-Identifier: MIT
"""Ids of each flavour, and the configuration space, as the datasheet's first tables have them."""

import struct

import pytest

from simple import (DEVICE, EVENTQ, EVENT_IDX, INDIRECT, MQ, PACKED, RING_RESET, VENDOR, VERSION_1,
                    Simple)

MODERN = {"revision": 1, "subsystem": 0x1100, "legacy BAR": False}
TRANSITIONAL = {"revision": 0, "subsystem": 179, "legacy BAR": True}
FLAVOURS = [
    ("", "", "pc", MODERN),
    ("", "", "q35", MODERN),
    ("-non-transitional", "", "pc", MODERN),
    ("-transitional", "", "pc", TRANSITIONAL),
    ("-transitional", "", "q35", TRANSITIONAL),
    ("", "disable-legacy=off", "pc", TRANSITIONAL),
]


@pytest.mark.parametrize("flavour, options, board, wanted", FLAVOURS)
def test_ids(machines, flavour, options, board, wanted):
    machine = machines(options, flavour=flavour, machine=board)
    slot = machine.find(VENDOR, DEVICE)
    assert machine.config_read(slot, 0x08, 1) == wanted["revision"]
    assert machine.config_read(slot, 0x08, 4) >> 8 == 0x00FF00, "class code"
    assert machine.config_read(slot, 0x2C, 2) == VENDOR, "subsystem vendor"
    assert machine.config_read(slot, 0x2E, 2) == wanted["subsystem"]
    assert (machine.config_read(slot, 0x10, 4) & 1 == 1) == wanted["legacy BAR"]
    assert machine.config_read(slot, 0x3D, 1) == 1, "interrupt pin A"


@pytest.mark.parametrize("flavour", ["", "-transitional"])
def test_both_flavours_answer_a_modern_driver(machines, flavour):
    requests, _ = Simple(machines(flavour=flavour)).start()
    assert requests.ask(op=1, payload=b"abc", room=3).data == b"abc"


def config_fields(device):
    data = device.machine.read(device.config, 56)
    names = ("magic", "queues", "reserved", "max_payload", "writable", "counter", "tag")
    return dict(zip(names, struct.unpack("<IHHIIQ32s", data)))


def test_configuration_defaults(device):
    assert config_fields(device) == {
        "magic": 0x504D4953, "queues": 1, "reserved": 0, "max_payload": 65536, "writable": 0,
        "counter": 0, "tag": bytes(32)}


def test_configuration_follows_the_properties(machines):
    machine = machines("tag=front door,max-payload=4096,num-request-queues=3,counter=7")
    fields = config_fields(Simple(machine))
    assert fields["tag"] == b"front door".ljust(32, b"\0")
    assert (fields["max_payload"], fields["queues"], fields["counter"]) == (4096, 3, 7)


def test_tag_may_fill_its_field(machines):
    assert config_fields(Simple(machines("tag=" + "t" * 32)))["tag"] == b"t" * 32


def test_only_writable_is_writable(device):
    before = config_fields(device)
    for offset in range(0, 56, 4):
        device.machine.store(device.config + offset, 4, 0x12345678)
    assert config_fields(device) == {**before, "writable": 0x12345678}


def test_reset_clears_writable(device):
    device.machine.store(device.config + 12, 4, 5)
    assert config_fields(device)["writable"] == 5
    device.reset()
    assert config_fields(device)["writable"] == 0


# Which bits are offered, under options that change them.
OFFERS = {
    "": {EVENTQ, INDIRECT, EVENT_IDX, VERSION_1, RING_RESET},
    "mq=on": {EVENTQ, MQ, INDIRECT, EVENT_IDX, VERSION_1, RING_RESET},
    "num-request-queues=2": {EVENTQ, MQ, INDIRECT, EVENT_IDX, VERSION_1, RING_RESET},
    "eventq=off": {INDIRECT, EVENT_IDX, VERSION_1, RING_RESET},
    "packed=on,indirect_desc=off,event_idx=off": {EVENTQ, PACKED, VERSION_1, RING_RESET},
    "queue_reset=off": {EVENTQ, INDIRECT, EVENT_IDX, VERSION_1},
}


@pytest.mark.parametrize("options", OFFERS)
def test_offered_features(machines, options):
    offered = Simple(machines(options)).offered()
    assert {bit for bit in range(64) if offered >> bit & 1} == OFFERS[options]


# Options, the number of queues, and of MSI-X vectors.
COUNTS = {
    "": (2, 3), "eventq=off": (1, 2), "num-request-queues=5": (6, 7),
    "num-request-queues=5,vectors=2": (6, 2),
}


@pytest.mark.parametrize("options", COUNTS)
def test_queues_and_vectors(machines, options):
    device = Simple(machines(options))
    vectors = device.machine.config_read(device.slot, device.msix + 2, 2) & 0x7FF
    assert (device.get("num_queues"), vectors + 1) == COUNTS[options]


def test_queue_size(machines):
    device = Simple(machines("queue-size=64"))
    device.negotiate((VERSION_1,))
    device.set("queue_select", 1)
    assert device.get("queue_size") == 64
    device.set("queue_select", 2)
    assert device.get("queue_size") == 0, "a queue that does not exist"


REFUSED = {
    "num-request-queues=0": "num-request-queues must be 1 to 64",
    "num-request-queues=65": "num-request-queues must be 1 to 64",
    "num-request-queues=2,mq=off": "num-request-queues above 1 needs mq=on or mq=auto",
    "num-request-queues=2,eventq=off": "num-request-queues above 1 needs eventq=on",
    "queue-size=100": "queue-size must be a power of two, 2 to 1024",
    "max-payload=15": "max-payload must be 16 to 1048576 bytes",
    "max-events=0": "max-events must be 1 to 1024",
    "tag=" + "t" * 33: "tag must be at most 32 bytes",
}


@pytest.mark.parametrize("options", REFUSED)
def test_bad_options_are_refused_in_words(machines, options):
    with pytest.raises(AssertionError, match=REFUSED[options]):
        machines(options)
