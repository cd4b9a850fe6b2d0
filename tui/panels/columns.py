"""A row for each backend under as many columns as fit, and beside them where the figures come from."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeVar

from ..board import Board, Card
from ..draw.rows import Row, Span, fit, fit_row, fit_rows, row_width
from ..view import View
from . import figures

COLUMN_WIDTH: Final = 9


class Titled(Protocol):
    """A column, as far as its heading goes."""

    @property
    def title(self) -> str: ...  # noqa: D102


Column = TypeVar("Column", bound=Titled)


def draw_columns(
    board: Board,
    view: View,
    width: int,
    rows: int,
    *,
    title: Row,
    columns: Mapping[str, Column],
    by_importance: Sequence[str],
    least_source: int,
    cells: Callable[[Card, list[Column]], Row],
) -> list[Row]:
    """A rule, a heading and as many backends as fit, those around the focus first.

    Args:
        board: what there is to show.
        view: whose focus counts.
        width: columns of the screen.
        rows: rows of the screen, all told.
        title: stands in the rule.
        columns: by key, in the order shown.
        by_importance: their keys; the last give way first.
        least_source: least room for where the figures come from.
        cells: what stands beside a backend's name, under the columns that fit.
    """
    name = min(max((row_width(figures.name(card)) for card in board.cards), default=0), max(width // 3, 12))
    room = (width - name - 2 - least_source) // COLUMN_WIDTH
    shown = [column for key, column in columns.items() if key in by_importance[: max(room, 1)]]
    cards = figures.around_focus(board.cards, view.focus, rows - 2)
    heads = "".join(fit(f"{column.title} ", COLUMN_WIDTH, "right") for column in shown)
    heading = fit(f" {figures.part(cards, board.cards)}", name + 2) + heads
    made: list[Row] = [
        fit_row(figures.rule(title, (), width), width),
        fit_row((Span(f"{heading} from", "dim"),), width),
    ]
    made += [fit_row((Span(" "), *figures.name(card, name), Span(" "), *cells(card, shown)), width) for card in cards]
    return fit_rows(made, rows)
