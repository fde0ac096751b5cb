# SPDX-License-Identifier: MIT
"""Shared memory: its capability, its BAR, and the count in its first eight bytes."""

import struct

import pytest

from qtest import wait_until
from simple import (DELAY, DEVICE, ECHO, EVENT, EVENTQ, IN_ORDER, NOP, OK, PACKED, VENDOR,
                    VERSION_1, Packed, Simple, Split, request)
from snapshot import make_qcow2, snapshot_arguments

PLACE = 0xE1000000
SHARED_MEMORY = 8


class Shared(Simple):
    """The device, with its shared memory where a test can reach it."""

    def __init__(self, machine):
        super().__init__(machine)
        self.capability = self.regions[SHARED_MEMORY]
        self.bar = self.field(4, 1)
        machine.config_write(self.slot, 0x10 + 4 * self.bar, 4, PLACE)

    def field(self, offset, width):
        return self.machine.config_read(self.slot, self.capability + offset, width)

    def served(self):
        return self.machine.load(PLACE, 8)


@pytest.fixture
def shared(machines):
    return Shared(machines("shm-size=64k"))


def bar_size(device, bar):
    """By the rules of PCI: with decoding off, write ones, read back, put back."""
    pci, at = device.machine, 0x10 + 4 * bar
    before, command = pci.config_read(device.slot, at, 4), pci.config_read(device.slot, 4, 2)
    pci.config_write(device.slot, 4, 2, 0)
    pci.config_write(device.slot, at, 4, 0xFFFFFFFF)
    ones = pci.config_read(device.slot, at, 4)
    pci.config_write(device.slot, at, 4, before)
    pci.config_write(device.slot, 4, 2, command)
    return 0x100000000 - (ones & ~0xF), before & 0xF


def test_none_unless_asked_for(device):
    assert SHARED_MEMORY not in device.regions
    assert device.machine.config_read(device.slot, 0x18, 4) == 0


@pytest.mark.parametrize("text, size", [("4096", 4096), ("64k", 65536), ("16M", 16 << 20)])
def test_capability(machines, text, size):
    """struct virtio_pci_cap64 (4.1.4.7)."""
    device = Shared(machines(f"shm-size={text}"))
    assert device.field(2, 1) == 24, "cap_len"
    assert device.field(5, 1) == 0, "id"
    low = device.field(8, 4), device.field(12, 4)
    high = device.field(16, 4), device.field(20, 4)
    assert (low, high) == ((0, size), (0, 0)), "offset and length"
    assert device.bar == 2 and bar_size(device, 2) == (size, 0xC), "64 bits, prefetchable"


def test_beside_a_doorbell_in_io_space(machines):
    """That one takes BAR 2, and 32 bits are left."""
    device = Shared(machines("shm-size=64k,modern-pio-notify=on"))
    assert device.bar == 3 and bar_size(device, 3) == (65536, 0x8)
    requests, _ = device.start()
    assert requests.ask(NOP).status == OK and device.served() == 1


def test_on_a_transitional_device(machines):
    device = Shared(machines("shm-size=64k", flavour="-transitional"))
    requests, _ = device.start()
    assert requests.ask(NOP).status == OK and device.served() == 1


def test_above_four_gigabytes(machines):
    device = Shared(machines("shm-size=64k"))
    device.machine.config_write(device.slot, 0x1C, 4, 1)
    requests, _ = device.start()
    assert requests.ask(NOP).status == OK
    assert device.machine.load(0x100000000 + PLACE, 8) == 1


@pytest.mark.parametrize("layout", ["split", "packed"])
def test_requests_are_counted(machines, layout):
    device = Shared(machines("shm-size=4k,packed=on"))
    ring, bits = (Packed, (PACKED,)) if layout == "packed" else (Split, ())
    assert device.served() == 0
    requests, events = device.start((VERSION_1, EVENTQ, *bits), ring=ring)
    events.submit(b"", 64)
    events.kick()
    for number, op in enumerate((NOP, ECHO, EVENT, 99), 1):
        requests.ask(op)
        assert device.served() == number, "one for each answer, an UNSUPPORTED too"
    requests.submit(request(DELAY, arg=100), 16)
    requests.kick()
    assert device.served() == 4
    device.machine.step(100_000)
    assert device.served() == 5


