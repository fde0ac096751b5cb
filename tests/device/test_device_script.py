# SPDX-License-Identifier: MIT
"""build-qemu.sh where it needs no build: --check, --cached, and what it says when it cannot."""

import os
import subprocess
from pathlib import Path

import pytest

from patience import patience

SCRIPT = Path(__file__).resolve().parents[2] / "qemu" / "build-qemu.sh"


def run(*arguments, **settings):
    return subprocess.run([SCRIPT, *arguments], env={**os.environ, **settings}, text=True,
                          capture_output=True, timeout=patience(60), check=False)


@pytest.fixture
def stock(tmp_path):
    """What a QEMU without the device does, exit status included."""
    program = tmp_path / "qemu"
    program.write_text("#!/bin/sh\necho \"Device 'virtio-simple-pci' not found\" >&2\n")
    program.chmod(0o755)
    return program


def test_check_accepts_a_qemu_with_the_device(qemu):
    done = run("--check", qemu)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_check_refuses_one_without_and_says_what_to_do(stock):
    done = run("--check", str(stock))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (f"qemu: {stock} lacks virtio-simple; for one that has it: "
                           "unset QEMU; make qemu\n")


def test_check_of_nothing(tmp_path):
    done = run("--check", str(tmp_path / "none"))
    assert done.returncode == 1 and done.stderr.startswith("qemu: there is no program")


def test_cached_does_not_build(tmp_path):
    done = run("--cached", DOORBELL_CACHE=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "") and "not built yet" in done.stderr
    assert not list(tmp_path.iterdir()), "the look left something behind"


def test_stdout_is_one_line_and_a_program(qemu):
    done = run("--cached")
    if done.returncode:
        assert "not built yet" in done.stderr
        return
    assert done.stdout.count("\n") == 1 and os.access(done.stdout.strip(), os.X_OK)


def test_one_build_serves_every_language():
    """Files sort otherwise in some, and what is built is named after all of them in a row."""
    languages = subprocess.run(["locale", "-a"], stdout=subprocess.PIPE, text=True, check=True)
    found = [run("--cached", LC_ALL=language) for language in languages.stdout.split()]
    assert len({(done.returncode, done.stdout) for done in found}) == 1


def test_a_missing_tool_is_named(tmp_path):
    """With a path that has the basics only, the build ends before it fetches anything."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "dirname", "cat", "grep", "sha256sum", "cut", "uname", "mkdir", "flock",
                 "apt-get", "env", "tail"):
        found = subprocess.run(["which", name], stdout=subprocess.PIPE, text=True, check=True,
                               timeout=patience(10))
        (folder / name).symlink_to(found.stdout.strip())
    done = run(PATH=str(folder), DOORBELL_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 1 and done.stdout == ""
    assert "building QEMU needs these packages:" in done.stderr
    assert {"ninja-build", "meson", "gcc", "libslirp-dev"} <= set(done.stderr.split())
