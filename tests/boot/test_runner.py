# SPDX-License-Identifier: MIT
"""The runner's diagnoses: one line each, that says what happened and what to do."""

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import diagnose
import tiny_guest as guest
from diagnose import explain, place, source_line
from knobs import parse_knobs
from machine import run
from patience import measures_time, patience
from qemu import command_line

RUNNER = Path(__file__).resolve().parents[2] / "tools" / "run.py"


def environment(qemu, tmp_path, settings):
    """A run of our own: no knob of the person who started the tests gets in."""
    base = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "QEMU": qemu}
    return {**base, "BUILD": str(tmp_path), "BOOT": "direct", "DEVICES": "none", "TIMEOUT": "20",
            **settings}


def start(qemu, tmp_path, *pieces, options=(), **settings):
    """Starts the runner on a tiny guest."""
    words = [sys.executable, str(RUNNER), *options]
    if pieces:
        words += ["--image", str(guest.write(tmp_path / "guest.elf", *pieces))]
    return subprocess.Popen(words, env=environment(qemu, tmp_path, settings), text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process):
    """Exit status, console, and the runner's own lines."""
    console, errors = process.communicate(timeout=patience(60))
    return process.returncode, console, errors


def verdict(*arguments, **settings):
    """The runner's one line about a run that must not be good."""
    status, _, errors = finish(start(*arguments, **settings))
    own = [line for line in errors.splitlines() if line.startswith("run: ")]
    assert status == 1 and len(own) == 1, errors
    return own[0]


def test_success(qemu, tmp_path):
    run = start(qemu, tmp_path, guest.say("one\r\n\x1b[2Jtwo\n"), guest.leave(0x10))
    assert finish(run) == (0, "one\ntwo\n", "")


@pytest.mark.parametrize("value, text, said", [
    (0x11, "x\n", "the app failed; its last line: x"),
    (0x12, "[    0.000001] panic: oh\n[<0>]\n", "the kernel panicked: panic: oh"),
    (0x13, "stop: no RAM\nbye\n", "the kernel cannot run on this machine: stop: no RAM"),
])
def test_verdicts_of_the_kernel(qemu, tmp_path, value, text, said):
    assert said in verdict(qemu, tmp_path, guest.say(text), guest.leave(value))


def test_hanging_guest(qemu, tmp_path):
    limit = f"{patience(0.5):.1f}"
    line = verdict(qemu, tmp_path, guest.say("last words\n"), guest.HANG, TIMEOUT=limit)
    assert f"no end after {float(limit):g} s, at 0x10" in line
    assert "its last line: last words" in line
    assert "make gdb" in line


@pytest.mark.parametrize("board", ["pc", "q35", "microvm"])
def test_triple_fault_names_the_first_exception(qemu, tmp_path, board):
    # A microvm without a pause would be gone before QEMU's monitor can tell why.
    line = verdict(qemu, tmp_path, guest.PAUSE, guest.TRIPLE_FAULT, MACHINE=board)
    assert "triple fault: vector 6 (invalid opcode) at 0x10000e" in line
    assert (tmp_path / "last-reset.log").read_text().count("Triple fault") == 1


def test_a_guest_that_ends_at_once_is_told_right(qemu, tmp_path):
    """Sooner than QEMU has read what we tell it when it starts."""
    image = guest.write(tmp_path / "guest.elf", guest.TRIPLE_FAULT)
    knobs = parse_knobs({"BOOT": "direct", "DEVICES": "none", "MACHINE": "microvm", "QEMU": qemu})
    ends = {run(command_line(knobs, image), 20).outcome for _ in range(30)}
    assert ends == {"reset"}


def test_addresses_are_given_names(tmp_path):
    source, elf = tmp_path / "x.s", tmp_path / "x.elf"
    source.write_text(".globl one\none: nop; nop\ntwo: nop\n.data\nend: .byte 0\n")
    for command in (["as", "-g", "-o", tmp_path / "x.o", source],
                    ["ld", "-Ttext=0x1000", "-Tdata=0x2000", "-e", "one", "-o", elf,
                     tmp_path / "x.o"]):
        subprocess.run(command, check=True)
    assert place(elf, 0x1001) == f"0x1001 one+0x1 {source}:2"
    assert place(elf, 0x1002).startswith("0x1002 two+0x0")
    assert place(elf, 0x2000) == "0x2000"
    assert place(elf, 0x900000) == "0x900000"
    assert place(tmp_path / "lost.elf", 0x1001) == "0x1001"


