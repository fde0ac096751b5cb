# SPDX-License-Identifier: MIT
"""tools/walk.py: docs/walk.md holds, and each way of not holding is noticed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tools"))

import walk  # noqa: E402  (tools/ is no package)

TEXT = (TREE / walk.PAGE).read_text(encoding="utf-8")
WAYS = walk.read_ways(TEXT)
ADDED = "| `kernel/time.c:poll_until` | `virtqueue_wait` | Waits | - |"


def said(text):
    """What is wrong with a page, without the lines."""
    return [what for _, what in walk.violations(text)]


def with_a_hop_more(text):
    """The same page with one more row, which the code bears out, at the end of the second way."""
    lines = text.split("\n")
    lines.insert(WAYS[1].rows[-1].line, ADDED)
    return "\n".join(lines)


def test_the_page_holds():
    assert said(TEXT) == []


def test_the_budget_is_not_larger_than_the_ways():
    assert [way.figures() for way in WAYS] == list(walk.BUDGET.values())


def test_one_more_hop_is_over_the_budget():
    hops, functions, files, changes, _ = WAYS[1].figures()
    assert said(with_a_hop_more(TEXT)) == [
        f"A request, there and back: {hops + 1} hops (at most {hops})",
        f"A request, there and back: {functions + 1} functions (at most {functions})",
        f"A request, there and back: {changes + 1} changes of file (at most {changes})",
    ] and files


@pytest.mark.parametrize("place", range(len(walk.FIGURES)))
@pytest.mark.parametrize("way", range(len(WAYS)))
def test_each_figure_has_its_budget(monkeypatch, way, place):
    figures = list(WAYS[way].figures())
    figures[place] -= 1
    monkeypatch.setitem(walk.BUDGET, WAYS[way].title, tuple(figures))
    [what] = said(TEXT)
    assert what == (f"{WAYS[way].title}: {figures[place] + 1} {walk.FIGURES[place]} "
                    f"(at most {figures[place]})")


def test_a_way_that_got_shorter_lowers_its_budget(monkeypatch):
    figures = list(WAYS[0].figures())
    figures[0] += 1
    monkeypatch.setitem(walk.BUDGET, WAYS[0].title, tuple(figures))
    [what] = said(TEXT)
    assert "write that into BUDGET" in what


BROKEN = {
    "a function that is not there": (
        "c:virtqueue_add`", "c:virtqueue_sum`", "no virtqueue_sum"),
    "a function of another file": (
        "`kernel/main.c:kernel_main`", "`kernel/init.c:kernel_main`", "no kernel_main"),
    "a file that is not there": (
        "`kernel/main.c:kernel_main`", "`kernel/man.c:kernel_main`", "no kernel_main"),
    "a part that is not there": ("`total_bytes`", "`total_bits`", "no total_bits"),
    "a part that nobody calls": (
        "`total_bytes`", "`virtqueue_dump`", "virtqueue_add does not call virtqueue_dump"),
    "a pointer of another name": (
        "via `vq->ops->add`", "via `vq->ops->sum`", "has no call by vq->ops->sum"),
    "a table that does not hold it": (
        "`vq->ops->add` of `vring_split_ops`", "`vq->ops->add` of `vring_packed_ops`",
        "split_add is not in vring_packed_ops"),
    "a function that nothing points to": (
        "c:pci_init`", "c:pci_scan_roots`", "nothing points to pci_scan_roots"),
    "a row from nowhere": (
        "`boot/entry.S:long_mode` | `multiboot2_entry` |", "`boot/entry.S:long_mode` | |",
        "want | `file:function` |"),
    "a row from a later one": (
        "entry.S:long_mode` | `multiboot2_entry` |", "entry.S:long_mode` | `boot_start` |",
        "from boot_start, which is in no row above"),
    "a caller that does not call": (
        "main.c:kernel_main` | `boot_start` |", "main.c:kernel_main` | `long_mode` |",
        "long_mode does not call kernel_main"),
    "an interrupt where no CPU halts": (
        "at `cpu_enable_irq_and_halt`", "at `cpu_halt`", "has no call by cpu_halt"),
    "an answer about a function that is not there": (
        "virtio.c:virtio_config_changed`", "virtio.c:virtio_changed`", "no virtio_changed"),
    "a way that is called something else": (
        "## A request, there and back", "## A request", "want these ways"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_hold_is_noticed(name):
    old, new, what = BROKEN[name]
    assert old in TEXT
    assert any(what in each for each in said(TEXT.replace(old, new, 1)))


def test_what_is_printed_names_the_line_of_each_function():
    text = subprocess.run([sys.executable, str(TREE / "tools/walk.py")], text=True, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    printed = re.findall(r"^([\w./-]+\.[chS]):(\d+) +(\w+)", text, re.MULTILINE)
    assert [(path, name) for path, _, name in printed] == [
        row.place for way in WAYS for row in way.rows]
    for path, line, name in printed:
        assert name in (TREE / path).read_text(encoding="utf-8").split("\n")[int(line) - 1]
    for way in WAYS:
        assert ", ".join(f"{n} {what}" for n, what in zip(way.figures(), walk.FIGURES)) in text


def test_ten_questions_have_answers():
    """Two opens: README leads to the page, and each answer names a function of a file."""
    assert "(docs/walk.md)" in (TREE / "README.md").read_text(encoding="utf-8")
    answers = re.split(r"^\d+\. \*\*", TEXT.split("## Ten questions")[1], flags=re.MULTILINE)[1:]
    assert len(answers) == 10
    for answer in answers:
        assert "?**" in answer
        places = walk.NAMED.findall(answer)
        assert places and all(name in walk.functions_of(path) for path, name in places), answer
