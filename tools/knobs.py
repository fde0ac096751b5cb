# SPDX-License-Identifier: MIT
"""The knobs: what a person may set for a run, as environment variables or in a test case.

One table names them all, so that the help text, the checks and the tests cannot drift apart. A bad
value is refused here, in one line that names the knob, the value and the choices, because what
QEMU would say about it names neither.
"""

import os
import re
import shlex

from serving import host_port

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
CMDLINE_MAX = 4000
SHOWN_MAX = 60  # of a value that is refused
SMP_MAX = 16
MEMORY_MAX = 1000 << 30
REFERENCE_DEVICES = ("net", "simple", "blk")
SIMPLE_FLAVOURS = {
    "modern": "virtio-simple-pci",
    "transitional": "virtio-simple-pci-transitional",
}


# Apps that talk with a person.
INTERACTIVE_APPS = ("shell",)


class KnobError(Exception):
    """A knob has a value we cannot use; the text is the whole line to print."""


def word(text):
    """A file or app name: anything but nothing."""
    if not text:
        raise ValueError("want a name")
    return text


def choice(*choices):
    """One of a few words."""

    def parse(text):
        if text not in choices:
            raise ValueError("choices: " + ", ".join(choices))
        return text

    return parse


def size(text):
    """A memory size as QEMU takes it, where a bare number means MiB."""
    if not re.fullmatch(r"[1-9][0-9]{0,15}[KMG]?", text):
        raise ValueError("want a number with K, M or G, such as 128M")
    text = text if text[-1] in "KMG" else text + "M"
    if size_bytes(text) > MEMORY_MAX:
        raise ValueError("1000G at most; QEMU's CPUs have 40 address bits, for devices too")
    return text


def size_bytes(text):
    """A size that `size` let through, in bytes."""
    return int(text[:-1]) * UNITS[text[-1]]


def processors(text):
    """How many CPUs; the kernel starts only so many."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= SMP_MAX:
        raise ValueError(f"choices: from 1 to {SMP_MAX}")
    return int(text)


def seconds(text):
    """A time limit, fractions allowed."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or float(text) <= 0:
        raise ValueError("want seconds, such as 60")
    return float(text)


def port(text):
    """A TCP port, 0 for one that is free, or none said."""
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise ValueError("want a port, 1 to 65535, or 0 for any that is free")
    return int(text)


def accelerator(text):
    """tcg runs anywhere; kvm is taken only when asked for and usable."""
    choice("tcg", "kvm")(text)
    if text == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise ValueError("/dev/kvm is missing or not yours to open; choices here: tcg")
    return text


def devices(text):
    """Which virtio devices of the reference machine are there, each in its own slot."""
    names = {"none": [], "reference": list(REFERENCE_DEVICES)}.get(text, text.split(","))
    if not set(names) <= set(REFERENCE_DEVICES):
        raise ValueError("choices: none, reference, or some of " + ",".join(REFERENCE_DEVICES))
    return tuple(names)


def simple(text):
    """The virtio-simple device: a flavour, properties, or both, as one -device argument."""
    first, _, rest = text.partition(",")
    if "=" in first:
        first, rest = "modern", text
    model = SIMPLE_FLAVOURS.get(first, first)
    if not re.fullmatch(r"virtio-[a-z0-9-]+", model):
        choices = ", ".join(SIMPLE_FLAVOURS)
        raise ValueError(f"choices: {choices}, each with ,property=value after it")
    return model + ("," + rest if rest else "")


def disk(text):
    """A raw image for the virtio disk; empty means a disk of zeroes that stores nothing."""
    if text and not os.path.isfile(text):
        raise ValueError("there is no such file; make one with: truncate -s 64M " + text)
    return text


