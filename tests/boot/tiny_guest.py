# SPDX-License-Identifier: MIT
"""Guests of a few bytes that end in every way a guest can.

The runner has to be right about a machine that hangs or resets while the kernel is not, so these
are made here, by hand, and started as a PVH image by `qemu -kernel`.
"""

import struct

LOAD_ADDRESS = 0x100000
NOTE = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", LOAD_ADDRESS)  # XEN_ELFNOTE_PHYS32_ENTRY
HEADERS = 52 + 2 * 32

HANG = b"\xfa\xf4\xeb\xfd"  # cli; hlt; jump back to hlt
TRIPLE_FAULT = b"\x0f\x01\x1d" + struct.pack("<I", LOAD_ADDRESS - 8) + b"\x0f\x0b"  # lidt; ud2
PAUSE = b"\xb9" + struct.pack("<I", 1 << 26) + b"\xe2\xfe"  # mov ecx, much; loop to itself
RESET = b"\xb0\xfe\xe6\x64" + HANG  # the keyboard controller's reset line
POWER_OFF = b"\x66\xba\x04\x06\x66\xb8\x00\x20\x66\xef" + HANG  # PIIX4 PM1a: SLP_EN, S5


def leave(value):
    """Writes to isa-debug-exit: mov al, value; out 0xf4, al."""
    return b"\xb0" + bytes([value]) + b"\xe6\xf4" + HANG


def say(text):
    """Sends text to the first serial port: mov edx, 0x3f8, then mov al, byte; out dx, al."""
    return b"\xba\xf8\x03\0\0" + b"".join(b"\xb0" + bytes([c]) + b"\xee" for c in text.encode())


def elf(code):
    """A 32-bit ELF with one loaded segment, started through its PVH note."""
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    header = ident + struct.pack(
        "<HHIIIIIHHHHHH", 2, 3, 1, LOAD_ADDRESS, 52, 0, 0, 52, 32, 2, 0, 0, 0
    )
    size = len(code)
    start = HEADERS + len(NOTE)
    load = struct.pack(
        "<IIIIIIII", 1, start, LOAD_ADDRESS, LOAD_ADDRESS, size, size, 7, 1
    )
    note = struct.pack("<IIIIIIII", 4, HEADERS, 0, 0, len(NOTE), len(NOTE), 4, 4)
    return header + load + note + NOTE + code


def write(path, *pieces):
    """Writes a guest that does the pieces one after the other."""
    path.write_bytes(elf(b"".join(pieces)))
    return path
