# SPDX-License-Identifier: MIT
"""The app of the section Network in docs/api.md builds as it stands there, and echoes frames."""

import fcntl
import re
import subprocess

from knobs import parse_knobs
from machine import Machine
from peer import StreamWire
from qemu import TREE, as_make_takes_it, build_directory, command_line

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
    build = build_directory() / "tests"
    build.mkdir(parents=True, exist_ok=True)
    source = build / "api_net.c"
    source.write_text(SECTION.search((TREE / "docs/api.md").read_text())[1])
    with open(build / "make.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(
            ["make", "kernel", "APP=hello", f"OUT={as_make_takes_it(build)}/api-net",
             f"APP_SOURCES={as_make_takes_it(source)}"],
            cwd=TREE, capture_output=True, text=True, timeout=200, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    wire = StreamWire()
    wire.ours.settimeout(30)
    with Wired(qemu, wire, build / "api-net/doorbell.elf") as machine:
        assert machine.wait_for(r"\[eth0\] MAC"), machine.console.lines
        answers = wire.frames()
        for number in range(200):
            payload = bytes([number]) * (46 + number)
            wire.send(MAC + US + b"\x88\xb6" + payload)
            wire.send(MAC + US + b"\x88\xb5" + payload)
            assert next(answers) == US + MAC + b"\x88\xb5" + payload
    wire.close()