@pytest.mark.parametrize("board", ["pc", "q35"])
def test_reset_without_a_fault(qemu, tmp_path, board):
    line = verdict(qemu, tmp_path, guest.RESET, MACHINE=board)
    assert "reset the machine without a verdict" in line


@pytest.mark.parametrize("board", ["pc", "q35", "microvm"])
def test_hang_of_each_machine_is_placed(qemu, tmp_path, board):
    limit = f"{patience(1):.1f}"
    line = verdict(qemu, tmp_path, guest.say("last\n"), guest.HANG, MACHINE=board, TIMEOUT=limit)
    assert f"no end after {float(limit):g} s, at 0x10" in line and "its last line: last" in line


def test_power_off_is_no_success(qemu, tmp_path):
    line = verdict(qemu, tmp_path, guest.say("bye\n"), guest.POWER_OFF)
    assert "switched the machine off without a verdict; its last line: bye" in line


def test_qemu_without_the_device(qemu, tmp_path):
    line = verdict(qemu, tmp_path, guest.HANG, DEVICES="simple", SIMPLE="virtio-simple-lost-pci")
    assert "has no virtio-simple-lost-pci device; build one that has: make qemu" in line


def test_qemu_that_refuses_its_arguments(qemu, tmp_path):
    status, _, errors = finish(start(qemu, tmp_path, guest.HANG, QEMU_ARGS="-device nonsense"))
    assert status == 1
    assert "QEMU says: " in errors and "nonsense" in errors.split("run: ")[0]
    assert "run: QEMU failed with status 1; its own words are above" in errors


def test_qemu_killed(qemu, tmp_path):
    script = tmp_path / "qemu"
    script.write_text("#!/bin/sh\nkill -9 $$\n")
    script.chmod(0o755)
    assert "QEMU was killed by signal 9" in verdict(str(script), tmp_path, guest.HANG)


def test_source_line_in_a_path_with_spaces(monkeypatch, tmp_path):
    monkeypatch.setattr(diagnose, "output_of", lambda *_: "/a b/c d.c:12 (discriminator 3)\n")
    (tmp_path / "elf").touch()
    assert source_line(tmp_path / "elf", 0x1000) == "/a b/c d.c:12"


def test_kvm_that_is_not_whole():
    """QEMU ends with an assertion on hosts whose KVM lacks a register of the CPU it promises."""
    line = explain(SimpleNamespace(outcome="killed", status=-6), {"accel": "kvm"}, [])
    assert line.startswith("QEMU was killed by signal 6;") and "ACCEL=tcg works" in line


@pytest.mark.parametrize("settings, said", [
    ({"BOOT": "foo"}, "BOOT=foo: choices: iso, uefi, direct"),
    ({"MACHINE": "vax"}, "MACHINE=vax: choices: pc, q35, microvm"),
    ({"MEM": "abc"}, "MEM=abc: want a number with K, M or G, such as 128M"),
    ({"MEM": "1M"}, "MEM=1M: BOOT=direct needs 4M at least"),
    ({"MEM": "4", "BOOT": "iso"}, "MEM=4M: BOOT=iso needs 8M at least"),
    ({"MEM": "63M", "BOOT": "uefi"}, "MEM=63M: BOOT=uefi needs 64M at least"),
    ({"MACHINE": "microvm", "BOOT": "uefi"}, "BOOT=uefi: a microvm has no CD drive; choices: BOOT"),
    ({"SMP": "0"}, "SMP=0: choices: "),
    ({"SMP": "1000"}, "SMP=1000: choices: "),
    ({"ACCEL": "magic"}, "ACCEL=magic: choices: tcg, kvm"),
    ({"DEVICES": "gpu"}, "DEVICES=gpu: choices: none, reference, or some of net,simple,blk"),
    ({"SIMPLE": "-x"}, "SIMPLE=-x: choices: modern, transitional"),
    ({"DISK": "lost.img"}, "DISK=lost.img: there is no such file; make one with: truncate"),
    ({"QEMU_ARGS": "'"}, "QEMU_ARGS=': cannot be split into words"),
    ({"TIMEOUT": "soon"}, "TIMEOUT=soon: want seconds"),
    ({"QEMU": "/lost/qemu"}, "QEMU=/lost/qemu: no such program; get one with: make qemu"),
])
def test_bad_knobs(qemu, tmp_path, settings, said):
    assert said in verdict(qemu, tmp_path, guest.HANG, **settings)


