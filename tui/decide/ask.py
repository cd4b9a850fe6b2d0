"""The questions on a screen: what is asked, what has been answered, why it matters and what is wrong."""

from collections.abc import Sequence
from typing import Final

from ...backends.printable import printable
from ..draw.rows import BLANK, Row, Span, fit, fit_row, fit_rows, spread, wrap
from ..panels import figures
from .day import day_of, draw_day
from .interview import Interview, Line, choices, lines

_TITLE: Final = 20
_ANSWER: Final = 30
_BESIDE: Final = 110
"""Columns from which the chart and the reasons stand beside the questions."""

_SIDE: Final = (50, 76)
"""Least and most columns of what stands beside."""

_CHART_ROWS: Final = 6
_LEAST_LIST: Final = 8


def draw_ask(of: Interview, title: str, width: int, rows: int) -> list[Row]:
    """The page in exactly `rows` rows.

    Args:
        of: as it stands.
        title: of the demand.
        width: in cells.
        rows: in cells.
    """
    head = _head(of, title, width)
    room = rows - 1
    if width >= _BESIDE:
        side = min(max(width * 2 // 5, _SIDE[0]), _SIDE[1])
        left = width - side - 2
        listed = fit_rows(_list(of, left, room), room)
        beside = fit_rows(_beside(of, side, tall=True), room)
        return [
            head,
            *((*fit_row(a, left), Span("  "), *fit_row(b, side)) for a, b in zip(listed, beside, strict=True)),
        ]
    tall = room >= _LEAST_LIST + _CHART_ROWS + 4
    below = _beside(of, width - 2, tall=tall)
    listed = fit_rows(_list(of, width, max(room - len(below), 1)), max(room - len(below), 1))
    return fit_rows([head, *listed, *((Span(" "), *row) for row in below)], rows)


def _head(of: Interview, title: str, width: int) -> Row:
    wrong = len(of.problems or {}) + len(of.others)
    right: Row = (Span(f"{wrong} to mend ", "warn"),) if wrong else (Span("enter", "key"), Span(" decides ", "dim"))
    return spread((Span(" decide ", "brand"), Span(printable(title, 80), "dim")), right, width)


def _list(of: Interview, width: int, rows: int) -> list[Row]:
    """As many lines around the one in focus as there is room for, under their headings."""
    drawn: list[Row] = []
    focus = 0
    for at, line in enumerate(lines(of)):
        if line.heading:
            words = "class of traffic" if line.of_class is not None else ""
            drawn.append(figures.heading(printable(line.heading, 40), words, width))
        if at == of.at:
            focus = len(drawn)
        drawn.append(fit_row(_line(of, line, width, focused=at == of.at), width))
    first = min(max(focus - rows // 2, 0), max(len(drawn) - rows, 0))
    seen = drawn[first : first + rows]
    if first + rows < len(drawn) and seen:
        more = len(drawn) - first - rows
        seen[-1] = seen[-1] if focus == first + rows - 1 else (Span(f"   {more + 1} more below", "dim"),)
    return seen


def _line(of: Interview, line: Line, width: int, *, focused: bool) -> Row:
    answer = printable(of.answer(line), 300)
    options = choices(line.question, of.answer(line))
    problem = of.problem(line)
    room = min(_ANSWER, max(width - _TITLE - 4, 8))
    if options:
        shown = f"< {answer or line.question.usual or options[0]} >" if focused else answer or line.question.usual
    else:
        shown = f"{answer}_" if focused else answer
    if focused and len(shown) > room:
        shown = "…" + shown[-(room - 1) :]
    role = "bad" if problem else "strong" if focused else ""
    said = Span(fit(shown or "–", room), role if shown else "weak")
    note = f"  {problem}" if problem else ""
    mark = Span(" ▸ " if focused else "   ", "mark" if focused else "")
    return (mark, Span(fit(line.question.title, _TITLE), "focus" if focused else "dim"), said,
            Span(note, "warn"))  # fmt: skip


def _beside(of: Interview, width: int, *, tall: bool) -> list[Row]:
    """Why it is asked, what is wrong, and the day of the class."""
    line = of.line
    made: list[Row] = [figures.heading("why", "", width), *wrap((Span(line.question.why),), width)]
    found = choices(line.question, of.answer(line))
    if found and len(found) > 2:
        made += wrap((Span(f"one of: {', '.join(printable(each, 40) for each in found)}", "dim"),), width)
    if line.question.hint:
        made += wrap((Span(f"write {line.question.hint}", "dim"),), width)
    problem = of.problem(line)
    wrong = [f"{line.question.title}: {problem}"] if problem else []
    made += [
        row for words in (*wrong, *of.others) for row in wrap((Span(f"! {printable(words, 200)}", "warn"),), width)
    ]
    if tall and line.of_class is not None:
        of_day = figures.heading(
            "a weekday", printable(of.answers.get(f"classes[{line.of_class}].name", ""), 40), width
        )
        made += [BLANK, of_day, *draw_day(day_of(of, line.of_class), width, _CHART_ROWS)]
    return made


HINTS: Final[Sequence[tuple[str, str]]] = (
    ("enter", "decide"),
    ("↓↑", "another"),
    ("←→", "choose"),
    ("^n", "class"),
    ("^x", "drop it"),
    ("tab", "group"),
    ("^s", "save as TOML"),
    ("^u", "clear"),
    ("^t", "theme"),
    ("esc", "leave"),
)
