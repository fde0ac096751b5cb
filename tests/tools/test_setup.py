# SPDX-License-Identifier: MIT
"""tools/setup.sh on machines we do not have: fake dpkg, apt and sudo, and the real script."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from patience import patience

TREE = Path(__file__).resolve().parents[2]
PLAIN_TOOLS = "bash env cat sort uniq dirname mkdir grep sed rm awk".split()
WANTED = ["gcc", "xorriso", "mtools"]

FAKES = {
    "dpkg": 'echo "$FAKE_ARCHITECTURE"',
    "dpkg-query": """
        shift 3 # -W -f FORMAT
        for name in "$@"; do
            if grep -qx "$name" "$STATE/installed"; then echo "installed $name"; else status=1; fi
        done
        exit ${status:-0}""",
    "apt-cache": """
        for name in "${@:2}"; do
            if grep -qx "$name" "$STATE/candidates"; then
                printf '%s:\\n  Installed: (none)\\n  Candidate: 1.0\\n' "$name"
            fi
        done""",
    "apt-get": """
        echo "apt-get $*" >> "$STATE/log"
        case " $* " in
        *" update "*)
            [[ ! -e $STATE/no-network ]] || exit 100
            cat "$STATE/archive" >> "$STATE/candidates" ;;
        *)
            if [[ -e $STATE/stale ]]; then rm "$STATE/stale"; exit 100; fi
            [[ ! -e $STATE/broken ]] || exit 100
            for name in "$@"; do echo "$name" >> "$STATE/installed"; done ;;
        esac""",
    "sudo": """
        echo "sudo $*" >> "$STATE/log"
        [[ $1 != -n ]] || shift
        [[ ! -e $STATE/password ]] || exit 1
        exec "$@" """,
    "id": 'case $1 in -u) echo "$FAKE_UID" ;; *) echo somebody ;; esac',
    "true": "exit 0",
}


class Machine:
    """A tree with the scripts, a PATH with only what we put there, and what apt was told."""

    def __init__(self, path):
        self.state, self.bin, self.tree = path / "state", path / "bin", path / "tree"
        for folder in (self.state, self.bin, self.tree / "tools"):
            folder.mkdir(parents=True)
        for script in TREE.glob("tools/setup*.sh"):
            shutil.copy(script, self.tree / "tools")
        (self.tree / "apt-packages.txt").write_text("# a list\n\n" + "\n".join(WANTED) + " # why\n")
        for tool in PLAIN_TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        for name in FAKES:
            self.fake(name, FAKES[name])
        self.environment = {"FAKE_UID": "0", "FAKE_ARCHITECTURE": "amd64"}
        self.installed(*WANTED)
        self.archive(*WANTED)
        self.put("candidates", *WANTED)

    def fake(self, name, script="exit 0"):
        """A command that does as `script` says."""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(f"#!/usr/bin/env bash\n{script}\n")
        (self.bin / name).chmod(0o755)

    def put(self, name, *words):
        """A file that the fakes read."""
        (self.state / name).write_text("".join(word + "\n" for word in words))

    def installed(self, *names):
        """What dpkg knows."""
        self.put("installed", "dpkg", *names)

    def archive(self, *names):
        """What apt knows after an update."""
        self.put("archive", *names)

    def setup(self, *arguments):
        """Runs the script."""
        environment = {"PATH": str(self.bin), "STATE": str(self.state), **self.environment}
        return subprocess.run(
            [self.tree / "tools" / "setup.sh", *arguments], env=environment, text=True, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=patience(20),
        )

    def log(self):
        """The calls of apt-get and sudo since the last look."""
        path = self.state / "log"
        text = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        return text.splitlines()


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    """Debian, root, everything installed."""
    return Machine(tmp_path)


def installs(log):
    """The packages that each apt-get install in `log` was given."""
    lines = [line for line in log if line.startswith("apt-get") and " install " in line]
    return [line.partition(" install -qq ")[2].split() for line in lines]


def test_nothing_missing_is_silent(machine):
    done = machine.setup("run")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.log() == []


def test_installs_only_what_is_missing(machine):
    machine.installed("gcc")
    done = machine.setup()
    assert done.returncode == 0
    log = machine.log()
    assert sorted(installs(log)[0]) == ["mtools", "xorriso"]
    assert len(log) == 1 and "--no-install-recommends" in log[0]
    assert machine.setup().stderr == ""


def test_reads_package_lists_when_there_are_none(machine):
    machine.installed()
    machine.put("candidates")
    assert machine.setup().returncode == 0
    log = machine.log()
    assert " update" in log[0] and sorted(installs(log)[0]) == sorted(WANTED)


def test_stale_lists_are_read_again(machine):
    machine.installed("gcc", "mtools")
    machine.put("stale")
    assert machine.setup().returncode == 0
    log = machine.log()
    assert len(log) == 3 and " update" in log[1] and installs(log) == [["xorriso"]] * 2


def test_without_root_and_sudo_prints_the_line(machine):
    machine.installed("gcc")
    machine.environment["FAKE_UID"] = "1000"
    (machine.bin / "sudo").unlink()
    done = machine.setup()
    assert done.returncode == 1
    assert "  apt-get install --no-install-recommends xorriso mtools\n" in done.stderr
    assert "2 package(s)" in done.stderr and machine.log() == []


def test_sudo_is_used(machine):
    machine.installed("gcc", "mtools")
    machine.environment["FAKE_UID"] = "1000"
    assert machine.setup().returncode == 0
    log = machine.log()
    assert any(line.startswith("sudo -n env DEBIAN_FRONTEND=noninteractive") for line in log)
    assert installs(log) == [["xorriso"]]


def test_sudo_with_password_and_no_terminal_stops(machine):
    machine.installed("gcc", "mtools")
    machine.environment["FAKE_UID"] = "1000"
    machine.put("password")
    done = machine.setup()
    assert done.returncode == 1 and "apt-get install" in done.stderr
    assert installs(machine.log()) == []


def test_name_the_distribution_lacks_is_said_once(machine):
    machine.installed("gcc")
    machine.put("candidates", "xorriso")
    machine.archive("xorriso")
    done = machine.setup()
    assert done.returncode == 0 and "has no package mtools" in done.stderr
    assert installs(machine.log()) == [["xorriso"]]
    done = machine.setup()
    assert (done.returncode, done.stderr, machine.log()) == (0, "", [])


def test_no_network_is_not_taken_for_no_such_package(machine):
    machine.installed()
    machine.put("candidates")
    machine.put("no-network")
    done = machine.setup()
    assert done.returncode == 1 and "Mend the network" in done.stderr
    assert "has no package" not in done.stderr
    assert not list(machine.tree.glob("build/*"))


def test_failing_install_says_what_to_run(machine):
    machine.installed("gcc", "mtools")
    machine.put("broken")
    done = machine.setup()
    assert done.returncode == 1
    assert "apt-get install --no-install-recommends xorriso" in done.stderr


def test_other_architecture_wants_a_cross_compiler(machine):
    machine.environment["FAKE_ARCHITECTURE"] = "arm64"
    cross = "gcc-x86-64-linux-gnu binutils-x86-64-linux-gnu linux-libc-dev-amd64-cross".split()
    machine.archive(*WANTED, *cross)
    assert machine.setup().returncode == 0
    assert sorted(installs(machine.log())[0]) == sorted(cross)


def test_missing_lists_and_changes_nothing(machine):
    machine.installed("gcc")
    done = machine.setup("--missing")
    assert (done.returncode, done.stdout.split()) == (0, ["xorriso", "mtools"])
    assert machine.log() == []


def make_other(machine):
    """A distribution without dpkg and apt, where everything is there."""
    for name in ("dpkg", "dpkg-query", "apt-get", "apt-cache"):
        (machine.bin / name).unlink()
    commands = "gcc ld nm grub-mkrescue xorriso mformat meson ninja pkg-config bison flex patch xz"
    for name in commands.split():
        machine.fake(name)
    machine.environment["CC"] = "gcc"
    machine.environment["QEMU"] = "/usr/bin/qemu"


@pytest.mark.skipif(not os.path.exists("/usr/bin/python3"), reason="the script looks there")
def test_other_distribution_goes_on_when_all_is_there(machine):
    make_other(machine)
    machine.environment["BOOT"] = "direct"
    done = machine.setup("run")
    assert (done.returncode, done.stderr) == (0, "")


def test_other_distribution_names_what_is_missing(machine):
    make_other(machine)
    del machine.environment["QEMU"]
    (machine.bin / "xorriso").unlink()
    machine.fake("gcc", "exit 1")
    machine.fake("pkg-config", '[[ $2 != slirp ]]')
    done = machine.setup("run")
    assert done.returncode == 1
    for text in ("command xorriso:", "header linux/virtio_pci.h:", "module slirp:",
                 "setting QEMU="):
        assert text in done.stderr
    assert "command mformat" not in done.stderr and "module pixman" not in done.stderr


def test_dpkg_as_a_mere_tool_does_not_make_debian(machine):
    make_other(machine)
    for name in ("dpkg", "dpkg-query", "apt-get", "apt-cache"):
        machine.fake(name, FAKES[name])
    machine.put("installed")
    done = machine.setup("run")
    assert "no package" not in done.stderr and machine.log() == []
