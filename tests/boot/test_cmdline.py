# SPDX-License-Identifier: MIT
"""Any command line arrives, cut to what the kernel keeps."""

import os
import subprocess

import pytest

from knobs import CMDLINE_MAX, cut_text, parse_knobs
from machine import run
from qemu import TREE, check_image, command_line

# UEFI starts the same GRUB with the same script, but takes seconds; one test of it always runs.
BOOTS = ["iso", pytest.param("uefi", marks=pytest.mark.full), "direct"]


def hello(boot, words, qemu):
    """What hello says that it was given."""
    knobs = parse_knobs({"APP": "hello", "BOOT": boot, "DEVICES": "none", "QEMU": qemu,
                         "TIMEOUT": "60", "CMDLINE": words})
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    text = "\n".join(result.lines)
    assert result.outcome == "ok", text
    return text


@pytest.mark.parametrize("boot", BOOTS)
@pytest.mark.parametrize("length", [CMDLINE_MAX, 65536], ids=["whole", "long"])
def test_long_command_line(boot, length, qemu):
    text = hello(boot, "a " + (length - 2) * "x", qemu)
    assert 'argv[1] = "a"' in text and f'argv[2] = "{1021 * "x"}"' in text
    assert "boot: command line cut to 1023 bytes" in text


@pytest.mark.parametrize("boot", BOOTS)
def test_long_command_line_of_quotes(boot, qemu):
    text = hello(boot, "a " + 660 * '"\'" ', qemu)
    assert 'argv[1] = "a"' in text and 'argv[2] = "\'' in text


@pytest.mark.parametrize("boot", ["iso", "uefi", "direct"])
def test_any_bytes_and_open_quotes(boot, qemu):
    """B11: bytes that are no text arrive, and an open quote ends with the line."""
    text = hello(boot, os.fsdecode(b"\xff\xc3\xa9\xfe a\tb $x; 'open quote\\"), qemu)
    words = ["hello", "\ufffd\xe9\ufffd", "a", "b", "$x;", "open quote\\"]
    for number, word in enumerate(words):
        assert f'argv[{number}] = "{word}"' in text, text


@pytest.mark.parametrize("words", ["a " + 65536 * "x", "a xxx $x 'open quote", b"a xxx \xff"],
                         ids=["long", "quote", "bytes"])
def test_the_iso_has_words_of_its_own(words, qemu, tmp_path):
    """For machines that bring none in SMBIOS, and they must not break GRUB's script for others."""
    made = subprocess.run(
        ["make", "--no-print-directory", "iso", "APP=hello", f"OUT={tmp_path}"], cwd=TREE,
        check=False, stdout=subprocess.PIPE,
        env={**os.environ, "MAKEFLAGS": "", "CMDLINE": os.fsdecode(words)})
    assert made.returncode == 0, made.stdout
    knobs = parse_knobs({"APP": "hello", "DEVICES": "none", "QEMU": qemu, "CMDLINE": "b"})
    command = command_line(knobs, tmp_path / "doorbell.iso")
    assert 'argv[1] = "b"' in "\n".join(run(command, 30).lines)
    at = command.index("-smbios")
    command[at:at + 2] = []
    text = "\n".join(run(command, 30).lines)
    assert 'argv[1] = "a"' in text and 'argv[2] = "xxx' in text, text


def test_too_long_for_qemu_itself(qemu):
    """B01: QEMU's loader has a buffer of 4096 bytes, and its start info lies behind it."""
    knobs = parse_knobs({"APP": "hello", "BOOT": "direct", "DEVICES": "none", "QEMU": qemu})
    result = run([*command_line(knobs), "-append", 5000 * "x"], 30)
    assert result.outcome == "stop" and "-append is over 4095 bytes" in result.lines[-1]


def test_the_runner_says_that_it_cuts():
    assert not cut_text({"CMDLINE": CMDLINE_MAX * "x"})
    assert not cut_text({})
    assert cut_text({"CMDLINE": 65536 * "x"}).startswith("CMDLINE has 65536 bytes: the machine get")
    assert len(parse_knobs({"CMDLINE": 65536 * "x"})["cmdline"]) == CMDLINE_MAX
