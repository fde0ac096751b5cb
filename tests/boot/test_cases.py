# SPDX-License-Identifier: MIT
"""Runs every case of cases/, in the machine its knobs describe."""

from pathlib import Path

import pytest

from casefile import CaseError, load_case
from knobs import parse_knobs
from machine import run
from qemu import check_image, command_line
from transcript import Matcher

CASES = Path(__file__).parent / "cases"
TIMEOUT = "20"


def load_parameters():
    """One parameter for each variant of each case; a broken file is one that fails."""
    for path in sorted(CASES.glob("*.case")):
        try:
            case = load_case(path)
        except CaseError as error:
            yield pytest.param(error, id=path.stem)
            continue
        for variant in case.variants():
            marks = [getattr(pytest.mark, tag) for tag in case.tags]
            yield pytest.param(variant, id=variant.name, marks=marks)


@pytest.mark.parametrize("case", load_parameters())
def test_case(case, qemu, logs):
    """The transcript is what the case says."""
    if isinstance(case, CaseError):
        pytest.fail(str(case), pytrace=False)
    knobs = parse_knobs({"TIMEOUT": TIMEOUT, "QEMU": qemu, **case.settings})
    check_image(knobs)
    result = run(command_line(knobs), knobs["timeout"])
    log = logs / f"{case.name}.log"
    said = [f"QEMU says: {line}" for line in result.complaints]
    log.write_text("\n".join(result.lines + said) + "\n", encoding="utf-8")
    failures = Matcher(case, result).check()
    if failures:
        where = "\n".join(said + [f"the transcript is in {log}"])
        pytest.fail("\n".join(failures + [where]), pytrace=False)
