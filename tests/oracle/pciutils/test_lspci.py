# SPDX-License-Identifier: MIT
"""Our lspci says about every machine what pciutils says about its dump, line for line.

Two things a dump cannot tell, and the kernel that is running can: how large a BAR is, and which
driver has the function. Ours tells them, as pciutils does on Linux; here they are taken off before
the comparison, and held against the boot's own lines.
"""

import re

import pytest

from knobs import parse_knobs
from machine import run
from pciutils import NoPciutils, ask_lspci, class_ids, find_lspci, version_of
from qemu import check_image, command_line
from topology import Topology, load_all
from transcript import STAMP

# Each listing: our options, and whether classes have names in it.
LISTINGS = [("-n", True), ("", True), ("-nn", False), ("-v", False), ("-nnv", True),
            ("-vv", False), ("-nnvvv", True), ("-t", True), ("-tnv", True)]
EXPRESS = ("pcie-root-port,id=port1,chassis=1,addr=8", "virtio-scsi-pci,bus=port1",
           "pcie-root-port,id=port2,chassis=2,addr=9", "nvme,serial=x,bus=port2",
           "pcie-root-port,id=port3,chassis=3,addr=a", "e1000e,bus=port3", "e1000e,addr=b",
           "ich9-intel-hda,addr=c", "qemu-xhci,addr=d", "vmxnet3,addr=e", "sdhci-pci,addr=f")
OTHERS = ("virtio-rng-pci-transitional,addr=6", "virtio-net-pci-non-transitional,addr=7",
          "virtio-rng-pci,disable-modern=on,addr=8", "virtio-balloon-pci,addr=9",
          "virtio-serial-pci,vectors=0,addr=a", "pci-serial,addr=b", "tpci200,addr=c")
OWN = [Topology("reference-pc", "pc", "reference"), Topology("reference-q35", "q35", "reference"),
       Topology("pc-virtio", "pc", "reference", OTHERS),
       Topology("q35-express", "q35", "reference", EXPRESS)]
SIZE = re.compile(r"(\t(?:Region \d: )?(?:Memory|I/O ports|Expansion ROM) at .*?) \[size=(.*)\]")
DRIVER = "\tKernel driver in use: "
SCANNED = re.compile(r"pci 0000:(\S+): (?:BAR \d|ROM) \[(?:io|mem) +0x(\w+)(?:-0x(\w+))?.*\]")
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@pytest.fixture(scope="module")
def pciutils():
    """Without pciutils this comparison fails: it is not skipped."""
    try:
        find_lspci()
    except NoPciutils as error:
        pytest.fail(str(error), pytrace=False)


def listings(qemu, topology, log):
    """Our console's lines before the first listing, then each listing's, the dump first."""
    words = ["-xxx"] + [options if named else f"{options} -i none" for options, named in LISTINGS]
    settings = {**topology.settings(), "QEMU": qemu, "BOOT": "direct", "APP": "lspci",
                "TIMEOUT": "30", "CMDLINE": " ; ".join(words)}
    knobs = parse_knobs(settings)
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    log.write_text("\n".join(result.lines + result.complaints) + "\n", encoding="utf-8")
    assert result.outcome == "ok", f"ended with {result.outcome}: {log}"
    parts = [[]]
    for line in result.lines:
        text = STAMP.sub("", line + " ", count=1)[:-1]
        if text.startswith(("00:00.0 ", "-[0000:00]-", "-+-[0000:00]-")):
            parts.append([])
        parts[-1].append(text)
    assert len(parts) == len(words) + 1, f"{len(parts)} listings: {log}"
    return parts


TREES = ("-tn -s 3", "-tn -s 4:", "-tn -s 03:00.0", "-tnv -s 0:2", "-tn -d 1af4:", "-tn -d ::0108",
         "-tn -s 28:0", "-tn -s 99:", "-t -s .0")
