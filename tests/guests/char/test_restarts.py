# SPDX-License-Identifier: MIT
"""The small devices ask for their reset while they work: each is restarted, and goes on."""

import os
import re
import socket

import pytest

from flavours import wait_until
from test_trouble import Troubled

NOTIFY, PER_QUEUE = 0x3000, 4  # of BAR 4
AVAIL_IDX, RING = 2, 4  # offsets in the available ring (virtio 1.2, 2.7.6)
SLOT = "0000:00:06.0"
PAGE = 4096


class TroubledChars(Troubled):
    """APP=chars, or the shell, with one small device; see Troubled."""

    def __init__(self, qemu, *device, **settings):
        super().__init__(qemu, [*device], **{"APP": "chars", "CMDLINE": "60", "DEVICES": "none",
                                             "TIMEOUT": "80", **settings})

    def break_queue(self, queue):
        """Makes the device find more available entries than there are, and look."""
        path = self.qmp.execute("x-query-virtio")[0]["path"]
        status = self.qmp.execute("x-query-virtio-queue-status", path=path, queue=queue)
        bar = next(int(found[1], 16) for line in self.console.lines
                   if (found := re.search(rf"{SLOT}: BAR 4 \[mem (0x[0-9a-f]+)-", line)))
        self.qtest(f"memset {status['vring-avail'] + RING:#x} {2 * status['vring-num']:#x} 0xff")
        self.qtest(f"writew {status['vring-avail'] + AVAIL_IDX:#x} 0x7fff")
        self.qtest(f"writew {bar + NOTIFY + PER_QUEUE * queue:#x} {queue:#x}")

    def break_until_restarted(self, queue):
        """Until the device sees it: the driver may mend the index before that."""
        before = self.count("of at most 3")
        for _ in range(50):
            self.break_queue(queue)
            if self.await_more("of at most 3", before, 1):
                assert wait_until(self, lambda: self.count("status 0x0f DRIVER_OK") > before + 1)
                return
        raise AssertionError(self.tail())


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    """Of a socket: short, for a longer one has no room."""
    path = f"/tmp/doorbell-{os.getpid()}-{tmp_path.name[-20:]}"
    yield path
    if os.path.exists(path):
        os.unlink(path)


def exchange(machine, host, data):
    """Sends to the port, and takes as much back."""
    got = b""
    host.sendall(data)

    def all_is_back():
        nonlocal got
        try:
            got += host.recv(65536)
        except BlockingIOError:
            pass
        return len(got) >= len(data)

    host.setblocking(False)
    assert wait_until(machine, all_is_back), (len(got), machine.tail())
    host.setblocking(True)
    return got


@pytest.mark.parametrize("queue", [4, 5])  # what port 1 receives, and what it sends
def test_port(qemu, path, queue):
    """It is opened again by itself, and what is sent after the restart comes back."""
    words = ["-chardev", f"socket,id=c,path={path},server=on,wait=off",
             "-device", f"virtio-serial-pci,id=serial,addr={SLOT[8:-2]}",
             "-device", "virtserialport,bus=serial.0,chardev=c,name=org.doorbell.echo"]
    with TroubledChars(qemu, *words) as machine:
        assert machine.wait_for("chars: port virtio0/1"), machine.tail()
        with socket.socket(socket.AF_UNIX) as host:
            host.connect(path)
            data = os.urandom(9000)
            assert exchange(machine, host, data) == data
            machine.break_until_restarted(queue)
            assert machine.await_more("port 1 is called", 1), machine.tail()
            assert exchange(machine, host, data) == data
        # One line for all eighteen queues.
        assert machine.count("E12") == machine.count("of at most 3"), machine.tail()


def test_balloon(qemu):
    """What the host had is the machine's again, and is handed over once more."""
    with TroubledChars(qemu, "-device", f"virtio-balloon-pci,addr={SLOT[8:-2]}") as machine:
        assert machine.wait_for("chars: started"), machine.tail()
        machine.qmp.execute("balloon", value=100 << 20)
        assert machine.wait_for(r"chars: balloon 7168 of 7168 pages"), machine.tail()
        machine.break_until_restarted(0)
        machine.qmp.execute("balloon", value=(100 << 20) - 10 * PAGE)
        assert machine.wait_for(r"chars: balloon 7178 of 7178 pages"), machine.tail()
        machine.qmp.execute("balloon", value=128 << 20)
        assert machine.wait_for(r"chars: balloon 0 of 0 pages"), machine.tail()


def test_rng(qemu):
    """Whether it broke under way or while nobody asked: who asks next gets random bytes."""
    with TroubledChars(qemu, "-device", f"virtio-rng-pci,addr={SLOT[8:-2]}") as machine:
        assert machine.wait_for("chars: started"), machine.tail()
        machine.break_until_restarted(0)
        before = answered(machine)
        assert wait_until(machine, lambda: answered(machine) > before + 2), machine.tail()
        assert machine.count("no entropy") == machine.count("entropy again"), machine.tail()


def answered(machine):
    """Requests that the device has answered."""
    path = machine.qmp.execute("x-query-virtio")[0]["path"]
    return machine.qmp.execute("x-query-virtio-queue-status", path=path, queue=0)["used-idx"]
