# SPDX-License-Identifier: MIT
"""Fixtures of the device tests: which QEMU, and machines that end with their test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import simple  # noqa: E402  (the path above must come first)
from patience import patience  # noqa: E402


@pytest.fixture(scope="session")
def qemu():
    """DOORBELL_QEMU, else the one that the build script makes."""
    named = os.environ.get("DOORBELL_QEMU")
    if named:
        return named
    script = HERE.parents[1] / "qemu" / "build-qemu.sh"
    built = subprocess.run([script], stdout=subprocess.PIPE, text=True, check=True,
                           timeout=patience(3600))
    return built.stdout.strip()


@pytest.fixture
def machines(qemu):
    """Boots machines: machines(options, more arguments...); all end with the test."""
    started = []

    def boot(*arguments, **settings):
        started.append(simple.boot(qemu, *arguments, **settings))
        return started[-1]

    yield boot
    for machine in started:
        machine.close()


@pytest.fixture
def device(machines):
    """The device as it comes, not yet started."""
    return simple.Simple(machines())
