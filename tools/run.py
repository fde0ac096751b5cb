#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs Doorbell in QEMU: its serial console on stdout, 0 when all went well, 1 when not.

What to run comes from the environment, which `make run` fills from its arguments; --help lists
the knobs. An abnormal end is explained in one line on stderr.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from diagnose import elf_path, explain
from interactive import Keyboard, LiveConsole
from knobs import (KnobError, cut_text, environment_knobs, help_text, is_interactive,
                   parse_knobs)
from machine import Machine
from qemu import (TREE, QemuMissing, boot_arguments, check_image, command_line, grub_words,
                  image_path, printable, shown)
from serving import invitation, is_serving, taken

INTERRUPTED = 130
REBOOT = "shell: reboot"  # apps/shell.c says so


def gdb_port():
    """A port of the user's own, so that two people on one host do not meet."""
    return 25000 + os.getuid() % 5000


def parse_arguments():
    """The few things that are not knobs."""
    parser = argparse.ArgumentParser(
        prog="run.py",
        description=__doc__,
        epilog="knobs, with their defaults:\n" + help_text(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--print", action="store_true", help="print the command, run nothing")
    parser.add_argument("--check", action="store_true", help="only say which knob is wrong")
    parser.add_argument("--gdb", action="store_true", help="start stopped and wait for gdb")
    parser.add_argument("--gdb-port", action="store_true", help="print the port --gdb uses")
    parser.add_argument("--grub-words", action="store_true",
                        help="print CMDLINE as GRUB takes it, run nothing")
    parser.add_argument("--image", type=Path, help="start this ELF or ISO instead of APP's")
    return parser.parse_args()


def say(text):
    """Our own lines go where the console's do not."""
    print(f"run: {text}", file=sys.stderr, flush=True)


def check_app(knobs):
    """That there is such an app, said before anything is built."""
    apps = sorted(path.stem for folder in ("apps", "tests/guests")
                  for path in (TREE / folder).glob("*.c"))
    if knobs["app"] not in apps:
        raise KnobError(f"APP={knobs['app']}: there is no apps/{knobs['app']}.c; "
                        f"choices: {', '.join(apps)}")


def line_shower(knobs):
    """Shows a console line as soon as it is whole, and how to reach what has just come up."""

    def show_line(line):
        print(line, flush=True)
        words = invitation(knobs, line)
        if words:
            say(words)

    return show_line


def show_complaint(line):
    """QEMU writes on stderr only when something is wrong, often a reason the guest cannot see."""
    print(f"QEMU says: {line}", file=sys.stderr, flush=True)


def terminate(*_):
    """SIGTERM and SIGHUP take the same way out as Ctrl-C, so that no QEMU is left behind."""
    raise KeyboardInterrupt


def prepare_gdb(command, knobs):
    """Stops the machine before its first instruction and says how to join it."""
    port = gdb_port()
    say(f"QEMU waits for gdb; in another terminal: make gdb-attach, or: "
        f"gdb {shown(elf_path(knobs))} -ex 'target remote :{port}'")
    return [*command, "-S", "-gdb", f"tcp:127.0.0.1:{port}"], None


def execute(command, knobs, gdb):
    """Runs to the end; the exit status of this program."""
    limit = explicit_limit(knobs) if is_serving(knobs) else knobs["timeout"]
    if gdb:
        command, limit = prepare_gdb(command, knobs)
    if is_interactive(knobs):
        result = converse(command, knobs, None if gdb else explicit_limit(knobs))
    else:
        with Machine(command, limit, line_shower(knobs), show_complaint) as machine:
            result = machine.finish()
    if result.outcome == "ok":
        return 0
    say(explain(result, knobs, command))
    return 1


def explicit_limit(knobs):
    """A person or a server takes the time it takes, unless TIMEOUT says otherwise."""
    return knobs["timeout"] if os.environ.get("TIMEOUT") else None


def converse(command, knobs, limit):
    """A run with stdin as the guest's input; and another one when the person there says reboot."""
    if os.isatty(sys.stdin.fileno()):
        say("the keys go to the guest; Ctrl-A X ends the run")
    with Keyboard() as keyboard:
        while True:
            with Machine(command, limit, on_complaint=show_complaint, keyboard=keyboard,
                         console=LiveConsole(line_shower(knobs))) as machine:
                result = machine.finish()
            if result.outcome != "reset" or REBOOT not in result.lines[-3:]:
                return result


def print_grub_words():
    """For the ISO's own grub.cfg; any bytes, so not as text."""
    knobs = parse_knobs({"CMDLINE": os.environ.get("CMDLINE", "")})
    sys.stdout.buffer.write(os.fsencode(grub_words(knobs["cmdline"])))
    return 0


def answer(options, knobs):
    """What is only asked for, and not run; whether that was so."""
    if options.check:
        check_app(knobs)
        boot_arguments(knobs, image_path(knobs))
    elif options.print:
        print(printable(command_line(knobs, options.image)))
    return options.check or options.print


def main():
    """Knobs, command, run."""
    options = parse_arguments()
    if options.gdb_port:
        print(gdb_port())
        return 0
    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGHUP, terminate)
    knobs = {"app": ""}
    try:
        if options.grub_words:
            return print_grub_words()
        knobs = parse_knobs(environment_knobs(os.environ))
        if answer(options, knobs):
            return 0
        command = command_line(knobs, options.image)
        check_image(knobs, options.image)
        if taken(knobs):
            raise KnobError(taken(knobs))
        if cut_text(os.environ):
            say(cut_text(os.environ))
        return execute(command, knobs, options.gdb)
    except (KnobError, QemuMissing) as error:
        say(error)
        return 1
    except KeyboardInterrupt:
        say("stopped")
        # A server has no other end.
        return 0 if is_serving(knobs) else INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
