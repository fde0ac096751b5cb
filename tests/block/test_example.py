# SPDX-License-Identifier: MIT
"""The app in docs/api.md builds as it stands there, and does what the page says."""

import fcntl
import re
import subprocess

from disks import check, knobs_for, raw
from qemu import TREE, as_make_takes_it, build_directory

SECTION = re.compile(r"^## Block$.*?^```c\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_example_counts_its_boots(qemu, tmp_path):
    """Three boots from one image, on disks of small and of large blocks."""
    build = build_directory() / "tests"
    build.mkdir(parents=True, exist_ok=True)
    source = build / "api_block.c"
    source.write_text(SECTION.search((TREE / "docs/api.md").read_text())[1])
    with open(build / "make.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(
            ["make", "kernel", "APP=hello", f"OUT={as_make_takes_it(build)}/api-block",
             f"APP_SOURCES={as_make_takes_it(source)}"],
            cwd=TREE, capture_output=True, text=True, timeout=200, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(64 << 10))
    for boot, block in ((1, 512), (2, 4096), (3, 512)):
        device = f"virtio-blk-pci,logical_block_size={block},physical_block_size=4096"
        lines = check(knobs_for(qemu, "", raw(image), device), elf=build / "api-block/doorbell.elf")
        assert f"boot {boot} of this disk" in lines
    assert image.read_bytes()[:8] == (3).to_bytes(8, "little")
