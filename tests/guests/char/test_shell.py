# SPDX-License-Identifier: MIT
"""APP=shell as a person uses it: the runner on a terminal, keys, and what comes on the screen."""

import os
import random
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from flavours import start
from patience import patience
from qemu import TREE

PROMPT = b"doorbell> "
UP, LEFT, HOME, END, REMOVE = b"\x1b[A", b"\x1b[D", b"\x1b[H", b"\x1b[F", b"\x1b[3~"
SECONDS = 40


def environment(qemu, settings):
    """A run of our own: no knob of the person who started the tests gets in."""
    base = {key: os.environ[key] for key in ("PATH", "HOME", "BUILD") if key in os.environ}
    return {**base, "QEMU": qemu, "APP": "shell", "BOOT": "direct", **settings}


class Session:
    """The runner with a terminal or a pipe as its stdin."""

    def __init__(self, qemu, stdin, **settings):
        self.screen = b""
        self.process = subprocess.Popen(
            [sys.executable, str(TREE / "tools/run.py")], env=environment(qemu, settings),
            cwd=TREE, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def read(self, seconds=0.1):
        """What has come meanwhile; False at the end."""
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            return True
        piece = os.read(self.process.stdout.fileno(), 65536)
        self.screen += piece
        return bool(piece)

    def wait(self, text):
        """Reads until the screen has this text, and forgets all up to there; what was forgotten."""
        limit = time.monotonic() + patience(SECONDS)
        while text not in self.screen:
            assert time.monotonic() < limit and self.read(), self.screen[-2000:]
        before, _, self.screen = self.screen.partition(text)
        return before

    def finish(self):
        """The exit status, when all has been read."""
        limit = time.monotonic() + patience(SECONDS)
        while self.read():
            assert time.monotonic() < limit, self.screen[-2000:]
        return self.process.wait(patience(SECONDS))

    def stop(self):
        """Ends it, however it is."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(patience(SECONDS))
        self.process.stdout.close()


class Terminal(Session):
    """With a terminal."""

    def __init__(self, qemu, **settings):
        try:
            self.keys, self.theirs = os.openpty()
        except OSError as error:
            pytest.skip(f"no terminals on this machine (/dev/pts is not mounted?): {error}")
        self.before = termios.tcgetattr(self.theirs)
        super().__init__(qemu, self.theirs, **settings)

    def type(self, keys):
        """Presses keys."""
        os.write(self.keys, keys)

    def run(self, line):
        """Types a line, once there is a prompt; what the command printed."""
        self.type(line + b"\r")
        return self.wait(b"\n" + PROMPT).replace(b"\r", b"") + b"\n"

    def stop(self):
        super().stop()
        os.close(self.keys)
        os.close(self.theirs)


@pytest.fixture(name="terminal")
def fixture_terminal(qemu):
    """A shell at its first prompt."""
    session = Terminal(qemu)
    session.wait(PROMPT)
    yield session
    session.stop()


def pipe(qemu, data, **settings):
    """A shell that gets `data` by a pipe: its exit status and its screen."""
    session = Session(qemu, subprocess.PIPE, **settings)
    try:
        session.process.stdin.write(data)
        session.process.stdin.close()
        return session.finish(), session.screen
    finally:
        session.stop()


def test_commands(terminal):
    assert b"42" in terminal.run(b"simple multiply 6 7")
    assert b"no command nosuch" in terminal.run(b"nosuch")
    assert b"0000:00:04.0" in terminal.run(b"devices")
    assert b"[1af4:10f3]" in terminal.run(b"lspci -nn")
    assert b"driver virtio_simple" in terminal.run(b"lsvirtio virtio1")
    assert b"ttyS0" in terminal.run(b"irqs")
    assert b"KiB free" in terminal.run(b"mem")
    assert b"16384 sectors" in terminal.run(b"blk")
    assert terminal.run(b"blk vda 3").count(b"00 00") >= 32
    assert b"f4 1a f3 10" in terminal.run(b"config 0000:00:04.0 0 4")
    assert b"f4 1a f3 10" in terminal.run(b"config 00:04.0 0 4")
    assert b"no ports" in terminal.run(b"port")
    assert b"balloon: no balloon" in terminal.run(b"balloon")
    assert b"multiply NUMBER NUMBER" in terminal.run(b"simple multiply 6")
    assert b"53 49 4d 50" in terminal.run(b"vconfig virtio1 0 4")
    assert b"one two" in terminal.run(b"echo one two;uptime")
    terminal.type(b"exit\r")
    assert terminal.finish() == 0


def test_addresses_are_looked_up_before_use(terminal):
    for address in (b"0", b"0xffc", b"0x7fff00000000", b"0x8000000000000000",
                    b"0xffffffffffffe000"):
        assert b"nothing is mapped" in terminal.run(b"peek " + address), address
    assert b"not aligned" in terminal.run(b"peek 0x200001 4")
    assert b"choices: 1, 2, 4, 8" in terminal.run(b"peek 0x200000 3")
    assert b"want a number" in terminal.run(b"peek cat")
    assert b"read-only" in terminal.run(b"poke 0x100000 0")
    assert b"want a number from 0 to 0xff," in terminal.run(b"poke 0x200000 256 1")
    spare = b"0x7000000"
    terminal.run(b"poke " + spare + b" 0x1234abcd")
    assert b"1234abcd" in terminal.run(b"peek " + spare)
    assert b" cd ab 34 12" in terminal.run(b"peek " + spare + b" 1 4")


def test_editing(terminal):
    assert b"\nabc\n" in terminal.run(b"cho abc" + HOME + b"e")
    assert b"\nxyz\n" in terminal.run(b"echo xz" + LEFT + b"y")
    assert b"\nac\n" in terminal.run(b"echo abc" + LEFT + LEFT + REMOVE)
    assert b"\nkept\n" in terminal.run(b"garbage\x15echo kept")
    assert b"\nend\n" in terminal.run(b"echo end cut" + LEFT * 4 + b"\x0b")
    assert b"\none\n" in terminal.run(b"echo one two\x17\x17one")
    assert b"\nab\n" in terminal.run(b"echo b\x01" + b"\x06" * 5 + b"a\x05")
    assert b"\nab\n" in terminal.run(b"echo abx\x7f")
    mouse, paste = b"\x1b[<0;123;45M", b"\x1b[200~"
    assert b"\nclean\n" in terminal.run(b"echo cl" + mouse + b"e" + paste + b"an")
    terminal.type(b"echo dropped\x03")
    terminal.wait(b"^C")
    terminal.wait(PROMPT)
    terminal.type(b"\x0c")
    terminal.wait(b"\x1b[2J")
    assert b"\nstill here\n" in terminal.run(b"echo still here")


def test_history(terminal):
    terminal.run(b"echo first")
    terminal.run(b"echo second")
    terminal.run(b"")
    assert b"\nfirst\n" in terminal.run(UP + UP)
    assert b"\nsecond\n" in terminal.run(UP + UP + UP + UP[:2] + b"B")
    assert b"\nsecond!\n" in terminal.run(b"draft" + UP + b"!")
    assert b"echo first" in terminal.run(b"history")
    for number in range(70):
        terminal.run(b"echo %d" % number)
    assert b"\n6\n" in terminal.run(UP * 100)


def test_completion(terminal):
    assert b"\n42\n" in terminal.run(b"simp\tmul\t6 7")
    terminal.type(b"lsvirtio virtio\t\t")
    terminal.wait(b"virtio0  virtio1  virtio2")
    terminal.wait(PROMPT)
    assert b"virtio2 at 0000:00:05.0" in terminal.run(b"2")
    terminal.type(b"ls\t\t")
    terminal.wait(b"lspci  lsvirtio")
    assert b"no command nothing" in terminal.run(b"\x15nothing\t\t")
    assert b"KiB free" in terminal.run(b"echo x;me\t")


def test_long_lines(terminal):
    text = b"a" * 300
    assert b"\n" + text + b"\n" in terminal.run(b"echo " + text)
    shown = terminal.run(b"echo " + b"b" * 5000)
    assert b"\n" + b"b" * 506 + b"\n" in shown and b"\x07" in shown
    assert b"\nok\n" in terminal.run(b"echo ok")


def test_ctrl_a_x_ends_the_run_and_restores_the_terminal(terminal):
    assert termios.tcgetattr(terminal.theirs) != terminal.before
    terminal.type(b"\x01x")
    assert terminal.finish() == 130
    assert termios.tcgetattr(terminal.theirs) == terminal.before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_restore_the_terminal(terminal, number):
    terminal.process.send_signal(number)
    assert terminal.finish() == 130
    assert termios.tcgetattr(terminal.theirs) == terminal.before


def test_end_restores_the_terminal_and_tells_the_result(terminal):
    terminal.type(b"exit 3\r")
    assert terminal.finish() == 1
    assert b"shell: main() returned 3" in terminal.screen
    assert termios.tcgetattr(terminal.theirs) == terminal.before


def processor_seconds(process):
    """What QEMU, the runner's child, has used of the host's processor."""
    [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("settings", [
    {}, {"CONSOLE": "virtio"}, {"CONSOLE": "virtio", "CMDLINE": "virtio.irq=polled"},
])
def test_a_shell_that_waits_halts(qemu, settings):
    terminal = Terminal(qemu, **settings)
    try:
        terminal.wait(PROMPT)
        terminal.run(b"uptime")
        before = processor_seconds(terminal.process)
        time.sleep(2)
        assert processor_seconds(terminal.process) - before < 1
    finally:
        terminal.stop()


def test_reboot(terminal):
    terminal.type(b"reboot\r")
    terminal.wait(b"Doorbell: booted by")
    terminal.wait(PROMPT)
    terminal.type(b"poweroff\r")
    assert terminal.finish() == 0


def test_on_a_virtio_console(qemu):
    """The same on hvc0: the lines before it was up are there too."""
    session = Terminal(qemu, CONSOLE="virtio")
    try:
        assert b"Doorbell: booted by" in session.wait(PROMPT)
        assert b"console hvc0" in session.run(b"uptime")
        assert b"\n42\n" in session.run(b"simp\tmul\t6 7")
        session.type(b"exit\r")
        assert session.finish() == 0
    finally:
        session.stop()


def test_pipe_and_its_end(qemu):
    status, screen = pipe(qemu, b"echo one\nsimple multiply 6 7\n")
    assert status == 0 and b"\r\none\r\n" in screen and b"\r\n42\r\n" in screen


def test_a_pipe_of_nothing(qemu):
    assert pipe(qemu, b"")[0] == 0


def test_much_at_once(qemu):
    """More than all the buffers hold; the order stays."""
    words = [b"word%d" % number for number in range(1500)]
    status, screen = pipe(qemu, b"".join(b"echo " + word + b"\n" for word in words))
    assert status == 0
    assert re.findall(rb"\n(word\d+)\r", screen) == words


@pytest.mark.parametrize("seed", range(3))
def test_garbage(qemu, seed):
    """Any bytes at all: the shell stays, or leaves at a Ctrl-D; it never panics or hangs."""
    generator = random.Random(seed)
    data = bytes(generator.choices(
        [n for n in range(256) if n != 4], k=8000))
    status, screen = pipe(qemu, data + b"\r\n\x03\recho alive\r")
    assert status == 0 and b"panic" not in screen
    assert b"\nalive\r" in screen


def test_commands_on_the_command_line(qemu):
    with start(qemu, app="shell", words="simple multiply 6 7 ; echo last",
               DEVICES="simple") as machine:
        result = machine.finish()
    assert result.outcome == "ok" and result.lines[-2:] == ["42", "last"]
