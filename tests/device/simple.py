# SPDX-License-Identifier: MIT
"""virtio-simple as a driver sees it, written from the datasheet and the virtio specification only.

Nothing here is shared with the device or with the kernel's driver: the numbers are typed from
docs/virtio-simple.md a second time, so that a slip in the shared header is seen.
"""

import struct

from qtest import Machine

VENDOR, DEVICE, VIRTIO_ID = 0x1AF4, 0x10F3, 179
EVENTQ, MQ, INDIRECT, EVENT_IDX, VERSION_1, PACKED = 0, 1, 28, 29, 32, 34
IN_ORDER, NOTIFICATION_DATA, RING_RESET, ADMIN_VQ = 35, 38, 40, 41
NOP, ECHO, MULTIPLY, CRC32, FILL, DELAY, EVENT = range(7)
OK, UNSUPPORTED, INVALID, TOO_LARGE = range(4)
ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET = 1, 2, 4, 8, 0x40
NEXT, WRITE, IN_TABLE = 1, 2, 4
NO_VECTOR = 0xFFFF

REGISTERS = 0xE0000000  # BAR 4, placed where the machine has its hole for PCI
MSIX_TABLE = 0xE0100000  # BAR 1
MESSAGES = 0x200000  # interrupts are memory writes: these go to memory where a test can look
POOL = 0x400000

# Fields of the common configuration (virtio 1.2, 4.1.4.3): offset and width.
COMMON = {
    "device_feature_select": (0, 4), "device_feature": (4, 4), "driver_feature_select": (8, 4),
    "driver_feature": (12, 4), "config_msix_vector": (16, 2), "num_queues": (18, 2),
    "device_status": (20, 1), "config_generation": (21, 1), "queue_select": (22, 2),
    "queue_size": (24, 2), "queue_msix_vector": (26, 2), "queue_enable": (28, 2),
    "queue_notify_off": (30, 2), "queue_desc": (32, 8), "queue_driver": (40, 8),
    "queue_device": (48, 8), "queue_reset": (58, 2), "admin_queue_index": (60, 2),
    "admin_queue_num": (62, 2),
}


def request(op, arg=0, cookie=0, payload=b""):
    return struct.pack("<IIQ", op, arg, cookie) + payload


class Answer:
    """The writable part of a request after the device gave it back."""

    def __init__(self, used, data):
        self.used = used
        self.status, self.len, self.cookie = struct.unpack_from("<IIQ", data)
        self.data = data[16:16 + self.len]
        self.rest = data[16 + self.len:]


