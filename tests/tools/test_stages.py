# SPDX-License-Identifier: MIT
"""tools/test.py: it counts what ran, survives what fails, and its last line is the sum."""

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import pytest

from patience import patience

TREE = Path(__file__).resolve().parents[2]

# By path, since Python has a package named test of its own.
SPEC = importlib.util.spec_from_file_location("stages", TREE / "tools" / "test.py")
stages = importlib.util.module_from_spec(SPEC)
sys.modules["stages"] = stages
SPEC.loader.exec_module(stages)


def stage(script, counter="status", **more):
    """A stage that is a line of shell."""
    return stages.Stage(more.pop("name", "it"), ["bash", "-c", script], counter, **more)


@pytest.fixture(name="alarm", autouse=True)
def fixture_alarm():
    """The time limit's signal, as main() sets it."""
    before = stages.signal.signal(stages.signal.SIGALRM, stages.expire)
    yield
    stages.signal.signal(stages.signal.SIGALRM, before)


def outcome(todo):
    """(passed, names of failed) of some stages."""
    count = stages.run_all(todo)
    return count.passed, count.failed


def test_check_counts_as_one_test():
    assert outcome([stage("true")]) == (1, [])
    assert outcome([stage("exit 3")]) == (0, ["it (exit status 3)"])


def test_silent_stage_counts_only_when_it_fails():
    assert outcome([stage("true", "silent")]) == (0, [])
    assert outcome([stage("false", "silent")]) == (0, ["it (exit status 1)"])


def test_lines_are_summed():
    script = "echo 'ring: 3 passed, 0 failed'; echo 4 passed, 0 failed"
    assert outcome([stage(script, "lines")]) == (7, [])


def test_failed_lines_have_names():
    script = "echo 'FAIL wrap: 0 != 1'; echo 2 passed, 2 failed; exit 1"
    assert outcome([stage(script, "lines")]) == (2, ["wrap: 0 != 1", "test-host (1 more)"])


def test_crash_after_good_lines_is_a_failure():
    assert outcome([stage("echo 2 passed, 0 failed; exit 9", "lines")]) == (
        2, ["it (exit status 9)"])


def test_stage_that_ran_nothing_is_a_failure():
    assert outcome([stage("true", "lines")]) == (0, ["it (it ran no test)"])


def test_failure_does_not_stop_the_others():
    assert outcome([stage("false", name="a"), stage("true")]) == (1, ["a (exit status 1)"])


def test_what_needs_a_failed_stage_is_not_run():
    broken, after = stage("false", name="qemu"), stage("true", name="b", needs=("qemu",))
    assert outcome([broken, after]) == (0, ["qemu (exit status 1)", "b (not run: no qemu)"])


def dies(pid, seconds=3):
    """Whether a process ends, or has, be it collected or not."""
    end = time.monotonic() + patience(seconds)
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] in "ZX":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def test_time_limit_ends_the_stage_and_its_children(tmp_path):
    pid_file = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {pid_file}; wait"
    start = time.monotonic()
    assert outcome([stage(script, limit=1)]) == (0, ["it (stopped after 1 s)"])
    assert time.monotonic() - start < patience(8)
    assert dies(pid_file.read_text().strip())


def test_settings_of_a_run_are_not_the_tests(monkeypatch):
    monkeypatch.setenv("MACHINE", "q35")
    monkeypatch.setenv("FULL", "1")
    script = "[[ -z ${MACHINE:-} && -z ${MAKEFLAGS:-} && $FULL == 1 ]]"
    assert outcome([stage(script)]) == (1, [])


def test_junit_is_read(tmp_path):
    path = tmp_path / "pytest.xml"
    path.write_text(
        '<testsuites><testsuite><testcase classname="a" name="x" time="1.5"/>'
        '<testcase classname="a" name="y"><failure/></testcase>'
        '<testcase classname="a" name="z"><skipped/></testcase>'
        '<testcase classname="b" name="x"><error/></testcase></testsuite></testsuites>'
    )
    count = stages.count_junit(path)
    assert (count.passed, count.failed, count.skipped) == (1, ["a::y", "b::x"], ["a::z"])
    assert count.seconds["a::x"] == 1.5


def test_last_line_is_the_sum(capsys):
    stages.summary(stages.Count(5, ["a", "b"], ["c"]))
    assert capsys.readouterr().out.splitlines() == [
        "skipped: c", "FAILED: a", "FAILED: b", "5 passed, 2 failed"]


def test_the_slowest_are_listed(capsys):
    stages.summary(stages.Count(20, seconds={f"t{number}": number for number in range(20)}))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "slowest:  19.0 s t19" and lines[9] == "slowest:  10.0 s t10"
    assert lines[10:] == ["20 passed, 0 failed"]


def test_what_the_user_has_set_is_not_seen(monkeypatch):
    """Language, Python's and pytest's own settings; a test could pass or fail by each."""
    for name in ("LANG", "PYTHONOPTIMIZE", "PYTEST_ADDOPTS", "GREP_OPTIONS", "GIT_DIR", "CFLAGS"):
        monkeypatch.setenv(name, "x")
    script = "[[ $LC_ALL == C.UTF-8 && $PATH && -z ${LANG:-}${PYTHONOPTIMIZE:-}"
    script += "${PYTEST_ADDOPTS:-}${GREP_OPTIONS:-}${GIT_DIR:-}${CFLAGS:-} ]]"
    assert outcome([stage(script)]) == (1, [])


def test_missing_pytest_is_said(monkeypatch, capsys):
    monkeypatch.setattr(stages.importlib.util, "find_spec", lambda name: None)
    assert not stages.pytest_is_here()
    assert "apt-get install python3-pytest" in capsys.readouterr().err


def test_every_stage_has_a_limit_and_a_known_counter():
    for one in stages.stages():
        assert 0 < one.limit and one.counter in ("status", "silent", "lines", "junit")


def run_ci(tmp_path, script):
    """.ci/run in a tree whose `make` is a line of shell."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "make").write_text(f"#!/bin/bash\n{script}\n")
    (tmp_path / "make").chmod(0o755)
    ci = tmp_path / ".ci" / "run"
    ci.write_bytes((TREE / ".ci" / "run").read_bytes())
    ci.chmod(0o755)
    return subprocess.run(
        [ci], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, text=True, check=False,
        timeout=patience(20), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )


@pytest.mark.parametrize("status", [0, 2])
def test_ci_ends_with_the_sum(tmp_path, status):
    script = f'echo "$*"; echo "3 passed, {status} failed"; echo make: Error >&2; exit {status}'
    done = run_ci(tmp_path, script)
    assert done.stdout.splitlines()[0] == "test FULL=1"
    assert done.stdout.splitlines()[-1] == f"3 passed, {status} failed"
    assert done.returncode == status


def test_ci_without_a_sum_fails(tmp_path):
    done = run_ci(tmp_path, "exit 0")
    assert done.returncode != 0 and done.stdout.splitlines()[-1] == "0 passed, 1 failed"
