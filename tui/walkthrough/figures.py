"""What a presenter points at: figures in large digits, read off the board."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ...backends.printable import printable
from ...engine.histogram import FLOORS
from ...profiles.scenes import BigFigure, Split
from ..board import Board, Card
from ..draw.digits import ROWS, big
from ..draw.glyphs import Tier, marker
from ..draw.rows import BLANK, Row, Span, fit, fit_row, series
from ..draw.units import duration, rate, usd
from ..view import View

_PERCENTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_NONE: Final = "–"

HEIGHT: Final = ROWS + 1
"""Rows that figures take."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One amount.

    Attributes:
        title: whose, and of what.
        amount: what is drawn large: digits, or a dash.
        before, after: what stands beside it in ordinary letters: a sign of money, a unit.
        series: in whose colour.
        weak: below its sample floor.
    """

    title: Row
    amount: str
    before: str
    after: str
    series: int
    weak: bool = False


@dataclass(slots=True)
class Splits:
    """Who serves each share of the traffic best, as far as it has come up; remembered from board to board."""

    _best: dict[str, Figure] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget them."""
        self._best.clear()

    def take(self, board: Board, split: Split) -> None:
        """See whether the board knows who serves `split` best at present."""
        fitting = [card for card in board.cards if card.usd_per_m is not None and _gives(board, card, split)]
        best = min(fitting, key=lambda card: card.usd_per_m or 0.0, default=None)
        if best is None:
            return
        title = (Span(f"{printable(split.share, 40)} → ", "dim"), *_name(best))
        self._best[split.share] = _money(best, title)

    def figures(self) -> list[Figure]:
        """In the order in which they came up."""
        return list(self._best.values())


def _gives(board: Board, card: Card, split: Split) -> bool:
    metric = board.shown(board.metric)
    value_ns = card.window.quantile_ns(metric, 0.5)
    if value_ns is None or card.window.samples(metric) < FLOORS[0.5]:
        return False
    return split.p50_ms is None or value_ns <= split.p50_ms * 1e6


def figure_of(board: Board, wanted: BigFigure) -> Figure | None:
    """What `wanted` shows now; None where there is no such backend."""
    card = next((card for card in board.cards if card.name == printable(wanted.backend)), None)
    if card is None:
        return None
    if wanted.shows == "tok/s":
        return Figure(_name(card), rate(card.tok_s).strip(), "", "tok/s", card.series)
    if wanted.shows == "$/M":
        return _money(card, _name(card))
    metric, p = board.shown(board.metric), _PERCENTILES[wanted.shows]
    amount, _, unit = duration(card.window.quantile_ns(metric, p)).strip().partition(" ")
    title = (*_name(card), Span(f"  {board.metric.title} {wanted.shows}", "dim"))
    return Figure(title, amount, "", unit, card.series, weak=card.window.samples(metric) < FLOORS[p])


def draw_figures(figures: Sequence[Figure], view: View, width: int) -> list[Row]:
    """`figures` side by side in `HEIGHT` rows of `width` cells."""
    columns = [width * number // len(figures) for number in range(len(figures) + 1)]
    drawn = [_draw(each, view, columns[at + 1] - columns[at]) for at, each in enumerate(figures)]
    return [tuple(span for rows in drawn for span in rows[y]) for y in range(HEIGHT)]


def _draw(figure: Figure, view: View, width: int) -> list[Row]:
    """The title, and the amount in digits three rows high where the terminal and the width allow."""
    role = "weak" if figure.weak else series(figure.series, strong=True)
    doubt = "?" if figure.weak and figure.amount != _NONE else ""
    lines = big(figure.amount)
    rows: list[Row]
    if view.tier is Tier.ASCII or len(lines[0]) + len(figure.before) + len(figure.after) + 4 > width:
        words = (Span(f"  {doubt}{figure.before}{figure.amount}", role), Span(f" {figure.after}", "dim"))
        rows = [BLANK, words, BLANK]
    else:
        indent = len(figure.before) + 2
        rows = [
            (Span(fit(f" {left}", indent), "dim"), Span(line, role), Span(f" {right}", "dim"))
            for left, line, right in zip((figure.before, "", ""), lines, (doubt, "", figure.after), strict=True)
        ]
    title = (*fit_row((Span(" "), *figure.title), width - 1), Span(" "))
    return [title, *(fit_row(row, width) for row in rows)]


def _name(card: Card) -> Row:
    return (Span(f"{marker(card.series)} {card.name}", series(card.series, strong=True)),)


def _money(card: Card, title: Row) -> Figure:
    before, sign, amount = usd(card.usd_per_m).strip().rpartition("$")
    return Figure(title, amount, before + sign, "/M", card.series)
