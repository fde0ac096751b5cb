# SPDX-License-Identifier: MIT
"""From knobs to a QEMU command line: the reference machine, in one place.

The runner, the tests and the comparison with Linux all build their machine here, so that what a
test proves is what a person runs.
"""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from boot_words import split_words
from knobs import KnobError, size_bytes
from serving import forwards

TREE = Path(__file__).resolve().parent.parent
BUILD_QEMU = TREE / "qemu" / "build-qemu.sh"
BLANK_DISK = 8 << 20
OVERCOMMIT_FROM = 2 << 30

# What isa-debug-exit makes of the kernel's four endings (kernel/exit.h).
VERDICTS = {33: "ok", 35: "fail", 37: "panic", 39: "stop"}

# The slots of the mission's machine; pc has its own functions in 0 and 1, q35 in 0 and 31.
VGA_SLOT = 2
DEVICE_SLOTS = {"net": 3, "simple": 4, "blk": 5}
ROOT_BUS = {"pc": "pci.0", "q35": "pcie.0", "microvm": "pcie.0"}
# What the machine is told beside its name. A microvm has only what is asked for.
MACHINE_OPTIONS = {"microvm": ",pcie=on,isa-serial=on,rtc=on,pit=on,pic=on"}
IMAGE_SUFFIX = {"iso": "iso", "uefi": "iso", "direct": "elf"}
IMAGE_TARGET = {"iso": "iso", "uefi": "iso", "direct": "kernel"}
# UEFI firmware and its empty variables, where distributions put them; the first pair that exists.
UEFI_FIRMWARE = [
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
]


class QemuMissing(Exception):
    """There is no QEMU to run; the text is the whole line to print."""


def build_directory():
    """Where make puts images: $BUILD, as in the Makefile, from the top of the tree."""
    return TREE / os.environ.get("BUILD", "build")


def as_make_takes_it(path):
    """A path from the top of the tree, which is where make runs: spaces above it do no harm."""
    return os.path.relpath(path, TREE)


def image_path(knobs):
    """The file that the machine starts from."""
    return build_directory() / knobs["app"] / f"doorbell.{IMAGE_SUFFIX[knobs['boot']]}"


def find_qemu(knobs):
    """The QEMU to run: the one asked for, else the one built with our device."""
    if knobs["qemu"]:
        found = shutil.which(knobs["qemu"])
        if not found:
            raise QemuMissing(f"QEMU={knobs['qemu']}: no such program; get one with: make qemu")
        return found
    if not BUILD_QEMU.exists():
        raise QemuMissing("no QEMU with virtio-simple yet; get one with: make qemu")
    built = subprocess.run([str(BUILD_QEMU)], stdout=subprocess.PIPE, text=True, check=False)
    if built.returncode or not built.stdout.strip():
        raise QemuMissing("building QEMU failed, the lines above say why; again: make qemu")
    return built.stdout.split()[-1]


def quoted(text):
    """A value inside a QEMU option, where a comma would end it."""
    return str(text).replace(",", ",,")


def grub_words(cmdline):
    """Boot arguments as GRUB's own parser takes them: each word quoted, whatever is in it."""
    return shlex.join(split_words(cmdline))


def uefi_arguments():
    """OVMF in flash. QEMU writes the variables to a copy of its own, which ends with it."""
    for code, variables in UEFI_FIRMWARE:
        if os.path.isfile(code) and os.path.isfile(variables):
            flash = "if=pflash,format=raw"
            return ["-drive", f"{flash},unit=0,readonly=on,file={code}",
                    "-drive", f"{flash},unit=1,snapshot=on,file={variables}"]
    raise KnobError("BOOT=uefi: no UEFI firmware (OVMF) here; get it with: make setup")


def boot_arguments(knobs, image):
    """The ISO by the firmware, or the ELF by QEMU itself.

    GRUB cannot see QEMU's command line, but it can read SMBIOS: the boot arguments travel as the
    one OEM string, so that one ISO serves all of them (iso/grub.cfg reads it).
    """
    if knobs["console"] == "virtio":
        knobs = {**knobs, "cmdline": f"kernel.console=hvc0 {knobs['cmdline']}".strip()}
    if knobs["boot"] == "direct":
        append = ["-append", knobs["cmdline"]] if knobs["cmdline"] else []
        return ["-kernel", str(image), *append]
    oem = "type=11,value=" + quoted("cmdline " + grub_words(knobs["cmdline"]))
    firmware = uefi_arguments() if knobs["boot"] == "uefi" else []
    return [*firmware, "-cdrom", str(image), "-boot", "order=d", "-smbios", oem]


