# SPDX-License-Identifier: MIT
"""Images of a test's own: with a driver more or less, or with an app that a page of docs/ shows."""

import fcntl
import subprocess

from patience import patience
from qemu import TREE, as_make_takes_it, build_directory


def build(name, *settings):
    """An image of APP=hello of its own; objects are shared, so one make at a time."""
    directory = build_directory() / "tests" / name
    directory.mkdir(parents=True, exist_ok=True)
    with open(build_directory() / "tests" / "make.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(["make", "kernel", "APP=hello",
                               f"OUT={as_make_takes_it(directory)}", *settings],
                              cwd=TREE, capture_output=True, text=True, check=False,
                              timeout=patience(300))
    assert made.returncode == 0, made.stdout + made.stderr
    return directory / "doorbell.elf"


def build_app(name, text, *settings):
    """The same with another app's source in the place of hello's."""
    source = build_directory() / "tests" / f"{name}.c"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text, encoding="utf-8")
    return build(name, f"APP_SOURCES={as_make_takes_it(source)}", *settings)
