# SPDX-License-Identifier: MIT
"""Just enough of C to measure it: comments, functions and how deep their statements nest."""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?(?:\*/|\Z)|//[^\n]*)
      | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<word>[A-Za-z_]\w*)
      | (?P<number>\.?\d[\w.]*)
      | (?P<mark>[^\s\w])""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


@dataclass
class Token:
    """A word, number, string, punctuation mark, comment or directive, and the line it starts in."""

    kind: str
    text: str
    line: int


@dataclass
class Function:
    """A function's body, from the line of its { to that of its }."""

    name: str
    first: int
    last: int
    # (depth, line) of the deepest statement; a statement of the body itself has depth 0
    deepest: tuple = (0, 0)
    static: bool = False

    @property
    def length(self):
        """Lines from brace to brace, both counted."""
        return self.last - self.first + 1


@dataclass
class Source:
    """What one C file holds."""

    comments: list = field(default_factory=list)
    directives: list = field(default_factory=list)
    functions: list = field(default_factory=list)


def tokens_of(text):
    """All tokens of `text`."""
    line, position = 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        yield Token(match.lastgroup, match.group(), line)


def closing(code, start):
    """The index of the bracket that closes the one at `start`, or the last index."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    waiting = []
    for index in range(start, len(code)):
        text = code[index].text
        if code[index].kind == "mark" and text in pairs:
            waiting.append(pairs[text])
        elif waiting and text == waiting[-1]:
            waiting.pop()
            if not waiting:
                return index
    return len(code) - 1


def function_name(head):
    """The declared name, when the tokens before a { are a function's head; else None."""
    texts = [token.text for token in head]
    if not head or texts[-1] != ")" or "=" in texts:
        return None
    for index, token in enumerate(head[:-1]):
        if token.kind == "word" and token.text not in ("__attribute__", "__printf"):
            if texts[index + 1] == "(":
                return token.text
    return None


class Nesting:
    """Walks the statements of a function and keeps the deepest one."""

    def __init__(self, code):
        self.code = code
        self.deepest = (0, 0)

    def text(self, index):
        """The token at `index`, or an end that closes everything."""
        return self.code[index].text if index < len(self.code) else "}"

    def block(self, index, depth):
        """The statements from `index` up to a }; returns the index of that }."""
        while index < len(self.code) and self.text(index) != "}":
            index = self.statement(index, depth)
        return index

    def statement(self, index, depth):
        """One statement at `depth`; returns the index after it."""
        if index < len(self.code) and self.text(index) not in "{;":
            self.deepest = max(self.deepest, (depth, self.code[index].line), key=lambda d: d[0])
        word = self.text(index)
        if word == "{":
            return self.block(index + 1, depth + 1) + 1
        if word in ("case", "default"):
            return self.after(index, ":")
        if word == "do":
            return self.after(self.body(index + 1, depth), ";")
        if word == "else":
            chained = self.text(index + 1) == "if"
            return (self.statement if chained else self.body)(index + 1, depth)
        if self.opens_body(index):
            return self.body(closing(self.code, index + 1) + 1, depth)
        return self.after(index, ";")

    def body(self, index, depth):
        """What a control word governs: one level deeper, braces or not."""
        if self.text(index) == "{":
            return self.block(index + 1, depth + 1) + 1
        return self.statement(index, depth + 1)

    def opens_body(self, index):
        """Whether a control word or a loop macro stands here, rather than an expression."""
        if self.code[index].kind != "word" or self.text(index + 1) != "(":
            return False
        if self.text(index) in ("if", "for", "while", "switch"):
            return True
        after = closing(self.code, index + 1) + 1
        return self.text(after) == "{" or "for_each" in self.text(index)

    def after(self, index, mark):
        """The index after the next `mark`, brackets skipped; a } that closes the block ends too."""
        while index < len(self.code):
            text = self.text(index)
            if text == mark:
                return index + 1
            if text == "}":
                return index
            if text in "({[":
                index = closing(self.code, index)
            index += 1
        return index


def parse(text):
    """The comments, directives and functions of a C file."""
    source, code = Source(), []
    for token in tokens_of(text):
        if token.kind == "comment":
            source.comments.append(token)
        elif token.kind == "directive":
            source.directives.append(token)
        else:
            code.append(token)
    index = start = 0
    while index < len(code):
        if code[index].text == "{":
            end = closing(code, index)
            name = function_name(code[start:index])
            if name:
                nesting = Nesting(code[index + 1 : end])
                nesting.block(0, 0)
                words = [token.text for token in code[start:index]]
                static = "static" in words[: words.index(name)]
                source.functions.append(
                    Function(name, code[index].line, code[end].line, nesting.deepest, static)
                )
                start = end + 1
            index = end
        elif code[index].text == ";":
            start = index + 1
        index += 1
    return source
