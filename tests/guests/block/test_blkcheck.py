# SPDX-License-Identifier: MIT
"""blkcheck and its host side notice what is wrong, and say where."""

import subprocess
import sys
from pathlib import Path

import pytest

import pattern
from disks import check, knobs_for, raw

SEED = 0xFEDCBA9876543210
WRONG_SECTOR, WRONG_WORD = 12345, 17


@pytest.fixture
def image(tmp_path):
    """A disk of 8 MiB with the pattern."""
    path = tmp_path / "disk,with a comma.img"
    pattern.fill(path, SEED, 8 << 20)
    return path


def damage(image):
    """One bit."""
    with open(image, "r+b") as file:
        file.seek(WRONG_SECTOR * 512 + WRONG_WORD * 8)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 4]))


def wrong_line():
    """What both sides say of it."""
    want = pattern.splitmix64(SEED + 64 * WRONG_SECTOR + WRONG_WORD & pattern.MASK64)
    return f"sector {WRONG_SECTOR}: word {WRONG_WORD} got {want ^ 4:#018x} want {want:#018x}"


def host(*arguments):
    """pattern.py as a person calls it."""
    tool = Path(pattern.__file__)
    return subprocess.run([sys.executable, str(tool), *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def test_the_fast_pattern_is_splitmix64():
    """Known outputs, and lane by lane against the plain function, across the wrap of the state."""
    assert pattern.splitmix64(0) == 0xE220A8397B1DCDAF
    assert pattern.splitmix64(1234567) == 6457827717110365317
    for seed, sector in ((0, 0), (SEED, 77), (pattern.MASK64, 3), (pattern.MASK64 - 64 * 200, 180)):
        data = pattern.chunk(seed, sector)
        assert len(data) == pattern.CHUNK * 512
        for lane in range(0, pattern.LANES, 61):
            want = pattern.splitmix64(seed + 64 * sector + lane & pattern.MASK64)
            assert data[lane * 8:lane * 8 + 8] == want.to_bytes(8, "little")


def test_host_side_notices(image):
    assert host("check", image, hex(SEED)).returncode == 0
    damage(image)
    checked = host("check", image, SEED)
    assert checked.returncode == 1 and wrong_line() in checked.stdout
    assert host("fill", image, SEED).returncode == 0
    assert host("check", image, SEED).returncode == 0
    assert host("check", image, SEED + 1).returncode == 1
    assert host("check", image).returncode == 2


def test_guest_side_notices(image, qemu):
    damage(image)
    lines = check(knobs_for(qemu, f"mode=verify seed={SEED:#x}", raw(image)), "fail")
    assert "blkcheck: " + wrong_line() in lines
    assert f"blkcheck: verify of vda, seed {SEED}: 16384 sectors, 1 wrong, 0 requests failed" in (
        next(line for line in lines if "verify of vda" in line))
    assert "blkcheck: failed" in lines


def test_another_seed_is_all_wrong(image, qemu):
    """Ten lines, then only the number."""
    lines = check(knobs_for(qemu, "mode=verify seed=1", raw(image)), "fail")
    assert sum("got 0x" in line for line in lines) == 10
    assert any("16384 sectors, 16384 wrong" in line for line in lines)


@pytest.mark.parametrize("words, wrong", [
    ("", "no mode=:"), ("mode=", "mode=:"), ("mode=format", "mode=format:"),
    ("mode=write seed=abc", "seed=abc:"), ("mode=write seed=", "seed=:"), ("seed=1", "no mode=:"),
    ("mode=write seed=18446744073709551616", "seed=18446744073709551616:"),
    ("mode=write depth=0", "depth=0:"), ("mode=write depth=129", "depth=129:"),
    ("mode=write size=3", "size=3:"), ("mode=write verify", "verify:"),
    ("mode=write disk=vdb", "there is no disk called vdb"), ("mode=write queue=1", "queue 1:"),
    ("mode=random cpus=all", "cpus=all mode=random:"),
])
def test_words_that_make_no_sense_write_nothing(words, wrong, image, qemu):
    lines = check(knobs_for(qemu, words, raw(image)), "fail")
    assert lines[-2].startswith("blkcheck: " + wrong)
    assert not list(pattern.differences(image, SEED))


def test_the_knob_names_the_disk(image, qemu):
    """As `make run APP=blkcheck DISK=file` has it: the disk of the reference machine."""
    knobs = knobs_for(qemu, "mode=verify seed=0xfedcba9876543210", raw(image))
    knobs.update(devices=("blk",), disk=str(image), qemu_args=())
    assert "blkcheck: ok" in check(knobs)
