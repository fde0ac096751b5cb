# SPDX-License-Identifier: MIT
"""The lines about PCI functions, taken from a console: ours and Linux's have the same form."""

import re

FUNCTION = re.compile(r"pci (0000:\S+): \[(\w{4}):(\w{4})\] type (\w\w) class 0x(\w{6})( .+)?")
DETAIL = re.compile(
    r"pci (0000:\S+): ((BAR \d|ROM) \[.*\](: legacy IDE quirk)?"
    r"|PCI bridge to \[bus .*\].*| +bridge window \[.*\])"
)
ASSIGNED = re.compile(r"pci (0000:\S+): ((BAR \d|bridge window) \[.*\]: assigned)")
UNNUMBERED = re.compile(r"pci (0000:\S+): bridge configuration invalid")
STAMP = re.compile(r"\[ *\d+\.\d+\] ")


def scan_lines(console):
    """What was found, as whole lines without time stamps.

    Linux comes back to a bridge after the bus behind it and repeats its windows; a detail counts
    only while its own function is the last one found, and once.
    """
    kept, current, seen = [], None, set()
    for line in console:
        text = STAMP.sub("", line, count=1)
        function, detail = FUNCTION.fullmatch(text), DETAIL.fullmatch(text)
        if function:
            current, seen = function[1], set()
            kept.append(text)
        elif detail and detail[1] == current and text not in seen and " window]" not in text:
            if "PCI bridge to" in text and any("PCI bridge to" in line for line in seen):
                continue  # by now it has a number; what follows is known
            seen.add(text)
            kept.append(text)
    return kept


def by_function(console):
    """Function -> its first line up to the class, then its details, in any order.

    Linux before 6.11 names no types, and tells a bridge's windows only when it comes back to it: of
    a bridge that came without numbers it then tells other things.
    """
    found = {}
    new = {match[1] for line in console if (match := UNNUMBERED.search(line))}
    for line in console:
        text = STAMP.sub("", line, count=1)
        function, detail = FUNCTION.fullmatch(text), DETAIL.fullmatch(text)
        if function:
            found[function[1]] = {text[:function.end(5)]}
        elif detail and " window]" not in text and not (detail[1] in new and "bridge" in text):
            found.setdefault(detail[1], set()).add(text)
    return found


def by_bus(lines):
    """Bus -> its lines in their order: Linux takes root buses as ACPI names them, we as they are
    numbered."""
    found = {}
    for line in lines:
        found.setdefault(line.split(":")[1], []).append(line)
    return found


def has_type_words(console):
    """Whether these lines come from a kernel that names the type of a function."""
    return any((FUNCTION.fullmatch(STAMP.sub("", line)) or [None] * 7)[6] for line in console)
