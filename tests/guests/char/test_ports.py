# SPDX-License-Identifier: MIT
"""virtio-console: named ports as byte streams, hot-plug, a host that does not read; hvc0."""

import os
import re
import socket
import time

import pytest

from flavours import flavours, read_for, start, tail, wait_until
from patience import patience
from qmp import QmpError

ECHO = "org.doorbell.echo"


class Host:
    """The host's end of a port: a socket that QEMU listens on."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = None

    def chardev(self, name):
        """QEMU's arguments for it."""
        return ["-chardev", f"socket,id={name},path={self.path},server=on,wait=off"]

    def connect(self):
        """Opens this end."""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(self.path)
        self.socket.settimeout(patience(20))
        return self

    def exchange(self, data):
        """Sends, and returns as many bytes as were sent."""
        got = b""
        self.socket.sendall(data)
        while len(got) < len(data):
            piece = self.socket.recv(65536)
            assert piece, "the port was closed"
            got += piece
        return got

    def close(self):
        """Closes this end."""
        self.socket.close()


@pytest.fixture(name="host")
def fixture_host(tmp_path):
    """One host's end; short paths, for sockets have no room for long ones."""
    path = f"/tmp/doorbell-{os.getpid()}-{tmp_path.name[-20:]}"
    yield Host(path)
    if os.path.exists(path):
        os.unlink(path)


def serial(properties=""):
    """The device that ports are plugged into."""
    return ["-device", f"virtio-serial-pci,id=serial{properties and ',' + properties}"]


def port(chardev, name=ECHO, more=""):
    """One port."""
    return ["-device", f"virtserialport,bus=serial.0,chardev={chardev},name={name}{more}"]


@pytest.mark.parametrize("properties, irq", flavours())
def test_echo(qemu, host, properties, irq):
    """What the host sends comes back, whole and in order, and the end is orderly."""
    arguments = [*host.chardev("c"), *serial(properties), *port("c")]
    with start(qemu, *arguments, irq=irq) as machine:
        assert machine.wait_for(f'chars: port virtio0/1 is "{ECHO}"'), tail(machine)
        host.connect()
        for length in (1, 7, 2048, 2049, 100_000):
            data = os.urandom(length)
            assert host.exchange(data) == data, tail(machine)
        host.exchange(b"quit\n")
        result = machine.finish()
    assert result.outcome == "ok", result.lines
    assert f"{1 + 7 + 2048 + 2049 + 100_000 + 5} bytes echoed" in result.lines[-1]


def test_host_that_comes_and_goes(qemu, host):
    with start(qemu, *host.chardev("c"), *serial(), *port("c")) as machine:
        assert machine.wait_for("chars: port"), tail(machine)
        for turn in range(3):
            host.connect()
            data = b"turn %d" % turn
            assert host.exchange(data) == data
            host.close()
        host.connect()
        host.exchange(b"quit\n")
        assert machine.finish().outcome == "ok"


def test_host_that_does_not_read(qemu, host):
    """The echo fills the bounded buffers, waits, gives up with a line, and the app goes on."""
    with start(qemu, *host.chardev("c"), *serial(), *port("c")) as machine:
        assert machine.wait_for("chars: port"), tail(machine)
        host.connect()
        host.socket.setblocking(False)
        limit = time.monotonic() + patience(30)
        text = "bytes not taken: -110"
        while not any(text in line for line in machine.console.lines):
            assert time.monotonic() < limit, tail(machine)
            try:
                host.socket.send(b"x" * 65536)
            except BlockingIOError:
                pass
            read_for(machine, 0.05)


def plug(machine):
    """Whether the port could be plugged in: the last one lets go of the chardev a little later."""
    try:
        machine.qmp.execute("device_add", driver="virtserialport", id="plugged", nr=3,
                            bus="serial.0", chardev="c", name=ECHO)
    except QmpError:
        return False
    return True


