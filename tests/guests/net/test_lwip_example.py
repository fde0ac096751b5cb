# SPDX-License-Identifier: MIT
"""The app of the section TCP/IP in docs/api.md builds as it stands there, and greets."""

import re
import socket

from http_machine import read_all
from knobs import parse_knobs
from machine import Machine
from own_image import build_app
from qemu import TREE, command_line

PAGE = (TREE / "docs/api.md").read_text()
SECTION = re.compile(r"^## TCP/IP$.*?^```make\n(.*?)^```$.*?^```c\n(.*?)^```$",
                     re.DOTALL | re.MULTILINE)


def test_example_greets_whoever_connects(qemu):
    """Many times, for each connection has to be given back."""
    make, source = SECTION.search(PAGE).groups()
    assert make.splitlines()[-1] == "LIBS = lwip"
    elf = build_app("api-lwip", source, "LIBS=lwip")
    knobs = parse_knobs({"APP": "hello", "BOOT": "direct", "QEMU": qemu, "DEVICES": "net",
                         "TIMEOUT": "100", "HTTP_PORT": "0", "CMDLINE": "1234"})
    command = command_line(knobs)
    command[command.index("-kernel") + 1] = str(elf)
    with Machine(command, knobs["timeout"]) as machine:
        assert machine.wait_for(r"net eth0: address \d"), machine.console.lines
        for _ in range(200):
            with socket.create_connection(("127.0.0.1", knobs["http_port"]), 30) as connection:
                assert read_all(connection) == b"hello\r\n"
