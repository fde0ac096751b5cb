# SPDX-License-Identifier: MIT
"""tools/patience.py: limits grow with the load, have an end, and what measures time is repeated."""

import io

import pytest

import patience


def waited(monkeypatch, load):
    """How long a second is with this line in /proc/loadavg, on two CPUs of the usual speed."""
    monkeypatch.setattr(patience, "cpu_factor", lambda: 1.0)
    monkeypatch.setattr(patience.os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr("builtins.open", lambda *_, **__: io.StringIO(load))
    return patience.patience(1)


@pytest.mark.parametrize("load, seconds", [
    ("0.00 0.00 0.00 1/100 1\n", 2), ("8.00 0.00 0.00 1/100 1\n", 8),
    ("0.00 9.00 9.00 17/100 1\n", 16), ("5000.0 0.00 0.00 1/100 1\n", patience.SLOWEST),
])
def test_load_is_met_with_patience(monkeypatch, load, seconds):
    assert waited(monkeypatch, load) == seconds


def test_here_and_now():
    assert patience.MARGIN <= patience.patience(1) <= patience.SLOWEST


@pytest.mark.parametrize("bad, passes", [(0, True), (2, True), (3, False)])
def test_what_measures_time_may_fail_twice(monkeypatch, bad, passes):
    monkeypatch.setattr(patience.time, "sleep", lambda _: None)
    runs = []

    @patience.measures_time
    def measure():
        runs.append(None)
        assert len(runs) > bad

    if passes:
        measure()
    else:
        with pytest.raises(AssertionError):
            measure()
    assert len(runs) == min(bad, 2) + 1
