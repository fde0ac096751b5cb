#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Removes guards one at a time and looks whether a host test notices.

    tests/host/guards/run.py [NAME...]

The .toml files here say which: the text of the guard, found exactly once in its file, and what
stands there instead. The file is compiled so, linked with the objects of the host tests as they
are, and each named test must then fail, which it does not without the change: as clang builds it,
which is quick, or else as gcc does, with the address sanitizer. `make guards` builds what it takes.
"""

import os
import shlex
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TREE / "tools"))

from patience import patience  # noqa: E402  (the path above must come first)

BUILD = Path(os.environ.get("BUILD") or "build")
LIMIT = 60  # seconds for each command
COMPILERS = ("clang", "gcc")


@dataclass
class Commands:
    """How the host tests were built: the lines of their `commands` file."""

    folder: str
    compile: list
    link: list
    objects: list

    @classmethod
    def read(cls, compiler):
        """From the file that make wrote."""
        folder = BUILD / "host" / compiler
        lines = (TREE / folder / "commands").read_text().splitlines()
        return cls(str(folder), *map(shlex.split, lines))


class Unproven(Exception):
    """Why a guard counts as failed."""


def run(command):
    """(exit status, output) of a command."""
    done = subprocess.run(
        command, cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", timeout=patience(LIMIT), check=False,
    )
    return done.returncode, done.stdout


def must_run(command):
    """As run, for what has to work."""
    status, output = run(command)
    if status:
        raise Unproven(f"{command[0]} failed:\n{output}")


def remove(guard, folder):
    """The file without its guard, below `folder`."""
    source = (TREE / guard["file"]).read_text(encoding="utf-8")
    found = source.count(guard["text"])
    if found != 1:
        raise Unproven(f"its text is {found} times in {guard['file']}, not once")
    path = folder / guard["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source.replace(guard["text"], guard["instead"]), encoding="utf-8")
    return path


def build(guard, commands):
    """The host tests with that one file changed."""
    folder = BUILD / "guards" / guard["name"]
    source = remove(guard, folder)
    changed = f"{source}.o"
    usual = f"{commands.folder}/{guard['file']}.o"
    if usual not in commands.objects:
        raise Unproven(f"{guard['file']} is not part of the host tests")
    objects = [changed if each == usual else each for each in commands.objects]
    # Without a guard something may be unused, which is no news here: no warnings.
    must_run([*commands.compile, "-w", "-O0", "-g0", "-c", str(source), "-o", changed])
    must_run([*commands.link, "-Wl,-S", *objects, "-o", str(folder / "tests.elf")])
    return folder / "tests.elf"


def failed_tests(program, names):
    """Which of the tests fail, by the program's own account."""
    lines = run([str(program), *names])[1].splitlines()
    return {line.removeprefix("FAIL: ") for line in lines if line.startswith("FAIL: ")}


def judge(guard, builds):
    """None, or why nothing proves the guard."""
    unseen = set(guard["tests"])
    try:
        for commands in builds:
            program = build(guard, commands)
            unseen -= failed_tests(program, sorted(unseen))
            program.unlink()
            if not unseen:
                break
    except Unproven as why:
        return str(why)
    except subprocess.TimeoutExpired as late:
        return str(late)
    return f"removed, and {', '.join(sorted(unseen))} still passes" if unseen else None


def report(guard, why):
    """A line for one guard."""
    if why:
        print(f"FAIL: guard {guard['name']}: {why}", flush=True)
    else:
        tests = ", ".join(guard["tests"])
        print(f"guard {guard['name']}: removed -> test {tests} failed (good)", flush=True)


def chosen(names):
    """The guards to try."""
    files = sorted((TREE / "tests/host/guards").glob("*.toml"))
    guards = [guard for file in files for guard in tomllib.loads(file.read_text())["guard"]]
    return [guard for guard in guards if not names or guard["name"] in names]


def passing_without_change(guards):
    """Whether all the tests pass as things are; what fails anyway proves nothing."""
    names = sorted({name for guard in guards for name in guard["tests"]})
    failing = [(compiler, name) for compiler in COMPILERS
               for name in failed_tests(BUILD / "host" / compiler / "tests.elf", names)]
    for compiler, name in sorted(failing):
        print(f"FAIL: {name} ({compiler}) fails with all guards in place")
    return not failing


def main(names):
    """Tries each guard; 0 when every removal was noticed."""
    guards = chosen(names)
    builds = [Commands.read(compiler) for compiler in COMPILERS]
    if not guards or not passing_without_change(guards):
        print("0 passed, 1 failed (guards)")
        return 1
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = list(pool.map(lambda guard: judge(guard, builds), guards))
    for guard, why in zip(guards, results):
        report(guard, why)
    failed = sum(1 for why in results if why)
    print(f"{len(guards) - failed} passed, {failed} failed (guards)")
    return 1 if failed else 0


if __name__ == "__main__":
    os.chdir(TREE)
    sys.exit(main(sys.argv[1:]))