def test_batches_are_counted_by_request(machines):
    device = Shared(machines("shm-size=4k,in_order=on,in-order-batch=on"))
    requests, _ = device.start((VERSION_1, EVENTQ, IN_ORDER))
    for _ in range(3):
        requests.submit(request(NOP), 16)
    requests.kick()
    assert device.served() == 3


def test_the_rest_is_memory(shared):
    pattern = struct.pack("<1024I", *range(1024))
    for at in (8, 4096, 65536 - 4096):
        shared.machine.write(PLACE + at, pattern)
        assert shared.machine.read(PLACE + at, 4096) == pattern
    requests, _ = shared.start()
    assert requests.ask(NOP).status == OK
    assert shared.machine.read(PLACE + 8, 4088) == pattern[:4088], "touched by the device"


def test_the_count_is_the_devices_own(shared):
    requests, _ = shared.start()
    requests.ask(NOP)
    shared.machine.store(PLACE, 8, 0x1234)
    requests.ask(NOP)
    assert shared.served() == 2


def test_outlives_a_reset(shared):
    requests, _ = shared.start()
    requests.ask(NOP)
    shared.machine.store(PLACE + 8, 8, 77)
    shared.reset()
    assert (shared.served(), shared.machine.load(PLACE + 8, 8)) == (1, 77)


def test_is_in_a_snapshot(machines, tmp_path):
    make_qcow2(tmp_path / "disk.qcow2")
    device = Shared(machines("shm-size=64k", *snapshot_arguments(tmp_path / "disk.qcow2")))
    requests, _ = device.start()
    requests.ask(NOP)
    device.machine.store(PLACE + 0x8000, 8, 5)
    assert device.machine.hmp("savevm one") == ""
    requests.ask(NOP)
    device.machine.store(PLACE + 0x8000, 8, 6)
    assert device.machine.hmp("loadvm one") == ""
    device.machine.qmp("cont")
    assert (device.served(), device.machine.load(PLACE + 0x8000, 8)) == (1, 5)


def plug(machine, **options):
    machine.qmp("device_add", driver="virtio-simple-pci", id="simple", bus="pci.0", addr="4",
                **{"shm-size": 65536, **options})


def test_device_after_device_in_one_slot(shared):
    """The memory's name, which snapshots go by, is that of the slot."""
    for _ in range(2):
        shared.machine.qmp("device_del", id="simple")
        shared.machine.command("outl 0xae10 0")
        shared.machine.command(f"outl 0xae08 0x{1 << shared.slot:x}")
        wait_until(lambda: not shared.machine.present(VENDOR, DEVICE), "the unplug")
        with pytest.raises(RuntimeError, match="tag must be"):
            plug(shared.machine, tag="t" * 33)
        plug(shared.machine)
        shared = Shared(shared.machine)
        requests, _ = shared.start()
        assert requests.ask(NOP).status == OK and shared.served() == 1


def test_requests_may_lie_in_it(shared):
    """An address in a BAR is an address like any other to the device."""
    requests, _ = shared.start()
    shared.machine.write(PLACE + 0x1000, request(ECHO, payload=b"hello"))
    token = requests.add([(PLACE + 0x1000, 21, 0), (PLACE + 0x2000, 21, 2)])
    requests.kick()
    assert requests.collect() == [(token, 21)]
    assert shared.machine.read(PLACE + 0x2010, 5) == b"hello"


REFUSED = {
    "shm-size=2048": "shm-size must be 0 or a power of two, 4 KiB to 1 GiB",
    "shm-size=12k": "shm-size must be 0 or a power of two",
    "shm-size=2G": "shm-size must be 0 or a power of two",
    "shm-size=4k,disable-modern=on,disable-legacy=off": "shm-size needs the modern interface",
}


@pytest.mark.parametrize("options", REFUSED)
def test_bad_sizes_are_refused(machines, options):
    with pytest.raises(AssertionError, match=REFUSED[options]):
        machines(options)


@pytest.mark.parametrize("options", ["shm-size=4k", "modern-pio-notify=on"])
def test_capabilities_fit_behind_a_port(machines, options):
    machines(options + ",bus=behind", "-device", "pcie-root-port,id=behind", machine="q35")


def test_capabilities_that_do_not_fit_are_refused(machines):
    """QEMU's core would end with an assertion."""
    both = "shm-size=4k,modern-pio-notify=on"
    machines(both, machine="q35")
    with pytest.raises(AssertionError, match="shm-size and modern-pio-notify=on do not fit"):
        machines(both + ",bus=behind", "-device", "pcie-root-port,id=behind", machine="q35")
