# SPDX-License-Identifier: MIT
"""A machine whose one disk is as a test wants it, and what APP=blkcheck says there."""

import re

from knobs import parse_knobs
from machine import Machine, run
from qemu import check_image, command_line, quoted
from transcript import STAMP

TIMEOUT = "60"
ERROR = re.compile(r"\bE\d\d ")


def raw(path, options=""):
    """The -blockdev of a raw image whose discarded sectors are given back to the host."""
    return (f"driver=raw,node-name=disk,discard=unmap,file.driver=file,file.discard=unmap,"
            f"file.filename={quoted(path)}{options}")


def knobs_for(qemu, words, backend, device="virtio-blk-pci", more="", **settings):
    """A machine with that disk and no other virtio device; `words` are blkcheck's."""
    arguments = (f"-d guest_errors -blockdev '{backend}' "
                 f"-device {device},drive=disk,id=vda {more}")
    knobs = parse_knobs({"APP": "blkcheck", "BOOT": "direct", "QEMU": qemu, "DEVICES": "none",
                         "TIMEOUT": TIMEOUT, "CMDLINE": words, "QEMU_ARGS": arguments, **settings})
    check_image(knobs)
    return knobs


def machine(knobs):
    """The machine, to be looked at while it runs."""
    return Machine(command_line(knobs), knobs["timeout"])


def lines_of(result):
    """The console without its time stamps."""
    return [STAMP.sub("", line, count=1) for line in result.lines]


def check(knobs, outcome="ok", elf=None):
    """Runs to the end, which must be this one; the lines, without time stamps."""
    result = run(command_line(knobs, elf), knobs["timeout"])
    tail = "\n".join(result.lines[-30:] + result.complaints)
    assert result.outcome == outcome, f"ended with {result.outcome}:\n{tail}"
    if outcome == "ok":
        assert not result.complaints, f"QEMU says: {result.complaints}"
        assert not [line for line in lines_of(result) if ERROR.search(line)], tail
    return lines_of(result)
