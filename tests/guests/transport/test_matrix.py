# SPDX-License-Identifier: MIT
"""Every ring, every way to be told, every road: 72,000 requests each, every answer checked.

What a cell asks for is held against what the console says was taken, so that none passes by
falling back on something else.
"""

import re

import pytest

from cells import INTERRUPTS, all_cells
from knobs import parse_knobs
from machine import run
from qemu import check_image, command_line
from transcript import STAMP

TIMEOUT = "60"
# What tests/guests/matrix.c does, and how many requests each must have had.
SERIES = {"full ring": 70_000, "one by one": 2_000, "slow answers": 1}
# Indirect: a chain takes one entry of the ring; direct, four at most, and one is the fewest.
BUFFERS_MAX = 4
DEVICE = r"virtio_simple virtio\d+: "
ERROR = re.compile(r"\bE\d\d ")
COUNTS = re.compile(
    r"matrix: (?P<series>[a-z ]+): (?P<requests>\d+) requests, (?P<batches>\d+) batches, "
    r"at most (?P<deepest>\d+) outstanding, (?P<notifications>\d+) notifications, "
    r"(?P<interrupts>\d+) interrupts, \d+\.\d{3} ms"
)


def cells():
    """One parameter a cell; what is not in the sample waits for FULL=1."""
    for cell in all_cells():
        yield pytest.param(cell, id=cell.name, marks=[] if cell.sample else [pytest.mark.full])


def console(cell, qemu, logs):
    """Boots the cell; its lines without their time stamps. It must end well and accuse nobody."""
    knobs = parse_knobs({"QEMU": qemu, "TIMEOUT": TIMEOUT, **cell.settings()})
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    log = logs / f"matrix-{cell.name}.log"
    log.write_text("\n".join(result.lines + result.complaints) + "\n", encoding="utf-8")
    assert result.outcome == "ok", f"ended with {result.outcome}: {result.lines[-1:]}, see {log}"
    assert not result.complaints, f"QEMU says: {result.complaints}"
    lines = [STAMP.sub("", line, count=1) for line in result.lines]
    assert not [line for line in lines if ERROR.search(line)]
    assert "matrix: ok" in lines
    return lines


def found(pattern, lines):
    """The match of the one line that has it."""
    matches = [match for match in (re.fullmatch(pattern, line) for line in lines) if match]
    assert len(matches) == 1, f"{len(matches)} lines are like {pattern}"
    return matches[0]


def check_features(cell, lines):
    """The cell has what it asks for, and not what it does without."""
    accepted = set(found(DEVICE + "features accepted 0x[0-9a-f]+: (.*)", lines)[1].split())
    wanted, unwanted = cell.features()
    assert wanted <= accepted and not accepted & unwanted, accepted


def check_queues(cell, lines):
    """All request queues are there, have their size, and are told of in the cell's way."""
    for number in range(cell.queues):
        line = found(DEVICE + rf"queue \d+ \(requestq{number}\): .*", lines)[0]
        assert f" {cell.entries} entries, " in line
        assert INTERRUPTS[cell.irq] in line
    assert not cell.says or any(re.search(cell.says, line) for line in lines), cell.says


def check_interrupts(cell, series, counts):
    """None where nobody listens. Elsewhere slow answers bring them; what is there before it is
    waited for, as on a busy host all of the others may be, needs none."""
    if cell.irq == "polled":
        assert counts["interrupts"] == 0
    elif series == "slow answers":
        assert counts["interrupts"] > 0


def check_counts(cell, lines):
    """The ring was full, the work was done, and no batch rang twice."""
    for series, requests in SERIES.items():
        texts = found(COUNTS.pattern.replace("[a-z ]+", series), lines).groupdict()
        counts = {name: int(text) for name, text in texts.items() if name != "series"}
        assert counts["requests"] >= requests
        assert 0 < counts["notifications"] <= counts["batches"] <= counts["requests"]
        check_interrupts(cell, series, counts)
        full = cell.entries if cell.indirect else cell.entries // BUFFERS_MAX
        assert counts["deepest"] >= (full if series == "full ring" else 1)


@pytest.mark.parametrize("cell", cells())
def test_cell(cell, qemu, logs):
    """What was asked for was taken, and it works."""
    lines = console(cell, qemu, logs)
    check_features(cell, lines)
    check_queues(cell, lines)
    check_counts(cell, lines)
