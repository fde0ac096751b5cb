# SPDX-License-Identifier: MIT
"""Holds a transcript against a case, and says where the two part."""

import difflib
import re

STAMP = re.compile(r"\[(?P<time>(?: {4}\d| {3}\d{2}| {2}\d{3}| \d{4}|\d{5,})\.\d{6})\] ")


class Matcher:
    """One run held against one case; `failures` tells all that is wrong."""

    def __init__(self, case, result):
        self.case = case
        self.result = result
        self.lines = [STAMP.sub("", line, count=1) if STAMP.match(line) else line
                      for line in result.lines]
        self.values = {}
        self.failures = []

    def check(self):
        """All checks, the most telling first; an empty list means the case passed."""
        self.check_exit()
        self.check_order()
        self.check_forbidden()
        self.check_counts()
        self.check_stamps()
        self.check_values()
        return self.failures

    def check_exit(self):
        """The end of the run is what the case wants."""
        if self.result.outcome != self.case.outcome:
            last = self.lines[-1] if self.lines else "(nothing)"
            self.failures.append(
                f"ended with {self.result.outcome} (status {self.result.status}), "
                f"wanted {self.case.outcome}; the last line: {last}"
            )

    def check_order(self):
        """The expected lines come in order; the first that does not ends the search."""
        start = 0
        for block in blocks(self.case.expect):
            at = self.find(block, start)
            if at is None:
                self.failures.append(self.explain(block, start))
                return
            for pattern, line in zip(block, self.lines[at:]):
                self.values.update(numbers(pattern.match(line)))
            start = at + len(block)

    def find(self, block, start):
        """Where the block's lines stand one after the other, or None."""
        for at in range(start, len(self.lines) - len(block) + 1):
            if self.fits(block, at) == len(block):
                return at
        return None

    def fits(self, block, at):
        """How many of the block's lines match from `at` on."""
        fit = 0
        for pattern, line in zip(block, self.lines[at:]):
            if not pattern.match(line):
                break
            fit += 1
        return fit

    def explain(self, block, start):
        """What was wanted, from where it was looked for, and what came nearest."""
        best = max(range(start, len(self.lines)), default=start,
                   key=lambda at: self.fits(block, at))
        fit = self.fits(block, best)
        pattern = block[fit]
        text = f"{pattern.where}: missing: {pattern.text}\n  looked for it "
        if fit:
            return text + f"right after line {best + fit}, but there is: {self.line(best + fit)}"
        text += f"after line {start}: {self.line(start - 1)}" if start else "from the first line on"
        return text + self.nearest(pattern, start)

    def nearest(self, pattern, start):
        """A line out of order, else the line most like the missing one."""
        for number, line in enumerate(self.lines[:start], 1):
            if pattern.match(line):
                return f"\n  it is there, but too early, in line {number}"
        close = difflib.get_close_matches(pattern.text, self.lines[start:], 1, 0.4)
        if not close:
            return "\n  nothing like it is there"
        return f"\n  nearest, line {self.lines.index(close[0], start) + 1}: {close[0]}"

    def line(self, index):
        """A line of the transcript, or its end."""
        return self.lines[index] if index < len(self.lines) else "(the end)"

    def check_forbidden(self):
        """None of the forbidden lines came."""
        for pattern in self.case.forbid:
            for number, line in enumerate(self.lines, 1):
                if pattern.match(line):
                    self.failures.append(f"{pattern.where}: forbidden, but line {number}: {line}")

    def check_counts(self):
        """As many lines as the case says."""
        for count in self.case.count:
            found = sum(1 for line in self.lines if count.pattern.match(line))
            if found < count.least or (count.most is not None and found > count.most):
                self.failures.append(f"{count.pattern.where}: {found} lines match "
                                     f"{count.pattern.text}")

    def check_stamps(self):
        """From the kernel's first line on, each line has a time stamp, and time never runs back."""
        before, begun = 0.0, False
        for number, line in enumerate(self.result.lines, 1):
            stamp = STAMP.match(line + " ")
            if not stamp and (begun or re.match(r"\[[ \d]*\.", line)):
                self.failures.append(f"line {number}: time stamp missing or malformed: {line}")
            if stamp:
                begun = True
                if float(stamp["time"]) < before:
                    self.failures.append(f"line {number}: time runs backwards: {line}")
                before = float(stamp["time"])

    def check_values(self):
        """The comparisons hold; without all of their numbers the missing line is the failure."""
        if any(name not in self.values for name in self.case_names()):
            return
        for check in self.case.check:
            if not self.holds(check):
                known = ", ".join(f"{k} = {v}" for k, v in self.values.items() if k in check.text)
                self.failures.append(f"{check.where}: {check.text} does not hold: {known}")

    def holds(self, check):
        """The parser has let through names, numbers, arithmetic and comparisons only."""
        try:
            return eval(check.text, {"__builtins__": {}}, self.values)
        except (TypeError, ArithmeticError):
            return False

    def case_names(self):
        """What the expected lines capture."""
        return [name for pattern in self.case.expect for name in pattern.regex.groupindex]


def numbers(match):
    """What a line captured: decimal digits as a number, anything else as text."""
    return {name: int(text) if text.isdigit() else text
            for name, text in match.groupdict().items() if text is not None}


def blocks(patterns):
    """Lines that must stand together, as lists."""
    found = []
    for pattern in patterns:
        if pattern.follows:
            found[-1].append(pattern)
        else:
            found.append([pattern])
    return found
