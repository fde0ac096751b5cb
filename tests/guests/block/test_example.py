# SPDX-License-Identifier: MIT
"""The app in docs/api.md builds as it stands there, and does what the page says."""

import re

from disks import check, knobs_for, raw
from own_image import build_app
from qemu import TREE

SECTION = re.compile(r"^## Block$.*?^```c\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_example_counts_its_boots(qemu, tmp_path):
    """Three boots from one image, on disks of small and of large blocks."""
    elf = build_app("api-block", SECTION.search((TREE / "docs/api.md").read_text())[1])
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(64 << 10))
    for boot, block in ((1, 512), (2, 4096), (3, 512)):
        device = f"virtio-blk-pci,logical_block_size={block},physical_block_size=4096"
        lines = check(knobs_for(qemu, "", raw(image), device), elf=elf)
        assert f"boot {boot} of this disk" in lines
    assert image.read_bytes()[:8] == (3).to_bytes(8, "little")
