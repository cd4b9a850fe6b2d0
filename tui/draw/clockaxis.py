"""The axis under everything that runs over time, with a sign where load or workload were changed.

It says how long ago; where it does not reach up to now, at what run time.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

from rich.cells import cell_len

from .rows import Row, Span
from .units import clock

MARK: Final = "▴"

_STEPS_S: Final = (10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800)
_LEAST_CELLS: Final = 12
_NOW: Final = "now╵"


def column_of(at_s: float, end_s: int, span_s: int, width: int) -> int:
    """The column of `width` that holds run time `at_s`, the newest ending at `end_s`; negative when it is older."""
    return int(at_s // span_s) - end_s // span_s + width


def ago(seconds: int) -> str:
    """`-30 s`, `-5 min`, `-2 h`."""
    if seconds < 120 or seconds % 60:
        return f"-{seconds} s"
    return f"-{seconds // 60} min" if seconds < 7200 else f"-{seconds // 3600} h"


def clock_axis(end_s: int, span_s: int, width: int, marks: Sequence[tuple[float, str]], behind_s: int = 0) -> Row:
    """One row of `width` cells.

    Args:
        end_s: run time at its right edge.
        span_s: width of a column.
        width: columns.
        marks: (run time in s, safe text), oldest first.
        behind_s: how long ago its right edge is; 0 for now.
    """
    cells = [" "] * width
    marked = [False] * width
    places = [(column_of(at_s, end_s, span_s, width), text) for at_s, text in marks]
    places = [(column, text) for column, text in places if 0 <= column < width + (not behind_s)]
    for number, (place, text) in enumerate(places):
        column = min(place, width - 1)
        end = places[number + 1][0] if number + 1 < len(places) else width
        said = f"{MARK} {text} " if column + cell_len(text) + 3 <= end and len(text) == cell_len(text) else MARK
        cells[column : column + len(said)] = said
        marked[column : column + len(said)] = [True] * len(said)

    def label(column: int, text: str) -> None:
        """Where no mark is, and all of it has room."""
        if 0 <= column <= width - len(text) and not any(marked[max(column - 1, 0) : column + len(text) + 1]):
            cells[column : column + len(text)] = text

    step = next((step for step in _STEPS_S if step >= _LEAST_CELLS * span_s), _STEPS_S[-1])
    if behind_s:
        for at_s in range(-(-max(end_s - width * span_s, 0) // step) * step, end_s, step):
            label(column_of(at_s, end_s, span_s, width), f"╵{clock(at_s * 1_000_000_000)}")
    else:
        for seconds in range(step, width * span_s + 1, step):
            label(width - seconds // span_s, f"╵{ago(seconds)}")
        label(width - len(_NOW), _NOW)
    return tuple(
        Span("".join(cell for cell, _ in run), "focus" if is_mark else "dim")
        for is_mark, run in groupby(zip(cells, marked, strict=True), key=itemgetter(1))
    )
