# SPDX-License-Identifier: MIT
"""Boots Debian's kernel on one of our machines, to hear what it says about PCI."""

import subprocess
from pathlib import Path

from knobs import parse_knobs
from machine import Machine
from qemu import machine_arguments

FETCH = Path(__file__).parent / "fetch-linux.sh"
# The first words after every bus has been scanned; nothing later is wanted, so nothing is waited.
SCANNED = r"PCI: (Using ACPI for IRQ routing|pci_cache_line_size)"
# It gives up when the timer's interrupts come late, which is all that a busy host does to it.
APPEND = "console=ttyS0 ignore_loglevel panic=-1 no_timer_check"
# A microvm has neither HPET nor PM timer, and on a busy host Linux often fails to measure the TSC
# against the PIT. It then never gets as far as PCI; how fast time passes matters to nobody here.
APPEND_MICROVM = " tsc_early_khz=2000000 lpj=4000000"
TIMEOUT = 90
# Emulated by QEMU 7.2, cmpxchg16b corrupts the flags now and then: one boot of Linux in four ended
# in a double fault before its PCI scan, none of 25 without the instruction.
WITHOUT_CX16 = ",cx16=off"


class LinuxError(Exception):
    """Linux could not be had, or did not get as far as its PCI buses."""


def kernel_names():
    """What the kernels of fetch_kernels are called here; none on a system other than Debian."""
    suites = subprocess.run([str(FETCH), "--suites"], stdout=subprocess.PIPE, text=True, check=True)
    return ["backports" if "-" in suite else "release" for suite in suites.stdout.split()]


def fetch_kernels():
    """The kernels, the release's first; they are downloaded when this machine has none yet."""
    done = subprocess.run([str(FETCH)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode:
        raise LinuxError(done.stderr.strip() or "fetch-linux.sh failed without a word")
    return [Path(line) for line in done.stdout.splitlines()]


def linux_scan(kernel, qemu, settings, log):
    """Linux's console until it has scanned its buses."""
    knobs = parse_knobs({**settings, "QEMU": qemu})
    append = APPEND + (APPEND_MICROVM if knobs["machine"] == "microvm" else "")
    command = [qemu, *machine_arguments(knobs), "-kernel", str(kernel), "-append", append]
    command[command.index("-cpu") + 1] += WITHOUT_CX16
    with Machine(command, TIMEOUT) as machine:
        scanned = machine.wait_for(SCANNED)
        lines = machine.console.lines
        log.write_text("\n".join(lines + machine.errors.lines) + "\n", encoding="utf-8")
    if not scanned:
        said = " ".join(["QEMU says:", *machine.errors.lines]) if machine.errors.lines else ""
        raise LinuxError(f"Linux did not get through its PCI scan; see {log}. {said}")
    return lines
