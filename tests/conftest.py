# SPDX-License-Identifier: MIT
"""What all pytest tests share: where the modules are, which QEMU runs, and FULL=1."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
TREE = TESTS.parent
SHARED = ("boot", "oracle/qemu", "oracle/linux", "oracle/pciutils", "guests/net", "guests/char")
LONG_FIRST = ("tools/test_new", "oracle/linux", "guests/block", "oracle/", "guests/", "boot/")
sys.path[:0] = [str(TREE / "tools"), *(str(TESTS / name) for name in SHARED)]

from environment import narrow  # noqa: E402  (the path above must come first)
from knobs import parse_knobs  # noqa: E402
from machine import Machine  # noqa: E402
from patience import patience  # noqa: E402
from qemu import build_directory, find_qemu  # noqa: E402


narrow()
# A shell that starts us in the background has SIGINT ignored, and the tests send it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
Machine.limit = staticmethod(patience)


def pytest_configure(config):
    """The tags of the boot cases are marks; `full` is the one with a meaning here."""
    config.addinivalue_line("markers", "full: runs only with FULL=1")
    for path in (TESTS / "boot/cases").glob("*.case"):
        for tags in re.findall(r"^tags *=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            for tag in tags.replace(",", " ").split():
                config.addinivalue_line("markers", tag)


def pytest_collection_modifyitems(config, items):
    """The larger matrices are left out, not skipped, unless FULL=1 asks for them. What takes long
    comes first, so that no worker is left with it at the end."""
    items.sort(key=lambda item: next((place for place, name in enumerate(LONG_FIRST)
                                      if name in item.nodeid), len(LONG_FIRST)))
    if os.environ.get("FULL"):
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def qemu():
    """The QEMU under test: $QEMU, else the one built with our device."""
    return find_qemu(parse_knobs({"QEMU": os.environ.get("QEMU", "")}))


@pytest.fixture(scope="session")
def logs():
    """Where transcripts are kept for a reader, whether the test passed or not."""
    directory = build_directory() / "tests"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
