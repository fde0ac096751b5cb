# SPDX-License-Identifier: MIT
"""virtio-net as QEMU sees it: the link, the receive filter, captures, and floods."""

import pytest

import netcheck
import pcap
from netcheck import Netcheck
from peer import Peer, StreamWire

FLAVOURS = {"modern": ",disable-legacy=on", "packed": ",packed=on", "legacy": ",disable-modern=on",
            "intx": ",vectors=0", "one-vector": ",vectors=1"}
WAYS = [pytest.param(device, "", id=name) for name, device in FLAVOURS.items()] + [
    pytest.param("", "virtio.irq=polled", id="polled")]
NEW_MAC = "02:11:22:33:44:55"


def set_link(machine, up):
    """Plugs the cable in, or pulls it."""
    machine.qmp.execute("set_link", name="nic", up=up)


def rx_filter(machine):
    """What the device lets through, as QEMU tells it."""
    return machine.qmp.execute("query-rx-filter", name="nic")[0]


@pytest.mark.parametrize("device, words", WAYS)
def test_link_goes_and_comes(device, words, qemu, logs, request):
    """Each change is said in a line, the app is told, and frames pass again afterwards."""
    with Netcheck(qemu, "link", device="virtio-net-pci" + device, CMDLINE=words) as machine:
        assert machine.wait_for("netcheck: waiting for the link"), machine.text()
        set_link(machine, False)
        assert machine.wait_for("notified: the link is down"), machine.text()
        set_link(machine, True)
        result = machine.finish()
    netcheck.keep_log(logs, request.node.name, result)
    lines = netcheck.lines_of(result)
    netcheck.check_quiet(lines)
    order = [lines.index(line) for line in (
        "virtio_net virtio0: [eth0] link is down", "netcheck: notified: the link is down",
        "virtio_net virtio0: [eth0] link is up", "netcheck: notified: the link is up")]
    assert order == sorted(order)


@pytest.mark.parametrize("device", [pytest.param(FLAVOURS[name], id=name)
                                    for name in ("modern", "packed", "legacy")])
def test_control_queue(device, qemu, logs, request):
    """Address, receive mode and multicast reach the device."""
    with Netcheck(qemu, "control", device="virtio-net-pci" + device) as machine:
        assert machine.wait_for("netcheck: waiting for the link to go down"), machine.text()
        seen = rx_filter(machine)
        assert (seen["main-mac"], seen["promiscuous"]) == (NEW_MAC, False)
        assert seen["multicast"] == "all"
        assert sorted(seen["multicast-table"]) == ["01:00:5e:00:00:fb", "33:33:00:00:00:01"]
        set_link(machine, False)
        assert machine.wait_for("netcheck: waiting for the link to come up"), machine.text()
        seen = rx_filter(machine)
        assert seen["promiscuous"] is True and seen["multicast-table"] == []
        set_link(machine, True)
        result = machine.finish()
    netcheck.keep_log(logs, request.node.name, result)
    netcheck.check_quiet(netcheck.lines_of(result))


@pytest.mark.parametrize("device", [pytest.param(FLAVOURS[name], id=name)
                                    for name in ("modern", "packed", "legacy")])
def test_flood_while_nobody_polls(device, qemu, logs, request):
    """The peer fills the ring and QEMU's queue while the app sleeps; afterwards all of it comes."""
    wire = StreamWire()
    peer = Peer(wire)
    with Netcheck(qemu, "exchange send=200 receive=5000 hold=1500", wire,
                  "virtio-net-pci" + device) as machine:
        result = machine.finish()
    wire.close()
    netcheck.keep_log(logs, request.node.name, result)
    lines = netcheck.lines_of(result)
    assert not peer.problems, peer.problems[:20]
    assert any("5000 received, 0 bad" in line for line in lines)


def test_capture_is_well_formed(qemu, tmp_path):
    """What the machine sends, as QEMU's filter-dump saw it."""
    capture = tmp_path / "capture.pcap"
    dump = f"-object filter-dump,id=dump,netdev=wire,file={capture}"
    with Netcheck(qemu, "ping", options=dump, CMDLINE="count=50") as machine:
        netcheck.lines_of(machine.finish())
    report = pcap.check(capture)
    assert not report.problems, report.problems[:10]
    assert report.kinds["icmp"] >= 100 and report.kinds["arp"] >= 2


@pytest.mark.parametrize("device, says", [
    pytest.param(",host_mtu=9000", "MTU 9000", id="merged"),
    pytest.param(",host_mtu=9000,mrg_rxbuf=off", "MTU 9000", id="unmerged"),
    pytest.param(",host_mtu=576", "MTU 576", id="small"),
])
def test_mtu_of_the_device(device, says, qemu, logs, request):
    """The device's MTU is taken, and frames of that size go both ways."""
    wire = StreamWire()
    peer = Peer(wire, int(says.split()[1]))
    with Netcheck(qemu, "exchange send=3000 receive=3000", wire,
                  "virtio-net-pci" + device) as machine:
        result = machine.finish()
    wire.close()
    netcheck.keep_log(logs, request.node.name, result)
    lines = netcheck.lines_of(result)
    assert not peer.problems, peer.problems[:20]
    assert any(says in line for line in lines)
    assert any("3000 received, 0 bad" in line for line in lines)


def test_mtu_that_cannot_be(qemu):
    """68 is the least there may be (5.1.4.1); QEMU checks less."""
    with Netcheck(qemu, "ping", device="virtio-net-pci,host_mtu=40") as machine:
        lines = netcheck.lines_of(machine.finish())
    assert [line for line in lines if "E50 the MTU is 40" in line]
    assert [line for line in lines if "MTU 1500" in line]


def test_two_devices(qemu):
    """Each is an interface of its own, and the first one works."""
    second = ("-netdev user,id=more "
              "-device virtio-net-pci,netdev=more,romfile=,mac=52:54:00:00:00:02")
    with Netcheck(qemu, "ping", options=second) as machine:
        lines = netcheck.lines_of(machine.finish())
    assert [line for line in lines if "[eth1] MAC 52:54:00:00:00:02, link up" in line]


@pytest.mark.parametrize("memory", ["4M", "5M"])
def test_little_memory(memory, qemu):
    """Fewer receive buffers than the ring holds; the interface works all the same."""
    with Netcheck(qemu, "ping", MEM=memory) as machine:
        lines = netcheck.lines_of(machine.finish())
    assert "netcheck: 3 of 3 pings of 1000 bytes answered" in lines
