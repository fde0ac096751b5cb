# SPDX-License-Identifier: MIT
"""QEMU is killed outright while the guest writes: what the guest said was flushed is there.

Each run writes the whole disk with another seed. So after a kill a sector holds this run's pattern
or the one before it, whole; and this run's, if it lies before the last flush that was told.
"""

import os
import random
import re
import time

import pytest

import pattern
from disks import knobs_for, machine, raw

SECTORS = 64 * 2048
KILLS = 20 if os.environ.get("FULL") else 5
FLUSHED = re.compile(r"blkcheck: flushed up to sector (\d+)$")
CACHES = {"writeback": "", "none": ",cache.direct=on,file.cache.direct=on"}


def flushed(lines):
    """How far the guest says that everything is kept."""
    return max([int(found[1]) for found in map(FLUSHED.search, lines) if found], default=0)


def write_until_killed(knobs, chance):
    """Kills QEMU at some moment of a write; the sectors that were told to be safe, if it was."""
    steps = chance.randrange(0, 32)
    with machine(knobs) as guest:
        guest.pump(lambda: sum("flushed up to" in line for line in guest.console.lines) > steps)
        time.sleep(chance.random() * 0.02)
        guest.process.kill()
        guest.pump()
        assert guest.process.wait() in (-9, 33)
        return flushed(guest.console.lines), guest.process.returncode == -9


def check_disk(image, seed, safe):
    """Nothing but the two patterns, and the new one where it is safe."""
    assert not list(pattern.differences(image, seed, 0, safe))
    new = {sector for sector, *_ in pattern.differences(image, seed, safe)}
    old = {sector for sector, *_ in pattern.differences(image, seed - 1, safe)}
    assert not new & old, f"sectors that are neither: {sorted(new & old)[:10]}"


@pytest.mark.parametrize(
    "cache", ["writeback", pytest.param("none", marks=pytest.mark.full)])
def test_what_was_flushed_survives(cache, qemu, tmp_path):
    image = tmp_path / "disk.img"
    seed = 1000
    pattern.fill(image, seed, SECTORS * 512)
    chance = random.Random(f"{cache} {seed}")
    kills = partly = 0
    for seed in range(seed + 1, seed + 1 + 3 * KILLS):
        knobs = knobs_for(qemu, f"mode=write seed={seed} depth=8", raw(image, CACHES[cache]))
        safe, killed = write_until_killed(knobs, chance)
        check_disk(image, seed, safe)
        kills += killed
        partly += killed and 0 < safe < SECTORS
        # Whatever the kill left is made whole again, so that the next run knows what was before.
        pattern.fill(image, seed)
        if kills == KILLS:
            break
    assert kills == KILLS and partly >= KILLS // 3, (kills, partly)
