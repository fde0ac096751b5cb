#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every test, stage by stage, and ends with the line `N passed, M failed`.

A failing stage does not stop the others. What ran is counted from each stage's own account: a
JUnit file (pytest), lines `N passed, M failed` (host tests), or the exit status (the checks).
FULL=1 in the environment is passed on to all of them.
"""

import importlib.util
import math
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

from environment import for_tests
from patience import patience

TREE = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("BUILD", "build"))
FULL = bool(os.environ.get("FULL"))
MAKE = os.environ.get("MAKE", "make")
CROSS = os.environ.get("CROSS_COMPILE", "")
PROCESSORS = len(os.sched_getaffinity(0))

SLOWEST = 10
COUNT_LINE = re.compile(r"\b(\d+) passed, (\d+) failed\b")
FAIL_LINE = re.compile(r"^\s*(?:FAIL|not ok)\b[:\s-]*(.+)$")
INTERRUPTED = 130


@dataclass
class Count:
    """What ran, and the names of what did not go well."""

    passed: int = 0
    failed: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    seconds: dict = field(default_factory=dict)  # by name

    def add(self, other):
        """Sums up."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.seconds |= other.seconds


@dataclass
class Stage:
    """A command, how to count it, and the stages without which it means nothing."""

    name: str
    command: list
    counter: str = "status"  # status: one test; silent: counts when it fails; lines; junit
    limit: int = 300
    needs: tuple = ()


def make(*arguments):
    """A make command with all processors."""
    return [MAKE, "--no-print-directory", f"-j{PROCESSORS}", *arguments]


def clang():
    """clang as the kernel's compiler, for x86-64 wherever it runs."""
    return "clang --target=x86_64-linux-gnu" if CROSS else "clang"


def pytest_command():
    """pytest over tests/; with xdist, two at a time more than processors, as some wait."""
    command = [sys.executable, "-m", "pytest", "tests", "-q", "-p", "no:cacheprovider"]
    command += ["--color=yes"] if sys.stdout.isatty() else []
    if importlib.util.find_spec("xdist"):
        command += ["-p", "xdist", "-n", str(min(PROCESSORS, 8) + 2)]
    return command + [f"--junitxml={junit_file()}"]


