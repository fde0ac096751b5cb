# SPDX-License-Identifier: MIT
"""Several CPUs at one disk, each on a queue of its own or all on one."""

import pytest

import pattern
from disks import check, knobs_for, raw

SECTORS = 16 * 2048
LEGACY = "virtio-blk-pci,disable-modern=on,disable-legacy=off"


@pytest.mark.parametrize("smp, device, words", [
    ("4", "virtio-blk-pci,num-queues=4", ""),
    ("4", "virtio-blk-pci,num-queues=1,packed=on", ""),
    pytest.param("3", "virtio-blk-pci,num-queues=2", "virtio.irq=shared ", marks=pytest.mark.full),
    pytest.param("4", "virtio-blk-pci,num-queues=4", "virtio.irq=intx ", marks=pytest.mark.full),
    pytest.param("4", "virtio-blk-pci,num-queues=1", "virtio.irq=polled ", marks=pytest.mark.full),
    pytest.param("4", "virtio-blk-pci,num-queues=2,queue-size=4,indirect_desc=off,packed=on", "",
                 marks=pytest.mark.full),
    pytest.param("4", LEGACY + ",num-queues=2,event_idx=off", "", marks=pytest.mark.full),
    pytest.param("8", "virtio-blk-pci,num-queues=8", "", marks=pytest.mark.full),
])
def test_cpus_share_a_disk(smp, device, words, qemu, tmp_path):
    """All CPUs write it and verify it; the host agrees."""
    image = tmp_path / "disk.img"
    pattern.fill(image, 1, SECTORS * pattern.SECTOR)
    for mode, seed in (("verify", 1), ("write", 2), ("verify", 2)):
        knobs = knobs_for(qemu, f"{words}mode={mode} seed={seed} cpus=all", raw(image), device,
                          SMP=smp)
        assert f"blkcheck: {smp} CPUs took part" in check(knobs)
    assert not list(pattern.differences(image, 2))
