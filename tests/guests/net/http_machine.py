# SPDX-License-Identifier: MIT
"""A machine that serves, and what its tests ask it: raw requests, the status, its memory."""

import json
import socket
import time

from knobs import parse_knobs
from machine import Machine
from patience import patience
from qemu import check_image, command_line

READY = {"httpd": r"httpd: serving on port", "netecho": r"netecho: echoing on port"}


class Server(Machine):
    """A serving app on the reference machine; `port` of this host leads to it."""

    def __init__(self, qemu, app="httpd", timeout=240, **settings):
        knobs = parse_knobs({"APP": app, "BOOT": "direct", "HTTP_PORT": "0", "QEMU": qemu,
                             "TIMEOUT": str(timeout), **settings})
        check_image(knobs)
        self.app = app
        self.port = knobs["http_port"]
        super().__init__(command_line(knobs), knobs["timeout"])

    def wait_ready(self):
        """Until the port is open and DHCP has given an address."""
        for pattern in (READY[self.app], r"net eth0: address \d"):
            assert self.wait_for(pattern), self.console.lines
        return self

    def connect(self, timeout=30):
        """A TCP connection to the app."""
        # QEMU takes one connection at a time; a second one that comes too soon waits a second.
        time.sleep(0.02)
        connection = socket.create_connection(("127.0.0.1", self.port), patience(timeout))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(self, request, timeout=30):
        """Sends bytes on a connection of their own; all that comes back until its end."""
        with self.connect(timeout) as connection:
            connection.sendall(request)
            return read_all(connection)

    def get(self, path, *fields):
        """(status, head, body) of a GET."""
        lines = [f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *fields, "", ""]
        return parted(self.ask("\r\n".join(lines).encode()))

    def status(self):
        """/status.json, read."""
        status, _, body = self.get("/status.json")
        assert status == 200, body
        return json.loads(body)

    def memory(self):
        """What is in use: pages, objects, and of the stack's pools all that a connection takes."""
        status = self.status()
        pools = {pool["pool"]: pool["used"] for pool in status["pools"]}
        memory = {name: status["memory"][name] for name in ("pages_free", "objects")}
        return memory | {name: pools[name] for name in ("TCP_SEG", "PBUF_POOL", "PBUF_REF/ROM")}

    def settled(self, wanted, seconds=30):
        """The memory in use, once it is as `wanted` or time is up."""
        deadline = time.monotonic() + patience(seconds)
        while (now := self.memory()) != wanted and time.monotonic() < deadline:
            time.sleep(0.2)
        return now


def read_all(connection):
    """Bytes until the peer's end, orderly or not."""
    data = b""
    try:
        while part := connection.recv(65536):
            data += part
    except ConnectionResetError:
        pass
    return data


def parted(answer):
    """(status, head, body) of one answer's bytes."""
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    assert words[0] == b"HTTP/1.1", answer[:200]
    return int(words[1]), head.decode(), body


def field(head, name):
    """A field of a head, or None."""
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(": ")
        if key.lower() == name.lower():
            return value
    return None
