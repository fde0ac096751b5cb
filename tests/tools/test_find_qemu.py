# SPDX-License-Identifier: MIT
"""tools/find-qemu.sh: which QEMU `make run` uses, and that one without our device is refused."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from patience import patience

TREE = Path(__file__).resolve().parents[2]

BUILD_QEMU = """#!/usr/bin/env bash
echo "$*" >> calls
if [[ ${1:-} == --check ]]; then
    [[ $2 != *old* ]] || { echo "qemu: $2 lacks virtio-simple" >&2; exit 1; }
else
    echo /cache/qemu-system-x86_64
fi
"""


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """A tree with the script, a build script that tells what it was asked, and two QEMUs."""
    for folder in ("tools", "qemu"):
        (tmp_path / folder).mkdir()
    shutil.copy(TREE / "tools" / "find-qemu.sh", tmp_path / "tools")
    for name, text in (("qemu/build-qemu.sh", BUILD_QEMU), ("good", ""), ("old", "")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def find(tree, **settings):
    """Runs the script; (exit status, stdout, stderr, what the build script was asked)."""
    environment = {"PATH": os.environ["PATH"], **settings}
    done = subprocess.run(
        [tree / "tools" / "find-qemu.sh"], env=environment, text=True, check=False,
        capture_output=True, timeout=patience(20),
    )
    calls = tree / "calls"
    asked = calls.read_text().splitlines() if calls.exists() else []
    calls.unlink(missing_ok=True)
    return done.returncode, done.stdout.strip(), done.stderr, asked


def test_ours_is_the_default(tree):
    assert find(tree) == (0, "/cache/qemu-system-x86_64", "", [""])


def test_the_users_is_checked_once(tree):
    path = str(tree / "good")
    assert find(tree, QEMU=path) == (0, path, "", [f"--check {path}"])
    assert find(tree, QEMU=path) == (0, path, "", [])
    (tree / "good").write_text("newer")
    assert find(tree, QEMU=path)[3] == [f"--check {path}"]


def test_one_without_the_device_is_refused_every_time(tree):
    path = str(tree / "old")
    for _ in range(2):
        status, out, err, _ = find(tree, QEMU=path)
        assert status != 0 and out == "" and "lacks virtio-simple" in err


def test_one_without_the_device_will_do_when_the_machine_has_none(tree):
    path = str(tree / "old")
    assert find(tree, QEMU=path, DEVICES="none") == (0, path, "", [])
    assert find(tree, QEMU=path, DEVICES="net,blk") == (0, path, "", [])
    assert find(tree, QEMU=path, DEVICES="net,simple")[0] != 0
