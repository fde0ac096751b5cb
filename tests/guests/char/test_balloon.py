# SPDX-License-Identifier: MIT
"""virtio-balloon: the host asks by QMP, and gets pages, gives them back, and reads statistics."""

import re

import pytest

from flavours import flavours, start, tail, wait_until

MIB = 1 << 20
WHOLE = 128 * MIB


def actual(machine):
    """Bytes that are left to the guest, in the host's eyes."""
    return machine.qmp.execute("query-balloon")["actual"]


def ask(machine, size):
    """The host leaves the guest `size` bytes, and waits until that is so."""
    machine.qmp.execute("balloon", value=size)
    assert wait_until(machine, lambda: actual(machine) == size), (size, tail(machine))


def free_pages(machine, pages, times=1):
    """How many pages the guest has free when so many are lent for the n-th time, as it says."""
    pattern = rf"chars: balloon {pages} of {pages} pages, (\d+) of \d+ free"

    def found():
        return re.findall(pattern, "\n".join(machine.console.lines))

    assert wait_until(machine, lambda: len(found()) >= times), tail(machine)
    return int(found()[-1])


def balloon(qemu, properties="", irq="msix", **settings):
    """A machine with one."""
    machine = start(qemu, "-device", f"virtio-balloon-pci,id=balloon{properties}", irq=irq,
                    **settings)
    assert machine.wait_for("chars: started"), tail(machine)
    return machine


@pytest.mark.parametrize("properties, irq", flavours())
def test_pages_are_lent_and_come_back(qemu, properties, irq):
    with balloon(qemu, "," + properties, irq) as machine:
        ask(machine, 96 * MIB)
        lent = free_pages(machine, 8192)
        ask(machine, 64 * MIB)
        assert free_pages(machine, 16384) <= lent - 8192 + 8
        ask(machine, WHOLE)
        back = free_pages(machine, 0)
        assert back >= lent + 8192
        ask(machine, 96 * MIB)
        assert free_pages(machine, 8192, 2) == lent
        ask(machine, WHOLE)
        assert free_pages(machine, 0, 2) == back


def test_the_host_gets_no_more_than_can_be_spared(qemu):
    with balloon(qemu) as machine:
        machine.qmp.execute("balloon", value=MIB)
        assert machine.wait_for("E23 the host wants 32512 pages, has"), tail(machine)
        assert machine.wait_for(r"chars: balloon \d+ of 32512 pages"), tail(machine)
        assert 4 * MIB < actual(machine) < 16 * MIB
        ask(machine, WHOLE)
        free_pages(machine, 0)


def test_statistics(qemu):
    with balloon(qemu) as machine:
        path = "/machine/peripheral/balloon"
        machine.qmp.execute("qom-set", path=path, property="guest-stats-polling-interval", value=1)

        def stats():
            return machine.qmp.execute("qom-get", path=path, property="guest-stats")

        assert wait_until(machine, lambda: stats()["last-update"]), stats()
        first = stats()["stats"]
        assert 100 * MIB < first["stat-free-memory"] <= first["stat-total-memory"] < WHOLE
        assert first["stat-available-memory"] == first["stat-free-memory"]
        assert first["stat-swap-in"] == (1 << 64) - 1  # not supplied
        ask(machine, 64 * MIB)
        assert wait_until(machine, lambda: stats()["stats"]["stat-free-memory"] < 70 * MIB), stats()
