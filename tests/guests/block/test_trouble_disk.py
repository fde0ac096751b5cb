# SPDX-License-Identifier: MIT
"""Disks that fail, are full, read-only, tiny, empty, pulled or resized: told and survived."""

import pytest

import pattern
from disks import check, knobs_for, lines_of, machine, raw

SEED = 99
SECTORS = 16 * 2048
DRIVER = "virtio_blk virtio0: "
# QEMU joins requests for neighbouring sectors, and then all of them fail for one.
ALONE = "virtio-blk-pci,request-merging=off,werror=report"


@pytest.fixture
def image(tmp_path):
    """A disk of 16 MiB with the pattern."""
    path = tmp_path / "disk.img"
    pattern.fill(path, SEED, SECTORS * 512)
    return path


def failing(image, event, errno, sector=None, more=""):
    """The image behind QEMU's blkdebug: where and when `event` happens, it fails."""
    rule = f"file.inject-error.0.event={event},file.inject-error.0.errno={errno}"
    rule += f",file.inject-error.0.sector={sector}" if sector is not None else ""
    return (f"driver=raw,node-name=disk,file.driver=blkdebug,file.image.driver=file,"
            f"file.image.filename={image},{rule}{more}")


def said(lines, text):
    """The lines with that text."""
    return [line for line in lines if text in line]


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["", "virtio.irq=intx ", "virtio.irq=polled "])
@pytest.mark.parametrize("sector", [0, 4999, SECTORS - 1])
def test_read_error(image, qemu, sector, words):
    """One sector cannot be read: it is named, and all others are read and compared."""
    knobs = knobs_for(qemu, f"{words}mode=verify seed={SEED}",
                      failing(image, "read_aio", 5, sector), ALONE)
    lines = check(knobs, "fail")
    assert f"{DRIVER}E40 [vda] read failed at sector {sector}: I/O error (status 1)" in lines
    assert f"blkcheck: sector {sector} cannot be read" in lines
    assert said(lines, f"{SECTORS} sectors, 0 wrong, 1 requests failed")


def test_read_error_among_joined_requests(image, qemu):
    """Others may fail with it, and are read again."""
    knobs = knobs_for(qemu, f"mode=verify seed={SEED}", failing(image, "read_aio", 5, 4999))
    lines = check(knobs, "fail")
    assert f"{DRIVER}E40 [vda] read failed at sector 4999: I/O error (status 1)" in lines
    assert len(said(lines, "cannot be read")) == 1 and said(lines, " 0 wrong, ")


def test_read_error_that_passes(image, qemu):
    """It fails once: told, and read again."""
    knobs = knobs_for(qemu, f"mode=verify seed={SEED}",
                      failing(image, "read_aio", 5, 3000, ",file.inject-error.0.once=on"), ALONE)
    lines = check(knobs, "fail")
    assert len(said(lines, "E40 [vda] read failed in sectors ")) == 1
    assert said(lines, "0 wrong, 1 requests failed")


@pytest.mark.parametrize("errno", [5, 28])
def test_write_error_and_full_disk(image, qemu, errno):
    """A write fails, for a bad sector or for want of space (28, ENOSPC): the others are done."""
    knobs = knobs_for(qemu, "mode=write seed=7", failing(image, "write_aio", errno, 5000),
                      ALONE)
    lines = check(knobs, "fail")
    assert len(said(lines, f"{DRIVER}E40 [vda] write failed in sectors 4096 to 6143")) == 1
    assert said(lines, "blkcheck: write of 2048 sectors at sector 4096 failed: error -5")
    assert said(lines, "0 wrong, 1 requests failed")
    assert not list(pattern.differences(image, 7, 0, 4096))
    assert not list(pattern.differences(image, 7, 6144))
    # What is flushed after an error is not promised to be the whole.
    assert said(lines, "flushed up to")[-1] == "blkcheck: flushed up to sector 4096"


def test_disk_that_takes_nothing(image, qemu):
    """Every write fails: a few lines, and the end."""
    knobs = knobs_for(qemu, "mode=random seed=7 requests=10000", failing(image, "write_aio", 28),
                      ALONE)
    lines = check(knobs, "fail")
    assert 1 <= len(said(lines, "E40 ")) <= 40
    assert not list(pattern.differences(image, SEED))


def test_flush_that_fails(image, qemu):
    """Nothing is said to be safe."""
    knobs = knobs_for(qemu, "mode=write seed=7", failing(image, "flush_to_disk", 5),
                      ALONE)
    lines = check(knobs, "fail")
    assert said(lines, f"{DRIVER}E40 [vda] flush failed")
    assert not said(lines, "flushed up to")


# ---- kinds of disks ------------------------------------------------------------------------------


def test_read_only(image, qemu):
    backend = raw(image, ",read-only=on")
    assert "blkcheck: ok" in check(knobs_for(qemu, f"mode=verify seed={SEED}", backend))
    for mode in ("write", "random"):
        lines = check(knobs_for(qemu, f"mode={mode} seed=1", backend), "fail")
        assert "blkcheck: vda is read-only; mode=verify reads it" in lines
    assert not list(pattern.differences(image, SEED))


