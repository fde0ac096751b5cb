# SPDX-License-Identifier: MIT
"""docs/errors.md has one section per error code that the sources print, in order, and no other."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import c_source  # noqa: E402  (tools/ is no package)

PAGE = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (E\d\d) [^\n]+\n\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
CODE = re.compile(r"\bE\d\d (?=\S|$)")


def printed():
    """The messages with a code in the kernel's sources, each from its code on."""
    for folder in ("kernel", "drivers", "net", "apps"):
        for path in (ROOT / folder).rglob("*.[ch]"):
            text = ""
            for token in c_source.tokens_of(path.read_text(encoding="utf-8")):
                if token.kind == "string":
                    text += token.text[1:-1]
                    continue
                found = CODE.search(text)
                if found:
                    yield text[found.start():]
                text = ""


MESSAGES = list(printed())


def test_each_printed_code_has_a_section_and_each_section_is_printed():
    assert {message[:3] for message in MESSAGES} == {code for code, _ in SECTIONS}


def test_sections_are_in_order_and_nothing_else_is_a_section():
    codes = [code for code, _ in SECTIONS]
    assert codes == sorted(set(codes)) and len(codes) == PAGE.count("\n## ")


def test_section_says_what_it_prints_means_and_what_to_do():
    for code, text in SECTIONS:
        assert re.findall(r"^- (\w+): \S", text, re.MULTILINE) == ["Prints", "Means", "Do"], code


def test_quoted_messages_are_printed():
    """`...` stands for what varies: the words around it come in this order."""
    for code, text in SECTIONS:
        quotes = re.findall(r"`(E\d\d [^`]*)`", text.split("- Means:")[0])
        assert quotes and all(quote.startswith(code) for quote in quotes), code
        for quote in quotes:
            wanted = re.compile(".*".join(map(re.escape, quote.split("..."))))
            assert any(wanted.match(message) for message in MESSAGES), quote
