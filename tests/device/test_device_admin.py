# SPDX-License-Identifier: MIT
"""The administration queue: where it is, its two commands, and what any other is told.

Sections are those of virtio 1.4: 2.12.1 and 2.13 for the commands, 4.1.4.3 for the registers.
"""

import struct

import pytest

from qtest import wait_until
from simple import (ADMIN_VQ, ECHO, EVENTQ, INDIRECT, IN_ORDER, MQ, NOP, OK, PACKED, RING_RESET,
                    VERSION_1, WRITE, Indirect, Packed, Simple, Split)
from snapshot import make_qcow2, snapshot_arguments

LIST_QUERY, LIST_USE = 0, 1
SELF, SR_IOV = 0, 1
EINVAL = 22
INVALID_OPCODE, INVALID_FIELD, INVALID_GROUP = 2, 3, 4
LAYOUTS = {"split": ("", Split, ()), "indirect": ("", Indirect, (INDIRECT,)),
           "packed": (",packed=on", Packed, (PACKED,))}
each_layout = pytest.mark.parametrize("layout", LAYOUTS)


def command(opcode, data=b"", group=SELF, member=0):
    return struct.pack("<HH12xQ", opcode, group, member) + data


def opcodes(*sets):
    return struct.pack(f"<{len(sets)}Q", *sets)


class Admin:
    """The queue as a driver uses it: a command, and the result's fields with its used length."""

    def __init__(self, ring):
        self.ring = ring

    def execute(self, readable, room=16):
        token, at = self.ring.submit(readable, room)
        self.ring.kick()
        done = self.ring.collect()
        assert [one for one, _ in done] == [token], f"not answered: {self.ring.machine.log()}"
        data = self.ring.machine.read(at, room)
        assert data[done[0][1]:] == b"\xee" * (room - done[0][1]), "written beyond the length"
        return data[:done[0][1]]

    def __call__(self, opcode, data=b"", room=16, **where):
        result = self.execute(command(opcode, data, **where), room)
        assert result[4:8] == bytes(4), "reserved2"
        return (*struct.unpack_from("<HH", result), result[8:])


def start(machines, layout="split", options="", bits=(), arguments=()):
    more, ring, layout_bits = LAYOUTS[layout]
    device = Simple(machines("admin_vq=on" + options + more, *arguments))
    features = (VERSION_1, EVENTQ, ADMIN_VQ, *layout_bits, *bits)
    requests, _, admin = device.start(features, ring=ring, queues=(0, 1, 2))
    return device, requests, Admin(admin)


QUERIED = (OK, 0, opcodes(3))
DONE = (OK, 0, b"")


def test_offered_when_asked_for(machines):
    assert not Simple(machines()).offered() >> ADMIN_VQ & 1
    assert Simple(machines("admin_vq=on")).offered() >> ADMIN_VQ & 1


# Options, num_queues without the administration queue, and vectors.
PLACES = {"": (2, 4), ",eventq=off": (1, 3), ",num-request-queues=5": (6, 8),
          ",num-request-queues=64": (65, 67), ",vectors=2": (2, 2)}


@pytest.mark.parametrize("options", PLACES)
def test_it_comes_after_the_last_queue(machines, options):
    device = Simple(machines("admin_vq=on" + options))
    vectors = device.machine.config_read(device.slot, device.msix + 2, 2) & 0x7FF
    assert (device.get("num_queues"), vectors + 1) == PLACES[options]
    assert device.get("admin_queue_index") == device.get("num_queues")
    assert device.get("admin_queue_num") == 1
    device.negotiate((VERSION_1, ADMIN_VQ))
    device.set("queue_select", device.get("admin_queue_index"))
    assert device.get("queue_size") == 128
    device.set("queue_select", device.get("admin_queue_index") + 1)
    assert device.get("queue_size") == 0


def test_without_it_the_fields_are_zero(device):
    assert (device.get("admin_queue_index"), device.get("admin_queue_num")) == (0, 0)
    assert device.get("num_queues") == 2


def test_num_queues_through_the_window(machines):
    """Configuration space has a second way to the registers (4.1.4.9)."""
    device = Simple(machines("admin_vq=on"))
    window = device.regions[5]
    for field, wanted in ((18, 2), (60, 2), (62, 1)):
        for offset, width, value in ((4, 1, 4), (8, 4, field), (12, 4, 2)):
            device.machine.config_write(device.slot, window + offset, width, value)
        assert device.machine.config_read(device.slot, window + 16, 2) == wanted