class Simple:
    """A modern virtio-simple, from its PCI function to its queues."""

    def __init__(self, machine):
        self.machine = machine
        self.slot = machine.find(VENDOR, DEVICE)
        self.free = POOL
        self.regions = {}
        machine.config_write(self.slot, 0x20, 4, REGISTERS)
        machine.config_write(self.slot, 0x24, 4, 0)
        machine.config_write(self.slot, 0x14, 4, MSIX_TABLE)
        machine.config_write(self.slot, 0x04, 2, 0x0006)  # memory space, bus master
        self._walk_capabilities()

    def _walk_capabilities(self):
        pci = self.machine
        at = pci.config_read(self.slot, 0x34, 1)
        while at:
            kind = pci.config_read(self.slot, at, 1)
            if kind == 0x09:
                self.regions[pci.config_read(self.slot, at + 3, 1)] = at
            elif kind == 0x11:
                self.msix = at
            at = pci.config_read(self.slot, at + 1, 1)
        self.common = self._region(1)
        self.notify = self._region(2)
        self.config = self._region(4)
        self.multiplier = pci.config_read(self.slot, self.regions[2] + 16, 4)

    def _region(self, kind):
        assert self.machine.config_read(self.slot, self.regions[kind] + 4, 1) == 4, "not in BAR 4"
        return REGISTERS + self.machine.config_read(self.slot, self.regions[kind] + 8, 4)

    def get(self, field):
        offset, width = COMMON[field]
        return self.machine.load(self.common + offset, width)

    def set(self, field, value):
        """64-bit addresses go as two halves (4.1.3.1)."""
        offset, width = COMMON[field]
        if width == 8:
            self.machine.store(self.common + offset, 4, value & 0xFFFFFFFF)
            self.machine.store(self.common + offset + 4, 4, value >> 32)
        else:
            self.machine.store(self.common + offset, width, value)

    def offered(self):
        words = []
        for word in range(2):
            self.set("device_feature_select", word)
            words.append(self.get("device_feature"))
        return words[1] << 32 | words[0]

    def accept(self, bits):
        features = sum(1 << bit for bit in bits)
        for word in range(2):
            self.set("driver_feature_select", word)
            self.set("driver_feature", features >> 32 * word & 0xFFFFFFFF)

    def reset(self):
        self.set("device_status", 0)
        assert self.get("device_status") == 0
        self.free = POOL

    def start(self, features=(VERSION_1, EVENTQ), queues=(0, 1), size=16, ring=None):
        """3.1.1 from reset to DRIVER_OK; the queues by number."""
        self.negotiate(features)
        made = [(ring or Split)(self, number, size) for number in queues]
        self.set("device_status", ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK)
        return made

    def negotiate(self, features):
        self.reset()
        for status in (ACKNOWLEDGE, ACKNOWLEDGE | DRIVER):
            self.set("device_status", status)
        self.accept(features)
        self.set("device_status", ACKNOWLEDGE | DRIVER | FEATURES_OK)
        assert self.get("device_status") & FEATURES_OK, "the device refused the features"

    def needs_reset(self):
        return bool(self.get("device_status") & NEEDS_RESET)

    def allocate(self, size):
        """Memory of the test's own, each piece on a page."""
        at = self.free
        self.free += size + 4095 & ~4095
        return at

    def place(self, data):
        at = self.allocate(len(data))
        self.machine.write(at, data)
        return at

    def enable_msix(self, vectors):
        """Vector n writes 1000 + n to a word of memory, where `interrupted` finds it."""
        for number in range(vectors):
            entry = MSIX_TABLE + 16 * number
            for offset, value in ((0, MESSAGES + 4 * number), (4, 0), (8, 1000 + number), (12, 0)):
                self.machine.store(entry + offset, 4, value)
        self.machine.config_write(self.slot, self.msix + 2, 2, 0x8000)

    def interrupted(self, vector):
        """Whether that vector fired since the last look."""
        address = MESSAGES + 4 * vector
        value = self.machine.load(address, 4)
        assert value in (0, 1000 + vector)
        self.machine.store(address, 4, 0)
        return value != 0


class Ring:
    """What both ring layouts share: setting the queue up, ringing the bell, whole requests."""

    def __init__(self, device, number, size):
        self.device, self.machine, self.number, self.size = device, device.machine, number, size
        device.set("queue_select", number)
        assert device.get("queue_size") >= size, "the queue is smaller than the test wants"
        device.set("queue_size", size)
        for field, address in zip(("queue_desc", "queue_driver", "queue_device"), self.layout()):
            device.set(field, address)
        device.set("queue_msix_vector", number + 1)
        device.set("queue_enable", 1)
        self.bell = device.notify + device.get("queue_notify_off") * device.multiplier

    def kick(self):
        self.machine.store(self.bell, 2, self.number)

    def submit(self, readable=b"", writable=0):
        """Lends the device one chain: readable bytes, then room. Gives (token, room's address)."""
        pieces = [(self.device.place(readable), len(readable), 0)] if readable else []
        room = self.device.allocate(writable)
        self.machine.write(room, b"\xee" * writable)
        if writable:
            pieces.append((room, writable, WRITE))
        return self.add(pieces), room

    def ask(self, op, arg=0, cookie=0, payload=b"", room=0):
        """One request from start to end; room is for the answer's bytes."""
        token, at = self.submit(request(op, arg, cookie, payload), 16 + room)
        self.kick()
        done = self.collect()
        assert [one for one, _ in done] == [token], f"not answered: {self.machine.log()}"
        return Answer(done[0][1], self.machine.read(at, 16 + room))


