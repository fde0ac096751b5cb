# SPDX-License-Identifier: MIT
"""A disk that asks for its reset under random load is restarted, and nothing is wrong."""

import re

import pytest

import pattern
from disks import knobs_for, lines_of, raw
from qemu import command_line
from test_trouble import Troubled

SECTORS = 16 * 2048
NOTIFY = 0x3000  # of BAR 4
AVAIL_IDX, RING = 2, 4  # offsets in the available ring (virtio 1.2, 2.7.6)


class TroubledDisk(Troubled):
    """A machine whose one virtio device is a disk; see Troubled."""

    def __init__(self, qemu, words, backend, device, smp="1"):
        knobs = knobs_for(qemu, words, backend, device)
        settings = {name.upper(): value for name, value in (
            ("app", "blkcheck"), ("cmdline", words), ("devices", "none"), ("smp", smp),
            ("timeout", str(int(knobs["timeout"]))))}
        disk = command_line(knobs)
        # Everything of the disk's own, which comes behind -d.
        super().__init__(qemu, disk[disk.index("-d"):disk.index("-kernel")], SIMPLE="modern",
                         **settings)

    def break_ring(self, queue_path):
        """Makes the device find more available entries than there are, and look.

        Those it finds have to be nonsense: QEMU does not count them, and would do once more what
        stands there from the last lap.
        """
        status = self.qmp.execute("x-query-virtio-queue-status", path=queue_path, queue=0)
        bar = next(re.search(r"(0000:\S+): BAR 4 \[mem (0x[0-9a-f]+)-", line)
                   for line in self.console.lines if "BAR 4 [mem" in line)
        self.qtest(f"memset {status['vring-avail'] + RING:#x} {2 * status['vring-num']:#x} 0xff")
        self.qtest(f"writew {status['vring-avail'] + AVAIL_IDX:#x} 0x7fff")
        self.qtest(f"writew {int(bar[2], 16) + NOTIFY:#x} 0x0")


@pytest.mark.parametrize("words, device", [
    ("", "virtio-blk-pci"),
    pytest.param("virtio.irq=intx ", "virtio-blk-pci", marks=pytest.mark.full),
])
def test_reset_in_the_middle(qemu, tmp_path, words, device):
    """What was out ends with an error, the rest goes on, and every sector is as it must be."""
    image = tmp_path / "disk.img"
    pattern.fill(image, 1, SECTORS * pattern.SECTOR)
    with TroubledDisk(qemu, f"{words}mode=random seed=3 requests=30000", raw(image),
                      device) as machine:
        assert machine.wait_for("blkcheck: filled"), machine.tail()
        path = machine.qmp.execute("x-query-virtio")[0]["path"]
        machine.break_device(path)
        assert machine.wait_for("status 0x0f DRIVER_OK"), machine.tail()
        result = machine.finish()
    lines = lines_of(result)
    assert [line for line in lines if "restart 1 of at most 3" in line], lines[-30:]
    summary = next(line for line in lines if line.startswith("blkcheck: random of vda"))
    assert " 0 wrong, " in summary, summary
    assert not list(pattern.differences(image, 3))


def test_reset_under_four_cpus(qemu):
    """Whoever finds the disk down waits until another CPU has restarted it: each loses what it had
    out, and no more."""
    backend = f"driver=null-co,node-name=disk,size={3 << 30},read-zeroes=on"
    with TroubledDisk(qemu, "mode=write cpus=all", backend, "virtio-blk-pci,num-queues=4",
                      smp="4") as machine:
        assert machine.wait_for(r"\[vda\] 4 queues"), machine.tail()
        machine.break_device(machine.qmp.execute("x-query-virtio")[0]["path"])
        result = machine.finish()
    text = "\n".join(lines_of(result))
    restarts = text.count("of at most 3")
    failed = int(re.search(r" (\d+) requests failed", text)[1])
    assert 1 <= restarts <= 3 and failed <= 4 * restarts, text[-3000:]
