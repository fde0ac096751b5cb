# SPDX-License-Identifier: MIT
"""The host's lspci, asked about a dump that our lspci printed."""

import re
import shutil
import subprocess

WANTED = (3, 9)
IDS = "/usr/share/misc/pci.ids"

# pciutils decodes virtio capabilities of 1af4:1000-107f. virtio-simple is among the experiments,
# 1af4:10f0-10ff, so it is shown under an id that no device has, and named back afterwards.
SIMPLE, STAND_IN = "10f3", "107f"

# What later versions say otherwise: their words, and those of 3.9, which are ours. (Before 3.13
# three words of DevCtl2 had moved to lines of their own.)
LATER = [
    (r", IntMsgNum (\d+)$", lambda found: f", MSI {int(found[1]):02x}"),
    (r"(?: TEE-IO| FltModeDis|, FltMode)[-+](?=, DRS|$)", ""),
    (r" LnkDisable([-+] CommClk[-+])$", r" Disabled\1"),
    (
        r"^(\t\tDevCtl2: .*, TimeoutDis[-+])(.*)\n((?:.*AtomicOpsCtl.*\n)?)"
        r".* IDOReq[-+] .*( LTR[-+]) .*\n\t+ (10BitTagReq[-+] OBFF .*,) .*$",
        lambda found: f"{found[1]}{found[4]} {found[5]}{found[2]}\n{found[3].rstrip()}".rstrip(),
    ),
]
# From a dump pciutils takes the upper half of a 64-bit BAR above 4 GiB for one more BAR.
UPPER_HALF = re.compile(r"^(\t.*Memory at \w{9,} \(64-bit.*\n)"
                        r"\t.*(?:Memory at <unassigned>|I/O ports at (?:<unassigned>|0000)).*\n",
                        re.MULTILINE)

# Looked up on the host, by the ids in the dump.
HOSTS_KERNEL = re.compile(r"\tKernel (driver in use|modules): ")


class NoPciutils(Exception):
    """There is no lspci to compare with; the text says what to do."""


# Names from udev's hardware database come even before those of the list that -i gives.
NO_HWDB = "hwdb.disable"


def without_hwdb(program):
    """The options that make it forget that database, if it was built to know it."""
    known = subprocess.run([program, "-O", "help"], stdout=subprocess.PIPE, text=True, check=False)
    return ["-O", f"{NO_HWDB}=1"] if NO_HWDB in known.stdout else []


def version_of(program):
    """Of an lspci: (3, 9)."""
    said = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True)
    return tuple(int(part) for part in re.search(r"(\d+)\.(\d+)", said.stdout).groups())


def find_lspci():
    """The program; some distributions keep it where only root's PATH leads."""
    program = shutil.which("lspci") or shutil.which("lspci", path="/usr/sbin:/sbin")
    if not program:
        raise NoPciutils("no lspci to compare with: apt-get install pciutils")
    if version_of(program) < WANTED:
        raise NoPciutils(f"{program} is old: 3.9 or later is wanted, others say other words")
    return program


def class_ids():
    """The part of the list of PCI ids that names classes."""
    with open(IDS, encoding="utf-8") as file:
        text = file.read()
    return text[text.index("\nC 00") + 1:]


def in_words_of_3_9(text):
    """Text of a later version."""
    for later, ours in LATER:
        text = re.sub(later, ours, text, flags=re.MULTILINE)
    return text


def disguise(dump):
    """The dump with virtio-simple under its other id."""
    low, high = STAND_IN[2:], STAND_IN[:2]
    return re.sub(r"^00: f4 1a f3 10", f"00: f4 1a {low} {high}", dump, flags=re.MULTILINE)


def ask_lspci(dump, ids, options, folder):
    """What it prints of a dump: lines."""
    (folder / "dump").write_text(disguise(dump), encoding="utf-8")
    (folder / "ids").write_text(ids, encoding="utf-8")
    program = find_lspci()
    command = [program, *without_hwdb(program), "-F", folder / "dump", "-i", folder / "ids",
               *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    assert not done.returncode, done.stderr
    text = UPPER_HALF.sub(r"\1", done.stdout.replace(f"1af4:{STAND_IN}", f"1af4:{SIMPLE}"))
    return [line for line in in_words_of_3_9(text).splitlines() if not HOSTS_KERNEL.match(line)]
