# SPDX-License-Identifier: MIT
"""The longest command line that the runner lets through arrives, cut to what the kernel keeps."""

import pytest

from knobs import CMDLINE_MAX, parse_knobs
from machine import run
from qemu import check_image, command_line


@pytest.mark.parametrize("boot", ["iso", "uefi", "direct"])
@pytest.mark.parametrize("word", ["x", "'"])
def test_longest_command_line(boot, word, qemu):
    words = "a " + (CMDLINE_MAX - 2) // len(word) * word if word == "x" else "a " + 670 * '"\'" '
    knobs = parse_knobs({"APP": "hello", "BOOT": boot, "DEVICES": "none", "QEMU": qemu,
                         "TIMEOUT": "60", "CMDLINE": words})
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    text = "\n".join(result.lines)
    assert result.outcome == "ok", text
    assert 'argv[1] = "a"' in text and f'argv[2] = "{word}' in text
    if word == "x":
        assert "boot: command line cut to 1023 bytes" in text
