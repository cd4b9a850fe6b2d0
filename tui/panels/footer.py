"""The last line: the keys that matter most, or a word to the user."""

from collections.abc import Sequence

from ..draw.rows import Row, Span, fit_row, join, row_width
from ..view import View


def draw_footer(hints: Sequence[tuple[str, str]], view: View, width: int) -> list[Row]:
    """One row of (key, what it does), as many as fit, the first first; or the view's notice."""
    if view.notice:
        return [fit_row((Span(f" {view.notice}", "notice"),), width)]
    row: Row = ()
    for key, does in hints:
        longer = join((row, (Span(key, "key"), Span(f" {does}", "dim"))), Span("  "))
        if row_width(longer) + 1 > width:
            break
        row = longer
    return [(Span(" "), *row)]
