"""Which backends are shown, and in which order: a filter and a sort, calm enough to be read while figures move."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from ..engine.energy import j_per_output_token
from .board import Board, Card
from .metrics import Metric
from .view import Sort, View
from .window import BackendWindow

_LIMIT: Final = re.compile(r"<(\d+(?:\.\d+)?)(ms|s|)")

SETTLED_NS: Final = 3_000_000_000
"""How long backends keep their places at least, in run time."""


def sought(windows: Sequence[BackendWindow], text: str, metric: Metric) -> list[int]:
    """Series numbers of the backends that fit every word of `text`.

    A word fits where it occurs in the name, hardware, software, model or label; "<400", "<400ms" and "<2s" fit where
    the p95 of `metric` is known and below that.
    """
    words = text.casefold().split()
    return [series for series, window in enumerate(windows) if all(_fits(window, word, metric) for word in words)]


def _fits(window: BackendWindow, word: str, metric: Metric) -> bool:
    if limit := _LIMIT.fullmatch(word):
        value_ns = window.quantile_ns(metric.open, 0.95) or window.quantile_ns(metric.closed, 0.95)
        return value_ns is not None and value_ns < float(limit[1]) * (1e9 if limit[2] == "s" else 1e6)
    now = window.now
    said = (now.name, now.hardware, now.engine, now.model, now.served_model, now.label)
    return word in " ".join(said).casefold()


class Ordering:
    """Remembers the places that backends have."""

    def __init__(self) -> None:
        self._key: object = None
        self._since_ns = 0
        self._places: dict[int, int] = {}

    def arranged(self, board: Board, view: View) -> Board:
        """`board` with the backends that `view` seeks in the order that it asks for."""
        shown = sought([card.window for card in board.cards], view.sought, board.metric)
        if view.sort == "profile" and len(shown) == len(board.cards):
            return board
        at_ns, key = board.header.at_ns, (view.sort, board.metric, board.header.window)
        if key != self._key or not 0 <= at_ns - self._since_ns < SETTLED_NS:
            worth = _WORTH[view.sort]
            order = sorted(board.cards, key=lambda card: (_unknown_last(worth(board, card)), card.series))
            self._places = {card.series: place for place, card in enumerate(order)}
            self._key, self._since_ns = key, at_ns
        kept = [card for card in board.cards if card.series in shown]
        return replace(board, cards=tuple(sorted(kept, key=lambda card: self._places.get(card.series, 0))))


def _unknown_last(value: float | str | None) -> tuple[bool, float | str]:
    return (value is None, 0.0 if value is None else value)


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


_WORTH: Final[dict[Sort, Callable[[Board, Card], float | str | None]]] = {
    "profile": lambda _, card: float(card.series),
    "tok/s": lambda _, card: _negative(card.tok_s),
    "latency": lambda board, card: card.window.quantile_ns(board.shown(board.metric), 0.95),
    "$/M": lambda _, card: card.usd_per_m,
    "J/tok": lambda _, card: j_per_output_token(card.window.totals),
    "SLO": lambda _, card: _negative(card.attainment),
    "errors": lambda _, card: -float(card.failed),
    "name": lambda _, card: card.name.casefold(),
}
"""By each order, what stands first when it is least."""