def test_ports_are_plugged_and_unplugged(qemu, host):
    with start(qemu, *host.chardev("c"), *serial()) as machine:
        assert machine.wait_for("chars: started"), tail(machine)
        for _ in range(2):
            assert wait_until(machine, lambda: plug(machine)), tail(machine)
            host.connect()
            assert host.exchange(b"here") == b"here", tail(machine)
            host.close()
            machine.qmp.execute("device_del", id="plugged")
            assert machine.wait_for("port 3 was removed"), tail(machine)
            machine.console.lines.clear()


def test_more_ports_than_were_set_up(qemu):
    arguments = ["-chardev", "null,id=c", *serial(), *port("c", more=",nr=20")]
    with start(qemu, *arguments) as machine:
        assert machine.wait_for("E22 control message 1 for port 20 ignored"), tail(machine)
    with start(qemu, *arguments, words="virtio_console.ports=32 1") as machine:
        assert machine.wait_for(f'port virtio0/20 is "{ECHO}"'), tail(machine)
        assert machine.finish().outcome == "ok"


def test_a_number_of_ports_that_cannot_be(qemu):
    with start(qemu, *serial(), app="hello", words="virtio_console.ports=33") as machine:
        result = machine.finish()
    assert result.outcome == "ok"
    assert any("E24 virtio_console.ports=33: choices: 1 to 32" in line for line in result.lines)
    assert any("ready: 0 ports of at most 8" in line for line in result.lines)


@pytest.mark.parametrize("properties", ["", "max_ports=1", "packed=on",
                                        "disable-modern=on,disable-legacy=off"])
def test_console_that_replaces_serial(qemu, tmp_path, properties):
    """Everything is on hvc0, from the first line on; the serial port has the beginning."""
    console = tmp_path / "hvc0"
    with start(qemu, "-chardev", f"file,id=c,path={console}", *serial(properties),
               "-device", "virtconsole,bus=serial.0,nr=0,chardev=c", app="hello",
               words="kernel.console=hvc0 word") as machine:
        result = machine.finish()
    assert result.outcome == "ok"
    lines = console.read_text().splitlines()
    assert "Doorbell: booted by" in lines[0] and 'argv[1] = "word"' in lines[-1]
    assert all(re.match(r"\[ *\d+\.\d{6}\] ", line) for line in lines)
    assert lines[:len(result.lines)] == result.lines
    assert "output continues on hvc0" in result.lines[-1]


def test_console_that_is_pulled_out(qemu, host):
    """The shell there goes on at the serial port, and comes back with the console."""
    console = {"driver": "virtconsole", "bus": "serial.0", "nr": 0, "chardev": "c", "id": "console"}
    words = ",".join(f"{name}={value}" for name, value in console.items())
    with start(qemu, *host.chardev("c"), *serial(), "-device", words, app="shell",
               words="kernel.console=hvc0") as machine:
        assert machine.wait_for("console: output continues on hvc0"), tail(machine)
        host.connect().socket.sendall(b"\n")
        seen = b""
        while b"doorbell> " not in seen:
            seen += host.socket.recv(65536)
        machine.qmp.execute("device_del", id="console")
        assert machine.wait_for("hvc0 was removed; output continues on ttyS0"), tail(machine)
        read_for(machine, 1.5)
        assert machine.process.poll() is None, tail(machine)
        machine.qmp.execute("device_add", **console)
        assert wait_until(machine, lambda: tail(machine).count("0 is a console: hvc0") > 1)
        host.close()
        host.connect().socket.sendall(b"exit\n")
        assert machine.finish().outcome == "ok"


def test_panic_reaches_both(qemu, tmp_path):
    console = tmp_path / "hvc0"
    with start(qemu, "-chardev", f"file,id=c,path={console}", *serial(),
               "-device", "virtconsole,bus=serial.0,nr=0,chardev=c", app="crash",
               words="kernel.console=hvc0 panic") as machine:
        result = machine.finish()
    assert result.outcome == "panic"
    assert [line for line in result.lines if "panic: " in line]
    assert "panic: " in console.read_text()


def test_console_that_is_not_there(qemu):
    with start(qemu, app="hello", words="kernel.console=hvc0") as machine:
        result = machine.finish()
    assert result.outcome == "ok"
    assert any("E21 kernel.console=hvc0: no such console; still using ttyS0" in line
               for line in result.lines)
