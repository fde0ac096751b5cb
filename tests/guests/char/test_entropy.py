# SPDX-License-Identifier: MIT
"""virtio-rng in QEMU: bytes come, on every ring and by every interrupt; slow and empty sources."""

import re

import pytest

from flavours import flavours, start, tail


def finish(machine):
    """Runs to the end of the entropy part; the numbers of different bytes, of each source."""
    assert machine.wait_for("chars: started"), tail(machine)
    found = [re.search(r"chars: virtio\d at \S+: 4096 bytes, (\d+) different", line)
             for line in machine.console.lines]
    return [int(match[1]) for match in found if match]


@pytest.mark.parametrize("properties, irq", flavours())
def test_bytes_are_random(qemu, properties, irq):
    with start(qemu, "-device", f"virtio-rng-pci,{properties}", irq=irq) as machine:
        [different] = finish(machine)
    assert different > 240


def test_a_file_of_known_bytes_comes_through_unchanged(qemu, tmp_path):
    """What the host's source gives is what the app gets: here a file that repeats ten bytes."""
    (tmp_path / "source").write_bytes(b"0123456789" * 2000)
    with start(qemu, "-object", f"rng-random,id=r,filename={tmp_path}/source",
               "-device", "virtio-rng-pci,rng=r") as machine:
        assert finish(machine) == [10], tail(machine)


def test_a_source_with_a_quota_is_waited_for(qemu):
    """QEMU gives 1 KiB each 200 ms: no request fails, no reset, all bytes come in the end."""
    with start(qemu, "-device", "virtio-rng-pci,max-bytes=1024,period=200") as machine:
        [different] = finish(machine)
        text = "\n".join(machine.console.lines)
    assert different > 240 and "restart" not in text and "E07" not in text


def test_two_sources(qemu):
    with start(qemu, "-device", "virtio-rng-pci", "-device", "virtio-rng-pci") as machine:
        assert len(finish(machine)) == 2, tail(machine)
