# SPDX-License-Identifier: MIT
"""make test-list WORD: every kind of test is found, and by what is said of it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tools"))

import test_list  # noqa: E402  (tools/ is no package)
from cells import all_cells  # noqa: E402  (found by test_list)

TESTS = list(test_list.all_tests())
HOST = """/* Of the file. */

/* R07, which is
 * told in two lines. */
TEST(one)
{
	/* R08 */
}

/* ---- a heading ---- */

TEST(two_R09)

#define EACH(size, more)  \\
	TEST(size_X04_##size) \\
	{                     \\
		more;             \\
	}
EACH(1, nothing())
"""


def names(*words, tests=None):
    """Those that are listed for the words."""
    return {test.name for test in tests or TESTS if all(map(test.contains, words))}


@pytest.fixture(name="small")
def fixture_small(tmp_path):
    """A tree with one or two tests of each kind that is read from files."""
    for path, text in {
        "tests/host/kernel/test_a.c": HOST,
        "tests/host/guards/g.toml": '[[guard]]\nname = "g-one"\nfile = "kernel/a.c"\n'
                                    'tests = ["two_R09"]\n',
        "tests/boot/cases/c-one.case": "# About INTx.\ntags = full, B05\n\n--- expect\nqueue\n",
        "tests/device/test_b.py": '"""Of the file."""\n\n\ndef helper():\n    """R01"""\n\n\n'
                                  'def test_b():\n    """R02: told."""\n',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return [test for test in test_list.all_tests(tmp_path) if test.kind != "cell"]


def test_each_is_where_it_stands(small):
    assert [(test.kind, test.name, test.path, test.line) for test in small] == [
        ("host", "one", "tests/host/kernel/test_a.c", 5),
        ("host", "two_R09", "tests/host/kernel/test_a.c", 12),
        ("host", "size_X04_1", "tests/host/kernel/test_a.c", 19),
        ("guard", "g-one", "tests/host/guards/g.toml", 2),
        ("case", "c-one", "tests/boot/cases/c-one.case", 1),
        ("python", "test_b", "tests/device/test_b.py", 8),
    ]


@pytest.mark.parametrize("words, found", [
    (["R07"], {"one"}), (["r07"], {"one"}), (["R08"], set()), (["R0"], set()),
    (["R09"], {"two_R09", "g-one"}), (["kernel/a.c"], {"g-one"}), (["intx"], {"c-one"}),
    (["B05"], {"c-one"}), (["full"], {"c-one"}), (["queue"], set()), (["R01"], set()),
    (["X04"], {"size_X04_1"}), (["R02"], {"test_b"}), (["g_ONE"], {"g-one"}), (["heading"], set()),
    (["told"], {"one", "test_b"}), (["told", "device/"], {"test_b"}), (["Of the file"], set()),
])
def test_what_a_word_finds(small, words, found):
    assert names(*words, tests=small) == found


def test_every_host_test_case_and_cell_of_the_tree_is_listed():
    source = "".join(path.read_text() for path in (TREE / "tests/host").rglob("*.c"))
    kinds = {kind: [test for test in TESTS if test.kind == kind]
             for kind in ("host", "guard", "case", "python", "cell")}
    plain = set(re.findall(r"^TEST\((\w+)\)", source, re.MULTILINE))
    made = {test.name for test in kinds["host"]} - plain
    assert len(kinds["host"]) == len(plain | made) and "virtio_net_X04_allocation_4" in made
    assert len(kinds["case"]) == len(list((TREE / "tests/boot/cases").iterdir()))
    assert [test.name for test in kinds["cell"]] == [cell.name for cell in all_cells()]
    assert kinds["guard"] and "test_what_a_word_finds" in {test.name for test in kinds["python"]}


def make(*arguments):
    """What `make` prints with these goals, line by line."""
    done = subprocess.run(["make", "-C", str(TREE), "--no-print-directory", *arguments], text=True,
                          check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    assert not done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("goals", [["R07"], ["WORD=R07"], ["WORD=r07"]])
def test_make_takes_the_word_both_ways(goals):
    *lines, count = make("test-list", *goals)
    assert lines and all(re.fullmatch(r"\w+ +\S+ +tests/\S+:\d+", line) for line in lines)
    assert "virtio_simple_R07_answer_shorter_than_its_header" in {line.split()[1] for line in lines}
    assert count.startswith(f"{len(lines)} tests with ")


def test_make_without_a_word_lists_all():
    *lines, count = make("test-list")
    assert len(lines) == len(TESTS) and count == f"{len(TESTS)} tests"


@pytest.mark.parametrize("goal", ["clean", "distclean", "kernel", "boot"])
def test_a_word_that_is_a_goal_too_is_not_made(goal):
    command, *others = make("test-list", goal, "-n")
    assert "tools/test_list.py" in command and others == [":"]
