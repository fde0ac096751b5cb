# SPDX-License-Identifier: MIT
"""Apps that serve until somebody stops them: how this host reaches them, and the line that says so.

QEMU's user network hands on what comes to a port of this host's loopback address. The port is tried
before QEMU starts, because what QEMU would say of one that is taken names no knob.
"""

import re
import socket

from boot_words import split_words

# app: (port of this host, port in the machine, protocols, what it says when it is up, and we then)
SERVERS = {
    "httpd": (8080, 80, ("tcp",), re.compile(r"httpd: serving on port \d+$"),
              "http://localhost:{port}/ is this machine's page; Ctrl-C ends it"),
    "netecho": (7007, 7, ("tcp", "udp"), re.compile(r"netecho: echoing on port \d+, TCP and UDP$"),
                "localhost:{port} echoes, TCP and UDP; Ctrl-C ends it"),
}
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def is_serving(knobs):
    """Whether the app runs until it is stopped, so that a time limit would be in the way."""
    return knobs["app"] in SERVERS


def free_port():
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def host_port(knobs):
    """HTTP_PORT as asked for, 0 meaning any free one, or the app's own; None: nothing is served."""
    wanted = knobs["http_port"]
    if wanted is None:
        return SERVERS[knobs["app"]][0] if is_serving(knobs) else None
    return wanted or free_port()


def machine_port(knobs):
    """The port in the machine: the first word for the app, if it is a number."""
    words = [word for word in split_words(knobs["cmdline"]) if word.isdigit()]
    default = SERVERS[knobs["app"]][1] if is_serving(knobs) else 80
    return int(words[0]) if words else default


def forwards(knobs):
    """What QEMU's -netdev user is told, as the end of its argument."""
    if not knobs["http_port"]:
        return ""
    protocols = SERVERS[knobs["app"]][2] if is_serving(knobs) else ("tcp",)
    return "".join(
        f",hostfwd={protocol}:127.0.0.1:{knobs['http_port']}-:{machine_port(knobs)}"
        for protocol in protocols
    )


def taken(knobs):
    """The line to print when the port is somebody else's, or cannot be one, or None."""
    port = knobs["http_port"]
    if not port or "net" not in knobs["devices"]:
        return None
    if not 0 < machine_port(knobs) < 65536:
        return f"CMDLINE={knobs['cmdline']}: want a port from 1 to 65535"
    for protocol in SERVERS[knobs["app"]][2] if is_serving(knobs) else ("tcp",):
        with socket.socket(socket.AF_INET, KINDS[protocol]) as probe:
            # As QEMU does: a connection that has ended must not keep us off its port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, protocol == "tcp")
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                return (f"HTTP_PORT={port}: {error.strerror}; "
                        f"another one: HTTP_PORT={port + 1}, or 0 for any that is free")
    return None


def invitation(knobs, line):
    """What to say after this line of the console, or None."""
    if not is_serving(knobs) or not knobs["http_port"] or "net" not in knobs["devices"]:
        return None
    *_, pattern, text = SERVERS[knobs["app"]]
    return text.format(port=knobs["http_port"]) if pattern.search(line) else None