def arguments(text):
    """More words for QEMU, quoted as in a shell."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError(f"cannot be split into words: {error}") from None


def plain(text):
    """Text that is passed on as it is, so it must fit in a line."""
    if "\n" in text:
        raise ValueError("want one line")
    return text


def boot_words(text):
    """Boot arguments, of any bytes. QEMU's loader has room for 4095, CONSOLE= adds some of its own,
    and more than that would overwrite what the loader keeps beside them."""
    return os.fsdecode(os.fsencode(plain(text))[:CMDLINE_MAX])


# name: (default, how to read it, what the help says)
KNOBS = {
    "APP": ("demo", word, "the app in the image: a file of apps/ without .c"),
    "BOOT": ("iso", choice("iso", "uefi", "direct"),
             "iso: GRUB from the ISO, by BIOS; uefi: the same ISO by UEFI; direct: qemu -kernel"),
    "MACHINE": ("pc", choice("pc", "q35", "microvm"),
                "pc (PCI, the reference machine), q35 (PCI Express), microvm (BOOT=direct only)"),
    "SMP": ("1", processors, "CPUs of the machine"),
    "MEM": ("128M", size, "RAM of the machine"),
    "ACCEL": ("tcg", accelerator, "tcg, or kvm where /dev/kvm is yours to use"),
    "CMDLINE": ("", boot_words, "boot arguments, which become the app's argv"),
    "DEVICES": ("reference", devices, "none, or some of net,simple,blk; each keeps its slot"),
    "SIMPLE": ("modern", simple, "modern or transitional, and properties: transitional,tag=me"),
    "DISK": ("", disk, "raw image behind the virtio disk; none: a disk of zeroes"),
    "CONSOLE": ("serial", choice("serial", "virtio"), "what stdout and stdin are: the serial port, "
                "or a virtio console"),
    "INTERACTIVE": ("auto", choice("auto", "yes", "no"),
                    "whether stdin is the guest's input; auto: when APP is one that asks"),
    "HTTP_PORT": ("", port, "port of this host that leads to what the app serves [8080]"),
    "QEMU_ARGS": ("", arguments, "more QEMU arguments, quoted as in a shell"),
    "QEMU": ("", plain, "the QEMU to run; none: the one that `make qemu` built"),
    "TIMEOUT": ("60", seconds, "seconds after which the machine is stopped; none for a server"),
}


# MiB. Below these the firmware or GRUB hangs before the kernel could say anything; with BOOT=direct
# it is the kernel that says so, and a little more than its own need.
MEMORY_FLOORS = {"direct": 4, "iso": 8, "uefi": 64}


def check_memory(knobs):
    """The least RAM that works, firmware and loader included."""
    floor = MEMORY_FLOORS[knobs["boot"]]
    mem = knobs["mem"]
    if size_bytes(mem) < floor * UNITS["M"]:
        raise KnobError(f"MEM={mem}: BOOT={knobs['boot']} needs {floor}M at least")


def check_board(knobs):
    """What no firmware of the machine could start."""
    if knobs["machine"] == "microvm" and knobs["boot"] != "direct":
        raise KnobError(f"MACHINE=microvm: BOOT={knobs['boot']}: a microvm has no CD drive; "
                        "choices: BOOT=direct")


def parse_knobs(values):
    """Checked knob values, lower-case names, defaults filled in; unknown names are refused."""
    unknown = sorted(set(values) - set(KNOBS))
    if unknown:
        raise KnobError(f"{unknown[0]} is not a knob; knobs: {', '.join(KNOBS)}")
    knobs = {}
    for name, (default, parse, _) in KNOBS.items():
        text = values.get(name, default)
        try:
            knobs[name.lower()] = parse(text)
        except ValueError as error:
            shown = text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "..."
            raise KnobError(f"{name}={shown}: {error}") from None
    check_board(knobs)
    check_memory(knobs)
    knobs["http_port"] = host_port(knobs)
    return knobs


def is_interactive(knobs):
    """Whether stdin is the guest's input."""
    if knobs["interactive"] == "auto":
        return knobs["app"] in INTERACTIVE_APPS
    return knobs["interactive"] == "yes"


def environment_knobs(environ):
    """The knobs somebody set; an empty one is one not set, as in make."""
    return {name: environ[name] for name in KNOBS if environ.get(name)}


def cut_text(environ):
    """A line about boot arguments that boot_words cuts, or None."""
    length = len(os.fsencode(environ.get("CMDLINE", "")))
    if length <= CMDLINE_MAX:
        return None
    return (f"CMDLINE has {length} bytes: the machine gets the first {CMDLINE_MAX}, "
            "and the kernel keeps 1023")


def help_text():
    """A line for each knob, for `make help`."""
    width = max(map(len, KNOBS))
    return "\n".join(
        f"  {name:<{width}}  {text}" + (f" [{default}]" if default else "")
        for name, (default, _, text) in KNOBS.items()
    )
