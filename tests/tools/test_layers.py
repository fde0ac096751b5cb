# SPDX-License-Identifier: MIT
"""tools/layers.py: what each layer may include, tried both ways on trees of our making."""

import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tools"))

import layers  # noqa: E402  (tools/ is no package)

HEADERS = [
    "boot/boot.h", "kernel/types.h", "kernel/list.h", "drivers/pci/pci.h",
    "drivers/virtio/virtio.h", "drivers/virtio/virtqueue_priv.h", "drivers/virtio/virtio_config.h",
    "drivers/virtio/pci/virtio_pci.h", "drivers/virtio/simple/virtio_simple.h",
    "drivers/net/virtio_net_priv.h", "drivers/net/netdev.h",
    "drivers/virtio/uapi/virtio_simple.h", "apps/util.h",
]


def violations(root, path, *included):
    """What layers.py says when `path` has these #include lines."""
    for header in HEADERS:
        (root / header).parent.mkdir(parents=True, exist_ok=True)
        (root / header).touch()
    lines = [f"#include {name}" if "<" in name else f'#include "{name}"' for name in included]
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("\n".join(lines) + "\n")
    return list(layers.layer_violations(root))


ALLOWED = [
    ("boot/boot.c", "kernel/types.h"),
    ("kernel/a.c", "kernel/types.h"),
    ("drivers/pci/scan.c", "kernel/list.h"),
    ("drivers/pci/scan.c", "pci.h"),
    ("drivers/pci/scan.c", "<linux/pci_regs.h>"),
    ("drivers/virtio/pci/virtio_pci_modern.c", "drivers/pci/pci.h"),
    ("drivers/virtio/pci/virtio_pci_modern.c", "drivers/virtio/virtqueue_priv.h"),
    ("drivers/virtio/pci/virtio_pci_modern.c", "<linux/virtio_pci.h>"),
    ("drivers/virtio/virtio_ring_split.c", "drivers/virtio/virtqueue_priv.h"),
    ("drivers/virtio/virtio_ring_split.c", "<linux/virtio_ring.h>"),
    ("drivers/virtio/virtio.c", "drivers/virtio/virtio_config.h"),
    ("drivers/virtio/simple/virtio_simple.c", "drivers/virtio/virtio.h"),
    ("drivers/virtio/simple/virtio_simple.c", "drivers/virtio/simple/virtio_simple.h"),
    ("drivers/virtio/simple/virtio_simple.c", "drivers/virtio/uapi/virtio_simple.h"),
    ("drivers/net/virtio_net_rx.c", "drivers/net/virtio_net_priv.h"),
    ("drivers/net/virtio_net_rx.c", "drivers/net/netdev.h"),
    ("tests/guests/check.c", "drivers/virtio/simple/virtio_simple.h"),
    ("tests/guests/check.c", "drivers/virtio/virtio.h"),
    ("apps/demo.c", "drivers/virtio/simple/virtio_simple.h"),
    ("apps/demo.c", "kernel/types.h"),
    ("apps/demo.c", "apps/util.h"),
    ("apps/lspci.c", "drivers/pci/pci.h"),
    ("apps/lspci.c", "<linux/pci_regs.h>"),
    ("apps/lspci/bases.c", "drivers/pci/pci.h"),
    ("apps/lsvirtio.c", "drivers/virtio/pci/virtio_pci.h"),
    ("apps/lsvirtio/config.c", "<linux/virtio_ids.h>"),
    ("qemu/virtio-simple.c", "hw/virtio/virtio.h"),
    ("qemu/virtio-simple.c", "drivers/virtio/uapi/virtio_simple.h"),
]

