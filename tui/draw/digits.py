"""Headline figures three rows high, legible from two metres: a 3 x 5 pixel font in half blocks."""

from typing import Final

ROWS: Final = 3

_FONT: Final = {
    "0": "111 101 101 101 111",
    "1": "010 110 010 010 111",
    "2": "111 001 111 100 111",
    "3": "111 001 111 001 111",
    "4": "101 101 111 001 001",
    "5": "111 100 111 001 111",
    "6": "111 100 111 101 111",
    "7": "111 001 001 001 001",
    "8": "111 101 111 101 111",
    "9": "111 101 111 001 111",
    "k": "100 101 110 110 101",
    "M": "10001 11011 10101 10001 10001",
    "G": "111 100 101 101 111",
    "T": "111 010 010 010 010",
    "–": "000 000 111 000 000",
    ".": "0 0 0 0 1",
    ",": "0 0 0 0 1 1",
    "<": "001 010 100 010 001",
    ">": "100 010 001 010 100",
    " ": "000",
}
_HALVES: Final = {("0", "0"): " ", ("1", "0"): "▀", ("0", "1"): "▄", ("1", "1"): "█"}


def _draw(char: str) -> tuple[str, ...]:
    """The three rows of one character."""
    lines = _FONT[char].split()
    lines += ["0" * len(lines[0])] * (2 * ROWS - len(lines))
    return tuple(
        "".join(_HALVES[pair] for pair in zip(lines[2 * row], lines[2 * row + 1], strict=True)) for row in range(ROWS)
    )


_DRAWN: Final = {char: _draw(char) for char in _FONT}


def big(text: str) -> tuple[str, str, str]:
    """`text` (digits, `.`, `,`, `k`, `M`, `G`, `T`, `–` and blanks) as three rows of equal width."""
    drawn = [_DRAWN[char] for char in text]
    top, middle, bottom = (" ".join(glyph[row] for glyph in drawn) for row in range(ROWS))
    return top, middle, bottom
