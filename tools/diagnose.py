# SPDX-License-Identifier: MIT
"""One line about a run that ended badly: what happened, why, what to do next."""

import re
import shutil
import subprocess

from machine import Machine, run
from qemu import build_directory, image_path, shown

EXCEPTIONS = {
    0x00: "divide error", 0x03: "breakpoint", 0x06: "invalid opcode", 0x08: "double fault",
    0x0A: "invalid TSS", 0x0B: "segment not present", 0x0C: "stack fault",
    0x0D: "general protection fault", 0x0E: "page fault", 0x11: "alignment check",
    0x12: "machine check", 0x13: "SIMD fault",
}
EXCEPTION = re.compile(
    r"^ *\d+: v=(?P<vector>[0-9a-f]+) e=(?P<error>[0-9a-f]+) i=0 .* pc=(?P<pc>[0-9a-f]+)"
    r"(.*CR2=(?P<cr2>[0-9a-f]+))?",
    re.MULTILINE,
)
LOOP_SECONDS, LOOP_RESETS = 20, 3  # how long, and how often, to tell a loop from one reset
PANIC_PLACE = re.compile(r" at (0x[0-9a-f]{16}) ")
STAMP = re.compile(r"^\[ *\d+\.\d+\] ")
NO_SIMPLE = re.compile(r"'(virtio-simple[a-z-]*)' is not a valid device model name")


def elf_path(knobs):
    """The image with symbols; the ISO holds a copy of it."""
    return image_path({**knobs, "boot": "direct"})


def output_of(*command):
    """What a tool of binutils prints; nothing where it is missing or fails."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )
    return done.stdout


def symbol(elf, address):
    """The function an address is in, as name+0x12, or "" where it is in none."""
    below = None
    for line in output_of("nm", "--defined-only", "-n", str(elf)).splitlines():
        start, kind, name = line.split(None, 2)
        if int(start, 16) > address:
            inside = below and below[1] in "tTwW"
            return f"{below[2]}+{address - below[0]:#x}" if inside else ""
        below = int(start, 16), kind, name
    return ""


def source_line(elf, address):
    """file:line of an address, or "" where the ELF does not know it."""
    if not elf.is_file():
        return ""
    line = output_of("addr2line", "-e", str(elf), f"{address:#x}").strip()
    line = re.sub(r" \(discriminator \d+\)$", "", line)
    return "" if not line or "?" in line else str(shown(line))


def place(elf, address):
    """An address with its function and source line where the ELF knows them."""
    text = f"{address:#x}"
    function = symbol(elf, address) if elf.is_file() else ""
    if not function:
        return text
    return f"{text} {function} {source_line(elf, address)}".rstrip()


def last_exception(log):
    """The exception that began the fatal chain: the first of those at the last address."""
    found = list(EXCEPTION.finditer(log))
    if not found:
        return None
    chain = [found[-1]]
    for earlier in reversed(found[:-1]):
        if earlier["pc"] != chain[-1]["pc"]:
            break
        chain.append(earlier)
    return chain[-1]


def describe(exception, elf):
    """An exception in words."""
    vector = int(exception["vector"], 16)
    text = f"vector {vector} ({EXCEPTIONS.get(vector, 'unnamed')})"
    if exception["cr2"] and vector == 0x0E:
        text += f" on address {int(exception['cr2'], 16):#x}"
    return f"{text} at {place(elf, int(exception['pc'], 16))}"


def loop(command):
    """Lets it boot again, as it would without -no-reboot, and says when it resets each time."""
    again = [word for word in command if word != "-no-reboot"]
    with Machine(again, LOOP_SECONDS) as machine:
        resets = machine.count_resets(LOOP_RESETS)
    return ", and again after each boot: a reset loop" if resets > 1 else ""


def explain_reset(_result, knobs, command):
    """Runs once more under TCG with QEMU's exception log, which is what an expert would do."""
    log = build_directory() / "last-reset.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    again = [word.replace("accel=kvm", "accel=tcg") for word in command]
    run([*again, "-d", "int,cpu_reset", "-D", str(log)], knobs["timeout"])
    text = log.read_text(errors="replace") if log.is_file() else ""
    if "Triple fault" not in text:
        return f"the guest reset the machine without a verdict{loop(command)}; {exception_log(log)}"
    exception = last_exception(text)
    what = describe(exception, elf_path(knobs)) if exception else "an unknown exception"
    return f"triple fault: {what}, and no handler could take it; {exception_log(log)}"


def exception_log(log):
    """Where the reader goes on from here."""
    return f"every exception of a second run is in {shown(log)}"


def said(result, words=""):
    """The console's lines with these words, without time stamps."""
    lines = [STAMP.sub("", line, count=1) for line in result.lines]
    return [line for line in lines if words in line and line.strip()]


def last_words(result):
    """The last thing on the console, which is where the guest was in its own eyes."""
    lines = said(result)
    return f"its last line: {lines[-1]}" if lines else "it printed nothing"


def explain_timeout(result, knobs, _command):
    """Where it hangs: by its console and by its program counter."""
    counter = result.program_counter
    where = "" if counter is None else f", at {place(elf_path(knobs), counter)}"
    return (
        f"no end after {knobs['timeout']:g} s{where}; {last_words(result)};"
        " longer: TIMEOUT=seconds, a look inside: make gdb"
    )


def explain_qemu(result, _knobs, command):
    """QEMU itself gave up; the commonest reason has a remedy of its own."""
    missing = NO_SIMPLE.search("\n".join(result.complaints))
    if missing:
        return f"{command[0]} has no {missing[1]} device; build one that has: make qemu"
    return f"QEMU failed with status {result.status}; its own words are above"


def explain_off(result, _knobs, _command):
    """Somebody outside ended QEMU, or the guest found no isa-debug-exit."""
    if result.shutdown == "guest-shutdown":
        return "the guest switched the machine off without a verdict; " + last_words(result)
    return f"QEMU was ended from outside ({result.shutdown or 'no reason known'})"


def explain_killed(result, knobs, _command):
    """A signal, which is never the guest's doing."""
    why = "out of memory, or QEMU's own fault?"
    if knobs["accel"] == "kvm":
        why = "KVM is not whole here? ACCEL=tcg works everywhere"
    return f"QEMU was killed by signal {-result.status}; {why}"


def explain_stop(result, _knobs, _command):
    """The kernel has already said why, in its own line."""
    stops = said(result, "stop: ") or [last_words(result)]
    return "the kernel cannot run on this machine: " + stops[-1]


def explain_panic(result, knobs, _command):
    """The kernel's own line, found among what followed it, and the line of the source."""
    panics = said(result, "panic: ") or [last_words(result)]
    found = PANIC_PLACE.search(panics[0])
    line = source_line(elf_path(knobs), int(found[1], 16)) if found else ""
    return "the kernel panicked: " + panics[0] + (f", {line}" if line else "")


def explain_fail(result, _knobs, _command):
    """main() did not return 0."""
    return "the app failed; " + last_words(result)


EXPLAIN = {
    "fail": explain_fail,
    "panic": explain_panic,
    "stop": explain_stop,
    "timeout": explain_timeout,
    "reset": explain_reset,
    "off": explain_off,
    "killed": explain_killed,
    "qemu": explain_qemu,
}


def explain(result, knobs, command):
    """The line for an abnormal end."""
    return EXPLAIN[result.outcome](result, knobs, command)