def environment():
    """What the stages get to see; pytest loads the plugin that we name, whatever is installed."""
    return {**for_tests(os.environ), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def junit_file():
    """Where pytest writes its account."""
    return BUILD / "test" / "pytest.xml"


def stages():
    """All stages in order; a failing check is cheap to see first, so the checks come first."""
    times = 3 if FULL else 1
    # With UBSAN=1 all the images are such ones anyway.
    again = FULL and os.environ.get("UBSAN", "0") in ("", "0")
    host = [Stage("test-host", make("test-host"), "lines", 600 * times)]
    return [
        Stage("style", make("style"), limit=60),
        Stage("layers", make("layers"), limit=60),
        Stage("headers", make("headers"), limit=120),
        # Into the folder of the images, which the same compiler builds: they use what is there.
        Stage("gcc", make(f"BUILD={BUILD}", f"CC={CROSS}gcc", "kernels")),
        Stage("clang", make(f"BUILD={BUILD}/test-clang", f"CC={clang()}", "kernels")),
        *(host if list(TREE.glob("tests/host/*.mk")) else []),
        # Building QEMU the first time takes minutes, and longer where processors are few.
        Stage("qemu", ["tools/find-qemu.sh"], "silent", 3600),
        # The kernels to compare with; a few seconds, and only the first time.
        Stage("linux", ["tests/oracle/linux/fetch-linux.sh"], "silent", 600),
        Stage("images", make("images"), "silent", 600),
        Stage("pytest", pytest_command(), "junit", 900 * times, needs=("qemu", "images")),
        *([Stage("ubsan", make("test-ubsan"), limit=1800, needs=("qemu",))] if again else []),
    ]


def kill_group(process):
    """Ends a stage and all it started (QEMU, compilers), which are in its process group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def expire(_number, _frame):
    """SIGALRM: the stage's time is over."""
    raise TimeoutError


def run(stage):
    """(exit status or a reason in words, output lines); the output is shown as it comes."""
    lines = []
    process = subprocess.Popen(
        stage.command, cwd=TREE, env=environment(), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    )
    signal.alarm(math.ceil(patience(stage.limit)))
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            print(line, end="", flush=True)
        return process.wait(), lines
    except TimeoutError:
        return f"stopped after {stage.limit} s", lines
    finally:
        signal.alarm(0)
        kill_group(process)
        process.stdout.close()


def count_junit(path):
    """pytest's account."""
    count = Count()
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        count.seconds[name] = float(case.get("time", 0))
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            count.failed.append(name)
        elif "skipped" in kinds:
            count.skipped.append(name)
        else:
            count.passed += 1
    return count


def count_lines(lines):
    """The sum of all `N passed, M failed` lines; FAIL lines give the names."""
    count = Count()
    failed = 0
    for line in lines:
        found = COUNT_LINE.search(line)
        if found:
            count.passed += int(found.group(1))
            failed += int(found.group(2))
    names = [match.group(1) for match in map(FAIL_LINE.match, lines) if match]
    unnamed = [f"test-host ({failed - len(names)} more)"] * max(0, failed - len(names))
    count.failed = names[:failed] + unnamed
    return count


def counted(stage, lines):
    """The stage's own account of itself."""
    if stage.counter == "junit" and junit_file().is_file():
        return count_junit(junit_file())
    return count_lines(lines) if stage.counter == "lines" else Count()


def judge(stage, status, lines):
    """The count of a stage that ended with `status`."""
    count = counted(stage, lines)
    reason = f"exit status {status}" if isinstance(status, int) else status
    if status != 0 and not (count.failed and isinstance(status, int)):
        # Also a crash after the last good line, or a time limit, must not pass unseen.
        count.failed.append(f"{stage.name} ({reason})")
    elif status == 0 and stage.counter in ("junit", "lines") and not count.passed:
        count.failed.append(f"{stage.name} (it ran no test)")
    elif status == 0 and stage.counter == "status":
        count.passed += 1
    return count


def run_all(todo):
    """The sum over all stages."""
    total, broken = Count(), set()
    for stage in todo:
        lacking = broken.intersection(stage.needs)
        if lacking:
            total.failed.append(f"{stage.name} (not run: no {', '.join(sorted(lacking))})")
            continue
        print(f"---- {stage.name}", flush=True)
        begun = time.monotonic()
        count = judge(stage, *run(stage))
        print(f"---- {stage.name}: {time.monotonic() - begun:.0f} s", flush=True)
        if count.failed:
            broken.add(stage.name)
        total.add(count)
    return total


def pytest_is_here():
    """pytest for this very Python; says what to do when it is not."""
    if importlib.util.find_spec("pytest"):
        return True
    print(
        f"test: {sys.executable} has no pytest, and most tests need it: apt-get install "
        "python3-pytest, or name a Python that has it: make test PYTHON=...",
        file=sys.stderr,
    )
    return False


def summary(total):
    """What took long, names of what failed, then the one line that sums up."""
    for name in sorted(total.seconds, key=total.seconds.get, reverse=True)[:SLOWEST]:
        print(f"slowest: {total.seconds[name]:5.1f} s {name}")
    for name in total.skipped:
        print(f"skipped: {name}")
    for name in total.failed:
        print(f"FAILED: {name}")
    print(f"{total.passed} passed, {len(total.failed)} failed", flush=True)


def main():
    """All stages; 0 only when nothing failed."""
    # A shell that starts us in the background has SIGINT ignored, and the tests send it.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, expire)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    (TREE / junit_file()).parent.mkdir(parents=True, exist_ok=True)
    (TREE / junit_file()).unlink(missing_ok=True)
    todo = stages()
    missing = not pytest_is_here()
    if missing:
        todo = [stage for stage in todo if stage.name != "pytest"]
    try:
        total = run_all(todo)
    except KeyboardInterrupt:
        print("test: interrupted", file=sys.stderr)
        return INTERRUPTED
    if missing:
        total.failed.append("pytest (not installed)")
    summary(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    os.chdir(TREE)
    sys.exit(main())
