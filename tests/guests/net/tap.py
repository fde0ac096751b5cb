# SPDX-License-Identifier: MIT
"""A tap of the host's as the wire: several queues, and headers with offloads. Needs the right to
make network interfaces; `usable` tells."""

import fcntl
import os
import socket
import struct

TUN = "/dev/net/tun"
TUNSETIFF = 0x400454CA
TAP, NO_PI, VNET_HDR, MULTI_QUEUE = 0x2, 0x1000, 0x4000, 0x100
SIOCSIFFLAGS, SIOCSIFTXQLEN, IFF_UP = 0x8914, 0x8943, 1
ETH_P_ALL, PACKET_OUTGOING = 3, 4
SO_RCVBUFFORCE = 33
SOL_PACKET, PACKET_VNET_HDR = 263, 15
BUFFER = 32 << 20


def usable():
    """Whether this process may make a tap."""
    try:
        Tap(1).close()
    except OSError:
        return False
    return True


class Tap:
    """The interface, its queues for QEMU, and a socket that sees what comes out of it."""

    def __init__(self, queues):
        self.name = f"db{os.getpid() % 1000000}"
        self.queues, self.socket = [], None
        flags = TAP | NO_PI | VNET_HDR | (MULTI_QUEUE if queues > 1 else 0)
        try:
            for _ in range(queues):
                self.queues.append(os.open(TUN, os.O_RDWR | os.O_NONBLOCK))
                request = struct.pack("16sH22x", self.name.encode(), flags)
                fcntl.ioctl(self.queues[-1], TUNSETIFF, request)
            self.bring_up()
        except OSError:
            self.close()
            raise

    def bring_up(self):
        """Up, with room for all frames of a test."""
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        name = self.name.encode()
        fcntl.ioctl(self.socket, SIOCSIFTXQLEN, struct.pack("16si20x", name, 20000))
        fcntl.ioctl(self.socket, SIOCSIFFLAGS, struct.pack("16sh22x", name, IFF_UP))
        self.socket.bind((self.name, 0))

    def show_headers(self):
        """From now on each frame of the socket stands behind its virtio_net_hdr (10 bytes)."""
        self.socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)

    def descriptors(self):
        """What QEMU inherits."""
        return self.queues

    def arguments(self):
        """What QEMU is told, for a device with netdev=wire."""
        fds = ":".join(map(str, self.queues))
        return f"-netdev tap,id=wire,{'fds' if len(self.queues) > 1 else 'fd'}={fds},vhost=off"

    def send(self, frame):
        """A frame to the machine."""
        self.socket.send(frame)

    def frames(self):
        """What the machine sends, without what the host itself says there."""
        while True:
            frame, address = self.socket.recvfrom(70000)
            if address[2] != PACKET_OUTGOING:
                yield frame

    def close(self):
        """The interface goes with its last queue."""
        if self.socket:
            self.socket.close()
        for queue in self.queues:
            os.close(queue)
