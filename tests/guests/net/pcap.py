# SPDX-License-Identifier: MIT
"""Reads a packet capture of QEMU's filter-dump and says what is wrong with any frame in it.

    problems = pcap.check(path).problems        # none: every checksum right, every length sane

As a command: python3 tests/guests/net/pcap.py FILE... It looks at Ethernet, ARP,
IPv4 with its fragments, IPv6 with the headers that are met in practice, ICMP, ICMPv6, UDP and TCP.
"""

import struct
import sys
from collections import Counter
from dataclasses import dataclass, field

PCAP_MAGIC = 0xA1B2C3D4
ETHERNET = 1
FRAME_MIN, FRAME_PADDED = 14, 64  # 60, and 64 where room for the check sequence is left
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPV6: "icmp6"}
HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS = 0, 43, 44, 60
CHECKSUM_AT = {ICMP: 2, TCP: 16, UDP: 6, ICMPV6: 2}
HEADER_MIN = {ICMP: 8, TCP: 20, UDP: 8, ICMPV6: 4}
MORE_FRAGMENTS = 0x2000


class Malformed(Exception):
    """What is wrong with a frame."""


def want(condition, what):
    """Goes on only when the condition holds."""
    if not condition:
        raise Malformed(what)


def internet_sum(data):
    """The ones' complement sum of RFC 1071; over data with its checksum it is 0xffff."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@dataclass
class Report:
    """What a capture holds: frames, how many of each kind, and what is wrong."""

    frames: list = field(default_factory=list)
    kinds: Counter = field(default_factory=Counter)
    problems: list = field(default_factory=list)


def frames_of(path):
    """(seconds, frame, its true length) of each record; a record cut by QEMU's end is left out."""
    with open(path, "rb") as file:
        head = file.read(24)
        want(len(head) == 24, "no capture: it is shorter than its header")
        magic, _, _, _, _, _, link = struct.unpack("<IHHiIII", head)
        want(magic == PCAP_MAGIC and link == ETHERNET, f"no capture of Ethernet: {head.hex()}")
        while len(record := file.read(16)) == 16:
            seconds, micros, stored, length = struct.unpack("<IIII", record)
            data = file.read(stored)
            if len(data) < stored:
                return
            yield seconds + micros / 1e6, data, length


