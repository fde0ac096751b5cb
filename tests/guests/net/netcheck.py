# SPDX-License-Identifier: MIT
"""Starts APP=netcheck on a machine whose network device is the test's own."""

import re

from knobs import parse_knobs
from machine import Machine
from qemu import check_image, command_line
from transcript import STAMP

ERROR = re.compile(r"\bE\d\d ")
MAC = "52:54:00:12:34:56"
SUMMARY = re.compile(r"netcheck: (?P<sent>\d+) frames sent, (?P<received>\d+) received, "
                     r"(?P<bad>\d+) bad, (?P<strange>\d+) strange, (?P<failed>\d+) ended with an "
                     r"error; error (?P<error>-?\d+)")


class Netcheck(Machine):
    """The machine; `wire` has QEMU's end of the network, open files that it inherits."""

    def __init__(self, qemu, mode, wire=None, device="virtio-net-pci", options="", **settings):
        backend = wire.arguments() if wire else "-netdev user,id=wire"
        self.inherited = wire.descriptors() if wire else []
        knobs = parse_knobs({
            "APP": "netcheck", "BOOT": "direct", "QEMU": qemu, "DEVICES": "none",
            "TIMEOUT": "120", **settings,
            "CMDLINE": mode + " " + settings.get("CMDLINE", ""),
            "QEMU_ARGS": f"{backend} -device {device},netdev=wire,mac={MAC},romfile=,id=nic "
                         f"{options}",
        })
        check_image(knobs)
        super().__init__(command_line(knobs), knobs["timeout"])

    def descriptors(self):
        """The wire's beside the control channel's."""
        return [*super().descriptors(), *self.inherited]

    def text(self):
        """The console so far, without time stamps."""
        return "\n".join(STAMP.sub("", line, count=1) for line in self.console.lines)


def keep_log(logs, name, result):
    """For a reader, whether the test passed or not."""
    (logs / f"netcheck-{name}.log").write_text("\n".join(result.lines) + "\n")


def lines_of(result):
    """The console without stamps, of a run that ended well."""
    lines = [STAMP.sub("", line, count=1) for line in result.lines]
    assert result.outcome == "ok", "\n".join(lines[-25:])
    return lines


def check_quiet(lines):
    """Nothing was said to be wrong."""
    assert not [line for line in lines if ERROR.search(line)], lines
