# SPDX-License-Identifier: MIT
"""docs/walk.md against the machine: the functions that are entered are those of the page.

tests/guests/walk.c, with everything else, is compiled so that each function announces itself. At
-O0 nothing is expanded inline, so that helpers announce themselves too. QEMU counts instructions
instead of time (-icount), so that each run is the same run.
"""

import os
import re
import subprocess
from functools import cache

import pytest

import walk
from knobs import parse_knobs
from machine import run
from qemu import TREE, as_make_takes_it, build_directory, command_line

FLAGS = "-O0 -finstrument-functions"
CALL = re.compile(r"walk: (\w+) 0x([0-9a-f]+) 0x([0-9a-f]+) (direct|pointer)$")
# What the guest is in the place of: the app's own calls; and assembly announces nothing.
NOT_TRACED = ("apps/", "boot/entry.S", "kernel/vectors.S")


@cache
def defined(path):
    """The functions that a file of the tree defines."""
    return set(walk.functions_of(path))


def located(image, addresses):
    """{address: (path, function)}; the path is None where a header defines it."""
    command = ["addr2line", "-f", "-e", str(image)]
    answer = subprocess.run(command, input="\n".join(addresses), text=True, check=True,
                            capture_output=True).stdout.splitlines()
    found = {}
    for address, name, place in zip(addresses, answer[::2], answer[1::2]):
        path = os.path.relpath(os.path.realpath(place.split(":")[0]), TREE)
        is_ours = path.endswith(".c") and (TREE / path).is_file() and name in defined(path)
        found[address] = (path if is_ours else None, name)
    return found


@pytest.fixture(scope="module")
def trace(qemu):
    """{way: [((path, function), site, how)]}, each once, in the order of first entry."""
    build = build_directory() / "test-walk"
    command = ["make", "--no-print-directory", "-j2", "APP=walk", f"EXTRA_CFLAGS={FLAGS}",
               f"BUILD={as_make_takes_it(build)}", "kernel"]
    done = subprocess.run(command, cwd=TREE, text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, "MAKEFLAGS": ""})
    assert done.returncode == 0, done.stdout
    knobs = parse_knobs({"BOOT": "direct", "DEVICES": "simple", "QEMU": qemu, "TIMEOUT": "60",
                         "SIMPLE": "virtio-simple-pci,ioeventfd=off",
                         "QEMU_ARGS": "-icount shift=0"})
    image = build / "walk" / "doorbell.elf"
    result = run(command_line(knobs, image), knobs["timeout"])
    assert result.outcome == "ok", result.lines + result.complaints
    calls = [found.groups() for found in map(CALL.search, result.lines) if found]
    places = located(image, sorted({call[1] for call in calls}))
    ways = {"boot": [], "request": []}
    for way, function, site, how in calls:
        ways[way].append((places[function], site, how))
    return ways


def entered(calls):
    """Those that are no inline functions of headers, each once."""
    return list(dict.fromkeys(place for place, _, _ in calls if place[0]))


def ways():
    """The two tables of the page."""
    return walk.read_ways((TREE / walk.PAGE).read_text(encoding="utf-8"))


def traced(places):
    """Those that can be found in a trace."""
    return [place for place in places if not place[0].startswith(NOT_TRACED)]


def test_the_request_enters_what_the_page_lists(trace):
    """Every function of it, in this order, and no other."""
    way = ways()[1]
    assert entered(trace["request"]) == traced(way.functions())


def test_the_request_goes_through_as_many_pointers_as_the_page_says(trace):
    sites = {site for _, site, how in trace["request"] if how == "pointer"}
    assert len(sites) == ways()[1].figures()[walk.FIGURES.index("calls through pointers")]


def test_the_inline_functions_of_the_request(trace):
    """Those of the tree's own headers; the system's <linux/virtio_ring.h> has one more."""
    names = {name for (path, name), _, _ in trace["request"] if not path}
    assert names - {"vring_need_event"} == set(ways()[1].inline)


def test_the_way_to_driver_ok_is_taken_in_this_order(trace):
    """The page leaves out much of the start, but what it has is entered as it says."""
    wanted = traced(row.place for row in ways()[0].rows if row.path.endswith(".c"))
    places = entered(trace["boot"])
    assert set(traced(ways()[0].functions())) <= set(places)
    assert [place for place in places if place in wanted] == list(dict.fromkeys(wanted))


def test_the_start_is_as_large_as_the_page_says(trace):
    """From the first C function to the last row; printing, memory and firmware tables included."""
    places = entered(trace["boot"])
    places = places[:places.index(ways()[0].rows[-1].place) + 1]
    text = (TREE / walk.PAGE).read_text(encoding="utf-8")
    functions, files = map(int, re.search(r"(\d+) functions of (\d+)\s+files", text).groups())
    assert abs(len(places) - functions) <= functions // 20, len(places)
    assert abs(len({path for path, _ in places}) - files) <= files // 20, places
