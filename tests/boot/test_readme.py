# SPDX-License-Identifier: MIT
"""The README is right: its transcript, its commands, its reading order, the size it names."""

import re

from knobs import environment_knobs, parse_knobs
from machine import run
from qemu import TREE, check_image, command_line
from transcript import STAMP

TEXT = (TREE / "README.md").read_text(encoding="utf-8")
APP_FOLDERS = ("apps", "tests/guests")
# What differs from one run, or one host, to the next.
VARIES = re.compile(r"\d+ (notifications|interrupts)|[\d.]+ ms|0x[0-9a-f]{8}-0x[0-9a-f]{8}")


def section(title):
    """What stands below a heading."""
    return re.search(rf"^## {title}$(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)[1]


def lasting(line):
    """A console line without what varies."""
    return VARIES.sub("N", STAMP.sub("", line + " ", count=1)).rstrip()


def test_transcript_is_of_today(qemu):
    """Each line of it comes, and in this order."""
    shown = section("What you see").split("```")[1].splitlines()
    wanted = [lasting(line) for line in shown if line not in ("", "...")]
    knobs = parse_knobs({"QEMU": qemu})
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    assert result.outcome == "ok" and len(wanted) > 20
    lines = iter([lasting(line) for line in result.lines])
    missing = [line for line in wanted if line not in lines]
    assert not missing, "\n".join(map(lasting, result.lines))


def test_knobs_are_knobs():
    """Each `make run` line parses, and names an app that there is."""
    lines = re.findall(r"^    make run(.*?)(?: +#.*)?$", section("Knobs"), re.MULTILINE)
    assert len(lines) > 15
    for line in lines:
        words = [part.strip("'") for part in re.findall(r"\w+=(?:'[^']*'|\S+)", line)]
        settings = dict(word.replace("='", "=").split("=", 1) for word in words)
        settings.pop("UBSAN", None)
        if settings.pop("DISK", "file") != "file":
            raise AssertionError(line)
        parse_knobs({**environment_knobs(settings), "QEMU_ARGS": ""})
        source = f"{settings.get('APP', 'demo')}.c"
        assert any((TREE / folder / source).is_file() for folder in APP_FOLDERS), line


def test_reading_order_exists():
    """It leads to the walk, whose rows tests/tools/test_walk.py checks, and names what is there."""
    names = re.findall(r"`([^` ]+/[^` ]+)`", section("Reading order"))
    assert len(names) > 1 and all((TREE / name).is_file() for name in names), names
    assert section("Reading order").strip().startswith("[docs/walk.md](docs/walk.md)")
    for path in re.findall(r"\]\((docs/[\w-]+\.md)", TEXT):
        assert (TREE / path).is_file(), path


def test_size_is_as_it_says():
    """In lines with their comments, to a tenth."""
    said = int(re.search(r"about\s+(\d+),000\s+lines", TEXT)[1]) * 1000
    counted = sum(path.read_text(encoding="utf-8").count("\n")
                  for folder in ("boot", "kernel", "drivers")
                  for path in (TREE / folder).rglob("*.[chS]"))
    assert abs(counted - said) <= counted / 10, counted
