# SPDX-License-Identifier: MIT
"""The matcher must fail when it should: each guard of it is shown to bite."""

import pytest

from casefile import CaseError, parse_case
from machine import Result
from transcript import Matcher

GOOD = ["GRUB loading.", "[    0.000001] one", "[    0.000002] two", "[   10.000003] three 3"]


def failures(case, lines, status=33):
    """What the matcher holds against a run."""
    return Matcher(parse_case(case, "case", "x.case"), Result(status, list(lines))).check()


def expecting(*lines):
    """A case with only expected lines."""
    return "--- expect\n" + "\n".join(lines) + "\n"


PASSING = {
    "exact": expecting("one", "two"),
    "gap": expecting("one", "three 3"),
    "consecutive": expecting("one", "+ two", "+ three 3"),
    "later block": expecting("~ t.*", "+ three 3"),
    "regex": expecting("~ o.e"),
    "template": expecting("% three {n}") + "--- check\nn == 3\nn * 2 <= 6\n",
    "any text": expecting("% {*}hree 3"),
    "marked exact": expecting("= two"),
    "count": expecting("one") + "--- count\n2 ~ t.*\n1+ one\n0-3 ~ .*\n".replace("0-3", "0-4"),
    "forbid": expecting("one") + "--- forbid\nthree\n",
    "before the kernel": expecting("GRUB loading.", "one"),
}


@pytest.mark.parametrize("case", PASSING.values(), ids=PASSING)
def test_passes(case):
    assert failures(case, GOOD) == []


FAILING = {
    "wrong order": (expecting("two", "one"), "too early, in line 2"),
    "missing": (expecting("one", "four"), "x.case:3: missing: four"),
    "nearest": (expecting("thre 3"), "nearest, line 4: three 3"),
    "not a part": (expecting("on"), "missing: on"),
    "trailing space": (expecting("one "), "missing: one "),
    "dot is a dot": (expecting("o.e"), "missing: o.e"),
    "same line twice": (expecting("one", "one"), "too early"),
    "not consecutive": (expecting("one", "+ three 3"), "right after line 2, but there is: two"),
    "beyond the end": (expecting("three 3", "+ four"), "there is: (the end)"),
    "forbidden": (expecting("one") + "--- forbid\n~ thr.*\n", "x.case:4: forbidden, but line 4"),
    "too few": (expecting("one") + "--- count\n3+ ~ t.*\n", "2 lines match"),
    "too many": (expecting("one") + "--- count\n1 ~ t.*\n", "2 lines match"),
    "bound": (expecting("% three {n}") + "--- check\nn <= 2\n", "n <= 2 does not hold: n = 3"),
}


@pytest.mark.parametrize("case, reason", FAILING.values(), ids=FAILING)
def test_fails(case, reason):
    found = failures(case, GOOD)
    assert len(found) == 1 and reason in found[0]


def test_wrong_exit():
    assert "ended with panic (status 37), wanted ok" in failures(expecting("one"), GOOD, 37)[0]
    assert failures("exit = panic\n" + expecting("one"), GOOD, 37) == []
    assert "wanted panic" in failures("exit = panic\n" + expecting("one"), GOOD)[0]


def test_a_machine_that_ended_by_itself_is_not_ok():
    assert "ended with off" in failures(expecting("one"), GOOD, 0)[0]


@pytest.mark.parametrize("line", [
    "[0.000004] four", "[    0.00004] four", "[     0.000004] four", "[    0.000004]four",
    "    0.000004] four", "four",
])
def test_malformed_time_stamp(line):
    assert any("time stamp" in text for text in failures(expecting("one"), GOOD + [line]))


def test_malformed_first_time_stamp():
    assert "time stamp" in failures(expecting("~ .*one"), ["[0.1] one", *GOOD])[0]


def test_time_running_backwards():
    assert "backwards" in failures(expecting("one"), GOOD + ["[    9.999999] four"])[0]


def test_silence_fails():
    assert "nothing like it" in failures(expecting("one"), [])[0]


MISTAKES = {
    "BOOT = usb\n--- expect\na": "x.case:1: BOOT=usb: choices: iso, uefi, direct",
    "BOOT = iso | usb\n--- expect\na": "x.case:1: BOOT=usb",
    "SPEED = 9\n--- expect\na": "x.case:1: unknown key SPEED",
    "exit = good\n--- expect\na": "x.case:1: exit = good",
    "hello\n--- expect\na": "x.case:1: want key = value",
    "--- wanted\na": "x.case:1: unknown section wanted",
    "--- expect\n~ (": "x.case:2: not a regular expression",
    "--- expect\n+ a": "x.case:2: '+' follows a line",
    "--- expect\na\n--- forbid\n+ b": "x.case:4: '+' has no meaning",
    "--- expect\na\n--- count\nmany a": "x.case:4: want a count",
    "--- expect\na\n--- check\nb": "x.case:4: want a comparison",
    "--- expect\na\n--- check\nb < 1": "x.case:4: no expected line captures b",
    "--- expect\n% {b}\n--- check\nopen(b) < 1": "x.case:4: only names",
    "--- expect\n% {b}\n% {b}": "captured by two lines",
    "--- forbid\na": "expects no line",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_case_is_told_by_its_line(text):
    with pytest.raises(CaseError) as error:
        parse_case(text, "case", "x.case")
    assert MISTAKES[text] in str(error.value)


def test_values_multiply():
    case = parse_case("BOOT = iso | direct\nMACHINE = pc | q35\nCMDLINE = a | b\n--- expect\na",
                      "case", "x.case")
    variants = list(case.variants())
    assert [variant.name for variant in variants] == [
        "case[iso-pc]", "case[iso-q35]", "case[direct-pc]", "case[direct-q35]"]
    assert variants[1].settings == {"BOOT": "iso", "MACHINE": "q35", "CMDLINE": "a | b"}
