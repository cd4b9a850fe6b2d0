"""docs/faults.md holds the matrix as it is.

`INFERTOP_UPDATE_GOLDEN=1 pytest tests/faults/test_document.py` rewrites it.
"""

import os
import re
from pathlib import Path

from infertop.backends.errors import ErrorKind

from .matrix import MATRIX, table

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
START, END = "<!-- the matrix: written by tests/faults/test_document.py -->\n", "<!-- the matrix ends -->\n"


def test_the_page_holds_the_matrix():
    before, found, rest = PAGE.read_text().partition(START)
    held, ended, after = rest.partition(END)
    assert found
    assert ended
    if os.environ.get("INFERTOP_UPDATE_GOLDEN"):
        PAGE.write_text(f"{before}{START}\n{table()}\n{END}{after}")
        return
    assert held.strip() == table().strip()


def test_every_kind_of_error_is_somewhere_in_it():
    elsewhere = {ErrorKind.INTERNAL}  # faults of ours, which no server can cause: test_over_time
    assert {fault.kind for fault in MATRIX if fault.kind} == set(ErrorKind) - elsewhere


def test_rows_have_names_of_their_own():
    names = [(fault.stage, fault.name) for fault in MATRIX]
    assert len(set(names)) == len(names)


def test_the_tests_it_names_are_there():
    there = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)(?:\[|`)", PAGE.read_text()))
    assert len(named) > 10
    assert {name for name in named if f"def {name}(" not in there} == set()
