# SPDX-License-Identifier: MIT
"""A small network around the machine: a router 10.1.0.1 that is also its DHCP and DNS server, and
advertises an IPv6 prefix. Each service can be silenced; what the machine sends is kept by kind."""

import queue
import struct
import threading

from pcap import internet_sum
from peer import StreamWire

US, MACHINE = bytes.fromhex("020000000001"), bytes.fromhex("525400123456")
ROUTER, GUEST = bytes([10, 1, 0, 1]), bytes([10, 1, 0, 42])
NAMES = {b"\x04name\x04test\x00": bytes([10, 1, 0, 99])}
ROUTER6 = bytes.fromhex("fe800000000000000000000000000001")
PREFIX6 = bytes.fromhex("fd00000100000000")
COOKIE = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5


def checksum(data):
    """What goes into a header's checksum."""
    return struct.pack(">H", ~internet_sum(data) & 0xFFFF)


def ethernet(kind, payload, to=MACHINE):
    """A frame of ours."""
    return to + US + struct.pack(">H", kind) + payload


def ipv4(protocol, payload, to=GUEST):
    """A packet from the router."""
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0,
                       ROUTER, to)
    return ethernet(0x800, head[:10] + checksum(head) + head[12:] + payload)


def udp(source, port, payload, to=GUEST):
    """A datagram from the router."""
    head = struct.pack(">HHHH", source, port, 8 + len(payload), 0)
    pseudo = ROUTER + to + struct.pack(">HH", 17, 8 + len(payload))
    return ipv4(17, head[:6] + checksum(pseudo + head + payload) + payload, to)


def icmp(kind, rest):
    """An ICMP message to the machine."""
    message = bytes([kind, 0, 0, 0]) + rest
    return ipv4(1, message[:2] + checksum(message) + message[4:])


def icmp6(kind, rest, to):
    """An ICMPv6 message from the router to the machine."""
    message = bytes([kind, 0, 0, 0]) + rest
    pseudo = ROUTER6 + to + struct.pack(">II", len(message), 58)
    message = message[:2] + checksum(pseudo + message) + message[4:]
    head = struct.pack(">IHBB", 0x60000000, len(message), 58, 255) + ROUTER6 + to
    return ethernet(0x86DD, head + message)


class Lan:
    """The network, on a thread of its own until the wire ends."""

    def __init__(self, lease=3600):
        self.wire = StreamWire()
        self.lease = lease
        self.dhcp = True
        self.requests = []  # DHCP messages that came, by type
        self.pongs, self.pongs6, self.datagrams = queue.Queue(), queue.Queue(), queue.Queue()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        """Answers frame by frame; a wire that is gone ends it."""
        try:
            for frame in self.wire.frames():
                kind = struct.unpack(">H", frame[12:14])[0]
                {0x806: self.arp, 0x800: self.ip, 0x86DD: self.ip6}.get(kind, len)(frame[14:])
        except OSError:
            pass

    def arp(self, packet):
        """Who has the router's address?"""
        if packet[7] == 1 and packet[24:28] == ROUTER:
            self.wire.send(ethernet(0x806, packet[:6] + b"\0\2" + US + ROUTER + packet[8:18]))

    def ip(self, packet):
        """By protocol and port."""
        payload = packet[(packet[0] & 15) * 4:struct.unpack(">H", packet[2:4])[0]]
        if packet[9] == 1 and payload[0] == 0:
            self.pongs.put(payload[4:])
        if packet[9] != 17:
            return
        source, port = struct.unpack(">HH", payload[:4])
        if port == 67:
            self.answer_dhcp(payload[8:])
        elif port == 53:
            self.answer_dns(source, payload[8:])
        else:
            self.datagrams.put((source, port, payload[8:]))

    def answer_dhcp(self, message):
        """An offer for a discovery, an acknowledgement for a request (RFC 2131, 4.3)."""
        kind = message[message.index(b"\x35\x01", 240) + 2]
        self.requests.append(kind)
        if not self.dhcp:
            return
        options = bytes([53, 1, {DISCOVER: OFFER, REQUEST: ACK}.get(kind, ACK), 54, 4]) + ROUTER
        options += bytes([51, 4]) + struct.pack(">I", self.lease)
        options += bytes([1, 4, 255, 255, 255, 0, 3, 4]) + ROUTER + bytes([6, 4]) + ROUTER
        answer = b"\2\1\6\0" + message[4:8] + bytes(8) + GUEST + ROUTER + bytes(4)
        answer += message[28:44] + bytes(192) + COOKIE + options + b"\xff"
        self.wire.send(udp(67, 68, answer))

    def answer_dns(self, source, question):
        """An address for a name that we know, or "no such name" (RFC 1035, 4.1)."""
        name = question[12:question.index(b"\0", 12) + 1]
        address = NAMES.get(name)
        flags, count = (0x8180, 1) if address else (0x8183, 0)
        answer = question[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0) + name + question[
            12 + len(name):16 + len(name)]
        if address:
            answer += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + address
        self.wire.send(udp(53, source, answer))

    def ip6(self, packet):
        """Solicitations are answered, echoes are kept."""
        if packet[6] != 58:
            return
        kind, source = packet[40], packet[8:24]
        if kind == 133 and any(source):
            prefix = bytes([3, 4, 64, 0xC0]) + struct.pack(">III", 3600, 1800, 0)
            self.wire.send(icmp6(134, bytes([64, 0, 7, 8]) + bytes(8) + prefix + PREFIX6 +
                                 bytes(8), source))
        elif kind == 135 and packet[48:64] == ROUTER6 and any(source):
            self.wire.send(icmp6(136, bytes([0xE0, 0, 0, 0]) + ROUTER6 + b"\2\1" + US, source))
        elif kind == 129:
            self.pongs6.put(packet[44:])

    def close(self):
        """Ends the wire, and the thread with it."""
        self.wire.close()