@pytest.mark.parametrize("sectors", [1, 3, 17])
def test_smaller_than_a_request(tmp_path, qemu, sectors):
    image = tmp_path / "small.img"
    pattern.fill(image, 3, sectors * 512)
    check(knobs_for(qemu, "mode=verify seed=3", raw(image)))
    check(knobs_for(qemu, "mode=random seed=4 requests=3000", raw(image)))
    assert not list(pattern.differences(image, 4))


def test_empty(tmp_path, qemu):
    image = tmp_path / "empty.img"
    image.write_bytes(b"")
    lines = check(knobs_for(qemu, "mode=write seed=3", raw(image)), "fail")
    assert f"{DRIVER}[vda] 0 512-byte logical blocks (0 B/0 B)" in lines
    assert "blkcheck: vda holds no sectors to check" in lines


def test_blocks_of_4096_bytes_and_an_id(image, qemu):
    """Every request is in whole blocks, or QEMU would refuse it."""
    device = "virtio-blk-pci,logical_block_size=4096,physical_block_size=4096,serial=four-k"
    lines = check(knobs_for(qemu, "mode=random seed=8 requests=2000", raw(image), device))
    assert f"{DRIVER}[vda] 4096 4096-byte logical blocks (16.8 MB/16.0 MiB)" in lines
    assert said(lines, "id four-k")
    assert not list(pattern.differences(image, 8))


def test_several_disks(image, tmp_path, qemu):
    """Each has its name, and is the one that is written."""
    other = tmp_path / "other.img"
    pattern.fill(other, 1, 1 << 20)
    more = (f"-blockdev driver=raw,node-name=other,file.driver=file,file.filename={other} "
            "-device virtio-blk-pci,drive=other")
    lines = check(knobs_for(qemu, "mode=write seed=6 disk=vdb", raw(image), more=more))
    assert said(lines, "[vda] 32768 512-byte") and said(lines, "[vdb] 2048 512-byte")
    assert not list(pattern.differences(other, 6))
    assert not list(pattern.differences(image, SEED))


# ---- changes while it runs -----------------------------------------------------------------------


def resize(guest, sectors):
    """Changes the disk's size, and waits until the guest says so."""
    guest.qmp.execute("block_resize", node_name="disk", size=sectors * 512)
    size = f"new size: {sectors} 512-byte logical blocks"
    assert guest.wait_for(size), guest.console.lines[-20:]


@pytest.mark.parametrize("words, device", [
    pytest.param("", "virtio-blk-pci", marks=pytest.mark.full),
    pytest.param("virtio.irq=shared ", "virtio-blk-pci", marks=pytest.mark.full),
    pytest.param("virtio.irq=intx ", "virtio-blk-pci", marks=pytest.mark.full),
    pytest.param("", "virtio-blk-pci,disable-modern=on,disable-legacy=off", marks=pytest.mark.full),
    ("", "virtio-blk-pci,packed=on"),
    ("virtio.irq=intx ", "virtio-blk-pci,disable-modern=on,disable-legacy=off"),
])
def test_grows_while_it_is_written(image, qemu, words, device):
    """The new size is told, by the configuration's interrupt; what runs is not disturbed."""
    knobs = knobs_for(qemu, f"{words}mode=random seed=11 requests=10000", raw(image), device)
    with machine(knobs) as guest:
        assert guest.wait_for("features accepted"), guest.console.lines
        assert guest.wait_for("blkcheck: filled"), guest.console.lines
        resize(guest, 2 * SECTORS)
        resize(guest, 3 * SECTORS)
        result = guest.finish()
    assert result.outcome == "ok", result.lines[-20:]
    assert f"{DRIVER}[vda] new size: 65536 512-byte logical blocks (33.6 MB/32.0 MiB)" in (
        lines_of(result))
    assert not list(pattern.differences(image, 11, 0, SECTORS))


def test_shrinks_while_it_is_written(image, qemu):
    """What lies beyond the new end fails, with errors that say so; the rest of it goes on."""
    knobs = knobs_for(qemu, "mode=random seed=11 requests=50000", raw(image))
    with machine(knobs) as guest:
        assert guest.wait_for("blkcheck: filled"), guest.console.lines
        resize(guest, SECTORS // 2)
        result = guest.finish()
    lines = lines_of(result)
    assert result.outcome == "fail", lines[-20:]
    assert said(lines, "failed: error -34") and not said(lines, "got 0x")


def test_pulled_out(image, qemu):
    """QEMU asks the guest to let go of the disk; nobody here does, and nothing is lost."""
    knobs = knobs_for(qemu, "mode=random seed=12 requests=10000", raw(image))
    with machine(knobs) as guest:
        assert guest.wait_for("blkcheck: filled"), guest.console.lines
        guest.qmp.execute("device_del", id="vda")
        result = guest.finish()
    assert result.outcome == "ok", result.lines[-20:]
    assert not list(pattern.differences(image, 12))
