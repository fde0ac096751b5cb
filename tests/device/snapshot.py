# SPDX-License-Identifier: MIT
"""A place for savevm: QEMU puts a machine's snapshot into a disk image."""

import struct


def make_qcow2(path):
    """The smallest image that QEMU can put a snapshot into (its own format description)."""
    size, cluster = 64 << 20, 1 << 16
    header = struct.pack(">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3, 0, 0, 16, size, 0, 1, 3 * cluster,
                         cluster, 1, 0, 0, 0, 0, 0, 4, 104)
    table = struct.pack(">Q", 2 * cluster).ljust(cluster, b"\0")
    counts = struct.pack(">4H", 1, 1, 1, 1).ljust(cluster, b"\0")
    path.write_bytes(header.ljust(cluster, b"\0") + table + counts + bytes(cluster))


def snapshot_arguments(image):
    """QEMU's arguments for a machine with that image and nothing on it."""
    return ("-blockdev", f"driver=file,node-name=file,filename={image}",
            "-blockdev", "driver=qcow2,node-name=disk,file=file", "-drive", "if=none,id=unused")
