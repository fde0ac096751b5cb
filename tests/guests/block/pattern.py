#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The host's side of APP=blkcheck: fills a raw image with its pattern, or checks one.

    tests/guests/block/pattern.py fill|check FILE SEED

64-bit little-endian word i of 512-byte sector n is splitmix64's output for the state
SEED + 64 n + i. Plain Python, and fast all the same: one large integer holds the words of a whole
chunk, each in a lane of 128 bits, so that a product by a 64-bit constant stays in its lane.
"""

import functools
import sys
from array import array

SECTOR = 512
WORDS = SECTOR // 8
CHUNK = 128  # sectors
LANES = CHUNK * WORDS
LANE = 16  # bytes

MASK64 = (1 << 64) - 1
ONES = int.from_bytes((b"\x01" + bytes(LANE - 1)) * LANES, "little")
MASK = ONES * MASK64
RAMP = int.from_bytes(b"".join(lane.to_bytes(LANE, "little") for lane in range(LANES)), "little")


def splitmix64(state):
    """The first output of a generator in that state, word by word: what the rest must equal."""
    z = state + 0x9E3779B97F4A7C15 & MASK64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK64
    return z ^ z >> 31


@functools.lru_cache(maxsize=2048)
def chunk(seed, sector):
    """The bytes of CHUNK sectors from `sector` on."""
    z = ONES * (seed + WORDS * sector + 0x9E3779B97F4A7C15 & MASK64) + RAMP & MASK
    # What is shifted in from the lane above lands in the upper half of a lane, and is masked.
    z = ((z ^ z >> 30) & MASK) * 0xBF58476D1CE4E5B9 & MASK
    z = ((z ^ z >> 27) & MASK) * 0x94D049BB133111EB & MASK
    z = (z ^ z >> 31) & MASK
    words = array("Q", z.to_bytes(LANES * LANE, "little"))
    return words[::2].tobytes()


def sectors_of(seed, first, count):
    """The bytes of any range of sectors."""
    parts = []
    for sector in range(first, first + count, CHUNK):
        parts.append(chunk(seed, sector)[:SECTOR * min(CHUNK, first + count - sector)])
    return b"".join(parts)


def fill(path, seed, size=None):
    """Writes the pattern over a file; `size` in bytes makes it that long."""
    with open(path, "r+b" if size is None else "wb") as file:
        if size is None:
            size = file.seek(0, 2)
            file.seek(0)
        for sector in range(0, size // SECTOR, CHUNK):
            left = size // SECTOR - sector
            file.write(sectors_of(seed, sector, min(CHUNK, left)))
    return size // SECTOR


def differences(path, seed, first=0, end=None):
    """Yields (sector, word, got, want) for the first wrong word of each wrong sector."""
    with open(path, "rb") as file:
        file.seek(first * SECTOR)
        sector = first
        while end is None or sector < end:
            skipped = sector % CHUNK  # of a chunk, as each is computed once
            count = CHUNK - skipped if end is None else min(CHUNK - skipped, end - sector)
            got = file.read(count * SECTOR)
            if not got:
                return
            want = chunk(seed, sector - skipped)[skipped * SECTOR:][:len(got)]
            if got != want:
                yield from compare(got, want, sector)
            sector += count


def compare(got, want, sector):
    """The same within a chunk; a piece of a sector at the end of a file counts as one."""
    for start in range(0, len(got), SECTOR):
        for word in range(start, min(start + SECTOR, len(got)), 8):
            if got[word:word + 8] != want[word:word + 8]:
                yield (sector + start // SECTOR, (word - start) // 8,
                       int.from_bytes(got[word:word + 8], "little"),
                       int.from_bytes(want[word:word + 8], "little"))
                break


def main(arguments):
    """The command line; 1 when a sector is wrong, 2 for a mistake."""
    if len(arguments) != 3 or arguments[0] not in ("fill", "check"):
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    path, seed = arguments[1], int(arguments[2], 0)
    if arguments[0] == "fill":
        print(f"{path}: {fill(path, seed)} sectors written, seed {seed}")
        return 0
    wrong = 0
    for sector, word, got, want in differences(path, seed):
        wrong += 1
        if wrong <= 10:
            print(f"sector {sector}: word {word} got {got:#018x} want {want:#018x}")
    print(f"{path}: {wrong} sectors wrong, seed {seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
