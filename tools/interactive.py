# SPDX-License-Identifier: MIT
"""A person, or a pipe, at the console of a running machine: stdin goes to the guest.

A terminal is switched to raw mode while the guest runs, so that the guest sees each key, and back
again however the run ends. Ctrl-A X ends the run; Ctrl-C is the guest's. At the end of a pipe the
guest gets a Ctrl-D.
"""

import os
import selectors
import sys
import termios
import time

from machine import Lines

READY = "Doorbell: booted by"  # before this line firmware and loader would eat what is typed
CTRL_A, CTRL_C, CTRL_D = b"\x01", b"\x03", b"\x04"
ESCAPE_SECONDS = 1.0  # an X so soon after Ctrl-A means us
CHUNK = 4096


class LiveConsole(Lines):
    """Shows whole lines until the kernel runs, then every byte as it comes."""

    def __init__(self, on_line):
        super().__init__(on_line)
        self.show_line = on_line
        self.on_line = self.before
        self.live = False
        self.bytes = 0

    def before(self, line):
        """A line of the time before the person has a part in it."""
        self.show_line(line)
        self.live = self.live or READY in line

    def feed(self, data):
        """Takes what was read."""
        if self.live:
            show_bytes(data)
            self.on_line = ignore
            super().feed(data)
            return
        super().feed(data)
        if self.live:
            show_bytes(self.rest)


def ignore(_line):
    """Lines that were shown already, byte by byte."""


def show_bytes(data):
    """To stdout, at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


class Keyboard:
    """Moves stdin to the guest, as fast as the guest takes it, from the moment it can."""

    def __init__(self, source=None):
        self.source = sys.stdin.fileno() if source is None else source
        self.terminal = os.isatty(self.source)
        self.saved = None
        self.waiting = b""
        self.escaped = 0.0
        self.console = None
        self.target = None
        self.selector = None
        self.ended = False

    def __enter__(self):
        if self.terminal:
            self.saved = termios.tcgetattr(self.source)
            mode = termios.tcgetattr(self.source)
            mode[0] &= ~(termios.ICRNL | termios.INLCR | termios.IXON | termios.ISTRIP)
            mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
            mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self.source, termios.TCSADRAIN, mode)
        return self

    def __exit__(self, *_):
        if self.saved:
            termios.tcsetattr(self.source, termios.TCSADRAIN, self.saved)

    def attach(self, selector, target, console):
        """Begins to serve a machine: its stdin, and what it has said so far."""
        self.selector, self.target, self.console = selector, target, console
        self.waiting = CTRL_D if self.ended else b""
        os.set_blocking(target.fileno(), False)
        self.watch_source()

    def watch_source(self):
        """Looks for keys, unless the guest has not taken the last ones yet."""
        watched = self.source in self.selector.get_map()
        wanted = not self.ended and len(self.waiting) < CHUNK
        if wanted and not watched:
            try:
                self.selector.register(self.source, selectors.EVENT_READ, self)
            except (PermissionError, ValueError):
                # An ordinary file is always ready, which epoll does not say: taken whole, once.
                self.take(read_all(self.source))
                self.end()
        elif watched and not wanted:
            self.selector.unregister(self.source)

    def serve(self, key):
        """One event: keys that came, or room at the guest."""
        if key.fileobj == self.source:
            data = os.read(self.source, CHUNK)
            if data:
                self.take(data)
            else:
                self.end()
        self.pass_on()

    def take(self, data):
        """Keys; those that are for us are obeyed."""
        if self.terminal:
            self.look_for_escape(data)
        self.waiting += data

    def look_for_escape(self, data):
        """Ctrl-A X ends the run, and so does Ctrl-C while no kernel is there to take it."""
        for number in data:
            key, now = bytes([number]), time.monotonic()
            if key in b"xX" and now - self.escaped < ESCAPE_SECONDS:
                raise KeyboardInterrupt
            if key == CTRL_C and not self.console.live:
                raise KeyboardInterrupt
            self.escaped = now if key == CTRL_A else 0.0

    def end(self):
        """A pipe has no more: the guest learns it as it would from a person."""
        self.ended = True
        self.waiting += CTRL_D

    def pass_on(self):
        """Writes what the guest takes, and asks to be told when it takes more."""
        if self.console.live and self.waiting:
            try:
                self.waiting = self.waiting[os.write(self.target.fileno(), self.waiting):]
            except BlockingIOError:
                pass
            except BrokenPipeError:  # the guest has ended
                self.waiting, self.ended = b"", True
        watched = self.target in self.selector.get_map()
        wanted = self.console.live and bool(self.waiting)
        if wanted and not watched:
            self.selector.register(self.target, selectors.EVENT_WRITE, self)
        elif watched and not wanted:
            self.selector.unregister(self.target)
        self.watch_source()


def read_all(source):
    """An ordinary file, to its end."""
    pieces = []
    while True:
        data = os.read(source, 1 << 16)
        if not data:
            return b"".join(pieces)
        pieces.append(data)
