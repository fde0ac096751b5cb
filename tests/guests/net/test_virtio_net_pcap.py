# SPDX-License-Identifier: MIT
"""The checker of captures finds what it should: each good frame passes, and no damaged one."""

import struct

import pytest

import pcap

MACS = bytes.fromhex("525400123456" "52550a000202")
V4 = bytes([10, 0, 2, 15, 10, 0, 2, 2])
V6 = bytes(range(32))


def filled(data, at, pseudo=b""):
    """The data with its checksum."""
    value = 0xFFFF - pcap.internet_sum(pseudo + data)
    return data[:at] + struct.pack(">H", value) + data[at + 2:]


def ipv4(kind, payload, flags=0):
    """An IPv4 packet in a frame."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 7, flags, 64, kind, 0) + V4
    return MACS + b"\x08\0" + filled(head, 10) + payload


def ipv6(kind, payload):
    """An IPv6 packet in a frame."""
    return MACS + b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(payload), kind, 64) + V6 + payload


def over(addresses, kind, payload):
    """The payload with its checksum over the pseudo header."""
    pseudo = addresses + struct.pack(">IHH", len(payload), 0, kind)
    return filled(payload, pcap.CHECKSUM_AT[kind], pseudo)


TCP = struct.pack(">HHIIBBHHH", 80, 4000, 1, 2, 0x50, 0x18, 1000, 0, 0) + b"hello"
UDP = struct.pack(">HHHH", 53, 53, 8 + 100, 0) + bytes(range(100))
PING = filled(b"\x08\0\0\0\0\1\0\1" + bytes(1000), 2)
GOOD = {
    "arp": MACS + b"\x08\x06" + b"\0\1\x08\0\6\4\0\1" + bytes(20),
    "ping": ipv4(pcap.ICMP, PING),
    "tcp": ipv4(pcap.TCP, over(V4, pcap.TCP, TCP)),
    "udp": ipv4(pcap.UDP, over(V4, pcap.UDP, UDP)),
    "udp without checksum": ipv4(pcap.UDP, UDP),
    "tcp6": ipv6(pcap.TCP, over(V6, pcap.TCP, TCP)),
    "icmp6": ipv6(pcap.ICMPV6, over(V6, pcap.ICMPV6, b"\x87\0\0\0" + bytes(20))),
    "udp6 behind options": ipv6(0, bytes([pcap.UDP, 0]) + bytes(6) + over(V6, pcap.UDP, UDP)),
}


def check(tmp_path, *frames):
    """What the checker says of these frames in a file."""
    path = tmp_path / "capture"
    data = struct.pack("<IHHiIII", pcap.PCAP_MAGIC, 2, 4, 0, 0, 65536, 1)
    for frame in frames:
        data += struct.pack("<IIII", 1, 2, len(frame), len(frame)) + frame
    path.write_bytes(data)
    return pcap.check(path)


def bad(frame):
    """Whether the checker has something to say of one frame."""
    checker = pcap.Checker()
    checker.frame(1, bytes(frame), len(frame))
    return bool(checker.report.problems)


def damaged(frame, at):
    """The frame with one byte changed."""
    return frame[:at] + bytes([frame[at] ^ 0x55]) + frame[at + 1:]


@pytest.mark.parametrize("name", GOOD)
def test_good_frame_passes(name, tmp_path):
    assert not check(tmp_path, GOOD[name]).problems


@pytest.mark.parametrize("name", [name for name in GOOD if name not in ("arp",
                                                                        "udp without checksum")])
def test_each_damaged_byte_is_noticed(name):
    frame = GOOD[name]
    above_ip = 34 if frame[12] == 8 else 62
    for at in range(above_ip, len(frame)):
        assert bad(damaged(frame, at)), at


def test_ipv4_header_is_held_against_its_checksum():
    for at in range(14, 34):
        assert bad(damaged(GOOD["tcp"], at)), at


def test_fragments_are_put_together(tmp_path):
    first, second = ipv4(pcap.ICMP, PING[:496], 0x2000), ipv4(pcap.ICMP, PING[496:], 62)
    assert check(tmp_path, second, first).kinds["icmp"] == 1
    assert check(tmp_path, first, damaged(second, 100)).problems


@pytest.mark.parametrize("frame", [
    GOOD["tcp"][:13], GOOD["tcp"] + bytes(9), MACS[:6] + b"\1" + GOOD["tcp"][7:],
    GOOD["udp"][:-1], GOOD["ping"] + b"x", MACS[:6] + bytes(6) + GOOD["tcp"][12:],
], ids=["short", "long", "group", "cut", "behind", "nobody"])
def test_frame_that_is_no_good(frame):
    assert bad(frame)


def test_short_frame_may_be_padded():
    assert not bad(ipv4(pcap.UDP, struct.pack(">HHHH", 1, 1, 8, 0)) + bytes(18))
