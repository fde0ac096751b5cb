# SPDX-License-Identifier: MIT
"""The filter that both sides of the comparison go through must not hide a difference."""

import re

import pytest

from topology import load_all, load_topology, random_topology
from words import by_function, has_type_words, scan_lines

LINUX = """\
[    0.8] pci 0000:00:01.1: [8086:7010] type 00 class 0x010180 conventional PCI endpoint
[    0.8] pci 0000:00:01.1: BAR 4 [io  0xc0c0-0xc0cf]
[    0.8] pci 0000:00:01.1: BAR 0 [io  0x01f0-0x01f7]: legacy IDE quirk
[    0.8] pci 0000:00:01.3: quirk: [io  0x0600-0x063f] claimed by PIIX4 ACPI
[    0.8] pci 0000:00:05.0: [1b36:000c] type 01 class 0x060400 PCIe Root Port
[    0.8] pci 0000:00:05.0: PCI bridge to [bus 01]
[    0.8] pci 0000:00:05.0:   bridge window [io  0xe000-0xefff]
[    0.8] pci 0000:00:05.0:   bridge window [io  0x0000-0x0cf7 window] (subtractive decode)
[    0.8] pci 0000:01:00.0: [1b36:0010] type 00 class 0x010802 PCIe Endpoint
[    0.8] pci 0000:01:00.0: ROM [mem 0xfe600000-0xfe63ffff pref]
[    0.8] pci 0000:00:05.0: PCI bridge to [bus 01]
[    0.8] pci 0000:00:05.0: bridge window [io  0x1000-0x1fff]: assigned
""".splitlines()
KEPT = [0, 1, 2, 4, 5, 6, 8, 9]


def test_what_counts():
    assert scan_lines(LINUX) == [LINUX[index][len("[    0.8] "):] for index in KEPT]


@pytest.mark.parametrize("index", KEPT)
def test_a_changed_line_is_seen(index):
    changed = list(LINUX)
    changed[index] = changed[index].replace("0x", "0xa", 1).replace("bus 01", "bus 02")
    assert scan_lines(changed) != scan_lines(LINUX)


def test_old_words():
    old = [re.sub(r"(class 0x.{6}) .*", r"\1", line) for line in LINUX]
    assert has_type_words(LINUX) and not has_type_words(old)
    assert by_function(old) == by_function(LINUX)
    assert by_function(old)["0000:01:00.0"] == {
        "pci 0000:01:00.0: [1b36:0010] type 00 class 0x010802",
        "pci 0000:01:00.0: ROM [mem 0xfe600000-0xfe63ffff pref]",
    }
    for index in set(KEPT) - {5}:  # line 5 comes twice
        assert by_function(LINUX[:index] + LINUX[index + 1:]) != by_function(LINUX), index


def test_a_seed_gives_one_topology_for_ever():
    assert random_topology(7) == random_topology(7) != random_topology(8)


def test_topology_files(tmp_path):
    assert len(load_all()) >= 4
    path = tmp_path / "x.topology"
    path.write_text("# text\nMACHINE = q35\nedu,addr=3\n")
    assert load_topology(path).plugged == ("edu,addr=3",)
    path.write_text("SPEED = 3\n")
    with pytest.raises(ValueError, match="x.topology:1: unknown key SPEED"):
        load_topology(path)
