# SPDX-License-Identifier: MIT
"""A QEMU that runs: its console line by line, its complaints, its control channel, its end."""

import ctypes
import re
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass, field

from patience import patience
from qemu import VERDICTS
from qmp import Qmp, QmpError

ESCAPES = re.compile(r"\x1b(\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|c)")
GRACE = 5.0
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Lines:
    """Cuts a stream into lines, without carriage returns and terminal escapes (GRUB sends them)."""

    def __init__(self, on_line):
        self.rest = b""
        self.lines = []
        self.on_line = on_line

    def feed(self, data):
        """Takes what was read; nothing read means the end, and the open line counts as one."""
        *whole, self.rest = (self.rest + data).split(b"\n")
        if not data and self.rest:
            whole, self.rest = [self.rest], b""
        for raw in whole:
            text = ESCAPES.sub("", raw.decode("utf-8", "replace")).replace("\r", "")
            self.lines.append(text)
            self.on_line(text)


@dataclass
class Result:
    """How a run ended and what it said."""

    status: int
    lines: list = field(default_factory=list)
    complaints: list = field(default_factory=list)
    timed_out: bool = False
    shutdown: str = None
    program_counter: int = None
    seconds: float = 0.0

    @property
    def outcome(self):
        """ok, fail, panic, stop, timeout, reset, off (all the guest's), killed or qemu."""
        if self.timed_out:
            return "timeout"
        if self.status in VERDICTS:
            return VERDICTS[self.status]
        if self.status:
            return "killed" if self.status < 0 else "qemu"
        return "reset" if self.shutdown == "guest-reset" else "off"


def end_with_parent():
    """In QEMU's process before it is QEMU: whoever kills us outright ends it too (Linux only)."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def ignore(_line):
    """For those who read the lines afterwards."""


class Machine:
    """One QEMU process; use it in a `with`, so that it never outlives its user."""

    # A person's limit is as they say; tests put `patience` here.
    limit = staticmethod(float)

    def __init__(self, command, timeout=None, on_line=ignore, on_complaint=ignore, keyboard=None,
                 console=None):
        """`keyboard` (interactive.py) feeds the guest; `console` takes the stream for Lines."""
        self.started = time.monotonic()
        self.deadline = self.started + self.limit(timeout) if timeout else None
        self.timed_out = False
        self.qmp = Qmp(stopped="-S" in command)
        self.console = console or Lines(on_line)
        self.keyboard = keyboard
        self.errors = Lines(on_complaint)
        self.process = subprocess.Popen(
            [*command, *self.qmp.arguments()],
            stdin=subprocess.PIPE if keyboard else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=self.descriptors(),
            preexec_fn=end_with_parent,
        )
        self.qmp.theirs.close()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ, self.console)
        self.selector.register(self.process.stderr, selectors.EVENT_READ, self.errors)
        self.outputs = 2
        if keyboard:
            keyboard.attach(self.selector, self.process.stdin, self.console)

    def descriptors(self):
        """The open files that QEMU inherits."""
        return [self.qmp.theirs.fileno()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.selector.close()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        self.qmp.close()

    def remaining(self):
        """Seconds left, or None for ever."""
        return self.deadline and self.deadline - time.monotonic()

    def pump(self, done=lambda: False):
        """Reads what QEMU says until `done`, its end, or the deadline."""
        while self.outputs and not done():
            left = self.remaining()
            if left is not None and left <= 0:
                self.timed_out = True
                return
            for key, _ in self.selector.select(left):
                self.read(key)

    def read(self, key):
        """One piece of one stream."""
        if key.data is self.keyboard:
            self.keyboard.serve(key)
            return
        data = key.fileobj.read1(65536)
        key.data.feed(data)
        if not data:
            self.selector.unregister(key.fileobj)
            self.outputs -= 1
        if self.keyboard:
            self.keyboard.pass_on()

    def wait_for(self, pattern):
        """Runs until a console line matches; False when the machine ended or time ran out."""
        compiled = re.compile(pattern)

        def seen():
            return any(compiled.search(line) for line in self.console.lines)

        self.pump(seen)
        return seen()

    def count_resets(self, enough):
        """Runs until the guest has reset itself `enough` times, or ended; says how often it has."""
        resets = 0
        whole = self.deadline
        while resets < enough and self.process.poll() is None and time.monotonic() < whole:
            self.deadline = min(whole, time.monotonic() + 0.1)
            self.pump()
            resets = self.qmp.count_events("RESET", guest=True)
        self.deadline = whole
        return resets

    def where(self):
        """The program counter of a machine that still runs, or None."""
        try:
            registers = self.qmp.execute("human-monitor-command", command_line="info registers")
        except QmpError:
            return None
        found = re.search(r"^[RE]IP=([0-9a-f]+)", registers, re.MULTILINE)
        return int(found.group(1), 16) if found else None

    def stop(self):
        """Ends QEMU if it still runs: politely, then not."""
        if self.process.poll() is not None:
            return
        try:
            self.qmp.execute("quit")
        except QmpError:
            self.process.terminate()
        try:
            self.process.wait(patience(GRACE))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def finish(self):
        """Runs to the end, by itself or by the deadline, and tells how it was."""
        self.pump()
        place = self.where() if self.timed_out else None
        if self.timed_out:
            self.stop()
            self.deadline = None
            self.pump()
        status = self.process.wait()
        return Result(
            status=status,
            lines=self.console.lines,
            complaints=self.errors.lines,
            timed_out=self.timed_out,
            shutdown=self.qmp.shutdown_reason(),
            program_counter=place,
            seconds=time.monotonic() - self.started,
        )


def run(command, timeout=None, on_line=ignore, on_complaint=ignore):
    """Runs a machine to its end."""
    with Machine(command, timeout, on_line, on_complaint) as machine:
        return machine.finish()
