# SPDX-License-Identifier: MIT
"""Host and guest read each other's disks, byte for byte, on every ring, road and way to be told.

For each flavour: the host fills an image and the guest verifies it; the guest runs 10,000 random
requests and leaves another pattern, then writes a third one, and the host checks both.
"""

import re
from dataclasses import dataclass
from itertools import product

import pytest

import pattern
from disks import check, knobs_for, raw

SECTORS = 16 * 2048  # 16 MiB
LEGACY = "virtio-blk-pci,disable-modern=on,disable-legacy=off"
INTERRUPTS = {"msix": ", MSI-X entry", "shared": ", shared MSI-X entry", "intx": ", INTx, GSI",
              "polled": ", polled"}
COUNTS = re.compile(r"blkcheck: (\d+) requests: (\d+) reads, (\d+) writes, (\d+) flushes, "
                    r"(\d+) discards, (\d+) of zeroes; \d+ MiB, up to (\d+) at once, "
                    r"(\d+) of them synchronous")


@dataclass(frozen=True)
class Flavour:
    """A disk: what differs from the reference machine's."""

    ring: str = "split"
    irq: str = "msix"
    event: bool = True
    model: str = "virtio-blk-pci"
    more: str = ""  # properties
    words: str = ""  # of the command line
    machine: str = "pc"
    arguments: str = ""  # of QEMU
    queues: int = 1
    depth: int = 2  # that must be reached
    cannot: tuple = ()  # operations
    sample: bool = False  # runs without FULL=1

    @property
    def name(self):
        """For people."""
        words = [self.machine] if self.machine != "pc" else []
        words += ["legacy"] if self.model == LEGACY else []
        words += ["transitional"] if "transitional" in self.model else []
        words += [self.ring, self.irq, "event" if self.event else "no-event"]
        words += [self.more.replace(",", "-").replace("=", "-").replace("_", "-")]
        words += [self.words.replace("=", "-")]
        return "-".join(word for word in words if word)

    @property
    def device(self):
        """As QEMU's -device argument begins."""
        return (f"{self.model},packed={'on' if self.ring == 'packed' else 'off'},"
                f"event_idx={'on' if self.event else 'off'}{self.more and ',' + self.more}")


def core():
    """Ring x transport x interrupts x EVENT_IDX; of the sample each is met by some other."""
    for model, ring, irq, event in product(("virtio-blk-pci", LEGACY), ("split", "packed"),
                                           INTERRUPTS, (True, False)):
        chosen = {("split", "msix", True), ("packed", "intx", False), ("packed", "msix", True),
                  ("split", "polled", False)} if model != LEGACY else {("split", "intx", True)}
        if model != LEGACY or ring == "split":
            yield Flavour(ring, irq, event, model, sample=(ring, irq, event) in chosen)


def others():
    """Sizes, features, and where the disk is plugged."""
    for ring in ("split", "packed"):
        yield Flavour(ring, model="virtio-blk-pci-transitional")
        yield Flavour(ring, more="indirect_desc=off")
        yield Flavour(ring, more="queue-size=4,indirect_desc=off", depth=1,
                      sample=ring == "packed")
        yield Flavour(ring, more="queue-size=1024")
        yield Flavour(ring, more="num-queues=4", queues=4, sample=ring == "split")
        yield Flavour(ring, irq="shared", more="num-queues=4,vectors=2", queues=4)
        yield Flavour(ring, more="num-queues=4", words="queue=3 depth=128", queues=4, depth=20)
        yield Flavour(ring, words="depth=1", depth=1)
        yield Flavour(ring, more="logical_block_size=4096,physical_block_size=4096",
                      sample=ring == "split")
        yield Flavour(ring, more="discard=off,write-zeroes=off", cannot=("discards", "zeroes"))
        yield Flavour(ring, more="config-wce=off")
        yield Flavour(ring, more="write-cache=off")
        yield Flavour(ring, more="iommu_platform=on,disable-legacy=on")
        yield Flavour(ring, more="page-per-vq=on")
        yield Flavour(ring, more="ioeventfd=off")
        yield Flavour(ring, more="iothread=thread", arguments="-object iothread,id=thread")
        yield Flavour(ring, machine="q35")
    yield Flavour(irq="intx", more="vectors=0")
    yield Flavour(model=LEGACY, more="queue-size=8,indirect_desc=off", depth=1)
    yield Flavour(model=LEGACY, more="logical_block_size=4096,physical_block_size=4096",
                  irq="shared")


def parameters():
    """What is not in the sample waits for FULL=1."""
    for flavour in [*core(), *others()]:
        yield pytest.param(flavour, id=flavour.name,
                           marks=[] if flavour.sample else [pytest.mark.full])


def boot(flavour, qemu, image, words):
    """A run that must end well, on the disk as it was asked for."""
    knobs = knobs_for(qemu, f"virtio.irq={flavour.irq} {words}", raw(image), flavour.device,
                      flavour.arguments, MACHINE=flavour.machine)
    lines = check(knobs)
    accepted = next(line for line in lines if "virtio0: features accepted" in line)
    assert ("RING_PACKED" in accepted) == (flavour.ring == "packed")
    assert ("EVENT_IDX" in accepted) == flavour.event
    assert ("VERSION_1" in accepted) == (flavour.model != LEGACY)
    queues = [line for line in lines if re.match(r"virtio_blk virtio0: queue \d+ ", line)]
    assert len(queues) == flavour.queues
    assert all(INTERRUPTS[flavour.irq] in line for line in queues), queues
    return lines


def check_counts(flavour, lines):
    """All kinds were among the requests, and as many at once as can be."""
    found = [COUNTS.fullmatch(line) for line in lines if COUNTS.fullmatch(line)]
    requests, reads, writes, flushes, discards, zeroes, depth, synchronous = map(int,
                                                                                 found[0].groups())
    assert requests == reads + writes + flushes + discards + zeroes == 10_000
    assert min(reads, writes, flushes, synchronous) > 100
    assert discards == 0 if "discards" in flavour.cannot else discards > 100
    assert zeroes == 0 if "zeroes" in flavour.cannot else zeroes > 100
    assert depth >= flavour.depth


@pytest.mark.parametrize("flavour", parameters())
def test_host_and_guest_agree(flavour, qemu, tmp_path):
    """Three patterns: of the host, of the random test, of the guest's write."""
    image = tmp_path / "disk.img"
    pattern.fill(image, 5, SECTORS * pattern.SECTOR)
    boot(flavour, qemu, image, f"mode=verify seed=5 {flavour.words}")
    lines = boot(flavour, qemu, image, f"mode=random seed=0x8000000000000001 {flavour.words}")
    check_counts(flavour, lines)
    assert not list(pattern.differences(image, 0x8000000000000001))
    boot(flavour, qemu, image, f"mode=write seed=18446744073709551615 {flavour.words}")
    assert not list(pattern.differences(image, 18446744073709551615))
    assert image.stat().st_size == SECTORS * pattern.SECTOR
