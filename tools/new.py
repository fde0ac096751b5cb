#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the files of a new app or a new driver, which build and run at once.

    make new-app NAME=x
    make new-driver NAME=x [ID=18]

A name that is no good, or taken, is refused in one line, and nothing is written.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from layers import layer_of

TREE = Path(__file__).resolve().parent.parent
TEMPLATES = TREE / "tools" / "templates"
NAME = re.compile(r"(?=.{1,16}$)[a-z][a-z0-9]*(_[a-z0-9]+)*")
# Folders of build/ that an app's image would share.
NOT_APPS = {"obj", "uapi", "host", "guards", "tests", "flags", "lwip"}
# Words of C, GNU's among them, and what the compiler defines.
NOT_DRIVERS = {"asm", "auto", "bool", "break", "case", "char", "const", "continue", "default", "do",
               "double", "else", "enum", "extern", "false", "float", "for", "goto", "if", "inline",
               "int", "linux", "long", "register", "restrict", "return", "short", "signed",
               "sizeof", "static", "struct", "switch", "true", "typedef", "typeof", "union",
               "unix", "unsigned", "void", "volatile", "while"}
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
USUAL_ID = "18"  # input: nothing here drives it, and any QEMU has one
QEMU_DEVICES = {1: "net", 2: "blk", 3: "serial", 4: "rng", 5: "balloon", 8: "scsi", 16: "gpu",
                18: "keyboard"}


class Refused(Exception):
    """The text is the line to print."""


def check_name(kind, name):
    """A name that a file, a symbol and a command line can have."""
    if not NAME.fullmatch(name):
        raise Refused(f"NAME={name}: want a name of up to 16 small letters, digits and _, such as "
                      f"{'webcam' if kind == 'driver' else 'hello_2'}")


def fill(template, name, number=""):
    """A template with the name in it, laid out as all sources are where the tool is there."""
    text = (TEMPLATES / template).read_text()
    for mark, value in (("@NAME@", name), ("@UPPER@", name.upper()), ("@ID@", number)):
        text = text.replace(mark, value)
    for tool in ("clang-format-14", "clang-format"):
        try:
            done = subprocess.run([tool, "--assume-filename=x.c"], input=text, text=True, cwd=TREE,
                                  capture_output=True, check=True)
            return done.stdout
        except (OSError, subprocess.CalledProcessError):
            continue
    return text


def write(files):
    """All of the files, or none where one is there already."""
    for path in files:
        if (TREE / path).exists():
            raise Refused(f"{path} is there already; another NAME, please")
    for path, text in files.items():
        (TREE / path).parent.mkdir(exist_ok=True)
        (TREE / path).write_text(text)
        print(f"wrote {path}")


def new_app(name):
    """apps/NAME.c"""
    check_name("app", name)
    if name in NOT_APPS or (TREE / "apps" / name).exists():
        raise Refused(f"NAME={name} is taken; another one, please")
    write({f"apps/{name}.c": fill("app.c.in", name)})
    print(f"now: make run APP={name}")


def driver_of(number):
    """The file that drives this virtio id already, or None."""
    words = subprocess.run(
        ["grep", "-rhoE", rf"define +VIRTIO_ID_\w+\s+{number}\b", "/usr/include/linux/virtio_ids.h",
         str(TREE / "drivers/virtio/uapi")], text=True, capture_output=True, check=False).stdout
    names = {str(number), *re.findall(r"VIRTIO_ID_\w+", words)}
    for path in sorted((TREE / "drivers").rglob("virtio_*.c")):
        ids = re.search(r"virtio_device_id \w+\[\] = \{(.*?)\n\};", path.read_text(), re.DOTALL)
        if ids and names & set(re.findall(r"\w+", ids[1])):
            return path.relative_to(TREE)
    return None


def parse_id(text):
    """A virtio id (section 5)."""
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 191:
        raise Refused(f"ID={text}: want a virtio id from 1 to 191, such as {USUAL_ID}")
    return int(text)


def is_in_the_way(name):
    """Whether the templates, or virtio's own headers, have the name for something else."""
    code = "".join((TEMPLATES / f"driver.{suffix}.in").read_text() for suffix in "ch")
    words = NOT_DRIVERS.union(re.findall(r"\w+", COMMENT.sub("", code)))
    headers = "".join(path.read_text() for path in (TREE / "drivers/virtio").glob("*.h"))
    return name in words or re.search(rf"\b(struct|enum) virtio_{name}\b", headers)


def new_driver(name, number):
    """drivers/virtio/NAME/virtio_NAME.c and .h"""
    check_name("driver", name)
    source, header = (f"drivers/virtio/{name}/virtio_{name}.{suffix}" for suffix in "ch")
    relatives = list((TREE / "drivers").rglob(f"virtio_{name}*"))
    if is_in_the_way(name) or relatives or layer_of(source)[0] != "class driver":
        raise Refused(f"NAME={name} is taken; another one, please")
    number = parse_id(number or USUAL_ID)
    other = driver_of(number)
    write({source: fill("driver.c.in", name, str(number)),
           header: fill("driver.h.in", name, str(number))})
    device = QEMU_DEVICES.get(number)
    arguments = f" QEMU_ARGS='-device virtio-{device}-pci'" if device else ""
    without = f" WITHOUT={other}" if other else ""
    if other:
        print(f"note: {other} drives virtio id {number} too; it has to stay out")
    print(f"now: make run{without}{arguments}")


def main():
    """What make asks for: the kind; name and id come from the environment, as they are."""
    name, number = os.environ.get("NAME", ""), os.environ.get("ID", "")
    try:
        if sys.argv[1:] == ["app"]:
            new_app(name)
        elif sys.argv[1:] == ["driver"]:
            new_driver(name, number)
        else:
            raise Refused("usage: make new-app NAME=x, or make new-driver NAME=x [ID=18]")
    except Refused as why:
        print(f"new: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
