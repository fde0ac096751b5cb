# SPDX-License-Identifier: MIT
"""Ours and pciutils decode the same configuration spaces alike, whatever is in them.

The app is built for the host, under the sanitizers, and both are given random dumps.
"""

import subprocess
from pathlib import Path

import pytest

from pciutils import ask_lspci
from random_dump import random_dump

TREE = Path(__file__).resolve().parents[3]
SOURCES = sorted(str(path.relative_to(TREE)) for path in TREE.glob("apps/lspci/*.c"))
FLAGS = ["-std=gnu11", "-g", "-O1", "-I.", "-fno-strict-aliasing", "-Wall", "-Wextra", "-Werror",
         "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
SEEDS = range(8)
FULL_SEEDS = range(8, 200)


@pytest.fixture(scope="module")
def host_lspci(tmp_path_factory):
    """The app as a program of the host's."""
    folder = tmp_path_factory.mktemp("host_lspci")
    ours = "tests/oracle/pciutils/host_lspci.c"
    command = ["gcc", *FLAGS, *SOURCES, ours, "-o", folder / "lspci"]
    subprocess.run(command, cwd=TREE, check=True)
    return folder / "lspci"


def seeds():
    """A few, and many with FULL=1."""
    yield from SEEDS
    for seed in FULL_SEEDS:
        yield pytest.param(seed, marks=pytest.mark.full)


@pytest.mark.parametrize("seed", seeds())
def test_decodes_alike(seed, host_lspci, tmp_path):
    """Each function of a random dump, with little and with much verbosity."""
    dump = random_dump(seed)
    (tmp_path / "random").write_text(dump, encoding="utf-8")
    for options in (["-nn"], ["-v"], ["-nvv"], ["-nnvvv"]):
        theirs = ask_lspci(dump, "", options, tmp_path)
        command = [host_lspci, tmp_path / "random", "-i", "none", *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        assert done.stdout.splitlines() == theirs, options