def test_missing_image(qemu, tmp_path):
    assert "make it with: make kernel APP=lost" in verdict(qemu, tmp_path, APP="lost")
    assert "make it with: make iso APP=lost" in verdict(qemu, tmp_path, APP="lost", BOOT="iso")


def wait_for_console(process, line):
    """Blocks until the guest has said this line, so that a signal hits a running machine."""
    assert process.stdout.readline() == line + "\n"


def children_of(process):
    """The processes it has started."""
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def is_running(child):
    """A zombie is not: it only waits for somebody to ask how it ended."""
    status = Path(f"/proc/{child}/status")
    try:
        return "State:\tZ" not in status.read_text()
    except OSError:
        return False


def test_no_qemu_outlives_a_killed_runner(qemu, tmp_path):
    run = start(qemu, tmp_path, guest.say("up\n"), guest.HANG)
    wait_for_console(run, "up")
    [child] = children_of(run)
    run.kill()
    run.communicate(timeout=patience(20))
    limit = time.monotonic() + patience(10)
    while is_running(child):
        assert time.monotonic() < limit, "QEMU still runs"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_person(qemu, tmp_path, number):
    run = start(qemu, tmp_path, guest.say("up\n"), guest.HANG)
    wait_for_console(run, "up")
    children = children_of(run)
    run.send_signal(number)
    status, _, errors = finish(run)
    assert status == 130 and "run: stopped" in errors and "Traceback" not in errors
    assert children and not any(is_running(child) for child in children)


def test_ctrl_c_on_a_terminal(qemu, tmp_path):
    """There QEMU gets the signal too, being in the same foreground group."""
    image = guest.write(tmp_path / "guest.elf", guest.say("up\n"), guest.HANG)
    try:
        ours, theirs = os.openpty()
    except OSError as error:
        pytest.skip(f"no terminals on this machine (/dev/pts is not mounted?): {error}")
    run = subprocess.Popen([sys.executable, str(RUNNER), "--image", str(image)],
                           env=environment(qemu, tmp_path, {}), start_new_session=True,
                           stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    wait_for_console(run, "up")
    os.write(ours, b"\x03")
    status, _, errors = finish(run)
    os.close(ours)
    os.close(theirs)
    assert status == 130 and "run: stopped" in errors and "Traceback" not in errors


def test_two_at_once(qemu, tmp_path):
    runs = []
    for name in ("first", "second"):
        place = tmp_path / name
        place.mkdir()
        runs.append(start(qemu, place, guest.say(name + "\n"), guest.leave(0x10),
                          DEVICES="net,blk"))
    assert [finish(run)[:2] for run in runs] == [(0, "first\n"), (0, "second\n")]


@measures_time
def test_lines_come_live(qemu, tmp_path):
    limit = patience(5)
    run = start(qemu, tmp_path, guest.say("now\n"), guest.HANG, TIMEOUT=f"{limit:.0f}")
    begun = time.monotonic()
    wait_for_console(run, "now")
    assert time.monotonic() - begun < limit - 1
    run.send_signal(signal.SIGTERM)
    finish(run)


def test_print_runs_nothing(qemu, tmp_path):
    run = start(qemu, tmp_path, guest.HANG, options=["--print"], CMDLINE="a b", MEM="64")
    status, text, _ = finish(run)
    assert status == 0 and text.startswith(qemu)
    assert "-append 'a b'" in text and "-m 64M" in text


def test_gdb_waits_at_a_port_of_ones_own(qemu, tmp_path):
    port = 25000 + os.getuid() % 5000
    run = start(qemu, tmp_path, guest.leave(0x10), options=["--gdb"])
    line = run.stderr.readline()
    run.send_signal(signal.SIGTERM)
    finish(run)
    assert "waits for gdb" in line and f"target remote :{port}" in line
