# SPDX-License-Identifier: MIT
"""Ends that the kernel cannot report: what the runner makes of them."""

import contextlib
import os
import re
import shlex
import subprocess
import sys

import pytest

from knobs import parse_knobs
from machine import Machine, run
from own_image import build
from patience import patience
from qemu import TREE, as_make_takes_it, build_directory, command_line
from qmp import QmpError

RUNNER = TREE / "tools" / "run.py"
PAGE = TREE / "docs" / "panics.md"


def verdict(qemu, folder, kind, timeout="30"):
    """The runner's one line about a crash of that kind; what it logs goes to a folder of ours."""
    (folder / "crash").symlink_to(build_directory() / "crash")
    settings = {"APP": "crash", "BOOT": "direct", "DEVICES": "none", "TIMEOUT": timeout,
                "CMDLINE": f"kind={kind}", "QEMU": qemu, "PATH": os.environ["PATH"],
                "BUILD": str(folder), "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run([sys.executable, str(RUNNER)], env=settings, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=patience(120))
    assert done.returncode == 1, done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("run: ")]
    return line


@pytest.mark.parametrize("kind, said", [
    ("triple-fault", ("triple fault: vector 6 (invalid opcode)", "triple_fault+0x",
                      "tests/guests/crash/cpu.c:")),
    ("reset", ("the guest reset the machine without a verdict",
               "and again after each boot: a reset loop")),
    ("null-read", ("the kernel panicked: panic: #PF page fault", "read_null+0x",
                   "tests/guests/crash/crash.h:")),
])
def test_end(qemu, tmp_path, kind, said):
    line = verdict(qemu, tmp_path, kind)
    for words in said:
        assert words in line


def test_hang(qemu, tmp_path):
    limit = f"{patience(1):.1f}"
    line = verdict(qemu, tmp_path, "hang", timeout=limit)
    assert f"no end after {float(limit):g} s, at 0x" in line and "hang+0x" in line


def crash(qemu, *words, image=None):
    """The console of a run with these words, KNOB=value, without time stamps."""
    settings = dict(word.split("=", 1) for word in words)
    knobs = parse_knobs({"TIMEOUT": "20", "QEMU": qemu, **settings})
    lines = run(command_line(knobs, image), knobs["timeout"]).lines
    return [re.sub(r"^\[ *\d+\.\d+\] ", "", line) for line in lines]


def shape(line):
    """A line without what another compiler, or another machine, makes of it."""
    number = r"\b(0x[0-9a-f]+|[0-9a-f]*[0-9][0-9a-f]*)\b"
    return re.sub(number, "N", re.sub(r"^\[ *\S+\] ", "", line))


def test_the_page_shows_a_panic_as_it_is(qemu):
    text = PAGE.read_text(encoding="utf-8")
    [command] = re.findall(r"^    make run (.*)$", text, re.MULTILINE)
    [shown] = re.findall(r"^```\n(.*?)\.\.\.\n```$", text, re.MULTILINE | re.DOTALL)
    expected = [shape(line) for line in shown.splitlines()]
    lines = [shape(line) for line in crash(qemu, *shlex.split(command))]
    start = next(i for i, line in enumerate(lines) if line.startswith("panic: "))
    assert lines[start:start + len(expected)] == expected


def test_the_page_knows_the_words_of_the_kernel():
    """Each phrase of its tables is one that the sources print."""
    sources = "".join(path.read_text(encoding="utf-8") for folder in ("kernel", "drivers/pci")
                      for path in (TREE / folder).glob("*.c"))
    for phrase in ("the null page", "the guard page of the %s stack", "kernel constants",
                   "a page %s", "that is free", "device registers", "decoding %s",
                   "memory reserved by the firmware", "beyond the end of RAM at",
                   "beyond what this CPU can address", "low memory, which belongs to the firmware",
                   "stack smashed: ", "UBSan: ", "is held too long", "again, while in a panic"):
        assert phrase in sources, phrase


