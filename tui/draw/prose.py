"""Running text in lines of a given width: broken at blanks, or anywhere in what has none (CJK, long words)."""

import re

from rich.cells import cell_len, chop_cells


def lines_of(text: str, width: int) -> list[str]:
    """`text`, one safe line, as lines of at most `width` cells; blanks at breaks are dropped. Empty for no text.

    Args:
        text: without control characters.
        width: at least 2, the widest character there is.
    """
    lines: list[str] = []
    current, taken = "", 0
    for word in re.findall(r" *[^ ]+", text):
        cells = cell_len(word)
        if taken + cells > width and current:
            lines.append(current)
            current, taken = "", 0
        if not current:
            word = word.lstrip()  # noqa: PLW2901
            *full, word = chop_cells(word, width)  # noqa: PLW2901
            lines += full
            cells = cell_len(word)
        current, taken = current + word, taken + cells
    return [*lines, current] if current else lines
