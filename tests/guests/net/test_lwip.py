# SPDX-License-Identifier: MIT
"""The stack on a network of the test's own: DHCP and its loss, ARP, ICMP, UDP, DNS, IPv6; and
APP=netecho over QEMU's user network, by TCP and UDP."""

import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import lan as network
import pcap
from http_machine import Server
from knobs import parse_knobs
from machine import Machine
from patience import patience
from qemu import command_line

CONNECTING = threading.Lock()
ADDRESS6 = network.PREFIX6 + bytes.fromhex("505400fffe123456")


class Station(Machine):
    """An app whose only network device is on `lan`."""

    def __init__(self, qemu, lan, capture, app="netecho", words="", timeout=120):
        self.inherited = [lan.wire.theirs.fileno()]
        knobs = parse_knobs({
            "APP": app, "BOOT": "direct", "QEMU": qemu, "DEVICES": "none", "CMDLINE": words,
            "TIMEOUT": str(timeout),
            "QEMU_ARGS": f"{lan.wire.arguments()} -device virtio-net-pci,netdev=wire,romfile=,"
                         "mac=52:54:00:12:34:56 "
                         f"-object filter-dump,id=dump,netdev=wire,file={capture}",
        })
        super().__init__(command_line(knobs), knobs["timeout"])

    def descriptors(self):
        """The wire's beside the control channel's."""
        return [*super().descriptors(), *self.inherited]


@pytest.fixture
def lan():
    """A network that ends with the test."""
    made = network.Lan()
    yield made
    made.close()


@pytest.fixture
def capture(tmp_path):
    """Where the frames are kept; after the test each of them is looked at."""
    path = tmp_path / "capture.pcap"
    yield path
    assert not pcap.check(path).problems


def wait_line(machine, pattern):
    """A line that must come."""
    assert machine.wait_for(pattern), machine.console.lines


def test_address_ping_and_echo(qemu, lan, capture):
    with Station(qemu, lan, capture) as machine:
        wait_line(machine, r"net eth0: address 10\.1\.0\.42/24, gateway 10\.1\.0\.1, "
                           r"DNS 10\.1\.0\.1 \(DHCP, for 3600 s\)$")
        for size in (0, 1, 56, 1400):
            data = bytes([0, 1, 0, size % 256]) + random.Random(size).randbytes(size)
            lan.wire.send(network.icmp(8, data))
            assert lan.pongs.get(timeout=patience(20)) == data
        for size in (0, 1, 700, 1472):
            data = random.Random(size).randbytes(size)
            lan.wire.send(network.udp(2000, 7, data))
            assert lan.datagrams.get(timeout=patience(20)) == (7, 2000, data)


def test_frames_that_are_no_good_are_dropped(qemu, lan, capture, tmp_path):
    generator = random.Random(5)
    good = [network.icmp(8, bytes(60)), network.udp(2000, 7, bytes(100)),
            network.icmp6(128, bytes(60), ADDRESS6),
            network.ipv4(6, bytes(20))]
    with Station(qemu, lan, tmp_path / "other.pcap") as machine:
        wait_line(machine, r"net eth0: address 10")
        for _ in range(3000):
            frame = bytearray(generator.choice(good))
            for _ in range(generator.randrange(1, 6)):
                frame[generator.randrange(12, len(frame))] = generator.randrange(256)
            lan.wire.send(bytes(frame[:generator.randrange(15, len(frame) + 1)]))
        ping = bytes(4) + b"still there"
        lan.wire.send(network.icmp(8, ping))
        while lan.pongs.get(timeout=patience(30)) != ping:
            pass
    capture.write_bytes((tmp_path / "other.pcap").read_bytes()[:24])


def test_names(qemu, lan, capture):
    with Station(qemu, lan, capture, "resolve", "name.test 10.2.3.4 absent.test") as machine:
        result = machine.finish()
    text = "\n".join(result.lines)
    assert "resolve: name.test is 10.1.0.99\n" in text
    assert "resolve: 10.2.3.4 is 10.2.3.4\n" in text
    assert "resolve: absent.test: no address: -2\n" in text
    assert result.outcome == "fail"


