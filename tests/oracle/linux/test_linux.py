# SPDX-License-Identifier: MIT
"""We say about every machine what Linux says about it, line for line.

Linux 6.11 and later name the type of each function; before, the line ends after the class.
"""

import pytest

from knobs import parse_knobs
from linux import LinuxError, fetch_kernels, kernel_names, linux_scan
from machine import run
from qemu import check_image, command_line
from topology import Topology, load_all, random_topology
from words import by_bus, by_function, has_type_words, scan_lines

REFERENCE = [Topology(f"reference-{machine}", machine, "reference") for machine in ("pc", "q35")]
SEEDS = range(2)
FULL_SEEDS = range(2, 40)
APP = "hello"
KERNELS = kernel_names()


def comparisons():
    """The reference machines, those with a file, and random ones; with FULL=1 all of them with
    every kernel."""
    always = REFERENCE + load_all() + [random_topology(seed) for seed in SEEDS]
    more = [random_topology(seed) for seed in FULL_SEEDS]
    for which, kernel in enumerate(KERNELS):
        for topology in always + more:
            usual = topology in always and (topology in REFERENCE or which == len(KERNELS) - 1)
            yield pytest.param(topology, which, id=f"{kernel}-{topology.name}",
                               marks=[] if usual else [pytest.mark.full])


@pytest.fixture(scope="session")
def kernels():
    """Without Linux this comparison fails: it is not skipped."""
    try:
        return fetch_kernels()
    except LinuxError as error:
        pytest.fail(f"no Linux to compare with: {error}", pytrace=False)


def our_scan(qemu, settings, log):
    """Our console."""
    knobs = parse_knobs({**settings, "QEMU": qemu, "BOOT": "direct", "APP": APP, "TIMEOUT": "20"})
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    log.write_text("\n".join(result.lines + result.complaints) + "\n", encoding="utf-8")
    assert result.outcome == "ok", f"our kernel ended with {result.outcome}: {log}"
    return result.lines


@pytest.mark.parametrize("topology, which", comparisons())
def test_agrees_with_linux(topology, which, kernels, qemu, logs):
    """The same functions, resources and bridges, in the same order and words."""
    name = f"{topology.name}-{KERNELS[which]}"
    settings = topology.settings()
    theirs = linux_scan(kernels[which], qemu, settings, logs / f"linux-{name}.log")
    ours = our_scan(qemu, settings, logs / f"ours-{name}.log")
    assert len(scan_lines(theirs)) >= 4, "Linux found next to nothing"
    if has_type_words(theirs):
        assert by_bus(scan_lines(ours)) == by_bus(scan_lines(theirs))
        if "bus_nr=" not in " ".join(topology.plugged):
            assert scan_lines(ours) == scan_lines(theirs)
    else:
        assert which < len(KERNELS) - 1, "not even the newest kernel names types"
        assert by_function(ours) == by_function(theirs)
