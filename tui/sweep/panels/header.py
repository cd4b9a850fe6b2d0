"""The first rows: what is swept, and how far it is."""

from ...draw.glyphs import marker
from ...draw.rows import Row, Span, fit_row, fit_rows, flow, join, series, spread
from ..board import SweepBoard
from . import words

_GAP = Span(" ")
_BAR = 12


def header_rows(board: SweepBoard, width: int) -> int:
    """Rows that the header takes on a screen of `width`; as many as it may need while figures change."""
    most = 2 if width >= 100 else 3 if width >= 70 else 4
    return most if board.state == "running" else min(most, 1 + len(flow(_progress(board), width, _GAP)))


def draw_header(board: SweepBoard, width: int) -> list[Row]:
    """Exactly `header_rows(board, width)` rows."""
    rows = header_rows(board, width)
    labels = dict.fromkeys(run.label for run in board.runs)
    badges: Row = tuple(Span(f"{each} ", each.lower()) for each in labels)
    what = (Span(" infertop sweep  ", "brand"), *badges, Span(_what(board), "dim"))
    first = spread(what, (Span(f" {_state(board)} ", "done" if board.state == "done" else "strong"),), width)
    return [first, *(fit_row(row, width) for row in fit_rows(flow(_progress(board), width, _GAP), rows - 1))]


def _what(board: SweepBoard) -> str:
    target = f"target {board.targets}" if board.targets else "no target: the knee"
    return " · ".join(part for part in (board.title, board.workload, target, board.span) if part)


def _state(board: SweepBoard) -> str:
    return {"running": "measuring", "done": "finished", "stopped": "stopped"}[board.state]


def _progress(board: SweepBoard) -> list[Row]:
    """What has been spent, what is left, and what is under load now, the most wanted first."""
    expected = max(board.requests_expected, board.requests_done)
    share = board.requests_done / expected if expected else 0.0
    full = round(share * _BAR)
    spent = f"${board.spent_usd:,.2f}" + (f" of ${board.budget_usd:,.2f}" if board.budget_usd is not None else "")
    sent = f"{board.requests_done:,}"
    if board.state == "running":
        sent += f" of about {expected:,}"
    parts: list[Row] = [
        (
            Span(" "),
            Span("█" * full, "strong"),
            Span("░" * (_BAR - full), "line"),
            Span(f" {sent} requests", ""),
        ),
    ]
    now: list[Row] = [
        (Span(f"{marker(run.series)} {words.level(run.now)}", series(run.series, strong=True)),)
        for run in board.runs
        if run.now is not None
    ]
    if now:
        parts.append((Span(" now ", "dim"), *join(now, Span(" ")), Span(f" {board.unit}", "dim")))
    if board.why:
        parts.append((Span(f" {board.why}", "warn"),))
    if left := words.left(board):
        parts.append((Span(f" {left}", ""),))
    if board.virtual:
        parts.append((Span(" virtual time, nothing spent", "dim"),))
    elif board.spent_usd or board.budget_usd is not None:
        parts.append((Span(f" spent {spent}", "dim"),))
    return parts
