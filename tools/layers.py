#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keeps the layers: who may include whom, which Linux headers are whose, and no include cycles.

    tools/layers.py [ROOT]

Reads #include lines only. The rules are the tables that follow; a new rule is a new row.
"""

import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

# (layer, its files, the layers it may include beside itself). The first pattern that fits counts.
LAYERS = [
    ("boot", ["boot/*"], ["kernel"]),
    ("kernel", ["kernel/*"], []),
    ("pci", ["drivers/pci/*"], ["kernel"]),
    ("uapi", ["drivers/virtio/uapi/*"], []),
    ("virtio-pci", ["drivers/virtio/pci/*"], ["virtio", "pci", "kernel"]),
    # Beside the class it serves, or in a folder of its own.
    (
        "class driver",
        ["drivers/virtio/*/*", "drivers/[!v]*/virtio_*"],
        ["class interface", "virtio", "uapi", "kernel"],
    ),
    ("virtio", ["drivers/virtio/*"], ["uapi", "kernel"]),
    # What apps know of a kind of device, whoever drives it.
    ("class interface", ["drivers/block/*", "drivers/net/*", "drivers/char/*"], ["kernel"]),
    # TCP/IP: lwIP over the class interface. Linked for apps that ask for it.
    ("net", ["net/*"], ["class interface", "kernel"]),
    (
        "app",
        ["apps/*", "tests/guests/*"],
        ["class interface", "class driver", "net", "uapi", "kernel"],
    ),
    ("device model", ["qemu/*"], ["uapi"]),
]

# Apps that are tools or tests and look into a layer, and the layers they look into.
TOOL_APPS = {
    "tests/guests/*": ["virtio"],
    "apps/lspci*": ["pci"],
    "apps/lsvirtio*": ["pci", "virtio-pci", "virtio"],
    "apps/shell*": ["pci", "virtio-pci", "virtio"],
    "apps/httpd/status_pci*": ["pci"],
    "apps/httpd/status_virtio*": ["pci", "virtio-pci", "virtio"],
}

# Linux's headers and lwIP's (by pattern), and the layers that know what they name.
LINUX_HEADERS = [
    ("lwip/*", ["net", "app"]),
    ("netif/*", ["net"]),
    ("linux/pci_regs.h", ["pci", "virtio-pci"]),
    ("linux/virtio_pci.h", ["virtio-pci"]),
    ("linux/virtio_ring.h", ["virtio"]),
    ("linux/virtio_config.h", ["virtio", "virtio-pci", "class driver"]),
    ("linux/virtio_*.h", ["virtio", "virtio-pci", "class driver"]),
]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)')
SOURCE_SUFFIXES = (".c", ".h", ".S")


def layer_of(path):
    """The row of LAYERS that `path` belongs to, or None."""
    for row in LAYERS:
        if any(fnmatchcase(path, pattern) for pattern in row[1]):
            return row
    return None


def looks_into(path):
    """The layers that a tool app may include beside those of every app."""
    return [layer for pattern in TOOL_APPS if fnmatchcase(path, pattern)
            for layer in TOOL_APPS[pattern]]


def source_files(root):
    """All C and assembly files that the layers are about, as paths from `root`."""
    patterns = [pattern for row in LAYERS for pattern in row[1]]
    folders = sorted({re.match(r"tests/\w+|\w+", pattern)[0] for pattern in patterns})
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SOURCE_SUFFIXES:
                yield path.relative_to(root).as_posix()


def includes(root, path):
    """(line number, quoted name or None, bracketed name or None) of each #include line."""
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def resolve(root, path, name):
    """The project's file that `name` means in `path`: beside it, or from the root; else None."""
    for folder in (Path(path).parent, Path()):
        if (root / folder / name).is_file():
            # Without the root as a base, ".." would survive in the middle of the path.
            return (root / folder / name).resolve().relative_to(root.resolve()).as_posix()
    return None


def check_quoted(root, path, layer, name):
    """What is wrong with #include "name" in `path`, or None."""
    target = resolve(root, path, name)
    if target is None:
        # The device model is compiled in QEMU's tree, with QEMU's own headers.
        return None if layer[0] == "device model" else f'"{name}" is not a file of the project'
    other = layer_of(target)
    if other is None:
        return f"{target} is in no layer"
    allowed = [layer[0]] + layer[2] + looks_into(path)
    if other[0] not in allowed:
        return f"{layer[0]} may not include {target}, which is {other[0]}"
    if layer[0] == "class driver" == other[0] and stem(target) != stem(path):
        return f"class drivers do not know each other, and {target} is another's"
    return None


def stem(path):
    """The name that the files of one class driver begin with: virtio_net of virtio_net_rx.c."""
    return "_".join(Path(path).stem.split("_")[:2])


def check_linux(layer, path, name):
    """What is wrong with #include <name>, or None."""
    for pattern, owners in LINUX_HEADERS:
        if fnmatchcase(name, pattern):
            if layer[0] in owners or set(looks_into(path)) & set(owners):
                return None
            return f"<{name}> is for {', '.join(owners)}, not for {layer[0]}"
    return None


def layer_violations(root):
    """(file, line, what) for each include that breaks a layer."""
    for path in source_files(root):
        layer = layer_of(path)
        if layer is None:
            yield path, 1, "is in no layer: name it in LAYERS of tools/layers.py"
            continue
        for number, quoted, bracketed in includes(root, path):
            if quoted:
                what = check_quoted(root, path, layer, quoted)
            else:
                what = check_linux(layer, path, bracketed)
            if what:
                yield path, number, what


def header_graph(root):
    """{header: the project's headers it includes}."""
    graph = {}
    for path in source_files(root):
        if path.endswith(".h"):
            names = [resolve(root, path, quoted) for _, quoted, _ in includes(root, path) if quoted]
            graph[path] = [name for name in names if name]
    return graph


def find_cycles(graph):
    """Each include cycle once, as the list of headers along it."""
    done, cycles = set(), []

    def visit(node, trail):
        if node in trail:
            cycles.append(trail[trail.index(node):] + [node])
        elif node not in done:
            for following in graph.get(node, []):
                visit(following, trail + [node])
            done.add(node)

    for node in graph:
        visit(node, [])
    return cycles


def main(arguments):
    """Prints each violation as file:line: what, then a summary; 1 if there was any."""
    root = Path(arguments[0] if arguments else Path(__file__).resolve().parent.parent)
    violations = list(layer_violations(root))
    for cycle in find_cycles(header_graph(root)):
        violations.append((cycle[0], 1, "include cycle: " + " -> ".join(cycle)))
    for path, number, what in violations:
        print(f"{path}:{number}: {what}")
    count = len(list(source_files(root)))
    print(f"layers: {count} files, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
