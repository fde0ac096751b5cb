# SPDX-License-Identifier: MIT
"""The Makefile's own promises, and the doctor's."""

import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from patience import patience

TREE = Path(__file__).resolve().parents[2]
MAKE_SETTINGS = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD")


def quiet_environment():
    """Without what the make that runs us hands down."""
    return {k: v for k, v in os.environ.items() if k not in MAKE_SETTINGS}


def make(*arguments, tree=TREE, **settings):
    """Runs make as a person would, whatever make runs us."""
    return subprocess.run(
        ["make", *arguments], cwd=tree, env={**quiet_environment(), **settings}, text=True,
        check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience(60),
    )


@pytest.fixture(name="small_tree")
def fixture_small_tree(tmp_path):
    """A tree with the Makefile and the tools, and scripts that only say they were called."""
    shutil.copy(TREE / "Makefile", tmp_path)
    shutil.copytree(TREE / "tools", tmp_path / "tools")
    for script in ("setup.sh", "find-qemu.sh"):
        path = tmp_path / "tools" / script
        path.write_text(f"#!/bin/bash\necho called {script} >&2\n")
        path.chmod(0o755)
    return tmp_path


def test_dry_run_builds_no_qemu(small_tree):
    done = make("-n", "run", tree=small_tree)
    assert "called" not in done.stderr


def test_run_sets_up_first_and_stops_when_that_fails(small_tree):
    (small_tree / "tools" / "setup.sh").write_text("#!/bin/bash\necho no gcc >&2\nexit 1\n")
    done = make("run", tree=small_tree)
    assert done.returncode != 0
    assert "no gcc" in done.stderr and "called find-qemu.sh" not in done.stderr


def test_flags_of_the_user_stay_out(small_tree):
    """make exports what the environment has too, but with the kernel's values."""
    (small_tree / "tools" / "setup.sh").write_text("#!/bin/bash\nenv\n")
    names = ("CFLAGS", "CPPFLAGS", "LDFLAGS", "CDPATH")
    done = make("setup", tree=small_tree, **{name: "." for name in names})
    seen = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert "PATH" in seen and not seen & set(names)