FORBIDDEN = [
    ("boot/boot.c", "drivers/pci/pci.h"),
    ("kernel/a.c", "boot/boot.h"),
    ("kernel/a.c", "drivers/pci/pci.h"),
    ("kernel/a.c", "drivers/virtio/virtio.h"),
    ("kernel/a.c", "apps/util.h"),
    ("kernel/a.c", "../drivers/pci/pci.h"),
    ("kernel/a.c", "<linux/pci_regs.h>"),
    ("kernel/a.c", "kernel/absent.h"),
    ("drivers/pci/scan.c", "drivers/virtio/virtio.h"),
    ("drivers/pci/scan.c", "<linux/virtio_pci.h>"),
    ("drivers/virtio/virtio.c", "drivers/pci/pci.h"),
    ("drivers/virtio/virtio.c", "drivers/virtio/pci/virtio_pci.h"),
    ("drivers/virtio/virtio.c", "drivers/virtio/simple/virtio_simple.h"),
    ("drivers/virtio/virtio_ring_split.c", "drivers/pci/pci.h"),
    ("drivers/virtio/virtio_ring_split.c", "<linux/virtio_pci.h>"),
    ("drivers/virtio/pci/virtio_pci_modern.c", "drivers/virtio/simple/virtio_simple.h"),
    ("drivers/virtio/simple/virtio_simple.c", "drivers/pci/pci.h"),
    ("drivers/virtio/simple/virtio_simple.c", "drivers/virtio/pci/virtio_pci.h"),
    ("drivers/virtio/simple/virtio_simple.c", "../pci/virtio_pci.h"),
    ("drivers/virtio/simple/virtio_simple.c", "drivers/net/virtio_net_priv.h"),
    ("drivers/net/netdev.c", "drivers/net/virtio_net_priv.h"),
    ("drivers/net/netdev.c", "drivers/virtio/virtio.h"),
    ("tests/guests/check.c", "drivers/pci/pci.h"),
    ("drivers/virtio/simple/virtio_simple.c", "<linux/virtio_ring.h>"),
    ("apps/demo.c", "drivers/virtio/virtio.h"),
    ("apps/demo.c", "drivers/virtio/virtqueue_priv.h"),
    ("apps/demo.c", "drivers/pci/pci.h"),
    ("apps/demo.c", "<linux/virtio_ids.h>"),
    ("apps/demo/lspci.c", "drivers/pci/pci.h"),
    ("apps/lspci.c", "drivers/virtio/virtio.h"),
    ("apps/lspci/bases.c", "drivers/virtio/virtio.h"),
    ("drivers/virtio/uapi/a.h", "kernel/types.h"),
    ("qemu/virtio-simple.c", "kernel/types.h"),
    ("drivers/usb/usb.c", "kernel/types.h"),
]


@pytest.mark.parametrize("path,name", ALLOWED)
def test_allowed(tmp_path, path, name):
    assert violations(tmp_path, path, name) == []


@pytest.mark.parametrize("path,name", FORBIDDEN)
def test_forbidden(tmp_path, path, name):
    found = violations(tmp_path, path, name)
    assert [(at, line) for at, line, _ in found] == [(path, 1)]


def test_line_numbers(tmp_path):
    found = violations(tmp_path, "kernel/a.c", "kernel/types.h", "drivers/pci/pci.h")
    assert [line for _, line, _ in found] == [2]


def test_include_cycle(tmp_path):
    for name, other in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")):
        (tmp_path / "kernel").mkdir(exist_ok=True)
        (tmp_path / "kernel" / f"{name}.h").write_text(f'#include "kernel/{other}.h"\n')
    cycles = layers.find_cycles(layers.header_graph(tmp_path))
    assert cycles == [["kernel/a.h", "kernel/b.h", "kernel/c.h", "kernel/a.h"]]


def test_exit_status(tmp_path, capsys):
    violations(tmp_path, "kernel/a.c", "kernel/types.h")
    assert layers.main([str(tmp_path)]) == 0
    violations(tmp_path, "kernel/a.c", "drivers/pci/pci.h")
    assert layers.main([str(tmp_path)]) == 1
    assert "kernel/a.c:1: kernel may not include drivers/pci/pci.h" in capsys.readouterr().out
