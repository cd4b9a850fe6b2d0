"""The recorded sessions to choose one from, and what is known of the one that is pointed at."""

from collections.abc import Sequence
from datetime import datetime

from ...backends.printable import printable
from ...sessions.figures import duration
from ...sessions.library import Listing
from ..draw.rows import BLANK, Row, Span, fit, fit_row, fit_rows
from . import figures

_TERM = 10
_DETAILS = 7
"""Rows of what is known of one."""


def draw_sessions(found: Sequence[Listing], at: int, sought: str, width: int, rows: int) -> list[Row]:
    """The page in exactly `rows` rows.

    Args:
        found: those that `sought` fits, newest first.
        at: the place of the one pointed at.
        sought: what was typed.
        width: in cells.
        rows: of the page.
    """
    words = f"{len(found):,} with {sought}" if sought else f"{len(found):,}, newest first; type to narrow them down"
    made = [figures.heading("recorded sessions", printable(words, 80), width)]
    details = _DETAILS if rows >= 2 * _DETAILS else 0
    room = max(rows - len(made) - details, 1)
    if not found:
        made.append((Span(" none" if sought else " none yet: every run is recorded unless told not to", "dim"),))
    first = min(max(at - room // 2, 0), max(len(found) - room, 0))
    made += [_line(each, width, pointed=place == at) for place, each in enumerate(found[first : first + room], first)]
    made = fit_rows(made, rows - details)
    if details:
        made += fit_rows(_details(found[at], width) if found else [], details)
    return [fit_row(row, width) for row in made]


def _line(each: Listing, width: int, *, pointed: bool) -> Row:
    arrow = Span(" ▸ " if pointed else "   ", "focus")
    role = "strong" if pointed else ""
    if each.facts is None:
        return (arrow, Span(f"{each.session}  ", "weak"), Span(printable(each.problem), "warn"))
    facts = each.facts
    title = printable(facts.name or facts.title, 60) or "–"
    lasted = "running" if each.running else duration(each.duration_ns / 1e9)
    backends = f"{each.labels} ×{len(facts.plan.backends)}"
    cells = [Span(fit(_local(facts.started_utc), 18), "dim"), Span(fit(lasted, 11, "right") + "  ", role)]
    if width >= 70:
        cells.append(Span(fit(printable(backends, 14), 15), "dim"))
    return (arrow, *cells, Span(title, role))


def _details(each: Listing, width: int) -> list[Row]:
    if each.facts is None:
        return []
    facts = each.facts
    known = {
        "what": ", ".join(printable(backend.name, 30) for backend in facts.plan.backends),
        "workload": printable(facts.plan.workload.source, 80),
        "ended": printable(each.ending, 80),
        "note": printable(facts.note, 200),
        "file": printable(f"{each.path.name}, {each.size / 1e6:.1f} MB", 200),
    }
    rows = [
        fit_row((Span(fit(f" {term}", _TERM), "dim"), Span(words)), width) for term, words in known.items() if words
    ]
    return [BLANK, figures.heading(f"session {printable(each.session, 12)}", "", width), *rows]


def _local(utc: str) -> str:
    try:
        return f"{datetime.fromisoformat(utc).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return "?"
