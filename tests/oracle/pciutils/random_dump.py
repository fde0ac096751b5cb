# SPDX-License-Identifier: MIT
"""Configuration spaces with random contents: capabilities in a list, each bit by chance."""

import random

# Of each capability that ours decodes: its length. Bytes beyond it belong to others.
LENGTHS = {0x00: 4, 0x01: 8, 0x03: 8, 0x04: 4, 0x05: 24, 0x06: 4, 0x09: 20, 0x0a: 4, 0x0b: 4,
           0x0c: 8, 0x0d: 8, 0x0e: 4, 0x0f: 4, 0x10: 60, 0x11: 12, 0x12: 8, 0x13: 8, 0x42: 4}
EXPRESS, VENDOR, SUBSYSTEM = 0x10, 0x09, 0x0d
VIRTIO = 0x1af4, 0x1041
FIRST, END = 0x40, 0x100


class Space:
    """The 256 bytes of one function."""

    def __init__(self, dice):
        self.dice = dice
        self.bytes = bytearray(dice.randbytes(END))
        self.bridge = dice.random() < 0.4
        self.header()
        for where in range(0x10, 0x18 if self.bridge else 0x28, 4):
            self.put(where, 4, self.base())
        self.wide_base()
        self.capabilities()

    def put(self, where, length, value):
        """A little-endian register."""
        self.bytes[where:where + length] = value.to_bytes(length, "little")

    def header(self):
        """What must make sense for a function to be listed at all."""
        vendor, device = VIRTIO if self.dice.random() < 0.4 else (0x1234, 0x5678)
        self.put(0, 2, vendor)
        self.put(2, 2, device)
        self.put(0x06, 2, self.dice.getrandbits(16) | 0x10)
        self.put(0x0a, 2, self.dice.choice([0x0604, 0x0600, 0x0200, 0x0101, 0x00ff]))
        self.put(0x0e, 1, 0x01 if self.bridge else 0x00)
        if self.bridge:
            # Windows below 32 GiB: pciutils tells no larger sizes right.
            self.put(0x28, 4, self.dice.randrange(8))
            self.put(0x2c, 4, self.dice.randrange(8))
            self.windows()
        self.put(0x3d, 1, self.dice.randrange(5))
        if self.dice.random() < 0.2:
            self.put(0x38 if self.bridge else 0x30, 4, self.dice.choice([0, 1]))

    def windows(self):
        """A bridge's windows, most of them with types that both registers agree on."""
        for where, length, types in ((0x1c, 1, (0, 1)), (0x20, 2, (0,)), (0x24, 2, (0, 1))):
            kind = self.dice.choice(types)
            if self.dice.random() < 0.8:
                for register in (where, where + length):
                    value = self.dice.getrandbits(8 * length) & ~0xf
                    self.put(register, length, value | kind)

    def base(self):
        """A BAR of 32 bits, or none."""
        address = self.dice.getrandbits(32)
        return self.dice.choice([0, 0xffffffff, address & ~0xf, address & ~0xf | 8,
                                 address & ~0xf | 2, address & 0xfffc | 1, 1, 8])

    def wide_base(self):
        """A BAR of 64 bits, above 4 GiB or below."""
        self.put(0x10, 4, self.dice.getrandbits(32) & ~0xf | 4 | self.dice.choice([0, 8]))
        self.put(0x14, 4, self.dice.choice([0, 0, self.dice.getrandbits(8)]))

    def capabilities(self):
        """A list of them; now and then it loops, breaks, or ends at the very end."""
        place, link = FIRST, 0x34
        for kind in self.dice.choices(list(LENGTHS), k=self.dice.randint(1, 8)):
            length = LENGTHS[kind]
            if self.dice.random() < 0.05:
                place = END - self.dice.choice([4, 8, 16, 20, 36])
            # pciutils leaves the line of a subsystem that has no room unfinished.
            if place + (length if kind == SUBSYSTEM else 4) > END:
                break
            self.put(link, 1, place)
            self.put(place, 1, kind)
            self.shape(kind, place)
            link = place + 1
            place += length
        first = self.bytes[0x34] if link != 0x34 else 0
        self.put(link, 1, self.dice.choice([0, 0, 0, 0, 0, first]))
        if self.dice.random() < 0.05:
            self.put(self.bytes[0x34], 1, 0xff)

    def shape(self, kind, place):
        """Where pure chance would rarely hit what matters."""
        if kind == EXPRESS and place + 4 <= END:
            kinds = self.dice.choice([0, 1, 4, 5, 6, 7, 8, 9, 10, self.dice.randrange(16)])
            low = self.dice.choice([1, 2, 2, 2]) | kinds << 4
            self.put(place + 2, 2, self.dice.getrandbits(6) << 8 | low)
            if place + 0x2d <= END:
                # Speeds up to 32 GT/s: for higher ones the versions of pciutils have other words.
                self.put(place + 0x2c, 1, self.dice.getrandbits(6))
        if kind == VENDOR and place + 4 <= END:
            self.put(place + 2, 1, self.dice.choice([8, 16, 20, 20]))
            self.put(place + 3, 1, self.dice.randrange(7))


def random_dump(seed, functions=48):
    """A dump, the same one for ever."""
    dice = random.Random(seed)
    lines = []
    for number in range(functions):
        space = Space(dice).bytes
        lines.append(f"{number >> 5:02x}:{number & 0x1f:02x}.{dice.choice([0, 0, 3])} x")
        lines += [f"{at:02x}: " + space[at:at + 16].hex(" ") for at in range(0, END, 16)]
        lines.append("")
    return "\n".join(lines) + "\n"
