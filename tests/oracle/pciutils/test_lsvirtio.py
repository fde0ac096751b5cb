# SPDX-License-Identifier: MIT
"""lsvirtio gives features the names that QEMU gives them, and finds the queues QEMU has."""

import re

from knobs import parse_knobs
from machine import Machine, run
from qemu import check_image, command_line
from transcript import STAMP

DEVICES = ("-device virtio-scsi-pci -device virtio-balloon-pci,free-page-reporting=on "
           "-device virtio-serial-pci -device virtio-rng-pci -netdev user,id=more "
           "-device virtio-net-pci,netdev=more,host_mtu=1400,speed=1000,duplex=full,romfile= "
           "-blockdev null-co,node-name=other,read-only=on "
           "-device virtio-blk-pci,drive=other,num-queues=2 "
           "-device virtio-gpu-pci -device virtio-keyboard-pci -device virtio-iommu-pci "
           "-object cryptodev-backend-builtin,id=coder -device virtio-crypto-pci,cryptodev=coder "
           "-m 128M,slots=2,maxmem=1G -object memory-backend-ram,id=plugged,size=128M "
           "-device virtio-mem-pci,memdev=plugged -object memory-backend-ram,id=lasting,size=2M "
           "-device virtio-pmem-pci,memdev=lasting,id=lasting0")
# What QEMU keeps from a modern driver: legacy bits, and one of its own.
HIDDEN = {"ANY_LAYOUT", "NOTIFY_ON_EMPTY", "GSO", "SCSI", "PROTOCOL_FEATURES"}
# What this QEMU may offer without naming it, as 7.2 does.
MISSPELT = {"PERSISTENT_SUSPND": "PERSISTENT_SUSPEND"}  # by QEMU 10.0
UNNAMED = {"RING_RESET", "IN_ORDER", "NOTIFICATION_DATA", "ADMIN_VQ", "EVENTQ", "ACPI_PXM"}
# The specification's name, and Linux's that QEMU uses.
OTHER_WORDS = {"REPORTING": "PAGE_REPORTING", "IOMMU_PLATFORM": "ACCESS_PLATFORM"}
DEVICE = re.compile(r"virtio\d+ at 0000:00:(\w\w)\.0: (\w+), .*")
KINDS = {"console": "serial"}


def knobs_for(qemu):
    """The reference machine and more."""
    return parse_knobs({"QEMU": qemu, "APP": "lsvirtio", "BOOT": "direct", "TIMEOUT": "20",
                        "MACHINE": "q35",
                        "QEMU_ARGS": DEVICES})


def short_name(text):
    """MAC, of "VIRTIO_NET_F_MAC: Device has given MAC address"."""
    name = re.match(r"V\w+?_F_(\w+):", text)[1]
    return OTHER_WORDS.get(name, name)


def qemus_view(knobs):
    """(kind, features, queues) of each device, before the machine's first instruction."""
    with Machine([*command_line(knobs), "-S"], knobs["timeout"]) as machine:
        for device in machine.qmp.execute("x-query-virtio"):
            status = machine.qmp.execute("x-query-virtio-status", path=device["path"])
            features = status["host-features"]
            names = {short_name(text) for text in features["transports"] + features["dev-features"]}
            yield device["name"].removeprefix("virtio-"), names - HIDDEN, status["num-vqs"]


def our_view(knobs, log):
    """The same from our console."""
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    log.write_text("\n".join(result.lines + result.complaints) + "\n", encoding="utf-8")
    assert result.outcome == "ok", f"ended with {result.outcome}: {log}"
    kind = names = None
    for line in (STAMP.sub("", line, count=1) for line in result.lines):
        device = DEVICE.fullmatch(line)
        if device:
            kind = KINDS.get(device[2], device[2])
        elif kind and line.startswith("\tOffered: "):
            names = set(line.split()[2:])
        elif kind and line.startswith("\tQueues: "):
            yield kind, names, int(re.match(r"\tQueues: (\d+)", line)[1])


def test_agrees_with_qemu(qemu, logs):
    """Device by device of a kind, in any order: names of features, and number of queues."""
    knobs = knobs_for(qemu)
    theirs = sorted(qemus_view(knobs), key=lambda one: (one[0], sorted(one[1])))
    ours = sorted(our_view(knobs, logs / "lsvirtio-names.log"),
                  key=lambda one: (one[0], sorted(one[1] - UNNAMED)))
    log = (logs / "lsvirtio-names.log").read_text()
    assert not re.search(r"\bbit\d", log) and log.count("\tConfiguration: ") == 13
    assert [one[0] for one in ours] == [one[0] for one in theirs] and len(ours) == 15
    for (kind, names, queues), (_, wanted, wanted_queues) in zip(ours, theirs):
        wanted = {MISSPELT.get(name, name) for name in wanted}
        assert (wanted - UNNAMED, wanted_queues) == (names - UNNAMED, queues), kind
