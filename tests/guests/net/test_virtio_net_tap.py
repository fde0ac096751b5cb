# SPDX-License-Identifier: MIT
"""virtio-net on a tap: several queue pairs, and a device that offers all offloads."""

import struct
import threading

import pytest

import netcheck
import tap
from netcheck import Netcheck
from peer import Peer

pytestmark = pytest.mark.skipif(not tap.usable(), reason="this user may not make a tap")


@pytest.mark.parametrize("device, pairs", [
    ("", 1), (",packed=on", 1), (",mq=on,vectors=10", 4), (",mq=on,vectors=10,packed=on", 4),
    (",mq=on,vectors=0", 4), (",disable-modern=on,mq=on,vectors=10", 4),
])
def test_queue_pairs(device, pairs, qemu, logs, request):
    """Frames of all sizes over all queues; what the device offers beside is taken."""
    wire = tap.Tap(pairs)
    peer = Peer(wire, ordered=pairs == 1)
    with Netcheck(qemu, f"exchange send=3000 receive=3000 pairs={pairs}", wire,
                  "virtio-net-pci" + device) as machine:
        result = machine.finish()
    wire.close()
    netcheck.keep_log(logs, request.node.name, result)
    lines = netcheck.lines_of(result)
    netcheck.check_quiet(lines)
    assert not peer.problems, peer.problems[:10]
    assert any("3000 frames sent, 3000 received, 0 bad" in line for line in lines)
    accepted = [line for line in lines if "features accepted" in line][0]
    assert {"CSUM", "GUEST_CSUM", "HOST_TSO4", "GUEST_TSO4"} <= set(accepted.split())
    assert sum("netcheck: queue" in line for line in lines) == pairs


HEADER = struct.Struct("<BBHHHH")
NEEDS_CSUM, GSO_NONE, GSO_TCP4 = 1, 0, 1


def send_back(wire, kinds, problems):
    """Each TCP frame with the addresses swapped, and with the header that it came with."""
    try:
        for data in wire.frames():
            flags, gso, _, size, start, offset = HEADER.unpack_from(data)
            frame = data[HEADER.size:]
            if frame[12:14] != b"\x08\0" or frame[23] != 6:
                continue
            kinds.append(gso)
            if (flags, start, offset) != (NEEDS_CSUM, 34, 16) or gso and size != 1400:
                problems.append(data[:80].hex())
            head = HEADER.pack(NEEDS_CSUM, gso, 54, size, 34, 16)
            wire.send(head + frame[6:12] + frame[:6] + frame[12:])
    except OSError:
        pass  # the tap is gone; before that, the machine would miss an answer


@pytest.mark.parametrize("device", ["", ",packed=on", ",disable-modern=on", ",indirect_desc=off"])
def test_offloads_both_ways(device, qemu, logs, request):
    """Frames up to 64 KiB whose checksum and segments are left to others, there and back."""
    wire, kinds, problems = tap.Tap(1), [], []
    wire.show_headers()
    threading.Thread(target=send_back, args=(wire, kinds, problems), daemon=True).start()
    with Netcheck(qemu, "offload", wire, "virtio-net-pci" + device) as machine:
        result = machine.finish()
    wire.close()
    netcheck.keep_log(logs, request.node.name, result)
    netcheck.check_quiet(netcheck.lines_of(result))
    assert not problems, problems
    assert kinds.count(GSO_NONE) == 16 and kinds.count(GSO_TCP4) == 64


def test_offloads_left_out(qemu):
    """net.offload=off: none of them is accepted."""
    wire = tap.Tap(1)
    with Netcheck(qemu, "offload", wire, CMDLINE="net.offload=off") as machine:
        result = machine.finish()
    wire.close()
    accepted = [line for line in result.lines if "features accepted" in line][0]
    assert "CSUM" not in accepted and "TSO" not in accepted
    assert result.outcome == "fail"
