#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Numbers the sections of two versions of the virtio specification, as its LaTeX would.

    tools/virtio_sections.py OLDER NEWER > tests/tools/virtio_sections.txt

Each is a checkout of oasis-tcs/virtio-spec, at v1.2-cs01 and at v1.4-cs01. Prints a line for each
section of NEWER that a driver may have to obey: its numbers in both, how often a driver's
requirements say MUST and SHOULD, its file, its title.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

LEVELS = ["chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph"]
HEADING = re.compile(
    r"\\(?:(?P<kind>driver|device)normative\s*\{\\)?(?P<level>%s)\}?\s*\{" % "|".join(LEVELS))
LABEL = re.compile(r"\s*(?:\\label\s*)?\{([^}]*)\}")
# Chapters 2 to 6; of the transports and devices that are not driven here, what a driver must do.
CHAPTERS = re.compile(r"[2-6]\b")
DRIVEN = re.compile(r"[236]\b|4$|4\.1\b|5$|5\.[1-5]\b")


@dataclass
class Section:
    """A section; its way is the titles from the chapter down, and the label is LaTeX's."""

    number: str
    kind: str
    title: str
    label: str
    way: tuple
    file: str
    text: str = ""

    def count(self, word):
        """How often a driver's requirements say a word; nothing for any other section."""
        return len(re.findall(rf"\b{word}\b", self.text)) if self.kind == "driver" else "-"


def lines_of(checkout, name):
    """The lines of a file and of those it includes, without comments, each with its file's name."""
    for line in (checkout / name).read_text().splitlines():
        line = re.sub(r"(?<!\\)%.*", "", line)
        included = re.match(r"\s*\\input\{([^}]+)\}", line)
        if included and (checkout / included[1]).exists():
            yield from lines_of(checkout, included[1])
        else:
            yield name, line + "\n"


def argument(text, start):
    """What stands in braces, its first character at `start`; and where it ends."""
    depth, end = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    return " ".join(text[start:end - 1].split()), end


def sections_of(checkout):
    """All numbered sections before the appendices."""
    lines = list(lines_of(checkout, "main.tex"))
    text = "".join(line for _, line in lines)
    files = [name for name, line in lines for _ in line]
    end_of_all = text.index("\\appendix")
    counts, titles, sections = [0] * len(LEVELS), [""] * len(LEVELS), []
    end = 0
    for heading in HEADING.finditer(text, 0, end_of_all):
        if sections:
            sections[-1].text = text[end:heading.start()]
        level = LEVELS.index(heading["level"])
        title, end = argument(text, heading.end())
        kind = heading["kind"] or ""
        title = re.sub(r"\\field\{(\w[^}]*)\}|\\_", lambda found: found[1] or "_", title)
        if kind:
            title = f"{kind.title()} Requirements: {title}"
        label = LABEL.match(text, end)
        counts[level:] = [counts[level] + 1] + [0] * (len(LEVELS) - level - 1)
        titles[level:] = [title.lower()] + [""] * (len(LEVELS) - level - 1)
        sections.append(Section(".".join(map(str, counts[:level + 1])), kind, title,
                                " ".join(label[1].lower().split()) if label else "",
                                tuple(titles), files[heading.start()]))
    sections[-1].text = text[end:end_of_all]
    return sections


def older_number(section, older):
    """The number that the older version has for a section: by its label, or else by the titles."""
    for same in (lambda other: section.label and other.label == section.label,
                 lambda other: other.way == section.way):
        for other in older:
            if other.kind == section.kind and same(other):
                return other.number
    return "-"


def main():
    """Prints the list."""
    older, newer = (sections_of(Path(path)) for path in sys.argv[1:3])
    print("# Sections of virtio 1.4 that a driver may have to obey, and their numbers in 1.2.\n"
          "# Made by tools/virtio_sections.py from the tags v1.2-cs01 and v1.4-cs01 of\n"
          "# oasis-tcs/virtio-spec. MUST and SHOULD are counted in a driver's requirements only.\n"
          "# 1.4 | 1.2 | MUST | SHOULD | file | title")
    for section in newer:
        driven = DRIVEN.match(section.number) or section.number.count(".") < 2
        if CHAPTERS.match(section.number) and section.kind != "device" and (
                driven or section.kind == "driver"):
            print(section.number, older_number(section, older), section.count("MUST"),
                  section.count("SHOULD"), section.file, section.title, sep=" | ")


if __name__ == "__main__":
    main()