def net_device(knobs):
    """virtio-net on QEMU's own user network; no ROM, for nobody boots from it."""
    return ["-netdev", "user,id=net" + forwards(knobs)], "virtio-net-pci,netdev=net,romfile="


def simple_device(knobs):
    """The device this project brings along."""
    return [], knobs["simple"]


def blk_device(knobs):
    """virtio-blk on the user's raw image, or on a disk of zeroes; errors are the guest's to see."""
    backend = f"driver=null-co,size={BLANK_DISK},read-zeroes=on"
    if knobs["disk"]:
        backend = f"driver=raw,file.driver=file,file.filename={quoted(knobs['disk'])}"
    return ["-blockdev", backend + ",node-name=disk"], "virtio-blk-pci,drive=disk,werror=report"


DEVICE_ARGUMENTS = {"net": net_device, "simple": simple_device, "blk": blk_device}


def device_arguments(knobs):
    """The reference machine's own devices, each in its fixed slot."""
    bus = ROOT_BUS[knobs["machine"]]
    arguments = ["-device", f"VGA,bus={bus},addr={VGA_SLOT}"]
    for name in knobs["devices"]:
        backend, device = DEVICE_ARGUMENTS[name](knobs)
        slot = DEVICE_SLOTS[name]
        arguments += [*backend, "-device", f"{device},bus={bus},addr={slot}"]
    return arguments


def board_arguments(knobs):
    """The board and what runs its code.

    OVMF waits for ever when a CPU misses its start-up message, and under TCG with a host thread
    for each CPU, one in a few of 16 does; taking turns in one thread, none does.
    """
    board = knobs["machine"] + MACHINE_OPTIONS.get(knobs["machine"], "")
    if knobs["boot"] == "uefi" and knobs["accel"] == "tcg" and knobs["smp"] > 1:
        return ["-machine", board, "-accel", "tcg,thread=single"]
    return ["-machine", f"{board},accel={knobs['accel']}"]


def memory_arguments(knobs):
    """RAM; where there is much of it, it may be more than the host could give all at once."""
    if size_bytes(knobs["mem"]) <= OVERCOMMIT_FROM:
        return ["-m", knobs["mem"]]
    backend = f"memory-backend-ram,id=ram,size={knobs['mem']},reserve=off"
    return ["-m", knobs["mem"], "-object", backend, "-machine", "memory-backend=ram"]


def console_arguments(knobs):
    """What stdio is: the serial port, or the port of a virtio console beside it."""
    stdio = ["-chardev", "stdio,id=console,signal=on"]
    if knobs["console"] == "serial":
        return [*stdio, "-serial", "chardev:console"]
    log = serial_log(knobs)
    log.parent.mkdir(parents=True, exist_ok=True)
    return [*stdio, "-chardev", f"file,id=serial,path={quoted(log)}", "-serial", "chardev:serial"]


def console_devices(knobs):
    """The virtio console, where it is one; behind the others, which have slots of their own."""
    if knobs["console"] == "serial":
        return []
    return ["-device", "virtio-serial-pci,id=consoles",
            "-device", "virtconsole,bus=consoles.0,nr=0,chardev=console"]


def serial_log(knobs):
    """Where the serial port's lines go when stdio is not theirs."""
    return build_directory() / knobs["app"] / "serial.log"


def machine_arguments(knobs):
    """The machine without its image: what Linux gets too, when we are compared with it."""
    return [
        *board_arguments(knobs),
        "-cpu", "max",
        "-smp", str(knobs["smp"]),
        *memory_arguments(knobs),
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-monitor", "none",
        *console_arguments(knobs),
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        *device_arguments(knobs),
        *console_devices(knobs),
        *knobs["qemu_args"],
    ]


def check_image(knobs, image=None):
    """Says how to get an image that is not there; QEMU would only say that it is not."""
    image = Path(image) if image else image_path(knobs)
    if image.is_file():
        return
    target = IMAGE_TARGET[knobs["boot"]]
    raise KnobError(f"no image {shown(image)}; make it with: make {target} APP={knobs['app']}")


def shown(path):
    """A path as a person at the top of the tree would type it."""
    path = Path(path)
    return path.relative_to(TREE) if path.is_relative_to(TREE) else path


def command_line(knobs, image=None):
    """The whole command, as `--print` shows it."""
    image = Path(image) if image else image_path(knobs)
    return [find_qemu(knobs), *machine_arguments(knobs), *boot_arguments(knobs, image)]


def printable(command):
    """The command as a shell would take it."""
    return shlex.join(command)