def test_ipv6_address_from_the_router_and_ping(qemu, lan, capture):
    with Station(qemu, lan, capture) as machine:
        wait_line(machine, r"net eth0: address fe80::5054:ff:fe12:3456 \(IPv6\)$")
        wait_line(machine, r"net eth0: address fd00:1::5054:ff:fe12:3456 \(IPv6\)$")
        data = bytes([0, 7, 0, 1]) + b"six"
        lan.wire.send(network.icmp6(128, data, ADDRESS6))
        assert lan.pongs6.get(timeout=patience(20)) == data


def test_no_dhcp_server_and_then_one(qemu, lan, capture):
    lan.dhcp = False
    with Station(qemu, lan, capture) as machine:
        wait_line(machine, r"net eth0: E60 no DHCP server after 1\d s")
        lan.dhcp = True
        wait_line(machine, r"net eth0: address 10\.1\.0\.42/24")
        wait_line(machine, r"net eth0: a DHCP server answers again$")


@pytest.mark.full
def test_lease_that_is_not_renewed_is_lost_and_found(qemu, lan, capture):
    lan.lease = 120  # renewed after 60 s: lwIP counts leases in minutes
    with Station(qemu, lan, capture, timeout=600) as machine:
        wait_line(machine, r"net eth0: address 10\.1\.0\.42/24.*for 120 s")
        lan.dhcp = False
        wait_line(machine, r"net eth0: E61 lease of 10\.1")
        wait_line(machine, r"net eth0: address removed$")
        lan.dhcp = True
        seen = len(machine.console.lines)
        machine.pump(lambda: any("a DHCP server answers again" in line
                                 for line in machine.console.lines[seen:]))
        lan.wire.send(network.icmp(8, b"\0\1\0\1back"))
        assert lan.pongs.get(timeout=patience(20)) == b"\0\1\0\1back"


def test_address_by_option(qemu, lan, capture):
    words = "net.ip=10.1.0.42/16,gw=10.1.0.1,dns=10.1.0.1 name.test"
    with Station(qemu, lan, capture, "resolve", words) as machine:
        result = machine.finish()
    text = "\n".join(result.lines)
    assert "address 10.1.0.42/16, gateway 10.1.0.1, DNS 10.1.0.1 (net.ip)\n" in text
    assert "resolve: name.test is 10.1.0.99" in text and result.outcome == "ok"
    assert not lan.requests


@pytest.mark.parametrize("text", ["1.2.3", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/24,gw=x", "a,b"])
def test_option_that_makes_no_sense(qemu, lan, capture, text):
    with Station(qemu, lan, capture, "resolve", f"net.ip={text} x") as machine:
        result = machine.finish()
    assert f"net: E62 net.ip={text}: want" in "\n".join(result.lines)
    assert result.outcome == "fail"


@pytest.fixture(scope="module")
def echo(qemu):
    """APP=netecho behind a port of this host."""
    with Server(qemu, "netecho") as machine:
        yield machine.wait_ready()


def connect(echo, first):
    """A connection on which a byte went there and back. QEMU has them accepted one at a time, and
    the host resets one now and then when several come at once: then no frame reaches the guest."""
    with CONNECTING:
        connection = echo.connect(60)
        connection.sendall(first)
        assert connection.recv(1) == first
        return connection


def exchange(echo, size):
    """Sends `size` bytes while it reads what comes back."""
    data = random.Random(size).randbytes(size)
    with connect(echo, data[:1]) as connection, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(lambda: (connection.sendall(data[1:]),
                                       connection.shutdown(socket.SHUT_WR)))
        back = data[:1]
        while part := connection.recv(65536):
            back += part
        sending.result()
    return back == data


def test_echo_by_tcp(echo):
    assert all(exchange(echo, size) for size in (1, 1460, 1461, 100_000, 4_000_000))
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda i: exchange(echo, 50_000 + i), range(16)))


def test_echo_holds_up_a_peer_that_does_not_read(echo):
    with echo.connect() as connection:
        connection.settimeout(3)  # without a byte that goes
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 64 << 20:
                sent += connection.send(bytes(65536))
        assert exchange(echo, 100_000)


def test_echo_by_udp(echo):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as person:
        person.settimeout(patience(2))
        for size in (1, 100, 1472, 4000):
            data = random.Random(size).randbytes(size)
            for _ in range(10):
                person.sendto(data, ("127.0.0.1", echo.port))
                try:
                    assert person.recv(65536) == data
                    break
                except TimeoutError:
                    time.sleep(0.1)
            else:
                pytest.fail(f"no echo of {size} bytes")
