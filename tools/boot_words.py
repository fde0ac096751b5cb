# SPDX-License-Identifier: MIT
"""Boot arguments, split into words."""

import shlex


def split_words(cmdline):
    """As the kernel does it: a quote left open ends with the text, a last backslash is one."""
    for end in ("", "\\", "'", '"'):
        try:
            return shlex.split(cmdline + end)
        except ValueError:
            continue
    return shlex.split(cmdline + '\\"')