class Split(Ring):
    """The split virtqueue (2.7)."""

    indirect = False

    def layout(self):
        self.table = self.device.allocate(16 * self.size)
        self.available = self.device.allocate(6 + 2 * self.size)
        self.used = self.device.allocate(6 + 8 * self.size)
        for at, size in ((self.available, 6 + 2 * self.size), (self.used, 6 + 8 * self.size)):
            self.machine.write(at, bytes(size))
        self.next, self.posted, self.seen = 0, 0, 0
        return self.table, self.available, self.used

    def add(self, pieces):
        head = self.next
        if self.indirect:
            inner = b"".join(self._descriptors(pieces, 0))
            pieces = [(self.device.place(inner), len(inner), IN_TABLE)]
        for descriptor in self._descriptors(pieces, self.next):
            self.machine.write(self.table + 16 * (self.next % self.size), descriptor)
            self.next = (self.next + 1) % self.size
        self.offer(head)
        return head

    def _descriptors(self, pieces, first):
        last = len(pieces) - 1
        for number, (address, length, flags) in enumerate(pieces):
            more = NEXT if number < last else 0
            yield struct.pack("<QIHH", address, length, flags | more,
                              (first + number + 1) % self.size if more else 0)

    def offer(self, head):
        self.machine.store(self.available + 4 + 2 * (self.posted % self.size), 2, head)
        self.posted += 1
        self.machine.store(self.available + 2, 2, self.posted & 0xFFFF)

    def collect(self):
        """Chains the device gave back, as (token, used length)."""
        done = []
        while self.seen & 0xFFFF != self.machine.load(self.used + 2, 2):
            element = self.used + 4 + 8 * (self.seen % self.size)
            done.append((self.machine.load(element, 4), self.machine.load(element + 4, 4)))
            self.seen += 1
        return done


class Indirect(Split):
    """Each chain in a table of its own (2.7.5.3)."""

    indirect = True


class Packed(Ring):
    """The packed virtqueue (2.8)."""

    def layout(self):
        self.ring = self.device.allocate(16 * self.size)
        self.machine.write(self.ring, bytes(16 * self.size))
        self.next, self.wrap, self.tokens = 0, 1, 0
        self.seen, self.seen_wrap, self.lengths = 0, 1, {}
        return self.ring, self.device.place(bytes(4)), self.device.place(bytes(4))

    def add(self, pieces):
        """The first descriptor's flags go last, as they hand the chain over."""
        token, handover = self.tokens, None
        self.tokens += 1
        self.lengths[token] = len(pieces)
        for number, (address, length, flags) in enumerate(pieces):
            flags |= (NEXT if number < len(pieces) - 1 else 0) | self._ours()
            at = self.ring + 16 * self.next
            self.machine.write(at, struct.pack("<QIH", address, length, token))
            if number:
                self.machine.store(at + 14, 2, flags)
            else:
                handover = (at + 14, flags)
            self.next, self.wrap = self._after(self.next, self.wrap, 1)
        self.machine.store(handover[0], 2, handover[1])
        return token

    def _ours(self):
        return 1 << 7 if self.wrap else 1 << 15

    def _after(self, index, wrap, count):
        index += count
        return (index - self.size, wrap ^ 1) if index >= self.size else (index, wrap)

    def collect(self):
        done = []
        while True:
            _, length, token, flags = struct.unpack(
                "<QIHH", self.machine.read(self.ring + 16 * self.seen, 16))
            if (flags >> 7 & 1, flags >> 15 & 1) != (self.seen_wrap, self.seen_wrap):
                return done
            done.append((token, length))
            self.seen, self.seen_wrap = self._after(self.seen, self.seen_wrap,
                                                    self.lengths.pop(token))


def boot(qemu, options="", *arguments, flavour="", machine="pc"):
    """A machine with one device that serves a kick inside the write, unless options say not to."""
    device = f"virtio-simple-pci{flavour},id=simple,ioeventfd=off,{options}".rstrip(",")
    return Machine(qemu, *arguments, "-device", device, machine=machine)