def test_cache_is_found_without_home(small_tree, tmp_path):
    """In the folder that the system knows; an `rm` of ours, for it is the user's."""
    (tmp_path / "rm").write_text("#!/bin/bash\necho called rm \"$@\"\n")
    (tmp_path / "rm").chmod(0o755)
    environment = {**quiet_environment(), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for name in ("HOME", "XDG_CACHE_HOME", "DOORBELL_CACHE"):
        environment.pop(name, None)
    done = subprocess.run(["make", "distclean"], cwd=small_tree, env=environment, text=True,
                          check=True, capture_output=True)
    assert f"called rm -rf {pwd.getpwuid(os.getuid()).pw_dir}/.cache/doorbell\n" in done.stdout


BAD_KNOBS = {
    "APP=nosuch": "APP=nosuch: there is no apps/nosuch.c",
    "APP=a b": "APP='a b': want the name of an app",
    "APP=": "APP='': want the name of an app",
    "BUILD=a b": "BUILD='a b': want a folder",
    "BUILD=": "BUILD='': want a folder",
    "BUILD=.": "BUILD=. is this tree or above it",
    "BUILD=/": "BUILD=/ is this tree or above it",
    "WITHOUT=virtio_simple.c": "WITHOUT=virtio_simple.c: there is no such file",
    "BOOT=x": "BOOT=x: choices: iso",
    "MACHINE=x": "MACHINE=x: choices: pc",
    "SMP=0": "SMP=0: choices: from 1 to 16",
    "SMP=\u00b2": "SMP=\u00b2: choices: from 1 to 16",
    "MEM=abc": "MEM=abc: want a number",
    "MEM=1001G": "MEM=1001G: 1000G at most",
    "MEM=99999999999999999999G": "MEM=99999999999999999999G: want a number",
    "SIMPLE=nonsense": "SIMPLE=nonsense: choices: modern, transitional",
    "CMDLINE=one\ntwo": "want one line",
    "HTTP_PORT=\u00b2": "HTTP_PORT=\u00b2: want a port",
}


@pytest.mark.parametrize("knob", BAD_KNOBS)
def test_bad_knob_is_told_before_anything_is_built(small_tree, knob):
    (small_tree / "apps").mkdir()
    (small_tree / "apps" / "demo.c").touch()
    done = make("run", knob, tree=small_tree)
    told = [line for line in done.stderr.splitlines() if BAD_KNOBS[knob] in line]
    assert done.returncode != 0 and len(told) == 1, done.stderr
    assert "called find-qemu.sh" not in done.stderr


def test_runs_at_once_build_in_turn(small_tree, tmp_path):
    """Two people, or two windows, in one tree: make itself has no idea of the other."""
    log = tmp_path / "log"
    builder = tmp_path / "make.sh"
    builder.write_text(f"#!/bin/bash\necho begin >> {log}\nsleep 0.3\necho end >> {log}\n")
    builder.chmod(0o755)
    command = ["make", "run", f"MAKE={builder}", "PYTHON=true"]
    runs = [subprocess.Popen(command, cwd=small_tree, env=quiet_environment()) for _ in range(4)]
    assert [run.wait(timeout=patience(60)) for run in runs] == [0] * 4
    assert log.read_text().split() == ["begin", "end"] * 4


def test_bare_machine_reaches_set_up_without_compiler(small_tree, tmp_path):
    """With no gcc on the PATH nothing is said before set-up, which is what installs it."""
    path = tmp_path / "bin"
    path.mkdir()
    for tool in "make bash sh env git".split():
        (path / tool).symlink_to(shutil.which(tool))
    done = make("setup", tree=small_tree, PATH=str(path))
    assert (done.returncode, done.stderr) == (0, "called setup.sh\n")


@pytest.mark.parametrize("build", [".", "..", "/"])
def test_clean_refuses_to_remove_the_tree(small_tree, tmp_path, build):
    (tmp_path / "rm").write_text("#!/bin/bash\necho called rm >&2\n")
    (tmp_path / "rm").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = make("clean", f"BUILD={build}", tree=small_tree, PATH=path)
    assert done.returncode != 0 and f"BUILD={build} is this tree or above it" in done.stderr
    assert "called rm" not in done.stderr


def test_clean_removes_what_was_made(small_tree):
    (small_tree / "build" / "obj").mkdir(parents=True)
    (small_tree / "compile_commands.json").touch()
    assert make("clean", tree=small_tree).returncode == 0
    assert not (small_tree / "build").exists()
    assert not (small_tree / "compile_commands.json").exists()


def test_distclean_removes_the_cache_named(small_tree, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    done = make("distclean", tree=small_tree, DOORBELL_CACHE=str(cache))
    assert done.returncode == 0 and not cache.exists() and str(cache) in done.stdout


def test_help_names_commands_and_knobs():
    text = make("help").stdout
    for word in ("make run", "make test", "make doctor", "MACHINE", "QEMU_ARGS", "CROSS_COMPILE"):
        assert word in text


def test_compile_commands_cover_every_c_file(tmp_path):
    """In a copy, so that nobody's own file is replaced; a quote in a flag must not break it."""
    for name in ("Makefile", "boot", "kernel", "drivers", "apps"):
        copy = shutil.copytree if (TREE / name).is_dir() else shutil.copy
        copy(TREE / name, tmp_path / name)
    done = make("compile_commands.json", 'EXTRA_CFLAGS=-DX="1"', tree=tmp_path)
    assert done.returncode == 0, done.stderr
    entries = json.loads((tmp_path / "compile_commands.json").read_text())
    sources = {str(p.relative_to(tmp_path)) for p in tmp_path.glob("*/**/*.c")}
    assert sources and sources <= {entry["file"] for entry in entries}
    assert all(e["directory"] == str(tmp_path) for e in entries)


def doctor(**settings):
    """Runs the doctor; (exit status, its lines)."""
    done = subprocess.run(
        [TREE / "tools" / "doctor.sh"], env={**os.environ, **settings}, text=True, check=False,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=patience(60),
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_doctor_has_a_remedy_for_each_complaint(tmp_path):
    status, lines = doctor(CC="nonesuch-gcc", QEMU="/nonesuch", DOORBELL_CACHE=str(tmp_path))
    assert status == 1
    complaints = [i for i, line in enumerate(lines) if line.startswith(("MISS", "ODD"))]
    assert len(complaints) >= 2
    assert all(lines[i + 1].startswith("        -> ") for i in complaints)
    assert "nonesuch-gcc" in "\n".join(lines) and "QEMU=/nonesuch" in "\n".join(lines)
    assert lines[-1] == f"doctor: {len(complaints)} to mend"


def test_doctor_finds_a_compiler_for_another_machine(tmp_path):
    compiler = tmp_path / "arm-gcc"
    compiler.write_text("#!/bin/bash\nexit 1\n")
    compiler.chmod(0o755)
    _, lines = doctor(CC=str(compiler), DOORBELL_CACHE=str(tmp_path))
    assert any(line.startswith("ODD") and "cannot make x86-64" in line for line in lines)


def test_doctor_says_when_qemu_is_not_built(tmp_path):
    status, lines = doctor(QEMU="", DOORBELL_CACHE=str(tmp_path))
    assert status == 1
    missing = [i for i, line in enumerate(lines) if "is not built" in line]
    assert missing and lines[missing[0] + 1].strip() == "-> make qemu"
