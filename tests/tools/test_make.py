# SPDX-License-Identifier: MIT
"""The Makefile's own promises, and the doctor's."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
MAKE_SETTINGS = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD")


def make(*arguments, tree=TREE, **settings):
    """Runs make as a person would, whatever make runs us."""
    environment = {k: v for k, v in os.environ.items() if k not in MAKE_SETTINGS}
    return subprocess.run(
        ["make", *arguments], cwd=tree, env={**environment, **settings}, text=True, check=False,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
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
    assert done.returncode != 0 and "not removed" in done.stderr
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
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
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
