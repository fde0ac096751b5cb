# SPDX-License-Identifier: MIT
"""virtio-net with frames made by hand: all sizes, both ways, on each ring and way to interrupt."""

import os
import re

import pytest

import netcheck

from netcheck import Netcheck
from peer import Peer, StreamWire

FRAMES = 20000 if os.environ.get("FULL") else 3000

# name: (the device's options, the command line's)
SAMPLE = {
    "transitional": ("", ""),
    "split-modern": (",disable-legacy=on", ""),
    "packed-modern": (",disable-legacy=on,packed=on", ""),
    "legacy": (",disable-modern=on", ""),
    "legacy-short-header": (",disable-modern=on,mrg_rxbuf=off", ""),
    "legacy-direct-polled": (",disable-modern=on,indirect_desc=off,event_idx=off",
                             "virtio.irq=polled"),
    "unmerged-intx": (",mrg_rxbuf=off,vectors=0", ""),
    "packed-direct-no-event": (",packed=on,indirect_desc=off,event_idx=off", ""),
    "one-vector": (",vectors=1", ""),
    "no-control-queue-polled": (",ctrl_vq=off", "poll=1"),
}
RINGS = {"split": "", "packed": ",packed=on"}
BUFFERS = {"merged": "", "unmerged": ",mrg_rxbuf=off"}
CHAINS = {"indirect": "", "direct": ",indirect_desc=off"}
EVENTS = {"event": "", "no-event": ",event_idx=off"}
IRQS = {"msix": ("", ""), "shared": (",vectors=2", ""), "intx": (",vectors=0", ""),
        "polled": ("", "virtio.irq=polled")}


def all_cells():
    """The product of all of them, modern and legacy; a legacy ring is split."""
    for transport in ("disable-legacy=on", "disable-modern=on"):
        for ring, first in RINGS.items():
            if first and "modern" in transport:
                continue
            for names in [(b, c, e, i) for b in BUFFERS for c in CHAINS for e in EVENTS
                          for i in IRQS]:
                buffers, chains, events, irq = names
                yield pytest.param(
                    f",{transport}{first}{BUFFERS[buffers]}{CHAINS[chains]}{EVENTS[events]}"
                    f"{IRQS[irq][0]}", IRQS[irq][1], marks=pytest.mark.full,
                    id="-".join(["legacy" if "modern" in transport else "modern", ring, *names]))


CELLS = [pytest.param(*cell, id=name) for name, cell in SAMPLE.items()] + list(all_cells())


def exchange(qemu, logs, name, device="", words="", mtu=1500, frames=FRAMES, **more):
    """Runs an exchange; what the machine counted, and its console."""
    wire = StreamWire()
    peer = Peer(wire, mtu)
    with Netcheck(qemu, f"exchange send={frames} receive={frames} {words}", wire,
                  "virtio-net-pci" + device, **more) as machine:
        result = machine.finish()
    wire.close()
    netcheck.keep_log(logs, name, result)
    lines = netcheck.lines_of(result)
    assert not peer.problems, peer.problems[:20]
    counts = {key: int(value) for line in lines for key, value in
              (netcheck.SUMMARY.match(line) or re.match("", "")).groupdict().items()}
    assert counts == {"sent": frames, "received": frames, "bad": 0, "strange": 0, "failed": 0,
                      "error": 0}
    return lines


@pytest.mark.parametrize("device, words", CELLS)
def test_frames_of_all_sizes_both_ways(device, words, qemu, logs, request):
    netcheck.check_quiet(exchange(qemu, logs, request.node.callspec.id, device, words))