@each_layout
def test_query_and_use(machines, layout):
    device, requests, admin = start(machines, layout)
    for _ in range(20):
        device.free = 0x600000
        assert admin(LIST_QUERY) == QUERIED
        assert admin(LIST_USE, opcodes(3)) == DONE
    assert requests.ask(ECHO, payload=b"too", room=3).data == b"too"


OTHERS = [2, 3, 7, 0x11, 63, 64, 65, 0x7FFF, 0x8000, 0xFFFF]


@pytest.mark.parametrize("layout", ["split", "packed"])
def test_every_other_opcode(machines, layout):
    """EINVAL, and no side effect: the device goes on (2.12.1.5)."""
    device, _, admin = start(machines, layout)
    for opcode in OTHERS:
        assert admin(opcode, bytes(64)) == (EINVAL, INVALID_OPCODE, b"")
    assert not device.needs_reset() and admin(LIST_QUERY) == QUERIED


def test_every_other_group(machines):
    """The group is looked at before the opcode; there is no SR-IOV here."""
    _, _, admin = start(machines)
    for group in (SR_IOV, 2, 0x100, 0xFFFF):
        for opcode in (LIST_QUERY, LIST_USE, 2, 0xFFFF):
            assert admin(opcode, opcodes(3), group=group) == (EINVAL, INVALID_GROUP, b"")


def test_member_is_not_used_by_these_two(machines):
    _, _, admin = start(machines)
    assert admin(LIST_QUERY, member=5) == QUERIED
    assert admin(LIST_USE, opcodes(3), member=1 << 63) == DONE


def test_use_of_what_there_is_not(machines):
    """Refused, and the list stays as it was."""
    _, _, admin = start(machines)
    for wrong in (4, 7, 1 << 63, 0xFFFFFFFFFFFFFFFF):
        assert admin(LIST_USE, opcodes(wrong)) == (EINVAL, INVALID_FIELD, b"")
    assert admin(LIST_QUERY) == QUERIED


def test_use_of_less_blocks_the_rest(machines):
    device, _, admin = start(machines)
    assert admin(LIST_USE, opcodes(2)) == DONE
    assert admin(LIST_QUERY) == (EINVAL, INVALID_OPCODE, b"")
    assert admin(LIST_USE, opcodes(1)) == DONE
    assert admin(LIST_USE, opcodes(3)) == (EINVAL, INVALID_OPCODE, b"")
    assert admin(LIST_QUERY) == QUERIED
    *_, admin = device.start((VERSION_1, EVENTQ, ADMIN_VQ), queues=(0, 1, 2))
    assert Admin(admin)(LIST_USE, opcodes(3)) == DONE, "a reset forgets the list"


def test_longer_parts(machines):
    """What lies beyond what the device knows is ignored, and not written (2.13.1)."""
    _, _, admin = start(machines)
    assert admin(LIST_USE, opcodes(3, 0, 0), room=256) == DONE
    assert admin(LIST_USE, opcodes(3, 1), room=256) == DONE
    assert admin(LIST_QUERY, bytes(5000), room=256) == QUERIED


@pytest.mark.parametrize("room", [0, 1, 2, 4, 7, 8, 12, 15, 16])
def test_shorter_result(machines, room):
    """Cut where the driver's memory ends, and no reason to fail."""
    device, _, admin = start(machines)
    whole = struct.pack("<HHI", OK, 0, 0) + opcodes(3)
    assert admin.execute(command(LIST_QUERY), room) == whole[:room]
    assert not device.needs_reset()


@pytest.mark.parametrize("size", [0, 1, 2, 4, 16, 23, 24, 25, 31])
def test_shorter_command(machines, size):
    """What is missing is zero: LIST_USE without data uses nothing, without opcode it is QUERY."""
    device, _, admin = start(machines)
    result = admin.execute(command(LIST_USE, opcodes(2))[:size])
    assert result[:4] == bytes(4)
    assert len(result) == (16 if size < 1 else 8)
    if 1 <= size <= 24:
        assert admin(LIST_QUERY) == (EINVAL, INVALID_OPCODE, b"")
        assert admin(LIST_USE, opcodes(3)) == (EINVAL, INVALID_OPCODE, b"")
    assert not device.needs_reset()