def test_every_kind_has_a_case(qemu):
    line = next(line for line in crash(qemu, "APP=crash", "BOOT=direct", "DEVICES=none")
                if "what to break" in line)
    cases = "".join(path.read_text(encoding="utf-8")
                    for path in (TREE / "tests" / "boot" / "cases").glob("*.case"))
    elsewhere = {"reset", "hang", "wait", *(kind for kind in line.split() if "ubsan" in kind)}
    for kind in line.partition("one of: ")[2].split():
        if kind not in elsewhere:
            assert re.search(rf"^CMDLINE = (kind=)?{kind}\b", cases, re.MULTILINE), kind


BROKEN_DRIVER = """
#include "drivers/virtio/virtio.h"

static int broken_probe(struct virtio_device *vdev)
{
	static const struct virtqueue_info infos[1] = { { .name = "queue" } };
	static struct virtqueue *vqs[1];
	int error = virtio_find_vqs(vdev, 1, vqs, infos);

	__asm__ volatile("movl $1, 8");
	return error;
}

static void broken_remove(struct virtio_device *vdev)
{
	(void)vdev;
}

static const struct virtio_device_id broken_ids[] = { { 8 }, { 0 } };
static struct virtio_driver broken_driver = {
	.driver = { .name = "virtio_broken" },
	.id_table = broken_ids,
	.probe = broken_probe,
	.remove = broken_remove,
};
module_virtio_driver(broken_driver);
"""


def test_a_driver_that_breaks_in_its_probe_is_named(qemu):
    """The device, the driver and the step at hand, through both buses."""
    source = build_directory() / "tests" / "virtio_broken.c"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(BROKEN_DRIVER, encoding="utf-8")
    image = build("broken", f"EXTRA_SOURCES={as_make_takes_it(source)}")
    lines = crash(qemu, "BOOT=direct", "DEVICES=none",
                  "QEMU_ARGS=-device virtio-scsi-pci,addr=7", image=image)
    start = next(i for i, line in enumerate(lines) if line.startswith("panic: "))
    assert re.fullmatch(r"panic: #PF page fault at 0x\w+ broken_probe\+0x\w+/0x\w+", lines[start])
    assert lines[start + 1:start + 5] == [
        "  write at 0x0000000000000008: the null page: not mapped (error code 0x2)",
        "  while: virtio0 probe by virtio_broken, last step: find_vqs",
        "  within: 0000:00:07.0 probe by virtio-pci",
        "  within: pci_init initcall",
    ]


def monitor(qemu, command, *words):
    """A run during which QEMU's monitor is given a command, once the app waits; its result."""
    settings = dict(word.split("=", 1) for word in words)
    knobs = parse_knobs({"TIMEOUT": "30", "BOOT": "direct", "QEMU": qemu, **settings})
    with Machine(command_line(knobs), knobs["timeout"]) as machine:
        assert machine.wait_for("crash: waiting")
        with contextlib.suppress(QmpError):  # a panic may end QEMU before it has answered
            machine.qmp.execute("human-monitor-command", command_line=command)
        return machine.finish()


def test_a_non_maskable_interrupt_is_told_and_counted(qemu):
    """X05: one NMI does no harm."""
    result = monitor(qemu, "nmi", "APP=crash", "CMDLINE=kind=wait", "DEVICES=none")
    lines = "\n".join(result.lines)
    assert result.outcome == "fail", lines
    assert "traps: a non-maskable interrupt arrived; later ones are only counted" in lines
    assert "crash: wait did no harm" in lines


def test_a_machine_check_names_its_bank(qemu):
    """X05: a machine check is a panic."""
    # A valid, uncorrected error of bank 1 that corrupts the state (Intel SDM 3B, 15.3.2.2).
    result = monitor(qemu, "mce 0 1 0xb200000000000000 0x7 0x0 0x0", "APP=crash",
                     "CMDLINE=kind=wait", "DEVICES=none")
    lines = "\n".join(result.lines)
    assert result.outcome == "panic", lines
    assert "panic: #MC machine check at 0x" in lines
    assert "  bank 1: status 0xb200000000000000" in lines
