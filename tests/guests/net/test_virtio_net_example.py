# SPDX-License-Identifier: MIT
"""The app of the section Network in docs/api.md builds as it stands there, and echoes frames."""

import re

from knobs import parse_knobs
from machine import Machine
from own_image import build_app
from patience import patience
from peer import StreamWire
from qemu import TREE, command_line

SECTION = re.compile(r"^## Network$.*?^```c\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MAC = bytes.fromhex("525400123456")
US = bytes.fromhex("020000000001")


class Wired(Machine):
    """A machine with one end of a wire; what the app is does not matter to QEMU."""

    def __init__(self, qemu, wire, image):
        self.wire = wire
        knobs = parse_knobs({
            "APP": "hello", "BOOT": "direct", "QEMU": qemu, "DEVICES": "none", "TIMEOUT": "60",
            "QEMU_ARGS": f"{wire.arguments()} -device virtio-net-pci,netdev=wire,romfile=,"
                         f"mac={MAC.hex(':')}"})
        command = command_line(knobs)
        command[command.index("-kernel") + 1] = str(image)
        super().__init__(command, knobs["timeout"])

    def descriptors(self):
        return [*super().descriptors(), self.wire.theirs.fileno()]


def test_example_echoes(qemu):
    """A frame of its type comes back with the addresses swapped, another one does not."""
    elf = build_app("api-net", SECTION.search((TREE / "docs/api.md").read_text())[1])
    wire = StreamWire()
    wire.ours.settimeout(patience(30))
    with Wired(qemu, wire, elf) as machine:
        assert machine.wait_for(r"\[eth0\] MAC"), machine.console.lines
        answers = wire.frames()
        for number in range(200):
            payload = bytes([number]) * (46 + number)
            wire.send(MAC + US + b"\x88\xb6" + payload)
            wire.send(MAC + US + b"\x88\xb5" + payload)
            assert next(answers) == US + MAC + b"\x88\xb5" + payload
    wire.close()
