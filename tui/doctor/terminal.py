"""The terminal: what the environment says of it, and how wide it really draws the characters infertop uses."""

import os
import re
import select
import shutil
import sys
import termios
import time
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from rich.console import Console

from ..draw.glyphs import Tier, choose_tier
from .report import Terminal

SAMPLES: Final[Mapping[str, str]] = {"braille": "⣿", "block": "▇", "line": "╭", "marker": "●"}
"""One character of each kind the console draws with; all must take one cell."""

_ASK_POSITION: Final = b"\x1b[6n"
_POSITION: Final = re.compile(rb"\x1b\[\d+;(\d+)R")
_PATIENCE_S: Final = 0.3


def look() -> Terminal:
    """The terminal of this process's standard streams."""
    shown = sys.stdout.isatty()
    interactive = shown and sys.stdin.isatty() and sys.stderr.isatty()
    encoding = sys.stdout.encoding or "ascii"
    size = shutil.get_terminal_size() if shown else None
    tier = choose_tier(os.environ, encoding)
    return Terminal(
        interactive=interactive,
        columns=size.columns if size else None,
        rows=size.lines if size else None,
        term=os.environ.get("TERM", ""),
        colorterm=os.environ.get("COLORTERM", ""),
        no_color=bool(os.environ.get("NO_COLOR")),
        encoding=encoding,
        colours=Console(force_terminal=True).color_system or "none",
        tier=tier.value,
        tier_reason=tier_reason(tier, os.environ, encoding),
        cells=measure_cells(sys.stdin.fileno(), sys.stdout.fileno()) if interactive and tier != Tier.ASCII else {},
    )


def tier_reason(tier: Tier, environ: Mapping[str, str], encoding: str) -> str:
    """Why `choose_tier` chose `tier`."""
    if environ.get("INFERTOP_GLYPHS", "").lower() in set(Tier):
        return f"INFERTOP_GLYPHS={tier}"
    if tier != Tier.ASCII:
        return "the terminal's encoding is UTF-8"
    if choose_tier({}, encoding) == Tier.ASCII:
        return f"the encoding is {encoding}, not UTF-8"
    return f"TERM={environ.get('TERM', '')} has no such characters"


def measure_cells(read_fd: int, write_fd: int) -> dict[str, int]:
    """How many cells the terminal moves on for each sample; {} if it does not answer.

    Draws them at the beginning of a line, asks where the cursor is (ECMA-48 DSR 6), and wipes the line.
    """
    cells = {}
    with _raw(read_fd):
        for name, sample in SAMPLES.items():
            os.write(write_fd, b"\r" + sample.encode() + _ASK_POSITION)
            column = _column(read_fd)
            if column is None:
                break
            cells[name] = column - 1
        os.write(write_fd, b"\r\x1b[K")
    return cells if len(cells) == len(SAMPLES) else {}


@contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    """Take input byte by byte and unechoed, so that the terminal's answer is not shown."""
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)


def _column(descriptor: int) -> int | None:
    """The column the terminal says the cursor is in, counted from 1."""
    said, deadline = b"", time.monotonic() + _PATIENCE_S
    while (left_s := deadline - time.monotonic()) > 0:
        if select.select([descriptor], (), (), left_s)[0]:
            said += os.read(descriptor, 64)
            if answer := _POSITION.search(said):
                return int(answer[1])
    return None
