# SPDX-License-Identifier: MIT
"""Images with a driver more or less than the usual ones: a driver is a file, and no other edit."""

import re

import pytest

from knobs import parse_knobs
from machine import run
from new import driver_of
from own_image import build
from qemu import TREE, as_make_takes_it, build_directory, command_line


def boot(qemu, image, **settings):
    """The console lines of a run that must end well, without their time stamps."""
    knobs = parse_knobs({"QEMU": qemu, "BOOT": "direct", "TIMEOUT": "20", **settings})
    result = run(command_line(knobs, image), knobs["timeout"])
    assert result.outcome == "ok", result.lines + result.complaints
    return [re.sub(r"^\[ *\d+\.\d{6}\] ", "", line) for line in result.lines]


def page_source(page):
    """The C file that a page of docs/ shows."""
    return re.search(r"^```c\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)[1]


def test_driver_left_out_of_the_link(qemu):
    """The device is found, claimed by virtio-pci, and said to have no driver."""
    sources = [str(path.relative_to(TREE))
               for path in (TREE / "drivers/virtio").rglob("virtio_simple*.c")]
    lines = boot(qemu, build("without-simple", f"WITHOUT={' '.join(sources)}"))
    assert "virtio virtio1: no driver for virtio id 179 (simple)" in lines
    assert not [line for line in lines if line.startswith("virtio_simple")]


def test_modern_only_build_says_so(qemu):
    """Without the legacy interface in the link, a device that has only that one is left alone."""
    image = build("modern-only", "WITHOUT=drivers/virtio/pci/virtio_pci_legacy.c")
    legacy = "modern,disable-modern=on,disable-legacy=off"
    lines = boot(qemu, image, DEVICES="simple", SIMPLE=legacy)
    assert ("virtio-pci 0000:00:04.0: E15 legacy interface only, which this image does not drive"
            in lines)
    lines = boot(qemu, image, DEVICES="simple")
    assert "virtio_simple virtio0: status 0x0f DRIVER_OK" in lines


def test_driver_from_the_documentation(qemu):
    """What docs/adding-a-driver.md shows is one new file that builds, binds and works."""
    source = build_directory() / "tests" / "virtio_dice.c"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(page_source(TREE / "docs/adding-a-driver.md"))
    image = build("rng", f"EXTRA_SOURCES={as_make_takes_it(source)}",
                  "WITHOUT=drivers/char/virtio_rng.c")
    lines = boot(qemu, image, QEMU_ARGS="-device virtio-rng-pci,addr=6")
    said = [line for line in lines if line.startswith("virtio_dice virtio3: ")]
    assert "virtio_dice virtio3: status 0x0f DRIVER_OK" in said
    entropy = re.fullmatch(r"virtio_dice virtio3: 16 random bytes:((?: [0-9a-f]{2}){16})",
                           said[-1])
    assert entropy and len(set(entropy[1].split())) > 4, said


@pytest.mark.parametrize("device, number", [
    ("virtio-keyboard-pci", 18), ("virtio-gpu-pci", 16), ("virtio-scsi-pci", 8),
])
def test_unknown_devices_are_put_at_rest(qemu, device, number):
    """Whatever else is virtio is reset, acknowledged, and said to have no driver."""
    if driver_of(number):
        pytest.skip(f"{driver_of(number)} drives it")
    image = build_directory() / "hello" / "doorbell.elf"
    lines = boot(qemu, image, DEVICES="none", QEMU_ARGS=f"-device {device}")
    assert [line for line in lines if line.startswith("virtio virtio0: no driver for virtio id ")]