class Checker:
    """Looks at one frame after the other; fragments are kept until their packet is whole."""

    def __init__(self):
        self.report = Report()
        self.fragments = {}

    def frame(self, number, data, length):
        """One frame; what is wrong with it is noted under its number, counted from 1."""
        self.report.frames.append(data)
        try:
            want(len(data) == length, f"cut by the capture: {len(data)} of {length} bytes")
            self.ethernet(data)
        except (Malformed, struct.error) as error:
            self.report.problems.append(f"frame {number}: {error}: {data[:80].hex()}")

    def ethernet(self, data):
        """IEEE 802.3: who sends is one station."""
        want(len(data) >= FRAME_MIN, f"{len(data)} bytes are no frame")
        want(not data[6] & 1, "the sender is a group")
        want(any(data[6:12]), "the sender is nobody")
        kind, = struct.unpack_from(">H", data, 12)
        known = {0x0806: ("arp", self.arp), 0x0800: ("ipv4", self.ipv4),
                 0x86DD: ("ipv6", self.ipv6)}
        name, look = known.get(kind, (f"{kind:04x}", lambda _: None))
        self.report.kinds[name] += 1
        look(data[14:])

    def arp(self, data):
        """RFC 826, for IPv4 over Ethernet."""
        want(len(data) >= 28, "ARP is cut")
        want(data[:6] == b"\0\1\x08\0\6\4", "ARP not of IPv4 over Ethernet")
        want(data[6:8] in (b"\0\1", b"\0\2"), "ARP is no request and no answer")
        self.padding(data, 28)

    def padding(self, data, length):
        """Behind a packet only what fills a short frame, or nothing."""
        want(len(data) == length or len(data) + FRAME_MIN <= FRAME_PADDED,
             f"{len(data) - length} bytes behind the packet")

    def ipv4(self, data):
        """RFC 791."""
        want(len(data) >= 20, "IPv4 header is cut")
        words, = struct.unpack_from(">B", data)
        header, (total,) = (words & 15) * 4, struct.unpack_from(">H", data, 2)
        want(words >> 4 == 4 and header >= 20, "IPv4 version or header length")
        want(header <= total <= len(data), f"IPv4 length {total}, {len(data)} bytes are there")
        self.padding(data, total)
        want(internet_sum(data[:header]) == 0xFFFF, "IPv4 header checksum")
        want(data[8], "IPv4 time to live is 0")
        where, = struct.unpack_from(">H", data, 6)
        pseudo = data[12:20]
        payload = data[header:total]
        if where & 0x3FFF:
            key = (pseudo, data[4:6], data[9])
            payload = self.reassemble(key, (where & 0x1FFF) * 8, payload, where & MORE_FRAGMENTS)
        if payload is not None:
            self.transport(data[9], pseudo, payload)

    def ipv6(self, data):
        """RFC 8200."""
        want(len(data) >= 40 and data[0] >> 4 == 6, "IPv6 header")
        total = 40 + struct.unpack_from(">H", data, 4)[0]
        want(total <= len(data), f"IPv6 length {total}, {len(data)} bytes are there")
        self.padding(data, total)
        want(data[7], "IPv6 hop limit is 0")
        self.extension(data[6], data[8:40], data[40:total])

    def extension(self, kind, pseudo, data):
        """The chain of extension headers, up to what they carry."""
        while kind in (HOP_BY_HOP, ROUTING, OPTIONS):
            length = (data[1] + 1) * 8
            want(length <= len(data), "IPv6 extension header is cut")
            kind, data = data[0], data[length:]
        if kind == FRAGMENT:
            where, = struct.unpack_from(">H", data, 2)
            key = (pseudo, data[4:8], data[0])
            kind, data = data[0], self.reassemble(key, where & ~7, data[8:], where & 1)
        if data is not None:
            self.transport(kind, pseudo, data)

    def reassemble(self, key, offset, payload, more):
        """The packet when it is whole, else None."""
        want(not more or len(payload) % 8 == 0, "a fragment of no multiple of 8 bytes")
        parts = self.fragments.setdefault(key, {})
        parts[offset] = (payload, bool(more))
        whole = b""
        while len(whole) in parts:
            part, more = parts[len(whole)]
            whole += part
            if not more:
                del self.fragments[key]
                return whole
            want(part, "an empty fragment")
        return None

    def transport(self, kind, pseudo, data):
        """Length and checksum of what is above IP."""
        if kind not in NAMES:
            return
        name = NAMES[kind]
        self.report.kinds[name] += 1
        want(len(data) >= HEADER_MIN[kind], f"{name} header is cut")
        if kind == UDP:
            want(struct.unpack_from(">H", data, 4)[0] == len(data), "udp length")
        if kind == TCP:
            self.tcp(data)
        if kind == UDP and data[6:8] == b"\0\0":
            want(len(pseudo) == 8, "udp without checksum over IPv6")
            return
        if kind != ICMP:
            data = pseudo + struct.pack(">IHH", len(data), 0, kind) + data
        want(internet_sum(data) == 0xFFFF, f"{name} checksum")

    def tcp(self, data):
        """Header length and flags that go together."""
        header, flags = (data[12] >> 4) * 4, data[13]
        want(20 <= header <= len(data), "tcp header length")
        want(flags & 0x03 != 0x03, "tcp SYN and FIN")
        want(flags & 0x16, "tcp without SYN, RST and ACK")


def check(path):
    """The report on a capture file."""
    checker = Checker()
    for number, (_, data, length) in enumerate(frames_of(path), 1):
        checker.frame(number, data, length)
    return checker.report


def main(paths):
    """Says what is in each file and what is wrong; the exit status tells whether anything is."""
    wrong = 0
    for path in paths:
        report = check(path)
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(report.kinds.items()))
        print(f"{path}: {len(report.frames)} frames ({kinds}), {len(report.problems)} bad")
        print("".join(f"  {problem}\n" for problem in report.problems), end="")
        wrong += len(report.problems)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
