# SPDX-License-Identifier: MIT
"""DELAY: on time, overtaken by others, forgotten by a reset, and carried by a snapshot."""

import pytest

from qtest import wait_until
from simple import (DELAY, DEVICE, EVENTQ, NOP, OK, PACKED, VENDOR, VERSION_1, Answer, Packed,
                    Simple, Split, request)
from snapshot import make_qcow2, snapshot_arguments

LAYOUTS = {"split": ("", Split, ()), "packed": ("packed=on", Packed, (PACKED,))}


def test_on_time(device):
    requests, _ = device.start()
    _, room = requests.submit(request(DELAY, arg=250, cookie=77), 16)
    requests.kick()
    device.machine.step(249_999)
    assert not requests.collect(), "answered before its time"
    device.machine.step(1)
    assert requests.collect() == [(0, 16)]
    answer = Answer(16, device.machine.read(room, 16))
    assert (answer.status, answer.len, answer.cookie) == (OK, 0, 77)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_later_requests_overtake(machines, layout):
    options, ring, bits = LAYOUTS[layout]
    device = Simple(machines(options))
    requests, _ = device.start((VERSION_1, EVENTQ, *bits), ring=ring)
    tokens = [requests.submit(request(op, arg), 16)[0]
              for op, arg in ((DELAY, 300), (DELAY, 100), (NOP, 0))]
    requests.kick()
    assert [token for token, _ in requests.collect()] == [tokens[2]]
    device.machine.step(100_000)
    assert [token for token, _ in requests.collect()] == [tokens[1]]
    device.machine.step(200_000)
    assert [token for token, _ in requests.collect()] == [tokens[0]]


def test_reset_forgets(device):
    requests, _ = device.start()
    _, room = requests.submit(request(DELAY, arg=100), 16)
    requests.kick()
    device.reset()
    device.machine.step(1_000_000)
    assert device.machine.read(room, 16) == b"\xee" * 16, "written after the reset"
    requests, _ = device.start()
    assert requests.ask(NOP).status == OK, "the device is no longer usable"
    assert not requests.collect()


def test_unplug_in_flight(device):
    """The guest lets the device go through the ports of QEMU's ACPI hotplug, without a reset."""
    requests, _ = device.start()
    _, room = requests.submit(request(DELAY, arg=100), 16)
    requests.kick()
    device.machine.qmp("device_del", id="simple")
    device.machine.command("outl 0xae10 0")
    device.machine.command(f"outl 0xae08 0x{1 << device.slot:x}")
    wait_until(lambda: not device.machine.present(VENDOR, DEVICE), "the unplug")
    device.machine.write(room, b"\xee" * 16)
    device.machine.step(1_000_000)
    assert device.machine.read(room, 16) == b"\xee" * 16, "written after the unplug"


def test_snapshot_in_flight(machines, tmp_path):
    make_qcow2(tmp_path / "disk.qcow2")
    device = Simple(machines("", *snapshot_arguments(tmp_path / "disk.qcow2")))
    requests, _ = device.start()
    device.machine.store(device.config + 12, 4, 0xABCD)
    _, room = requests.submit(request(DELAY, arg=500, cookie=6), 16)
    requests.kick()
    assert device.machine.hmp("savevm one") == ""
    device.reset()  # drops the request and the field; the clock of a qtest machine stays
    assert device.machine.hmp("loadvm one") == ""
    device.machine.qmp("cont")
    assert not requests.collect() and device.machine.load(device.config + 12, 4) == 0xABCD
    device.machine.step(500_000)
    assert requests.collect() == [(0, 16)]
    assert Answer(16, device.machine.read(room, 16)).cookie == 6
