# SPDX-License-Identifier: MIT
"""QEMU's control channel (QMP), over a socket pair, so that no file and no port is taken.

It tells what the exit status does not: whether a machine that ended was reset or switched itself
off, and where a hanging one is.
"""

import json
import socket

from patience import patience

ANSWER = 10.0  # seconds


class QmpError(Exception):
    """QEMU refused a command, or no longer answers."""


class Qmp:
    """Our end of the channel; `theirs` is the file descriptor QEMU inherits.

    QEMU starts stopped, and goes on when it has read our first words: it reports no event before
    them, and a guest may end sooner. A machine that is to stay stopped (gdb) has `stopped`.
    """

    def __init__(self, stopped=False):
        self.ours, self.theirs = socket.socketpair()
        self.ours.settimeout(patience(ANSWER))
        self.reader = self.ours.makefile("rb")
        self.commands = 0
        self.events = []
        self.send("qmp_capabilities", {})
        if not stopped:
            self.send("cont", {})

    def arguments(self):
        """What QEMU's command line needs to use its end."""
        return [
            "-chardev", f"socket,id=qmp,fd={self.theirs.fileno()}",
            "-mon", "chardev=qmp,mode=control", "-S",
        ]

    def send(self, command, arguments):
        """Sends a command without waiting; returns the number its answer will carry."""
        self.commands += 1
        message = {"execute": command, "arguments": arguments, "id": self.commands}
        self.ours.sendall(json.dumps(message).encode() + b"\n")
        return self.commands

    def receive(self):
        """The next message of any kind; events are kept on the way."""
        line = self.reader.readline()
        if not line:
            raise QmpError("QEMU has ended")
        message = json.loads(line)
        if "event" in message:
            self.events.append(message)
        return message

    def execute(self, command, **arguments):
        """Runs a command (underscores stand for hyphens) and returns its answer."""
        arguments = {name.replace("_", "-"): value for name, value in arguments.items()}
        try:
            number = self.send(command, arguments)
            message = self.receive()
            while message.get("id") != number:
                message = self.receive()
        except OSError as error:
            raise QmpError(f"{command}: {error}") from None
        if "error" in message:
            raise QmpError(f"{command}: {message['error']['desc']}")
        return message["return"]

    def count_events(self, name, **data):
        """Events of this name so far that say this; 0 also from a QEMU that no longer answers."""
        try:
            self.execute("query-status")
        except QmpError:
            pass
        return sum(e["event"] == name and data.items() <= e["data"].items() for e in self.events)

    def shutdown_reason(self):
        """Why the machine ended, once QEMU has: guest-reset, guest-shutdown, ... or None."""
        try:
            while self.receive():
                pass
        except (QmpError, OSError):
            pass
        reasons = [e["data"]["reason"] for e in self.events if e["event"] == "SHUTDOWN"]
        return reasons[-1] if reasons else None

    def close(self):
        """Gives both ends back."""
        self.reader.close()
        self.ours.close()
        self.theirs.close()