def test_in_many_pieces(machines):
    _, _, admin = start(machines)
    whole = command(LIST_USE, opcodes(3))
    at = admin.ring.device.place(whole)
    room = admin.ring.device.allocate(16)
    admin.ring.add([(at, 3, 0), (at + 3, 22, 0), (at + 25, 7, 0), (room, 1, WRITE),
                    (room + 1, 15, WRITE)])
    admin.ring.kick()
    assert admin.ring.collect() == [(0, 8)]


@each_layout
@pytest.mark.parametrize("options", [",in_order=on", ",in_order=on,in-order-batch=on"])
def test_beside_in_order(machines, layout, options):
    _, requests, admin = start(machines, layout, options, (IN_ORDER,))
    assert admin(LIST_QUERY) == QUERIED and requests.ask(NOP).status == OK


def test_interrupt_by_its_own_vector(machines):
    device, _, admin = start(machines)
    device.enable_msix(4)
    device.set("queue_select", 2)
    device.set("queue_msix_vector", 3)
    assert admin(LIST_QUERY) == QUERIED
    assert device.interrupted(3) and not device.interrupted(1)


def test_its_own_reset(machines):
    """The list of used commands is the device's, not the queue's."""
    device, _, admin = start(machines, bits=(RING_RESET,))
    assert admin(LIST_USE, opcodes(1)) == DONE
    device.set("queue_select", 2)
    device.set("queue_reset", 1)
    assert device.get("queue_reset") == 0
    admin = Admin(Split(device, 2, 16))
    assert admin(LIST_QUERY) == QUERIED and admin(LIST_USE, opcodes(3))[0] == EINVAL


def test_kick_without_the_feature(machines):
    device = Simple(machines("admin_vq=on"))
    requests, _, admin = device.start(queues=(0, 1, 2))
    assert requests.ask(NOP).status == OK
    admin.submit(command(LIST_QUERY), 16)
    admin.kick()
    assert not admin.collect() and device.needs_reset()
    assert "queue 2 notified, but ADMIN_VQ was not accepted" in device.machine.log()
    _, _, admin = device.start((VERSION_1, EVENTQ, ADMIN_VQ), queues=(0, 1, 2))
    assert Admin(admin)(LIST_QUERY) == QUERIED


def test_beside_more_request_queues(machines):
    device = Simple(machines("admin_vq=on,num-request-queues=3"))
    *_, more, last, admin = device.start((VERSION_1, EVENTQ, MQ, ADMIN_VQ), queues=range(5))
    assert more.ask(NOP).status == last.ask(NOP).status == OK
    assert Admin(admin)(LIST_QUERY) == QUERIED


def test_command_posted_before_driver_ok(machines):
    """Served once the device is live, by the queue's own rules."""
    device = Simple(machines("admin_vq=on"))
    device.negotiate((VERSION_1, EVENTQ, ADMIN_VQ))
    admin = Split(device, 2, 16)
    token, room = admin.submit(command(LIST_QUERY), 16)
    device.set("device_status", 15)
    done = []
    wait_until(lambda: done.extend(admin.collect()) or done, "the answer")
    assert done == [(token, 16)]
    assert device.machine.read(room, 16) == bytes(8) + opcodes(3)


def test_introspection_knows_the_feature(machines):
    device, _, _ = start(machines)
    path = "/machine/peripheral/simple/virtio-backend"
    assert device.machine.qmp("x-query-virtio-status", path=path)["num-vqs"] == 3


def test_snapshot_keeps_the_list(machines, tmp_path):
    make_qcow2(tmp_path / "disk.qcow2")
    device, _, admin = start(machines, arguments=snapshot_arguments(tmp_path / "disk.qcow2"))
    assert admin(LIST_USE, opcodes(1)) == DONE
    assert device.machine.hmp("savevm one") == ""
    device.reset()
    assert device.machine.hmp("loadvm one") == ""
    device.machine.qmp("cont")
    assert admin(LIST_USE, opcodes(3)) == (EINVAL, INVALID_OPCODE, b"")