SWITCH = ("pcie-root-port,id=p,chassis=1,addr=d", "x3130-upstream,id=u,bus=p",
          "xio3130-downstream,id=d0,chassis=3,bus=u",
          "xio3130-downstream,id=d1,chassis=4,bus=u,addr=1", "nvme,serial=y,bus=d0",
          "pcie-pci-bridge,id=pp,bus=d1", "pci-testdev,bus=pp,addr=2", "pxb-pcie,id=x,bus_nr=40",
          "pcie-root-port,bus=x,id=y,chassis=5", "nvme,serial=z,bus=y")


def without_sizes(lines):
    """As from a dump: no sizes of BARs, no drivers."""
    return [SIZE.sub(r"\1", line) for line in lines if not line.startswith(DRIVER)]


def told_sizes(lines):
    """(function, address, size) of all that a verbose listing shows."""
    function, found = None, set()
    for line in lines:
        if line and line[0] not in "\t-":
            function = line.split()[0]
        told = SIZE.fullmatch(line)
        if told and "<unassigned>" not in line:
            address = int(re.search(r" at (\w+)", line)[1], 16)
            size = told[2] if told[2][-1] in UNITS else told[2] + "B"
            found.add((function, address, int(size[:-1]) * UNITS.get(size[-1], 1)))
    return found


def scanned_sizes(lines):
    """The same, of what the scan found and the firmware has assigned."""
    found = (SCANNED.fullmatch(line) for line in lines)
    ranges = ((one[1], int(one[2], 16), int(one[3] or one[2], 16)) for one in found if one)
    return {(function, first, last - first + 1) for function, first, last in ranges if first}


@pytest.mark.parametrize("topology", OWN + load_all(), ids=lambda topology: topology.name)
def test_agrees_with_pciutils(topology, qemu, logs, tmp_path, pciutils):
    """Every option of ours that pciutils has too, on one boot."""
    boot, dump, *ours = listings(qemu, topology, logs / f"lspci-{topology.name}.log")
    assert len(dump) >= 4 * 18, "next to nothing was found"
    for (options, named), said in zip(LISTINGS, ours):
        ids = class_ids() if named else ""
        theirs = ask_lspci("\n".join(dump) + "\n", ids, options.split(), tmp_path)
        assert without_sizes(said) == theirs, f"lspci {options}"
        if "v" in options and "t" not in options:
            assert told_sizes(said) == scanned_sizes(boot), f"lspci {options}"


def test_the_hosts_names_stay_out(tmp_path, pciutils):
    """Of a device that every list knows, whatever lists are installed here."""
    del pciutils
    dump = "00:00.0 Host bridge\n00: 86 80 37 12" + 12 * " 00" + "\n"
    assert ask_lspci(dump, "", [], tmp_path) == ["00:00.0 Class 0000: Device 8086:1237"]


def test_selected_tree_agrees_with_pciutils(qemu, logs, tmp_path, pciutils):
    """What -s and -d leave of the tree; a listing begins where the hyphen of the roots stands."""
    del pciutils
    if version_of(find_lspci()) > (3, 9):
        pytest.skip("later ones than 3.9 select other branches")
    topology = Topology("q35-switch", "q35", "reference", SWITCH)
    knobs = parse_knobs({**topology.settings(), "QEMU": qemu, "BOOT": "direct", "APP": "lspci",
                         "TIMEOUT": "30", "CMDLINE": " ; ".join(("-xxx", *TREES))})
    result = run(command_line(knobs), knobs["timeout"])
    lines = [STAMP.sub("", line + " ", count=1)[:-1] for line in result.lines]
    (logs / "lspci-selected-tree.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert result.outcome == "ok", lines
    starts = [i for i, line in enumerate(lines) if line.startswith("-")] + [len(lines)]
    first = next(i for i, line in enumerate(lines) if line.startswith("00:00.0 "))
    dump = "\n".join(lines[first:starts[0]])
    assert len(starts) == len(TREES) + 1
    for options, first, last in zip(TREES, starts, starts[1:]):
        theirs = ask_lspci(dump + "\n", class_ids(), options.split(), tmp_path)
        assert lines[first:last] == theirs, f"lspci {options}"
