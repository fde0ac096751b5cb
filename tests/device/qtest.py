# SPDX-License-Identifier: MIT
"""A machine without a guest: QEMU's qtest protocol for ports, memory, clock; QMP beside it."""

import json
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from patience import patience

ANSWER = 10.0  # seconds for an answer that should take milliseconds


class QemuGone(AssertionError):
    """QEMU ended or fell silent; the message carries what it said."""


class Channel:
    """One end of a line-by-line conversation with QEMU over a socket."""

    def __init__(self, connection):
        connection.settimeout(patience(ANSWER))
        self.connection = connection
        self.lines = connection.makefile("r", encoding="utf-8", newline="\n")

    def send(self, line):
        self.connection.sendall(line.encode() + b"\n")

    def receive(self):
        line = self.lines.readline()
        if not line:
            raise QemuGone("QEMU closed the connection")
        return line.rstrip("\n")

    def close(self):
        self.lines.close()
        self.connection.close()


class Machine:
    """A QEMU whose processor never runs: the test is the driver."""

    def __init__(self, qemu, *arguments, machine="pc", memory="64M"):
        self.folder = tempfile.TemporaryDirectory(prefix="doorbell-")
        self.errors = Path(self.folder.name, "stderr")
        listeners = [self._listen(name) for name in ("qtest", "qmp")]
        self.process = self._start(
            qemu, "-machine", machine, "-m", memory, "-accel", "qtest", "-display", "none",
            "-nodefaults", "-qtest-log", "/dev/null", "-qtest", f"unix:{self.folder.name}/qtest",
            "-qmp", f"unix:{self.folder.name}/qmp", *arguments)
        try:
            self.qtest, self.monitor = [Channel(self._accept(one)) for one in listeners]
            self.events = []
            self._greet()
        except (OSError, QemuGone) as error:
            self.process.terminate()
            self.process.wait(timeout=patience(ANSWER))
            words = self.log()
            self.close()
            raise QemuGone(f"QEMU did not start: {words}") from error
        finally:
            for listener in listeners:
                listener.close()

    def _listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{self.folder.name}/{name}")
        listener.listen(1)
        listener.settimeout(0.1)
        return listener

    def _start(self, *command):
        with open(self.errors, "wb") as errors:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors,
                                    stderr=errors)

    def _accept(self, listener):
        deadline = time.monotonic() + patience(ANSWER)
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                return listener.accept()[0]
            except socket.timeout:
                continue
        raise QemuGone("nobody called")

    def _greet(self):
        self.monitor.receive()
        self.qmp("qmp_capabilities")

    def log(self):
        """What QEMU printed so far."""
        return self.errors.read_text(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def close(self):
        """Ends our own QEMU and nothing else."""
        for channel in (getattr(self, "qtest", None), getattr(self, "monitor", None)):
            if channel:
                channel.close()
        self.process.kill()
        self.process.wait(timeout=patience(ANSWER))
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # The monitor.

    def qmp(self, command, **arguments):
        """Runs a QMP command; events that come meanwhile are kept in self.events."""
        self.monitor.send(json.dumps({"execute": command, "arguments": arguments}))
        while True:
            answer = json.loads(self.monitor.receive())
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(answer["error"]["desc"])
            else:
                return answer["return"]

    def hmp(self, line):
        return self.qmp("human-monitor-command", **{"command-line": line})

    # Ports, memory and the clock.

    def command(self, line):
        """One qtest command; the words of its answer after OK."""
        try:
            self.qtest.send(line)
            answer = self.qtest.receive()
            while answer.startswith("IRQ"):
                answer = self.qtest.receive()
        except (OSError, QemuGone) as error:
            raise QemuGone(f"{line!r}: {error}; QEMU said: {self.log()}") from error
        if not answer.startswith("OK"):
            raise RuntimeError(f"{line!r}: {answer}")
        return answer.split()[1:]

    def read(self, address, size):
        """Bytes of guest memory."""
        return bytes.fromhex(self.command(f"read 0x{address:x} 0x{size:x}")[0][2:]) if size else b""

    def write(self, address, data):
        if data:
            self.command(f"write 0x{address:x} 0x{len(data):x} 0x{data.hex()}")

    def load(self, address, width):
        """One access of width bytes, as a processor makes it."""
        letter = {1: "b", 2: "w", 4: "l", 8: "q"}[width]
        return int(self.command(f"read{letter} 0x{address:x}")[0], 0)

    def store(self, address, width, value):
        letter = {1: "b", 2: "w", 4: "l", 8: "q"}[width]
        self.command(f"write{letter} 0x{address:x} 0x{value:x}")

    def step(self, nanoseconds):
        """Moves the virtual clock, which stands still otherwise; due timers fire."""
        self.command(f"clock_step {nanoseconds}")

    # PCI configuration space by mechanism 1: 0xCF8 selects, 0xCFC carries.

    def config_read(self, device, offset, width):
        self.command(f"outl 0xcf8 0x{0x80000000 | device << 11 | offset & 0xfc:x}")
        letter = {1: "b", 2: "w", 4: "l"}[width]
        return int(self.command(f"in{letter} 0x{0xcfc + (offset & 3):x}")[0], 0)

    def config_write(self, device, offset, width, value):
        self.command(f"outl 0xcf8 0x{0x80000000 | device << 11 | offset & 0xfc:x}")
        letter = {1: "b", 2: "w", 4: "l"}[width]
        self.command(f"out{letter} 0x{0xcfc + (offset & 3):x} 0x{value:x}")

    def present(self, vendor, device):
        """The slots of bus 0 that have this id."""
        return [slot for slot in range(32)
                if self.config_read(slot, 0, 4) == device << 16 | vendor]

    def find(self, vendor, device):
        """The first of them."""
        slots = self.present(vendor, device)
        assert slots, f"no {vendor:04x}:{device:04x} on bus 0"
        return slots[0]


def wait_until(condition, what):
    """For what QEMU's own main loop does in its own time."""
    deadline = time.monotonic() + patience(ANSWER)
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.002)
