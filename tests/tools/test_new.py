# SPDX-License-Identifier: MIT
"""make new-app and make new-driver: what they write builds, runs, and keeps the norms."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from knobs import parse_knobs
from machine import run
from new import USUAL_ID, driver_of
from patience import patience
from qemu import build_directory, command_line

TREE = Path(__file__).resolve().parents[2]
MAKE_SETTINGS = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD", "NAME", "ID")
LEFT_OUT = (".git", "build", "qemu", "tests", "docs", "compile_commands.json")


@pytest.fixture(name="tree", scope="module")
def fixture_tree(tmp_path_factory):
    """A copy of what is compiled, and of what has been; the tree itself is left alone."""
    folder = tmp_path_factory.mktemp("tree")
    for source in TREE.iterdir():
        if source.name in LEFT_OUT or source == build_directory():
            continue
        if source.is_dir():
            shutil.copytree(source, folder / source.name,
                            ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / source.name)
    if (build_directory() / "flags").exists():  # with their times, so that make finds them made
        for made in ("obj", "uapi"):
            shutil.copytree(build_directory() / made, folder / "build" / made, symlinks=True)
        shutil.copy2(build_directory() / "flags", folder / "build" / "flags")
    # Somebody may have made a driver with it already.
    if driver_of(int(USUAL_ID)):
        (folder / driver_of(int(USUAL_ID))).unlink()
    return folder


def make(tree, *arguments):
    """make as a person would call it there."""
    environment = {k: v for k, v in os.environ.items() if k not in MAKE_SETTINGS}
    return subprocess.run(["make", *arguments], cwd=tree, env=environment, text=True, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=patience(300))


def must_make(tree, *arguments):
    """The same, where it has to work; what it said."""
    done = make(tree, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def boot(qemu, tree, app, **settings):
    """The console lines of a run that ends well."""
    knobs = parse_knobs({"QEMU": qemu, "BOOT": "direct", "APP": app, "TIMEOUT": "30", **settings})
    result = run(command_line(knobs, tree / "build" / app / "doorbell.elf"), knobs["timeout"])
    assert result.outcome == "ok", result.lines + result.complaints
    return "\n".join(result.lines)


def test_app_and_driver_build_and_run(qemu, tree):
    """Both at once, for the second image costs little then."""
    assert "make run APP=mine_2" in must_make(tree, "new-app", "NAME=mine_2")
    said = must_make(tree, "new-driver", "NAME=keys")
    assert "now: make run QEMU_ARGS='-device virtio-keyboard-pci'" in said
    must_make(tree, "layers")
    # The copy has no history; style's own checks of single files are what counts here.
    done = make(tree, "style")
    assert "mine" not in done.stdout and "keys" not in done.stdout, done.stdout
    must_make(tree, "-j2", "kernel", "APP=mine_2")
    text = boot(qemu, tree, "mine_2", CMDLINE="one two", DEVICES="none",
                QEMU_ARGS="-device virtio-keyboard-pci")
    assert "mine_2: hello, with 2 words" in text and 'mine_2: word 2 is "two"' in text
    assert "virtio_keys virtio0: status 0x0f DRIVER_OK" in text
    assert re.search(r"virtio_keys virtio0: ready: a queue of \d+ entries, MSI-X", text)


def test_driver_beside_another_one(qemu, tree):
    said = must_make(tree, "new-driver", "NAME=dice", "ID=4")
    without = "WITHOUT=drivers/char/virtio_rng.c"
    assert without in said
    must_make(tree, "-j2", "kernel", "APP=hello", without)
    text = boot(qemu, tree, "hello", DEVICES="none", QEMU_ARGS="-device virtio-rng-pci")
    assert re.search(r"virtio_dice virtio0: ready: a queue of \d+ entries", text)
    assert "MISSING" not in text


@pytest.mark.parametrize("goal, settings, said", [
    ("new-app", [], "NAME=: want a name"),
    ("new-app", ["NAME=hello"], "apps/hello.c is there already"),
    ("new-app", ["NAME=lspci"], "NAME=lspci is taken"),
    ("new-app", ["NAME=Big"], "NAME=Big: want a name"),
    ("new-app", ["NAME=../x"], "NAME=../x: want a name"),
    ("new-app", ["NAME=a b"], "NAME=a b: want a name"),
    ("new-app", ["NAME=$(touch x)"], "want a name"),
    ("new-app", ["NAME=x;touch y"], "want a name"),
    ("new-app", ["NAME=obj"], "NAME=obj is taken"),
    ("new-driver", [], "NAME=: want a name"),
    ("new-driver", ["NAME=simple"], "NAME=simple is taken"),
    ("new-driver", ["NAME=pci"], "NAME=pci is taken"),
    ("new-driver", ["NAME=ring"], "NAME=ring is taken"),
    ("new-driver", ["NAME=uapi"], "NAME=uapi is taken"),
    ("new-driver", ["NAME=int"], "NAME=int is taken"),
    ("new-driver", ["NAME=asm"], "NAME=asm is taken"),
    ("new-driver", ["NAME=linux"], "NAME=linux is taken"),
    ("new-driver", ["NAME=driver"], "NAME=driver is taken"),
    ("new-driver", ["NAME=kzalloc"], "NAME=kzalloc is taken"),
    ("new-app", ["NAME=_x"], "NAME=_x: want a name"),
    ("new-app", ["NAME=x__y"], "NAME=x__y: want a name"),
    ("new-app", ["NAME=seventeen_letters"], "NAME=seventeen_letters: want a name"),
    ("new-driver", ["NAME=ok", "ID=0"], "ID=0: want a virtio id"),
    ("new-driver", ["NAME=ok", "ID=cat"], "ID=cat: want a virtio id"),
    ("new-driver", ["NAME=ok", "ID=1000"], "ID=1000: want a virtio id"),
])
def test_refused(tree, goal, settings, said):
    before = sorted(path for path in tree.rglob("*.[ch]"))
    done = make(tree, goal, *settings)
    lines = [line for line in done.stderr.splitlines() if line.startswith("new: ")]
    assert done.returncode != 0 and len(lines) == 1 and said in lines[0], done.stderr
    assert sorted(path for path in tree.rglob("*.[ch]")) == before
    assert not (tree / "x").exists() and not (tree / "y").exists()
