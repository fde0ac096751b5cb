# SPDX-License-Identifier: MIT
"""What `make run` does with an app that serves: the port, the line with the address, the end."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from knobs import KnobError, parse_knobs
from patience import patience
from qemu import TREE, machine_arguments
from serving import forwards, free_port, invitation, taken

RUN = [sys.executable, str(TREE / "tools/run.py")]


def environment(qemu, **settings):
    """What make exports, with these knobs alone."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "BUILD") if name in os.environ}
    return kept | {"QEMU": qemu, "BOOT": "direct", **settings}


def user_network(**settings):
    """What QEMU is told about its network."""
    arguments = machine_arguments(parse_knobs(settings))
    return [word for word in arguments if word.startswith("user,")]


def test_ports_are_led_only_to_what_serves():
    assert user_network(APP="demo") == ["user,id=net"]
    assert user_network(APP="httpd") == ["user,id=net,hostfwd=tcp:127.0.0.1:8080-:80"]
    assert user_network(APP="httpd", HTTP_PORT="1234", CMDLINE="net.ip=dhcp 81") == [
        "user,id=net,hostfwd=tcp:127.0.0.1:1234-:81"]
    assert user_network(APP="mine", HTTP_PORT="1234") == [
        "user,id=net,hostfwd=tcp:127.0.0.1:1234-:80"]
    assert user_network(APP="netecho") == [
        "user,id=net,hostfwd=tcp:127.0.0.1:7007-:7,hostfwd=udp:127.0.0.1:7007-:7"]
    assert parse_knobs({"APP": "httpd", "HTTP_PORT": "0"})["http_port"] > 1023


@pytest.mark.parametrize("text", ["x", "-1", "65536", "80 81"])
def test_port_that_is_none(text):
    with pytest.raises(KnobError, match="want a port"):
        parse_knobs({"HTTP_PORT": text})


def test_nothing_is_promised_without_network():
    knobs = parse_knobs({"APP": "httpd", "DEVICES": "blk"})
    assert invitation(knobs, "[    0.1] httpd: serving on port 80") is None
    assert taken(knobs) is None


@pytest.mark.parametrize("cmdline", ["0", "65536", "net.ip=dhcp 99999999999"])
def test_port_in_the_machine_that_is_none(cmdline):
    knobs = parse_knobs({"APP": "httpd", "HTTP_PORT": "0", "CMDLINE": cmdline})
    assert taken(knobs) == f"CMDLINE={cmdline}: want a port from 1 to 65535"


@pytest.mark.parametrize("cmdline", ['"8081', "it's 8081", '8081 "'])
def test_a_quote_without_its_end_is_no_failure(cmdline):
    knobs = parse_knobs({"APP": "httpd", "HTTP_PORT": "0", "CMDLINE": cmdline})
    assert forwards(knobs).count("hostfwd=tcp:127.0.0.1:") == 1


def test_port_that_is_taken_is_said_in_a_line(qemu):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        run = subprocess.run(RUN, env=environment(qemu, APP="httpd", HTTP_PORT=str(port)),
                             capture_output=True, text=True, timeout=patience(60), check=False)
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr == (f"run: HTTP_PORT={port}: Address already in use; another one: "
                          f"HTTP_PORT={port + 1}, or 0 for any that is free\n")


def test_address_is_printed_and_ctrl_c_ends_well(qemu):
    port = free_port()
    with subprocess.Popen(RUN, env=environment(qemu, APP="httpd", HTTP_PORT=str(port)),
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        wanted = f"run: http://localhost:{port}/ is this machine's page; Ctrl-C ends it\n"
        try:
            assert run.stderr.readline() == wanted
            run.send_signal(signal.SIGINT)
            assert run.stderr.readline() == "run: stopped\n"
            assert run.wait(30) == 0
        finally:
            run.kill()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
