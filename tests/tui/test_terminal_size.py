"""A terminal without a size gets one, and only such a terminal."""

import os
import subprocess
import sys
import termios

import pytest


@pytest.mark.parametrize(
    ("before", "after"), [((0, 0), (24, 80)), ((0, 100), (24, 80)), ((50, 132), (50, 132)), ((1, 1), (1, 1))]
)
def test_a_size_of_nothing_is_replaced(before, after):
    ours, theirs = os.openpty()
    try:
        termios.tcsetwinsize(theirs, before)
        subprocess.run([sys.executable, "-m", "infertop", "profiles", "path"], stdout=theirs, check=True)
        assert termios.tcgetwinsize(theirs) == after
    finally:
        os.close(ours)
        os.close(theirs)


def test_where_there_is_no_terminal_nothing_happens():
    done = subprocess.run([sys.executable, "-m", "infertop", "--version"], check=True, capture_output=True)
    assert done.stdout
