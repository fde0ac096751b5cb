# SPDX-License-Identifier: MIT
"""The other end of APP=netcheck's exchange: numbered frames of all sizes, sent and checked.

The format of a frame is in tests/guests/netcheck/exchange.c. A peer needs a wire: something with
send(frame), and frames(), which yields what the machine sends until the wire ends.
"""

import socket
import struct
import threading

HEADER = struct.Struct("<6s6s2sBIH")
TYPE = b"\x88\xb5"
HELLO, DATA, DONE = range(3)
US = bytes.fromhex("020000000001")
PADDED = 60


def make_pattern(size):
    """The bytes that frames are cut out of."""
    pattern, x = bytearray(size), 1
    for i in range(size):
        x = (x * 1103515245 + 12345) & 0xFFFFFFFF
        pattern[i] = (x >> 16) & 0xFF
    return bytes(pattern)


class StreamWire:
    """QEMU's -netdev socket on a stream: each frame behind its length, in 4 bytes."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.reader = self.ours.makefile("rb")
        self.lock = threading.Lock()

    def descriptors(self):
        """What QEMU inherits."""
        return [self.theirs.fileno()]

    def arguments(self):
        """What QEMU is told, for a device with netdev=wire."""
        return f"-netdev socket,id=wire,fd={self.theirs.fileno()}"

    def send(self, frame):
        """Blocks while QEMU takes nothing."""
        with self.lock:
            self.ours.sendall(struct.pack(">I", len(frame)) + frame)

    def frames(self):
        """What the machine sends."""
        while len(head := self.reader.read(4)) == 4:
            yield self.reader.read(struct.unpack(">I", head)[0])

    def close(self):
        """Ends both threads of a peer on it."""
        try:
            self.ours.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.theirs.close()


class Peer:
    """Answers a machine: after its hello it sends as many frames as asked for; `problems` tells
    what was wrong with those that came."""

    def __init__(self, wire, mtu=1500, ordered=True):
        self.wire, self.ordered = wire, ordered
        self.largest = mtu + 14
        self.pattern = make_pattern(4096 + self.largest)
        self.received, self.sent, self.problems = set(), 0, []
        self.machine, self.sender = None, None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def length(self, number):
        """The same as length_of in the app."""
        return HEADER.size + number * 7919 % (self.largest - HEADER.size + 1)

    def frame(self, kind, number, length):
        """A frame to the machine."""
        start = number * 61 % 4093
        head = HEADER.pack(self.machine, US, TYPE, kind, number, length)
        return head + self.pattern[start:start + length - HEADER.size]

    def send_all(self, count):
        """All frames, one after the other, as fast as they are taken."""
        try:
            for number in range(count):
                self.wire.send(self.frame(DATA, number, self.length(number)))
                self.sent += 1
        except OSError as error:
            self.problems.append(f"sending ended after {self.sent} of {count}: {error}")

    def run(self):
        """Until the wire ends."""
        try:
            for frame in self.wire.frames():
                self.take(frame)
        except OSError:
            pass

    def take(self, frame):
        """One frame of the machine's."""
        if len(frame) < HEADER.size or frame[12:14] != TYPE:
            return
        _, self.machine, _, kind, number, length = HEADER.unpack_from(frame)
        if kind == HELLO:
            self.sender = threading.Thread(target=self.send_all, args=(number,), daemon=True)
            self.sender.start()
        elif kind == DATA:
            self.check(frame, number, length)
        elif kind == DONE:
            self.sender.join()
            if len(self.received) != number:
                self.problems.append(f"{len(self.received)} of {number} frames came")
            self.wire.send(self.frame(DONE, 0, HEADER.size + 64))

    def check(self, frame, number, length):
        """A data frame is the next one, as long as it says, and holds what its number says."""
        wanted = self.frame(DATA, number, self.length(number))
        same = frame[HEADER.size:length] == wanted[HEADER.size:]
        padded = len(frame) == PADDED and not any(frame[length:])
        if length != len(wanted) or not same or not (len(frame) == length or padded):
            self.problems.append(f"frame {number}: {len(frame)} bytes, {length} said")
        if number in self.received or (self.ordered and number != len(self.received)):
            self.problems.append(f"frame {number} after {len(self.received)} others")
        self.received.add(number)
